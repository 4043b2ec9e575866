"""Fault memory and trends: what a technician finds weeks later."""

from __future__ import annotations

import json
import sqlite3
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from support.clocks import HandClock

from device.app.trend_watch import with_trend
from device.evidence import CheckSpec, Evidence, Level, Limit, Outcome
from device.store import faults as faults_module
from device.store.faults import AGED_OUT
from device.store.store import Store
from device.store.trends import KEPT
from device.trend import Sample, TrendRule, find_change

DAY_S = 86400


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def store(tmp_path: Path, clock: HandClock) -> Store:
    return Store(tmp_path / "posmedic.db", clock)


def reader(outcome: Outcome) -> Evidence:
    return Evidence("reader.answer", outcome, reason="no_answer")


def signal(dbm: float) -> Evidence:
    return Evidence("modem.signal", Outcome.PASS, dbm, "dBm")


def test_each_beginning_of_a_fault_counts_and_keeps_what_was_known_then(store: Store, clock: HandClock) -> None:
    known = [signal(-71), reader(Outcome.FAIL)]
    store.note_evidence([reader(Outcome.FAIL)], known)
    store.note_evidence([reader(Outcome.FAIL)], [signal(-99)])
    (fault,) = store.faults()
    assert (fault.count, fault.occurrences) == (2, 1)
    assert fault.frame == [["modem.signal", "pass", -71, 0], ["reader.answer", "fail", None, 0]]
    store.note_evidence([reader(Outcome.PASS)])
    clock.pass_s(60)
    store.note_evidence([reader(Outcome.FAIL)], [signal(-80)])
    (fault,) = store.faults()
    assert (fault.count, fault.occurrences) == (3, 2)
    assert fault.frame == [["modem.signal", "pass", -80, 0]]


def test_the_status_bits_are_those_of_the_standard(store: Store, clock: HandClock) -> None:
    """ISO 14229-1, annex D.2: bit by bit through the life of one fault."""
    always = "failed_since_clear"
    store.note_evidence([reader(Outcome.FAIL)])
    assert store.faults()[0].status == ("failed", "failed_this_boot", "pending", always)
    assert store.faults()[0].status_byte == 0b0010_0111
    store.note_evidence([reader(Outcome.PASS)])
    assert store.faults()[0].status == ("failed_this_boot", "pending", always)
    clock.restart("boot-2")
    assert store.faults()[0].status == ("pending", always, "not_completed_this_boot")
    store.note_evidence([reader(Outcome.PASS)])
    assert store.faults()[0].status == (always,)
    store.note_evidence([reader(Outcome.FAIL)])
    assert store.faults()[0].status == ("failed", "failed_this_boot", "pending", "confirmed", always)
    told = json.loads(json.dumps(store.history()))["faults"][0]
    assert (told["status"], told["status_byte"]) == (list(store.faults()[0].status), "2F")


def test_a_check_that_only_ever_broke_is_not_completed(store: Store) -> None:
    store.note_evidence([reader(Outcome.ERROR)])
    assert {"failed", "not_completed_since_clear", "not_completed_this_boot"} <= set(store.faults()[0].status)
    assert store.history(["reader.answer"])["untested"] == ["reader.answer"]
    store.note_evidence([reader(Outcome.FAIL)])
    assert "not_completed_since_clear" not in store.faults()[0].status
    assert store.history(["reader.answer"])["untested"] == []


def test_what_was_not_tested_in_this_start_is_told_apart(tmp_path: Path, clock: HandClock) -> None:
    ids = ("reader.answer", "modem.signal")
    first = Store(tmp_path / "a.db", clock)
    first.note_evidence([reader(Outcome.PASS), signal(-70)])
    first.settle()
    first.close()
    clock.restart("boot-2")
    second = Store(tmp_path / "a.db", clock)
    second.note_evidence([signal(-70)])
    history = second.history(ids)
    assert (history["untested"], history["untested_this_boot"]) == ([], ["reader.answer"])


