"""The clock's check: does it agree with the host's last answer, and can its date be right at all?"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from device.drivers.clock import SOFTWARE_FLOOR, clock_drift, judge_date, keeps_time, looks_like_zone
from device.drivers.network import NetworkError
from device.drivers.sntp import TimeServer, read_drift
from device.drivers.timekeeping import has_rtc, read_rtc_s, read_synchronised
from device.selftest.sheet import Sheet

_SERVER_S: Final = 3.0


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
    sys_root: Path = Path("/sys")
    server: TimeServer | None = None


def check_clock(setup: ClockSetup, sheet: Sheet, *, active: bool = False) -> None:
    """Write all clock facts on the sheet.

    clock.host: seconds ahead of the host; clock.floor: ``plausible`` or what is wrong; clock.rtc: seconds by which the
    battery-backed clock differs; clock.battery: ``kept`` or ``fell_back``; clock.ntp: ``synchronised`` or
    ``not_synchronised``; if active clock.drift: seconds ahead of the time server.
    """
    now = setup.now()
    _check_host(setup, now, sheet)
    judgement = judge_date(now, setup.floor, setup.last_seen)
    sheet.measured("clock.floor", judgement.word, detail=judgement.detail)
    _check_rtc(setup, now, sheet)
    synchronised = read_synchronised()
    if synchronised is None:
        sheet.not_run("clock.ntp", "not_supported", "The kernel does not tell whether its clock is synchronised.")
    else:
        sheet.measured("clock.ntp", "synchronised" if synchronised else "not_synchronised")
    if active:
        _check_server(setup.server, sheet)


def _check_server(server: TimeServer | None, sheet: Sheet) -> None:
    if server is None:
        sheet.not_run("clock.drift", "no_server", "The settings name no time server, in [clock] server.")
        return
    try:
        drift_s = read_drift(server, _SERVER_S)
    except NetworkError as error:
        sheet.broken("clock.drift", error.reason, str(error))
    else:
        side = "ahead of" if drift_s >= 0 else "behind"
        sheet.measured("clock.drift", round(drift_s, 1), detail=f"The clock is {side} that of {server.host}.")


def _check_rtc(setup: ClockSetup, now: datetime, sheet: Sheet) -> None:
    """A battery that is empty shows after a power cut: no valid time, or one from before a time that was seen."""
    facts = ("clock.rtc", "clock.battery")
    if not has_rtc(setup.sys_root):
        for fact in facts:
            sheet.not_run(fact, "not_fitted", "The kernel shows no battery-backed clock.")
        return
    rtc_s = read_rtc_s(setup.sys_root)
    if rtc_s is None:
        for fact in facts:
            sheet.failed(fact, "no_time", "The battery-backed clock holds no valid time: its battery may be empty.")
        return
    sheet.measured("clock.rtc", round(abs(now.timestamp() - rtc_s)))
    held = datetime.fromtimestamp(rtc_s, UTC)
    word = "kept" if keeps_time(held, setup.floor, setup.last_seen) else "fell_back"
    sheet.measured("clock.battery", word, detail=f"It says {held:%Y-%m-%d %H:%M} UTC.")


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
