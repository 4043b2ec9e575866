"""Fault memory after the model of vehicle diagnostics (ISO 14229-1, annex D: status of a trouble code).

A fault begins when a check fails that passed before, and ends when it passes again; each beginning keeps a freeze frame
of everything that was known at that moment. Every day of one start on which it passed ages it; an old one is forgotten.
What was not tested since the memory was cleared is known as that, and never as good.

Beginnings and ends are on the disk at once. That a known fault failed again, and that a check passed for the first
time, is gathered and written with the next of them, with each hour, or when somebody reads: a fault that lasts must not
wear the flash out. A kill costs at most these counts. Nothing is ordered by the wall clock, which may jump.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from device.evidence import Evidence, Outcome
from device.store.clock import Clock
from device.store.fault import Fault, read_fault
from device.store.safe_database import SafeDatabase

MOST_FAULTS: Final = 500
MOST_FRAMES: Final = 100
AGED_OUT: Final = 40  # days or starts without the fault
_MOST_FRAME: Final = 8192
_DAY_S: Final = 86400.0
_BAD: Final = (Outcome.FAIL, Outcome.ERROR)


@dataclass(slots=True)
class _Again:
    """A known fault that failed again, not yet written."""

    newest: Evidence
    wall_s: float
    count: int = 0


class Faults:
    """The fault memory in the store's database."""

    def __init__(self, safe: SafeDatabase, clock: Clock) -> None:
        self._safe = safe
        self._clock = clock
        self._again: dict[str, _Again] = {}
        self._completed: dict[str, str] | None = None  # check id -> the boot of its last completed test
        self._fresh: set[str] = set()  # of those, the ones not yet written

    def note(self, evidence: Iterable[Evidence], known: Sequence[Evidence] = ()) -> None:
        """Remember what failed, end what passed. A check that did not run changes nothing.

        ``known`` is everything known now: the freeze frame of a fault that begins.
        """
        items = [item for item in evidence if item.outcome is not Outcome.NOT_RUN]
        if not items:
            return
        self._complete(item.id for item in items if item.outcome is not Outcome.ERROR)
        states, cycle = self._states(), self._cycle()
        begun = []
        for item in items:
            if item.outcome in _BAD and states.get(item.id, (False, ""))[0]:
                again = self._again.setdefault(item.id, _Again(item, 0.0))
                again.newest, again.wall_s, again.count = item, self._clock.wall_s(), again.count + 1
            elif item.outcome in _BAD:
                begun.append(item)
        good = [item.id for item in items if item.outcome not in _BAD and item.id in states]
        ended = [name for name in good if states[name][0]]
        aging = [name for name in good if not states[name][0] and states[name][1] != cycle]
        if not (begun or ended or aging):
            return

        def write(database: sqlite3.Connection) -> None:
            self._write_gathered(database)
            for item in begun:
                _add(database, item, self._clock, 1, _frame(known))
            for name in ended:
                database.execute("UPDATE fault SET active = 0 WHERE evidence_id = ?", (name,))
            for name in aging:
                database.execute(
                    "INSERT INTO fault_detail (evidence_id, aged) VALUES (?, 1)"
                    " ON CONFLICT (evidence_id) DO UPDATE SET aged = aged + 1",
                    (name,),
                )
            database.executemany(
                "INSERT INTO fault_order (evidence_id, aged_cycle) VALUES (?, ?)"
                " ON CONFLICT (evidence_id) DO UPDATE SET aged_cycle = excluded.aged_cycle",
                [(name, cycle) for name in (*ended, *aging)],
            )
            _prune(database)

        self._safe.write(write)
        self._forget_gathered()

    def settle(self) -> None:
        """Write what was gathered; without anything nothing is written."""
        if self._again or self._fresh:
            self._safe.write(self._write_gathered)
            self._forget_gathered()

    def all(self) -> tuple[Fault, ...]:
        """Everything that ever failed and is still remembered: active ones first, then newest first."""
        self.settle()
        boot, completed = self._clock.boot_id, self._tests()
        return self._safe.read(
            lambda database: tuple(
                read_fault(row, boot, completed.get(row[0]))
                for row in database.execute(
                    "SELECT evidence_id, outcome, value, reason, detail, first_wall_s, last_wall_s, count, active,"
                    " coalesce(occurrences, 1), coalesce(aged, 0), boot_id, frame FROM fault"
                    " LEFT JOIN fault_detail USING (evidence_id) LEFT JOIN fault_order USING (evidence_id)"
                    " ORDER BY active DESC, coalesce(seq, 0) DESC, last_wall_s DESC, evidence_id"
                )
            )
        )

    def untested(self, ids: Iterable[str]) -> tuple[str, ...]:
        """Those of ``ids`` that no test has completed since the memory was cleared (or began)."""
        completed = self._tests()
        return tuple(name for name in ids if name not in completed)

    def untested_this_boot(self, ids: Iterable[str]) -> tuple[str, ...]:
        """Those of ``ids`` that no test has completed since the machine was started."""
        completed, boot = self._tests(), self._clock.boot_id
        return tuple(name for name in ids if completed.get(name) != boot)

    def clear(self, also: Callable[[sqlite3.Connection], None]) -> int:
        """Forget every fault and every test: from now on nothing is known until it is tested.

        Returns how many faults there were; ``also`` is done in the same transaction.
        """

        def clear(database: sqlite3.Connection) -> int:
            (count,) = database.execute("SELECT count(*) FROM fault").fetchone()
            for table in ("fault", "fault_detail", "fault_order", "tested", "completed"):
                database.execute(f"DELETE FROM {table}")  # noqa: S608  names are the schema's
            also(database)
            return int(count)

        cleared = self._safe.write(clear)
        self._forget_gathered()
        self._completed = {}
        return cleared

    def _complete(self, ids: Iterable[str]) -> None:
        completed, boot = self._tests(), self._clock.boot_id
        for name in ids:
            if completed.get(name) != boot:
                completed[name] = boot
                self._fresh.add(name)

    def _tests(self) -> dict[str, str]:
        """Which checks were completed since the memory was cleared, and in which boot last."""
        if self._completed is None:
            self._completed = self._safe.read(
                lambda database: {
                    str(name): str(boot)
                    for name, boot in database.execute(
                        "SELECT evidence_id, coalesce(boot_id, '') FROM tested LEFT JOIN completed USING (evidence_id)"
                    )
                }
            )
        return self._completed

    def _write_gathered(self, database: sqlite3.Connection) -> None:
        wall_s, boot = self._clock.wall_s(), self._clock.boot_id
        database.executemany(
            "INSERT OR IGNORE INTO tested (evidence_id, wall_s) VALUES (?, ?)", [(name, wall_s) for name in self._fresh]
        )
        database.executemany(
            "INSERT OR REPLACE INTO completed (evidence_id, boot_id) VALUES (?, ?)",
            [(name, boot) for name in self._fresh],
        )
        for again in self._again.values():
            _add(database, again.newest, self._clock, again.count, None, again.wall_s)

    def _forget_gathered(self) -> None:
        """After the transaction, not in it: one that failed is made again in memory."""
        self._again.clear()
        self._fresh.clear()

    def _states(self) -> dict[str, tuple[bool, str]]:
        """Of every fault whether it is active, and in which cycle it ended or aged last."""
        return self._safe.read(
            lambda database: {
                str(name): (bool(active), str(cycle))
                for name, active, cycle in database.execute(
                    "SELECT evidence_id, active, coalesce(aged_cycle, '') FROM fault"
                    " LEFT JOIN fault_order USING (evidence_id)"
                )
            }
        )

    def _cycle(self) -> str:
        """A cycle is a day of one start, by the clock that nobody sets; with a new one every fault may age again."""
        return f"{self._clock.boot_id} {int(self._clock.monotonic_s() // _DAY_S)}"


