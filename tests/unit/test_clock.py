"""The clock: drift against a host that tells no year, and dates that cannot be right."""

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from support.sheet import KeptSheet

from device.drivers.clock import clock_drift, judge_date, looks_like_zone
from device.selftest.clock import ClockSetup, check_clock

NOON = datetime(2026, 7, 1, 12, 0, 0)
FLOOR = datetime(2025, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("host_time", "now", "drift_s"),
    [
        ("0701120000", NOON, 0),
        ("0701115900", NOON, 60),
        ("0701120130", NOON, -90),
        ("1231235950", datetime(2027, 1, 1, 0, 0, 10), 20),
        ("0101000010", datetime(2026, 12, 31, 23, 59, 50), -20),
        ("0229120000", datetime(2028, 2, 29, 12, 0, 5), 5),
        ("0229120000", datetime(2026, 3, 1, 12, 0, 0), None),
        ("0701120000", datetime(2020, 7, 1, 12, 0, 0), 0),
    ],
)
def test_the_year_is_the_one_that_brings_both_nearest(host_time: str, now: datetime, drift_s: float | None) -> None:
    if drift_s is None:
        with pytest.raises(ValueError, match="date"):
            clock_drift(host_time, now)
    else:
        assert clock_drift(host_time, now) == drift_s


@pytest.mark.parametrize("host_time", ["", "070112000", "07011200000", "1301120000", "0732120000", "07011200٣0", "abc"])
def test_what_is_no_time_is_refused(host_time: str) -> None:
    with pytest.raises(ValueError, match="not a"):
        clock_drift(host_time, NOON)


@pytest.mark.parametrize(
    ("drift_s", "zone"), [(3600, True), (-28800, True), (19800, True), (20, False), (3700, False), (90000, False)]
)
def test_a_wrong_time_zone_is_recognised_by_whole_quarter_hours(drift_s: float, zone: bool) -> None:
    assert looks_like_zone(drift_s) is zone


@pytest.mark.parametrize(
    ("now", "last_seen", "word"),
    [
        (datetime(2027, 1, 1, tzinfo=UTC), None, "plausible"),
        (datetime(1970, 1, 1, tzinfo=UTC), None, "before_floor"),
        (datetime(2024, 7, 1, tzinfo=UTC), None, "before_floor"),
        (datetime(2099, 7, 1, tzinfo=UTC), None, "far_ahead"),
        (datetime(2027, 1, 1, tzinfo=UTC), datetime(2027, 7, 1, tzinfo=UTC), "before_last_seen"),
        (datetime(2027, 7, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC), "jumped_ahead"),
        (datetime(2027, 1, 1, 11, 55, tzinfo=UTC), datetime(2027, 1, 1, 12, tzinfo=UTC), "plausible"),
        (
            datetime(2027, 1, 1, 13, tzinfo=timezone(timedelta(hours=8))),
            datetime(2027, 1, 1, 5, tzinfo=UTC),
            "plausible",
        ),
    ],
)
def test_dates_that_cannot_be_right_are_named(now: datetime, last_seen: datetime | None, word: str) -> None:
    assert judge_date(now, FLOOR, last_seen).word == word


@pytest.mark.parametrize(
    ("held", "last_seen", "outcome"),
    [
        (datetime(2026, 7, 1, 12, tzinfo=UTC), datetime(2026, 7, 1, 12, 5, tzinfo=UTC), "pass"),
        (datetime(2026, 7, 2, tzinfo=UTC), None, "pass"),
        (datetime(1970, 1, 1, 0, 3, tzinfo=UTC), None, "fail"),
        (datetime(2000, 1, 1, 0, 3, tzinfo=UTC), datetime(2026, 7, 1, 12, tzinfo=UTC), "fail"),
        (datetime(2026, 6, 30, tzinfo=UTC), datetime(2026, 7, 1, 12, tzinfo=UTC), "fail"),
    ],
)
def test_an_empty_battery_shows_as_a_clock_that_fell_back(
    tmp_path: Path, held: datetime, last_seen: datetime | None, outcome: str
) -> None:
    (tmp_path / "class/rtc/rtc0").mkdir(parents=True)
    (tmp_path / "class/rtc/rtc0/since_epoch").write_text(f"{int(held.timestamp())}\n")
    sheet = KeptSheet()
    check_clock(ClockSetup(FLOOR, last_seen, now=NOON.astimezone, sys_root=tmp_path), sheet)
    assert sheet.told("clock.battery")[0] == outcome
    assert f"{held:%Y-%m-%d %H:%M} UTC" in sheet.found["clock.battery"].detail


def test_a_clock_without_valid_time_fails_and_one_that_is_not_there_does_not(tmp_path: Path) -> None:
    sheet = KeptSheet()
    check_clock(ClockSetup(FLOOR, sys_root=tmp_path), sheet)
    assert sheet.told("clock.battery") == ("not_run", "not_fitted")
    (tmp_path / "class/rtc/rtc0").mkdir(parents=True)
    sheet = KeptSheet()
    check_clock(ClockSetup(FLOOR, sys_root=tmp_path), sheet)
    assert {sheet.told(fact) for fact in ("clock.rtc", "clock.battery")} == {("fail", "no_time")}


def setup(host_time: tuple[str, float] | None, now: datetime, monotonic_s: float = 0.0) -> ClockSetup:
    return ClockSetup(FLOOR, host_time=host_time, now=lambda: now, monotonic_s=lambda: monotonic_s)


def test_the_answer_of_an_hour_ago_is_compared_with_the_clock_of_an_hour_ago() -> None:
    sheet = KeptSheet()
    check_clock(setup(("0701110000", 100.0), NOON.astimezone(), 3700.0), sheet)
    assert sheet.found["clock.host"].value == 0
    assert sheet.told("clock.host") == ("pass", "")
    assert sheet.told("clock.floor") == ("pass", "")


def test_a_clock_in_a_wrong_zone_is_told_so() -> None:
    sheet = KeptSheet()
    check_clock(setup(("0701200000", 0.0), NOON.astimezone()), sheet)
    assert sheet.told("clock.host") == ("fail", "outside_limit")
    assert "behind" in sheet.found["clock.host"].detail
    assert "time zone" in sheet.found["clock.host"].detail


def test_without_an_answer_or_with_nonsense_nothing_is_claimed() -> None:
    silent, garbled = KeptSheet(), KeptSheet()
    check_clock(setup(None, NOON.astimezone()), silent)
    check_clock(setup(("9999999999", 0.0), NOON.astimezone()), garbled)
    assert silent.told("clock.host") == ("not_run", "no_exchange")
    assert garbled.told("clock.host") == ("error", "not_a_time")
