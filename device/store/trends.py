"""How numeric facts went: hours, days and months of each, so that a change shows before it is a failure.

An hour is gathered in memory and written when it is over: one small write an hour, whatever was measured. Days are made
of hours and months of days when they are over. All times are the wall clock's; a clock that jumps makes odd buckets,
never a wrong verdict, because a comparison needs enough of them on both sides. Buckets are forgotten in the order in
which they were begun, whatever time they bear: a clock that was wrong for a day costs a day of history, not all of it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final, TypeAlias

from device.evidence import Evidence
from device.store.clock import Clock
from device.store.safe_database import SafeDatabase
from device.trend import Sample

HOUR_S: Final = 3600
KEPT: Final = {"hour": 72, "day": 62, "month": 24}
_ABOVE: Final = (("hour", "day"), ("day", "month"))
_STARTS: Final = "SELECT DISTINCT start_s FROM sample WHERE period = ? ORDER BY start_s"
_MOST_IN_HOUR: Final = 256  # different facts


@dataclass(slots=True)
class _Bucket:
    """What one span of time has seen: how many values, the least, the most, their sum."""

    count: int = 0
    least: float = 0.0
    most: float = 0.0
    total: float = 0.0
    last: float = 0.0

    def add(self, value: float) -> None:
        self.least = min(self.least, value) if self.count else value
        self.most = max(self.most, value) if self.count else value
        self.count += 1
        self.total += value
        self.last = value


_Row: TypeAlias = tuple[str, int, str, int, float, float, float, float]


class Trends:
    """The bounded history of every numeric fact."""

    def __init__(self, safe: SafeDatabase, clock: Clock) -> None:
        self._safe = safe
        self._clock = clock
        self._hour = 0
        self._open: dict[str, _Bucket] = {}

    def note(self, evidence: Iterable[Evidence]) -> bool:
        """Take what was measured; the hour before is written when a new one has begun: True if one has."""
        hour = int(self._clock.wall_s()) // HOUR_S * HOUR_S
        begun = hour != self._hour
        if begun:
            self.flush()
            self._hour = hour
        for item in evidence:
            value = item.value
            if isinstance(value, bool) or not isinstance(value, int | float):
                continue
            if item.id in self._open or len(self._open) < _MOST_IN_HOUR:
                self._open.setdefault(item.id, _Bucket()).add(float(value))
        return begun

    def flush(self) -> None:
        """Write the hour gathered so far."""
        if not self._open:
            return
        rows = [("hour", self._hour, name, b.count, b.least, b.most, b.total, b.last) for name, b in self._open.items()]
        hour = self._hour

        def write(database: sqlite3.Connection) -> None:
            _adopt(database)
            _merge(database, "hour", rows)
            rolled = [_roll_up(database, below, above, hour) for below, above in _ABOVE]
            if any(rolled):
                for period, kept in KEPT.items():  # once a day: each time costs the flash some pages
                    _prune(database, period, kept)

        self._safe.write(write)
        self._open.clear()

    def samples(self, evidence_id: str, period: str) -> tuple[Sample, ...]:
        """One fact's samples, oldest first; ``period`` is ``hour``, ``day`` or ``month``."""
        return self._safe.read(
            lambda database: tuple(
                _sample(evidence_id, period, row)
                for row in database.execute(
                    "SELECT start_s, count, least, most, total, last FROM sample WHERE period = ? AND evidence_id = ?"
                    " ORDER BY start_s",
                    (period, evidence_id),
                )
            )
        )

    def ids(self) -> tuple[str, ...]:
        """Every fact that has a history."""
        return self._safe.read(
            lambda database: tuple(
                str(row[0]) for row in database.execute("SELECT DISTINCT evidence_id FROM sample ORDER BY evidence_id")
            )
        )


def _adopt(database: sqlite3.Connection) -> None:
    """Buckets of a version that did not know the table of them; its finished days and months are made already."""
    for period, above in (*_ABOVE, ("month", "")):
        made = {start_s for (start_s,) in database.execute(_STARTS, (above,))}
        known = {start_s for (start_s,) in database.execute("SELECT start_s FROM bucket WHERE period = ?", (period,))}
        rows = [start_s for (start_s,) in database.execute(_STARTS, (period,)) if start_s not in known]
        database.executemany(
            "INSERT INTO bucket (period, start_s, rolled) VALUES (?, ?, ?)",
            [(period, start_s, bool(above) and _start_of(above, start_s) in made) for start_s in rows],
        )


def _merge(database: sqlite3.Connection, period: str, rows: list[_Row]) -> None:
    """Add rows; a bucket that is there already (the clock stood still or was set back) grows."""
    database.executemany(
        "INSERT OR IGNORE INTO bucket (period, start_s) VALUES (?, ?)",
        [(period, start_s) for start_s in sorted({row[1] for row in rows})],
    )
    database.executemany(
        "INSERT INTO sample (period, start_s, evidence_id, count, least, most, total, last) VALUES (?,?,?,?,?,?,?,?)"
        " ON CONFLICT (period, start_s, evidence_id) DO UPDATE SET count = count + excluded.count,"
        " least = min(least, excluded.least), most = max(most, excluded.most), total = total + excluded.total,"
        " last = excluded.last",
        rows,
    )


def _roll_up(database: sqlite3.Connection, below: str, above: str, now_s: int) -> bool:
    """Add every ``below`` bucket (hour, day) that is not in its ``above`` (day, month) yet, but for the running one.

    True if there was any.
    """
    running = _start_of(above, now_s)
    found = database.execute("SELECT start_s FROM bucket WHERE period = ? AND rolled = 0 ORDER BY seq", (below,))
    done = [start_s for (start_s,) in found if _start_of(above, start_s) != running]
    rows: dict[tuple[int, str], _Row] = {}
    for start_s in done:
        for name, count, least, most, total, last in database.execute(
            "SELECT evidence_id, count, least, most, total, last FROM sample WHERE period = ? AND start_s = ?",
            (below, start_s),
        ):
            key = (_start_of(above, start_s), str(name))
            row = (above, *key, count, least, most, total, last)
            rows[key] = _joined(rows[key], row) if key in rows else row
    _merge(database, above, list(rows.values()))
    database.executemany(
        "UPDATE bucket SET rolled = 1 WHERE period = ? AND start_s = ?", [(below, start_s) for start_s in done]
    )
    return bool(done)


def _joined(old: _Row, new: _Row) -> _Row:
    """Two buckets of one fact as one; ``new`` is the later."""
    return (*old[:3], old[3] + new[3], min(old[4], new[4]), max(old[5], new[5]), old[6] + new[6], new[7])


def _prune(database: sqlite3.Connection, period: str, kept: int) -> None:
    """Keep the ``kept`` buckets that were begun last."""
    database.execute(
        "DELETE FROM bucket WHERE period = ? AND seq NOT IN"
        " (SELECT seq FROM bucket WHERE period = ? ORDER BY seq DESC LIMIT ?)",
        (period, period, kept),
    )
    database.execute(
        "DELETE FROM sample WHERE period = ? AND start_s NOT IN (SELECT start_s FROM bucket WHERE period = ?)",
        (period, period),
    )


def _start_of(period: str, wall_s: int) -> int:
    moment = datetime.fromtimestamp(wall_s)
    first = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    return int((first if period == "day" else first.replace(day=1)).timestamp())


def _sample(evidence_id: str, period: str, row: tuple[int, int, float, float, float, float]) -> Sample:
    start_s, count, least, most, total, last = row
    start = datetime.fromtimestamp(start_s).astimezone()
    return Sample(evidence_id, period, start, count, least, most, total / count, last)
