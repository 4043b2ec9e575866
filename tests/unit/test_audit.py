"""The audit log: whatever is changed, left out or cut off shows."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.clocks import HandClock

from device.audit import START, Anchor, AuditEntry, Breach, check_chain, entry_hash, parse_anchor
from device.store import audit_log
from device.store.audit_log import AuditLog
from device.store.safe_database import SafeDatabase


def chain(count: int) -> list[AuditEntry]:
    entries, before = [], START
    for number in range(1, count + 1):
        said = (number, 1000.5 + number, "boot", "command", f"detail {number}", before)
        entries.append(AuditEntry(*said, entry_hash(*said)))
        before = entries[-1].hash
    return entries


def test_a_whole_log_has_no_breach_even_when_its_oldest_entries_were_dropped() -> None:
    entries = chain(9)
    assert check_chain(entries, [Anchor(9, entries[-1].hash), Anchor(4, entries[3].hash)]) == []
    assert check_chain(entries[5:], [Anchor(9, entries[-1].hash), Anchor(4, entries[3].hash)]) == []
    assert check_chain([], [Anchor()]) == []


@given(st.integers(0, 8), st.sampled_from(["event", "detail", "boot_id", "wall_s", "before", "hash"]))
def test_no_entry_can_be_changed(place: int, field: str) -> None:
    entries = chain(9)
    changed: object = 1.0 if field == "wall_s" else "0" * 64
    entries[place] = replace(entries[place], **{field: changed})  # type: ignore[arg-type]
    if entries != chain(9):
        assert Breach("altered", place + 1) in check_chain(entries, [])


def test_what_is_left_out_cut_off_or_rewritten_shows() -> None:
    entries = chain(9)
    anchor = Anchor(9, entries[-1].hash)
    assert check_chain(entries[:4] + entries[5:], [anchor]) == [Breach("gap", 6)]
    assert check_chain(entries[:7], [anchor]) == [Breach("cut", 9)]
    said = (9, 1.0, "boot", "command", "other", entries[7].hash)
    rewritten = [*entries[:8], AuditEntry(*said, entry_hash(*said))]
    assert check_chain(rewritten, [anchor]) == [Breach("not_this_log", 9)]
    said = (9, 1.0, "boot", "command", "other", START)
    assert check_chain([*entries[:8], AuditEntry(*said, entry_hash(*said))], []) == [Breach("unchained", 9)]


@pytest.mark.parametrize("text", ["", "5", "x:y", "5:" + "g" * 64, f"{'1' * 13}:{START}"])
def test_what_is_no_anchor_is_none(text: str) -> None:
    assert parse_anchor(text) is None
    assert parse_anchor(str(Anchor(5, "a" * 64))) == parse_anchor(f"5 {'a' * 64}\n") == Anchor(5, "a" * 64)


def test_the_log_goes_on_over_a_restart_and_a_lost_database_leaves_a_gap_that_shows(tmp_path: Path) -> None:
    path, anchor = tmp_path / "posmedic.db", tmp_path / "audit.head"
    safe = SafeDatabase(path, HandClock())
    AuditLog(safe, HandClock(), anchor).add("first")
    AuditLog(safe, HandClock(), anchor).add("second", "x" * 900)
    safe.close()
    safe = SafeDatabase(path, HandClock())
    log = AuditLog(safe, HandClock(), anchor)
    kept = log.anchor()
    assert kept is not None
    assert kept.count == 2
    assert check_chain(log.entries(), [kept]) == []
    safe.close()
    with sqlite3.connect(path) as database:
        database.execute("DELETE FROM audit WHERE number = 2")
    database.close()
    safe = SafeDatabase(path, HandClock())
    log = AuditLog(safe, HandClock(), anchor)
    assert check_chain(log.entries(), [kept]) == [Breach("cut", 2)]
    log.add("third")
    assert check_chain(log.entries(), [kept]) == [Breach("gap", 3)]
    safe.close()


def test_the_log_is_bounded_and_stays_a_chain(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit_log, "MOST_ENTRIES", 5)
    safe = SafeDatabase(tmp_path / "posmedic.db", HandClock())
    log = AuditLog(safe, HandClock(), tmp_path / "audit.head")
    for _time in range(12):
        log.add("step")
    kept = log.anchor()
    assert kept is not None
    assert [entry.number for entry in log.entries()] == [8, 9, 10, 11, 12]
    assert check_chain(log.entries(), [kept]) == []
    safe.close()
