"""The checks of the board: load, uptime, the last reset, the watchdog, USB devices."""

from __future__ import annotations

from collections.abc import Sequence

from device.drivers.board import (
    BoardError,
    read_load,
    read_reset_reason,
    read_uptime_h,
    read_usb_devices,
    read_watchdog,
)
from device.selftest.sheet import Sheet
from device.selftest.system import SystemSetup


def check_cpu(setup: SystemSetup, sheet: Sheet) -> None:
    """Write cpu.load: processes per processor over the last minute."""
    try:
        sheet.measured("cpu.load", round(read_load(setup.proc_root), 2))
    except BoardError as error:
        sheet.broken("cpu.load", "unreadable", str(error))


def check_uptime(setup: SystemSetup, sheet: Sheet) -> None:
    """Write uptime.hours and uptime.reset (``watchdog|overheated|panic|not_told``)."""
    try:
        sheet.measured("uptime.hours", round(read_uptime_h(setup.proc_root), 1))
    except BoardError as error:
        sheet.broken("uptime.hours", "unreadable", str(error))
    sheet.measured("uptime.reset", read_reset_reason(setup.sys_root))


def check_watchdog(setup: SystemSetup, sheet: Sheet) -> None:
    """Write watchdog.armed: ``active`` or ``inactive``."""
    found = read_watchdog(setup.sys_root)
    if found is None:
        sheet.not_run("watchdog.armed", "not_fitted", "The kernel shows no watchdog.")
        return
    detail = f"{found.name or 'Unnamed'}, time-out {found.timeout_s or 0} s."
    sheet.measured("watchdog.armed", "active" if found.armed else "inactive", detail=detail)


def check_usb(setup: SystemSetup, expected: Sequence[str] | None, sheet: Sheet) -> None:
    """Write usb.devices (how many, hubs apart) and usb.expected (``complete`` or ``missing``).

    ``expected`` are the ``vendor:product`` pairs of the terminal's profile; None: it names none.
    """
    found = read_usb_devices(setup.sys_root)
    if found is None:
        for fact in ("usb.devices", "usb.expected"):
            sheet.not_run(fact, "not_fitted", "The kernel shows no USB host.")
        return
    sheet.measured("usb.devices", len(found), detail=f"{', '.join(found[:8]) or 'None'}.")
    if expected is None:
        sheet.not_run("usb.expected", "no_reference", "The terminal's profile does not say which USB devices belong.")
        return
    missing = [device for device in expected if device not in found]
    detail = f"Missing: {', '.join(missing[:8])}." if missing else ""
    sheet.measured("usb.expected", "missing" if missing else "complete", detail=detail)