def _add(
    database: sqlite3.Connection, item: Evidence, clock: Clock, count: int, frame: str | None, wall_s: float = 0.0
) -> None:
    """``count`` failed tests of one fact; with a ``frame`` the fault begins, without one it goes on."""
    value = None if item.value is None else str(item.value)
    wall_s = wall_s or clock.wall_s()
    database.execute(
        "INSERT INTO fault (evidence_id, outcome, value, reason, detail, first_wall_s, last_wall_s, count,"
        " active) VALUES (?,?,?,?,?,?,?,?,1) ON CONFLICT (evidence_id) DO UPDATE SET"
        " outcome = excluded.outcome, value = excluded.value, reason = excluded.reason,"
        " detail = excluded.detail, last_wall_s = excluded.last_wall_s, count = count + excluded.count, active = 1",
        (item.id, item.outcome, value, item.reason, item.detail, wall_s, wall_s, count),
    )
    database.execute(
        "INSERT INTO fault_detail (evidence_id, occurrences, aged, boot_id, frame) VALUES (?, 1, 0, ?, ?)"
        " ON CONFLICT (evidence_id) DO UPDATE SET occurrences = occurrences + (excluded.frame IS NOT NULL), aged = 0,"
        " boot_id = excluded.boot_id, frame = coalesce(excluded.frame, frame)",
        (item.id, clock.boot_id, frame),
    )
    database.execute(
        "INSERT INTO fault_order (evidence_id, seq) VALUES (?, (SELECT coalesce(max(seq), 0) + 1 FROM fault_order))"
        " ON CONFLICT (evidence_id) DO UPDATE SET seq = excluded.seq",
        (item.id,),
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
    """Keep the newest faults, of them the newest with frames, and none that has aged out."""
    newest = (
        "SELECT evidence_id FROM fault LEFT JOIN fault_order USING (evidence_id)"
        " ORDER BY coalesce(seq, 0) DESC, last_wall_s DESC LIMIT ?"
    )
    database.execute(
        f"DELETE FROM fault WHERE evidence_id NOT IN ({newest})"  # noqa: S608  the text is ours
        " OR (active = 0 AND evidence_id IN (SELECT evidence_id FROM fault_detail WHERE aged >= ?))",
        (MOST_FAULTS, AGED_OUT),
    )
    for table in ("fault_detail", "fault_order"):
        database.execute(f"DELETE FROM {table} WHERE evidence_id NOT IN (SELECT evidence_id FROM fault)")  # noqa: S608
    database.execute(
        f"UPDATE fault_detail SET frame = NULL WHERE frame IS NOT NULL AND evidence_id NOT IN ({newest})",  # noqa: S608
        (MOST_FRAMES,),
    )
