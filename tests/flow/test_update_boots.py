"""Two slots, real RAUC, real service: installed, started, judged, kept or left again, and told afterwards."""

from __future__ import annotations

import json
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from support.rauc_system import RaucSystem, make_bundle, why_not
from support.terminal import PATIENCE_S, Terminal
from support.two_slots import TwoSlots

from device.update.records import Records

pytestmark = pytest.mark.skipif(bool(why_not()), reason=f"real RAUC {why_not()}")
SILENT_S = 10  # how long a service that hangs is waited for


@pytest.fixture(scope="module")
def bundle(system: RaucSystem) -> Path:
    return make_bundle(system.folder, system.signer, "2.0")


@pytest.fixture
def slots(tmp_path: Path, system: RaucSystem, monkeypatch: pytest.MonkeyPatch) -> Iterator[TwoSlots]:
    system.reach(monkeypatch)
    system.reset()
    terminal = Terminal(tmp_path)
    configure(terminal, system, gate_s=PATIENCE_S)
    yield TwoSlots(terminal, system)
    terminal.remove()


def configure(terminal: Terminal, system: RaucSystem, gate_s: float) -> None:
    terminal.configure(f'[update]\nconfig = "{system.config}"\nformats = ["plain"]\ngate_s = {gate_s}', language="en")


def judged(slots: TwoSlots) -> int:
    """Start the service of the slot that runs and its guard of the boot beside it; the guard's exit code."""
    with ThreadPoolExecutor() as beside:
        guard = beside.submit(slots.terminal.command, "gate")
        with slots.terminal.running():
            return guard.result().returncode


def last_update(slots: TwoSlots) -> dict[str, Any]:
    status = json.loads(slots.terminal.command("update", "status", "--json").stdout)
    assert isinstance(status["last"], dict)
    return status["last"]


def installed(slots: TwoSlots, bundle: Path) -> None:
    """The old version has run and been found good, and has installed the new one."""
    assert judged(slots) == 0
    answer = slots.install(bundle, "2.0")
    assert answer.get("installed"), answer
    assert slots.system.next_slot == "B"


def test_a_good_new_version_is_kept(slots: TwoSlots, bundle: Path) -> None:
    installed(slots, bundle)
    assert slots.reboot() == "B"
    assert judged(slots) == 0
    slots.mark_good()
    assert slots.system.tries("B") == 3
    last = last_update(slots)
    assert (last["ending"], last["source"], last["target"]) == (
        "good",
        {"version": "1.0", "slot": "A"},
        {"version": "2.0", "slot": "B"},
    )
    assert slots.reboot() == "B"
    assert judged(slots) == 0


def test_a_new_version_that_lost_a_check_goes_and_the_old_one_tells_why_on_every_outlet(
    slots: TwoSlots, bundle: Path
) -> None:
    installed(slots, bundle)
    assert slots.reboot(without_fonts=True) == "B"
    assert judged(slots) == 1
    assert slots.system.tries("B") == 0  # the guard answers only when the boot loader knows
    grow_database(slots.terminal.state / "posmedic.db")
    assert slots.reboot() == "A"
    with slots.terminal.running() as service:
        service.wait_for_line("selftest run=again")
        last = service.ask("update", action="status")["last"]
        assert (last["ending"], last["check"], last["expected"]) == ("regressed", "screen.font", "pass")
        assert last["got"].startswith("fail: ")
        facts = {row["id"]: row for row in service.ask("facts")["evidence"]}
        assert (facts["update.last"]["outcome"], facts["update.last"]["value"]) == ("fail", "regressed")
        assert facts["storage.history"]["value"] == "kept"  # written by the newer version, opened by this one
        faults = {row["id"]: row for row in service.ask("history")["faults"]}
        assert faults["update.last"]["active"]
        assert "screen.font was pass" in service.ask("report", language="en")
        assert "已退回" in service.ask("report", language="zh")
        status = slots.terminal.command("update", "status", "--lang", "en").stdout.decode()
        assert "taken back: a check that had passed failed" in status
        assert "screen.font was pass, then fail" in status
        assert "slot B: bad, 2.0" in status
    assert judged(slots) == 0  # the old version is not on trial


def test_a_new_version_that_hangs_or_crashes_uses_up_its_starts_and_the_old_one_tells(
    slots: TwoSlots, bundle: Path
) -> None:
    installed(slots, bundle)
    assert slots.reboot() == "B"
    configure(slots.terminal, slots.system, gate_s=SILENT_S)
    assert judged_while_stopped(slots) == 1
    configure(slots.terminal, slots.system, gate_s=PATIENCE_S)
    assert last_update(slots)["ending"] == "silent"
    assert slots.reboot() == "B"
    assert slots.reboot() == "B"  # it does not even come to its guard
    assert slots.reboot() == "A"
    assert judged(slots) == 0
    last = last_update(slots)
    assert (last["ending"], last["target"]["version"], last["detail"]) == ("silent", "2.0", "no_answer")
    text = slots.terminal.command("update", "status", "--lang", "en").stdout.decode()
    assert "never came to a self-test\n  It was started, but its service did not answer in time." in text
    assert Records(slots.terminal.state / "update").pending() is None


def judged_while_stopped(slots: TwoSlots) -> int:
    """The service of the new version hangs as soon as it is ready; the guard's exit code."""
    line = [*slots.terminal.inside, sys.executable, "-I", "-m", "device", "run"]
    line += ["--settings", str(slots.terminal.settings)]
    with subprocess.Popen(line, stdout=subprocess.PIPE, text=True) as service:
        try:
            assert service.stdout is not None
            assert "READY" in service.stdout.readline()
            service.send_signal(signal.SIGSTOP)
            began = time.monotonic()
            code = slots.terminal.command("gate").returncode
            assert time.monotonic() - began >= SILENT_S
            return code
        finally:
            service.kill()


def test_a_service_that_is_killed_while_it_is_judged_is_judged_when_it_starts_again(
    slots: TwoSlots, bundle: Path
) -> None:
    installed(slots, bundle)
    assert slots.reboot() == "B"
    with ThreadPoolExecutor() as beside, slots.terminal.running() as service:
        guard = beside.submit(slots.terminal.command, "gate")
        for _ in range(3):
            service.restart()
        assert guard.result(PATIENCE_S).returncode == 0
    assert last_update(slots)["ending"] == "good"


def test_with_both_slots_marked_bad_the_terminal_goes_on_and_says_so(slots: TwoSlots, bundle: Path) -> None:
    installed(slots, bundle)
    slots.system.mark("A", "bad")
    assert slots.reboot(without_fonts=True) == "B"
    assert judged(slots) == 0
    slots.system.mark("B", "bad")
    last = last_update(slots)
    assert (last["ending"], last["check"], last["detail"]) == ("regressed", "screen.font", "no_way_back")
    text = slots.terminal.command("update", "status", "--lang", "en").stdout.decode()
    assert "it stays, because no other good version is there" in text
    assert judged(slots) == 0


def grow_database(path: Path) -> None:
    """What a newer version may do to the file: a higher number, more columns in every table, more tables."""
    database = sqlite3.connect(path)
    tables = [row[0] for row in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    for table in tables:
        if not table.startswith("sqlite_"):
            database.execute(f"ALTER TABLE {table} ADD COLUMN newer TEXT DEFAULT 'x'")
    database.executescript("CREATE TABLE newer (id INTEGER); PRAGMA user_version = 1000;")
    database.close()
    assert len(tables) > 10
