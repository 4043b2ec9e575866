"""One remembered fault, and its status by the bits of ISO 14229-1, annex D.2."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from device.evidence import Outcome

STATUS_BITS: Final = (
    "failed",  # testFailed
    "failed_this_boot",  # testFailedThisOperationCycle: a start of the machine is the cycle
    "pending",  # pendingDTC: it has not yet passed in a later day or start
    "confirmed",  # confirmedDTC: more than one test, or more than one beginning
    "not_completed_since_clear",  # testNotCompletedSinceLastClear: the check itself only ever broke
    "failed_since_clear",  # testFailedSinceLastClear: of every remembered fault
    "not_completed_this_boot",  # testNotCompletedThisOperationCycle
)  # bit 7, warningIndicatorRequested, is always 0: a terminal has no warning lamp


@dataclass(frozen=True, slots=True)
class Fault:
    """One fact that failed. ``active``: it did not pass again since.

    ``count`` are failed tests, ``occurrences`` how often it began, ``aged`` the days or starts on which it passed since
    it last failed. ``completed_boot``: its last test that came to a result was in this start (True), in an earlier one
    (False), or there was none since the memory was cleared (None). ``frame``: id, outcome, value and age in seconds of
    everything known when it began last, or None. Times are the wall clock's: a ``last_seen`` before ``first_seen``
    means that the clock was set back in between.
    """

    id: str
    outcome: Outcome
    value: str | None
    reason: str
    detail: str
    first_seen: datetime
    last_seen: datetime
    count: int
    active: bool
    occurrences: int
    aged: int
    failed_this_boot: bool
    completed_boot: bool | None
    frame: Sequence[Any] | None

    @property
    def status(self) -> tuple[str, ...]:
        """The names of the status bits that are set, lowest first."""
        return tuple(name for name, is_set in self._bits().items() if is_set)

    @property
    def status_byte(self) -> int:
        """The same as the byte of ISO 14229-1."""
        return sum(1 << STATUS_BITS.index(name) for name in self.status)

    def _bits(self) -> Mapping[str, bool]:
        values = (
            self.active,
            self.failed_this_boot,
            self.active or self.aged == 0,
            self.count > 1 or self.occurrences > 1,
            self.completed_boot is None,
            True,
            not self.completed_boot,
        )
        return dict(zip(STATUS_BITS, values, strict=True))

    def to_json(self) -> dict[str, Any]:
        """Plain values for scripts and reports; keys only ever grow."""
        return {
            "id": self.id,
            "outcome": self.outcome.value,
            "value": self.value,
            "reason": self.reason,
            "detail": self.detail,
            "first_seen": self.first_seen.isoformat(timespec="seconds"),
            "last_seen": self.last_seen.isoformat(timespec="seconds"),
            "count": self.count,
            "active": self.active,
            "occurrences": self.occurrences,
            "aged": self.aged,
            "status": list(self.status),
            "status_byte": f"{self.status_byte:02X}",
            "frame": self.frame,
        }


def read_fault(row: tuple[Any, ...], boot: str, completed: str | None) -> Fault:
    """A fault out of its row; ``completed`` is the boot of its last completed test."""
    return Fault(
        id=row[0],
        outcome=Outcome(row[1]),
        value=row[2],
        reason=row[3],
        detail=row[4],
        first_seen=_time(row[5]),
        last_seen=_time(row[6]),
        count=row[7],
        active=bool(row[8]),
        occurrences=row[9],
        aged=row[10],
        failed_this_boot=row[11] == boot,
        completed_boot=None if completed is None else completed == boot,
        frame=None if row[12] is None else json.loads(row[12]),
    )


def _time(wall_s: float) -> datetime:
    return datetime.fromtimestamp(wall_s).astimezone()
