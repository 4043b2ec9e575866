"""Fault memory after the model of vehicle diagnostics (ISO 14229-1, annex D: status of a trouble code).

A fault begins when a check fails that passed before, and ends when it passes again; each beginning keeps a freeze frame
of everything that was known at that moment. Every day, or every start, on which it passed ages it; an old one is
forgotten. What has not been tested since the memory was cleared is known as that, and never as good.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from device.evidence import Evidence, Outcome
from device.store.clock import Clock
from device.store.safe_database import SafeDatabase

MOST_FAULTS: Final = 500
MOST_FRAMES: Final = 100
AGED_OUT: Final = 40  # days or starts without the fault
_MOST_FRAME: Final = 8192
_BAD: Final = (Outcome.FAIL, Outcome.ERROR)


@dataclass(frozen=True, slots=True)
class Fault:
    """One fact that failed. ``active``: it did not pass again since.

    ``count`` are failed tests, ``occurrences`` how often it began, ``aged`` the days or starts on which it passed since
    it last failed. ``frame``: id, outcome and value of everything known when it began last, or None.
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
    frame: Sequence[Any] | None

    @property
    def status(self) -> tuple[str, ...]:
        """Which of the status bits are set: failed, failed_this_boot, confirmed (it began or failed more than once)."""
        bits = {
            "failed": self.active,
            "failed_this_boot": self.failed_this_boot,
            "confirmed": self.count > 1 or self.occurrences > 1,
        }
        return tuple(name for name, is_set in bits.items() if is_set)


class Faults:
    """The fault memory in the store's database."""

    def __init__(self, safe: SafeDatabase, clock: Clock) -> None:
        self._safe = safe
        self._clock = clock
        self._cycle_done: set[str] = set()  # aged in this cycle already
        self._cycle = ""

    def note(self, evidence: Iterable[Evidence], known: Sequence[Evidence] = ()) -> None:
        """Remember what failed, end what passed. A check that did not run changes nothing.

        ``known`` is everything known now: the freeze frame of a fault that begins.
        """
        items = [item for item in evidence if item.outcome is not Outcome.NOT_RUN]
        if not items:
            return
        active, inactive, tested = self._states()
        cycle = self._present_cycle()
        fresh = [item.id for item in items if item.id not in tested]
        bad = [item for item in items if item.outcome in _BAD]
        ended = [item.id for item in items if item.outcome not in _BAD and item.id in active]
        aging = [item.id for item in items if item.outcome not in _BAD and item.id in inactive - self._cycle_done]
        if not (fresh or bad or ended or aging):
            return
        wall_s, boot = self._clock.wall_s(), self._clock.boot_id

        def write(database: sqlite3.Connection) -> None:
            database.executemany("INSERT OR IGNORE INTO tested VALUES (?, ?)", [(name, wall_s) for name in fresh])
            for item in bad:
                _add(database, item, wall_s, boot, None if item.id in active else _frame(known))
            for name in ended:
                database.execute("UPDATE fault SET active = 0 WHERE evidence_id = ?", (name,))
            for name in aging:
                database.execute(
                    "INSERT INTO fault_detail (evidence_id, aged) VALUES (?, 1)"
                    " ON CONFLICT (evidence_id) DO UPDATE SET aged = aged + 1",
                    (name,),
                )
            _prune(database)

        self._safe.write(write)
        self._cycle_done.update(aging, ended)
        self._cycle = cycle

    def all(self) -> tuple[Fault, ...]:
        """Everything that ever failed and is still remembered: active ones first, then newest first."""
        boot = self._clock.boot_id
        return self._safe.read(
            lambda database: tuple(
                _fault(row, boot)
                for row in database.execute(
                    "SELECT evidence_id, outcome, value, reason, detail, first_wall_s, last_wall_s, count, active,"
                    " coalesce(occurrences, 1), coalesce(aged, 0), boot_id, frame FROM fault"
                    " LEFT JOIN fault_detail USING (evidence_id) ORDER BY active DESC, last_wall_s DESC, evidence_id"
                )
            )
        )

    def untested(self, ids: Iterable[str]) -> tuple[str, ...]:
        """Those of ``ids`` that no test has completed since the memory was cleared (or began)."""
        tested = self._safe.read(
            lambda database: {str(row[0]) for row in database.execute("SELECT evidence_id FROM tested")}
        )
        return tuple(name for name in ids if name not in tested)

    def clear(self) -> None:
        """Forget every fault and every test: from now on nothing is known until it is tested."""

        def clear(database: sqlite3.Connection) -> None:
            for table in ("fault", "fault_detail", "tested"):
                database.execute(f"DELETE FROM {table}")  # noqa: S608  names are the schema's

        self._safe.write(clear)

    def _states(self) -> tuple[set[str], set[str], set[str]]:
        """Ids of active faults, of faults that ended, and of what was ever tested."""

        def read(database: sqlite3.Connection) -> tuple[set[str], set[str], set[str]]:
            rows = database.execute("SELECT evidence_id, active FROM fault").fetchall()
            tested = {str(row[0]) for row in database.execute("SELECT evidence_id FROM tested")}
            return {str(r[0]) for r in rows if r[1]}, {str(r[0]) for r in rows if not r[1]}, tested

        return self._safe.read(read)

    def _present_cycle(self) -> str:
        """A cycle is a day of one start; with a new one every fault may age again."""
        cycle = f"{self._clock.boot_id} {datetime.fromtimestamp(self._clock.wall_s()):%Y-%m-%d}"
        if cycle != self._cycle:
            self._cycle_done.clear()
            self._cycle = cycle
        return cycle


