"""When the nightly active self-test may be made: once a night, in quiet hours, and never beside sales.

Quiet is: between two and five by the terminal's own clock, no sale within the last half hour, none running, and no
offline payment waiting to be sent. When it was made last is kept across a restart, so that the daily reset of a
terminal, which often falls into the same hours, does not lead to a second one.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final, Protocol

from device.evidence import Evidence

NIGHT_HOURS: Final = range(2, 5)
APART_S: Final = 20 * 3600.0
AFTER_SALE_S: Final = 1800.0
_NAME: Final = "nightly self-test"
_CUT_SHORT: Final = ("sale_running", "offline_pending")


class NightLog(Protocol):
    """What remembers the last night; the store does."""

    def seconds_since(self, name: str) -> float | None:
        """How long ago; None: never, or nobody knows."""

    def mark(self, name: str) -> None:
        """It happened now."""


class QuietHour:
    """``held_back`` tells why nothing above the safe level may run now, "" if it may; ``hour`` is the clock's."""

    def __init__(
        self,
        log: NightLog,
        held_back: Callable[[], str],
        hour: Callable[[], int] = lambda: datetime.now().hour,
        monotonic_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._log = log
        self._held_back = held_back
        self._hour = hour
        self._monotonic_s = monotonic_s
        self._last_sale_s = -AFTER_SALE_S

    def sale_seen(self) -> None:
        """A sale began or ended just now."""
        self._last_sale_s = self._monotonic_s()

    def is_due(self) -> bool:
        """May the nightly test begin now?"""
        if self._hour() not in NIGHT_HOURS or self._held_back():
            return False
        if self._monotonic_s() - self._last_sale_s < AFTER_SALE_S:
            return False
        since_s = self._log.seconds_since(_NAME)
        return since_s is None or since_s > APART_S

    def made(self, evidence: Sequence[Evidence]) -> None:
        """The nightly test has ended with this; one that a sale cut short does not count and is made again."""
        if not any(item.reason in _CUT_SHORT for item in evidence):
            self._log.mark(_NAME)
