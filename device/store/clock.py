"""The clocks by which the store reckons: seconds since boot for ages, the wall clock only across boots."""

from __future__ import annotations

import time
from datetime import datetime
from pathlib import Path
from typing import Protocol


class Clock(Protocol):
    """What the store asks of time."""

    @property
    def boot_id(self) -> str:
        """Equal as long as the machine has not been restarted."""

    def monotonic_s(self) -> float:
        """Seconds since boot, with the time asleep; never set by anybody."""

    def wall_s(self) -> float:
        """Seconds since 1970 as the terminal believes; may jump."""


class SystemClock:
    """The machine's clocks: CLOCK_BOOTTIME (clock_gettime(2)) counts on while the terminal sleeps."""

    def __init__(self) -> None:
        try:
            self._boot_id = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        except OSError:
            self._boot_id = f"booted-{time.time() - time.clock_gettime(time.CLOCK_BOOTTIME):.0f}"

    @property
    def boot_id(self) -> str:
        """The kernel's random id of this boot (random(4))."""
        return self._boot_id

    def monotonic_s(self) -> float:
        """Seconds since boot."""
        return time.clock_gettime(time.CLOCK_BOOTTIME)

    def wall_s(self) -> float:
        """Seconds since 1970."""
        return time.time()


def time_of(wall_s: float) -> datetime:
    """The local time of so many seconds since 1970."""
    return datetime.fromtimestamp(wall_s).astimezone()