def _add(database: sqlite3.Connection, item: Evidence, wall_s: float, boot: str, frame: str | None) -> None:
    value = None if item.value is None else str(item.value)
    database.execute(
        "INSERT INTO fault (evidence_id, outcome, value, reason, detail, first_wall_s, last_wall_s, count,"
        " active) VALUES (?,?,?,?,?,?,?,1,1) ON CONFLICT (evidence_id) DO UPDATE SET"
        " outcome = excluded.outcome, value = excluded.value, reason = excluded.reason,"
        " detail = excluded.detail, last_wall_s = excluded.last_wall_s, count = count + 1, active = 1",
        (item.id, item.outcome, value, item.reason, item.detail, wall_s, wall_s),
    )
    if frame is None:  # it goes on: only that it failed in this boot too
        database.execute(
            "INSERT INTO fault_detail (evidence_id, boot_id) VALUES (?, ?)"
            " ON CONFLICT (evidence_id) DO UPDATE SET boot_id = excluded.boot_id, aged = 0",
            (item.id, boot),
        )
        return
    database.execute(
        "INSERT INTO fault_detail (evidence_id, occurrences, aged, boot_id, frame) VALUES (?, 1, 0, ?, ?)"
        " ON CONFLICT (evidence_id) DO UPDATE SET occurrences = occurrences + 1, aged = 0,"
        " boot_id = excluded.boot_id, frame = excluded.frame",
        (item.id, boot, frame),
    )


def _frame(known: Sequence[Evidence]) -> str:
    """What was known, as short as it can be said; what does not fit is left out from the end."""
    rows = [[item.id, item.outcome, item.value, round(item.age_s)] for item in known]
    text = json.dumps(rows, ensure_ascii=False, separators=(",", ":"))
    while len(text.encode()) > _MOST_FRAME:
        rows = rows[: len(rows) * 3 // 4]
        text = json.dumps(rows, ensure_ascii=False, separators=(",", ":"))
    return text


def _prune(database: sqlite3.Connection) -> None:
    database.execute(
        "DELETE FROM fault WHERE evidence_id NOT IN (SELECT evidence_id FROM fault ORDER BY last_wall_s DESC LIMIT ?)"
        " OR (active = 0 AND evidence_id IN (SELECT evidence_id FROM fault_detail WHERE aged >= ?))",
        (MOST_FAULTS, AGED_OUT),
    )
    database.execute("DELETE FROM fault_detail WHERE evidence_id NOT IN (SELECT evidence_id FROM fault)")
    database.execute(
        "UPDATE fault_detail SET frame = NULL WHERE frame IS NOT NULL AND evidence_id NOT IN"
        " (SELECT evidence_id FROM fault ORDER BY last_wall_s DESC LIMIT ?)",
        (MOST_FRAMES,),
    )


def _fault(row: tuple[Any, ...], boot: str) -> Fault:
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
        frame=None if row[12] is None else json.loads(row[12]),
    )


def _time(wall_s: float) -> datetime:
    return datetime.fromtimestamp(wall_s).astimezone()
