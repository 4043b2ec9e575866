"""Who keeps the terminal's time: the battery-backed clock (RTC) and the synchronisation over the network."""

from __future__ import annotations

import ctypes
from pathlib import Path
from typing import Final

_TIME_ERROR: Final = 5  # adjtimex(2): the clock is not synchronised
_TIMEX_BYTES: Final = 512  # more than struct timex has on any architecture; the first member, modes, stays 0: only read


def read_rtc_s(sys_root: Path) -> int | None:
    """The battery-backed clock in seconds since 1970; None where the board has none, or it holds no valid time.

    Linux Documentation/ABI/testing/sysfs-class-rtc: ``since_epoch`` cannot be read while the RTC's time is not valid.
    """
    try:
        return int((sys_root / "class/rtc/rtc0/since_epoch").read_text(encoding="ascii"))
    except (OSError, ValueError):
        return None


def has_rtc(sys_root: Path) -> bool:
    """Is a battery-backed clock known to the kernel?"""
    return (sys_root / "class/rtc/rtc0").is_dir()


def read_synchronised() -> bool | None:
    """Does the kernel hold its clock to be synchronised by NTP or the like (adjtimex(2))? None: it cannot be asked."""
    try:
        adjtimex = ctypes.CDLL(None, use_errno=True).adjtimex
    except (OSError, AttributeError):
        return None
    state = adjtimex(ctypes.create_string_buffer(_TIMEX_BYTES))
    return None if state < 0 else bool(state != _TIME_ERROR)