def test_a_service_that_is_restarted_does_not_age_a_fault(tmp_path: Path, clock: HandClock) -> None:
    """Only days and starts of the machine do: a service that crashes forty times must not forget its faults."""
    for number in range(AGED_OUT + 2):
        store = Store(tmp_path / "a.db", clock)
        if number == 0:
            store.note_evidence([reader(Outcome.FAIL)])
        store.note_evidence([reader(Outcome.PASS)])
        store.close()
    (fault,) = Store(tmp_path / "a.db", clock).faults()
    assert fault.aged == 0


@pytest.mark.parametrize("jump_s", [3650 * DAY_S, -3650 * DAY_S])
def test_a_jump_of_the_clock_neither_ages_faults_nor_changes_which_are_newest(
    store: Store, clock: HandClock, jump_s: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(faults_module, "MOST_FAULTS", 3)
    store.note_evidence([reader(Outcome.FAIL)])
    store.note_evidence([reader(Outcome.PASS)])
    for _ in range(AGED_OUT):
        clock.wall += jump_s
        store.note_evidence([reader(Outcome.PASS)])
        clock.wall -= jump_s
        store.note_evidence([reader(Outcome.PASS)])
    assert store.faults()[0].aged == 0
    clock.wall += jump_s
    store.note_evidence([Evidence("a.b", Outcome.FAIL)])
    clock.wall -= jump_s
    for name in ("a.c", "a.d"):
        store.note_evidence([Evidence(name, Outcome.FAIL)])
    assert [fault.id for fault in store.faults()] == ["a.d", "a.c", "a.b"]
    store.note_evidence([Evidence("a.e", Outcome.FAIL)])
    assert [fault.id for fault in store.faults()] == ["a.e", "a.d", "a.c"]


def test_a_fault_that_lasts_is_written_once_an_hour_and_counted_in_full(tmp_path: Path, clock: HandClock) -> None:
    store = Store(tmp_path / "a.db", clock)
    store.note_evidence([reader(Outcome.FAIL)])
    wal = tmp_path / "a.db-wal"
    size = wal.stat().st_size
    for _ in range(50):
        store.note_evidence([reader(Outcome.FAIL)])
    assert wal.stat().st_size == size
    assert store.faults()[0].count == 51
    assert wal.stat().st_size > size


def test_a_fault_ages_once_a_day_or_start_and_is_forgotten_in_the_end(store: Store, clock: HandClock) -> None:
    store.note_evidence([reader(Outcome.FAIL)])
    store.note_evidence([reader(Outcome.PASS)])
    for _ in range(5):
        store.note_evidence([reader(Outcome.PASS)])
    assert store.faults()[0].aged == 0
    clock.pass_s(DAY_S)
    for _ in range(5):
        store.note_evidence([reader(Outcome.PASS)])
    assert store.faults()[0].aged == 1
    clock.restart("boot-2")
    store.note_evidence([reader(Outcome.PASS)])
    assert store.faults()[0].aged == 2
    store.note_evidence([reader(Outcome.FAIL)])
    assert store.faults()[0].aged == 0
    store.note_evidence([reader(Outcome.PASS)])
    for _ in range(AGED_OUT):
        assert store.faults()
        clock.pass_s(DAY_S)
        store.note_evidence([reader(Outcome.PASS)])
    assert store.faults() == ()


def test_what_was_not_tested_since_the_memory_was_cleared_is_told(store: Store) -> None:
    ids = ("reader.answer", "modem.signal")
    assert store.history(ids)["untested"] == list(ids)
    store.note_evidence([reader(Outcome.FAIL), Evidence("modem.signal", Outcome.NOT_RUN)])
    assert store.history(ids)["untested"] == ["modem.signal"]
    store.clear_faults()
    assert store.faults() == ()
    assert store.history(ids)["untested"] == list(ids)


def test_faults_survive_a_restart_with_their_details(tmp_path: Path, clock: HandClock) -> None:
    first = Store(tmp_path / "a.db", clock)
    first.note_evidence([reader(Outcome.FAIL)], [signal(-71)])
    before = first.faults()
    first.close()
    assert Store(tmp_path / "a.db", clock).faults() == before


def test_a_database_of_the_version_before_is_opened_and_grows(tmp_path: Path, clock: HandClock) -> None:
    path = tmp_path / "old.db"
    with sqlite3.connect(path) as old:
        old.executescript(
            "CREATE TABLE fault (evidence_id TEXT PRIMARY KEY, outcome TEXT NOT NULL, value TEXT, reason TEXT NOT NULL,"
            " detail TEXT NOT NULL, first_wall_s REAL NOT NULL, last_wall_s REAL NOT NULL, count INTEGER NOT NULL,"
            " active INTEGER NOT NULL);"
            "INSERT INTO fault VALUES ('reader.answer', 'fail', NULL, 'no_answer', '', 1.0, 2.0, 3, 1);"
            "PRAGMA user_version=1;"
        )
    old.close()
    store = Store(path, clock)
    (fault,) = store.faults()
    assert (fault.count, fault.occurrences, fault.aged, fault.frame) == (3, 1, 0, None)
    store.note_evidence([reader(Outcome.PASS)])
    assert not store.faults()[0].active


def test_nothing_is_written_while_nothing_changes(tmp_path: Path, clock: HandClock) -> None:
    path = tmp_path / "quiet.db"
    store = Store(path, clock)
    store.note_evidence([reader(Outcome.PASS), signal(-70)])
    wal = path.with_name("quiet.db-wal")
    size = wal.stat().st_size
    for _ in range(50):
        store.note_evidence([reader(Outcome.PASS), signal(-70)])
    assert wal.stat().st_size == size


def run_hours(store: Store, clock: HandClock, hours: int, dbm: float) -> None:
    for _ in range(hours):
        store.note_evidence([signal(dbm), signal(dbm - 2)])
        clock.pass_s(3600)


def test_hours_become_days_and_months_and_none_grows_without_bound(store: Store, clock: HandClock) -> None:
    run_hours(store, clock, 24 * 100, -70)
    store.note_evidence([signal(-70)])
    hours, days = store.trends.samples("modem.signal", "hour"), store.trends.samples("modem.signal", "day")
    assert KEPT["hour"] <= len(hours) <= KEPT["hour"] + 24  # the oldest go once a day
    assert KEPT["day"] <= len(days) <= KEPT["day"] + 1
    assert 2 <= len(store.trends.samples("modem.signal", "month")) <= 4
    assert (hours[0].count, hours[0].least, hours[0].most, hours[0].mean, hours[0].last) == (2, -72, -70, -71, -72)
    assert (days[-1].count, days[-1].mean) == (48, -71)
    assert days[-1].start.hour == 0
    assert store.trends.ids() == ("modem.signal",)


def test_a_clock_that_was_wrong_costs_no_history_that_was_right(store: Store, clock: HandClock) -> None:
    """A day far in the future, then the true time again; and a day in 1970, as after an empty clock battery."""
    run_hours(store, clock, 24 * 5, -70)
    right = clock.wall
    for wrong in (right + 3650 * DAY_S, 3600.0):
        clock.wall = wrong
        run_hours(store, clock, 10, -80)
        clock.wall = right
    run_hours(store, clock, 24 * 5, -75)
    store.note_evidence([])
    days = {sample.start.date(): sample for sample in store.trends.samples("modem.signal", "day")}
    today = datetime.fromtimestamp(right).date()
    for back in (1, 2, 3):
        assert days[today - timedelta(days=back)].mean == -71
    for on in (0, 1):
        assert (days[today + timedelta(days=on)].mean, days[today + timedelta(days=on)].count) == (-76, 48)
    hours = store.trends.samples("modem.signal", "hour")
    assert KEPT["hour"] <= len(hours) <= KEPT["hour"] + 24
    assert sum(abs(hour.start.timestamp() - right) > 100 * DAY_S for hour in hours) == 0


def test_trends_of_a_version_that_kept_no_order_are_carried_on(tmp_path: Path, clock: HandClock) -> None:
    path = tmp_path / "old.db"
    old = Store(path, clock)
    run_hours(old, clock, 24 * 4, -70)
    old.note_evidence([])
    before = old.trends.samples("modem.signal", "day")
    old.close()
    with sqlite3.connect(path) as file:
        file.executescript("DELETE FROM bucket; PRAGMA user_version = 2;")
    file.close()
    store = Store(path, clock)
    run_hours(store, clock, 24 * 2, -70)
    store.note_evidence([])
    after = store.trends.samples("modem.signal", "day")
    assert after[: len(before)] == before
    assert [sample.count for sample in after[1:]] == [48] * (len(after) - 1)


def test_texts_and_flags_have_no_trend(store: Store, clock: HandClock) -> None:
    store.note_evidence(
        [Evidence("storage.writable", Outcome.PASS, True), Evidence("modem.sim", Outcome.PASS, "READY")]
    )
    clock.pass_s(3600)
    store.note_evidence([signal(-70)])
    store.trends.flush()
    assert store.trends.ids() == ("modem.signal",)


SPEC = CheckSpec(
    "modem.signal", Level.SAFE, "dBm", Limit(pass_min=-95), False, "test", trend=TrendRule(fall=10, unit="dB")
)


def now_of(clock: HandClock) -> datetime:
    return datetime.fromtimestamp(clock.wall).astimezone()


def test_a_signal_that_fell_by_twelve_is_marginal_before_its_limit_is_reached(store: Store, clock: HandClock) -> None:
    run_hours(store, clock, 24 * 4, -70)
    assert with_trend(signal(-70), SPEC, store.trends, now_of(clock)).outcome is Outcome.PASS
    run_hours(store, clock, 25, -82)
    told = with_trend(signal(-82), SPEC, store.trends, now_of(clock))
    assert (told.outcome, told.reason, told.value) == (Outcome.MARGINAL, "trend", -82)
    assert told.detail.startswith("Fell by 12 dB since ")
    assert told.detail.endswith(" (from -71 to -83 dBm).")


def test_a_failure_keeps_its_own_outcome_whatever_the_trend(store: Store, clock: HandClock) -> None:
    run_hours(store, clock, 24 * 4, -70)
    run_hours(store, clock, 25, -99)
    failed = Evidence("modem.signal", Outcome.FAIL, -99)
    assert with_trend(failed, SPEC, store.trends, now_of(clock)) is failed


def samples(period: str, values: list[float], now: datetime) -> list[Sample]:
    step = timedelta(hours=1) if period == "hour" else timedelta(days=1)
    shift = timedelta(0) if period == "hour" else timedelta(days=1)
    starts = [now - shift - step * (len(values) - place) for place in range(len(values))]
    return [Sample("x", period, at, 1, v, v, v, v) for at, v in zip(starts, values, strict=True)]


NOON = datetime(2026, 11, 20, 12).astimezone()


@pytest.mark.parametrize(
    ("rule", "hours", "days", "changed"),
    [
        (TrendRule(fall=10), [-81, -81, -81], [-70, -70], True),
        (TrendRule(fall=10), [-79, -79, -79], [-70, -70], False),
        (TrendRule(fall=10), [-59, -59, -59], [-70, -70], False),
        (TrendRule(rise=10), [-59, -59, -59], [-70, -70], True),
        (TrendRule(fall=10), [-81, -81], [-70, -70], False),
        (TrendRule(fall=10), [-81, -81, -81], [-70], False),
        (TrendRule(ratio=2, least=5), [120, 125, 130], [100, 105, 110], True),
        (TrendRule(ratio=2, least=5), [112, 114, 116], [100, 105, 110], False),
        (TrendRule(ratio=2, least=5), [113, 113, 114], [110, 110, 110], False),
        (TrendRule(ratio=2, least=5), [3, 4, 90], [100, 105, 110], False),
        (TrendRule(ratio=2, least=5), [110, 120, 130], [100, 50, 110], False),
    ],
)
def test_a_change_needs_size_and_enough_samples_on_both_sides(
    rule: TrendRule, hours: list[float], days: list[float], changed: bool
) -> None:
    found = find_change(rule, samples("hour", hours, NOON), samples("day", days, NOON), NOON)
    assert (found is not None) is changed
