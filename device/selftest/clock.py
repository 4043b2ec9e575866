"""The clock's check: does it agree with the host's last answer, and can its date be right at all?"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from device.drivers.clock import SOFTWARE_FLOOR, clock_drift, judge_date, looks_like_zone
from device.selftest.sheet import Sheet


def _now() -> datetime:
    return datetime.now().astimezone()


@dataclass(frozen=True, slots=True)
class ClockSetup:
    """What else knows the time.

    ``floor``: no clock that is right shows less. ``last_seen``: the store's last time; both carry their zones.
    ``host_time``: DE13 and DE12 (MMDDhhmmss) of the host's last answer and ``time.monotonic()`` when it came; None: no
    answer yet. ``now`` and ``monotonic_s`` are the clocks that are asked.
    """

    floor: datetime = SOFTWARE_FLOOR
    last_seen: datetime | None = None
    host_time: tuple[str, float] | None = None
    now: Callable[[], datetime] = _now
    monotonic_s: Callable[[], float] = time.monotonic


def check_clock(setup: ClockSetup, sheet: Sheet) -> None:
    """Write clock.host (seconds ahead of the host) and clock.floor (``plausible`` or what is wrong) on the sheet."""
    now = setup.now()
    _check_host(setup, now, sheet)
    judgement = judge_date(now, setup.floor, setup.last_seen)
    sheet.measured("clock.floor", judgement.word, detail=judgement.detail)


def _check_host(setup: ClockSetup, now: datetime, sheet: Sheet) -> None:
    if setup.host_time is None:
        sheet.not_run("clock.host", "no_exchange", "No answer of the host with a time has been seen since the start.")
        return
    told, seen_s = setup.host_time
    # the terminal's clock of now, carried back to the moment of the answer: a clock set right since then passes
    elapsed = timedelta(seconds=max(0.0, setup.monotonic_s() - seen_s))
    try:
        drift_s = round(clock_drift(told, now - elapsed))
    except ValueError:
        sheet.broken("clock.host", "not_a_time", "The host's date and time (DE13, DE12) are no date and time.")
        return
    zone = " That is a whole number of quarter hours: check the time zone." if looks_like_zone(drift_s) else ""
    side = "ahead of" if drift_s >= 0 else "behind"
    sheet.measured("clock.host", drift_s, detail=f"The clock is {abs(drift_s)} s {side} the host's.{zone}")
