"""The declines that the terminal remembers, each with its freeze frame, within bounds of number and size."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from device.store.clock import Clock, time_of
from device.store.safe_database import SafeDatabase

MOST_DECLINES: Final = 500
MOST_DECLINE_BYTES: Final = 8 << 20


@dataclass(frozen=True, slots=True)
class StoredDecline:
    """One decline as it was kept: freeze frame and diagnosis as JSON texts."""

    number: int
    at: datetime
    code: str | None
    frame_json: str
    diagnosis_json: str

    def summary(self) -> dict[str, Any]:
        """Its place in the fault memory, as plain values."""
        diagnosis = json.loads(self.diagnosis_json)
        told = {key: diagnosis.get(key) for key in ("code", "host", "verdict", "addressee", "short_code")}
        return {"number": self.number, "at": self.at.isoformat(timespec="seconds"), **told}


class KeptDeclines:
    """Those of one store. Each is on the disk when :meth:`add` returns."""

    def __init__(self, safe: SafeDatabase, clock: Clock) -> None:
        self._safe = safe
        self._clock = clock

    def add(self, frame_json: str, diagnosis_json: str) -> int:
        """Keep one decline and return its number; the oldest go when rows or bytes are over their bounds."""
        code = json.loads(diagnosis_json).get("code")
        wall_s = self._clock.wall_s()

        def add(database: sqlite3.Connection) -> int:
            cursor = database.execute(
                "INSERT INTO decline (code, wall_s, frame, diagnosis, bytes) VALUES (?,?,?,?,?)",
                (code, wall_s, frame_json, diagnosis_json, _size(frame_json, diagnosis_json)),
            )
            database.execute(
                "INSERT INTO code_count (code, first_wall_s, last_wall_s, count) VALUES (?,?,?,1)"
                " ON CONFLICT (code) DO UPDATE SET last_wall_s = excluded.last_wall_s, count = count + 1",
                (code or "", wall_s, wall_s),
            )
            _prune_declines(database)
            return int(cursor.lastrowid or 0)

        return self._safe.write(add)

    def revise(self, number: int, frame_json: str, diagnosis_json: str) -> None:
        """Replace what was kept under ``number``; nothing happens if it has been pruned.

        What the first frame knew otherwise stays: :meth:`evidence_before`.
        """

        def revise(database: sqlite3.Connection) -> None:
            old = database.execute("SELECT frame FROM decline WHERE id = ?", (number,)).fetchone()
            if old is None:
                return
            database.execute(
                "INSERT OR IGNORE INTO decline_before (decline_id, evidence) VALUES (?, ?)",
                (number, json.dumps(_changed(old[0], frame_json), ensure_ascii=False)),
            )
            database.execute(
                "UPDATE decline SET frame = ?, diagnosis = ?, bytes = ? WHERE id = ?",
                (frame_json, diagnosis_json, _size(frame_json, diagnosis_json), number),
            )
            _prune_declines(database)

        self._safe.write(revise)

    def last(self, limit: int = 50) -> tuple[StoredDecline, ...]:
        """The last declines, newest first."""
        return self._safe.read(
            lambda database: tuple(
                StoredDecline(number, time_of(wall_s), code, frame, diagnosis)
                for number, wall_s, code, frame, diagnosis in database.execute(
                    "SELECT id, wall_s, code, frame, diagnosis FROM decline ORDER BY id DESC LIMIT ?", (limit,)
                )
            )
        )

    def evidence_before(self, number: int) -> list[dict[str, Any]]:
        """Evidence of the moment of a decline that the test after it found changed, as the frame held it."""
        row = self._safe.read(
            lambda database: database.execute(
                "SELECT evidence FROM decline_before WHERE decline_id = ?", (number,)
            ).fetchone()
        )
        return json.loads(row[0]) if row else []


def _prune_declines(database: sqlite3.Connection) -> None:
    """Keep the newest declines within both bounds."""
    database.execute(
        "DELETE FROM decline WHERE id IN (SELECT id FROM (SELECT id, row_number() OVER newest AS place,"
        " sum(bytes) OVER newest AS total FROM decline WINDOW newest AS (ORDER BY id DESC))"
        " WHERE place > ? OR (total > ? AND place > 1))",
        (MOST_DECLINES, MOST_DECLINE_BYTES),
    )
    database.execute("DELETE FROM decline_before WHERE decline_id NOT IN (SELECT id FROM decline)")


def _changed(old_json: str, new_json: str) -> list[dict[str, Any]]:
    """The evidence of the older frame whose outcome, value or reason the newer one has otherwise."""

    def rows(text: str) -> dict[str, dict[str, Any]]:
        return {row["id"]: row for row in json.loads(text).get("evidence", ())}

    told = ("outcome", "value", "reason")
    new = rows(new_json)
    return [
        row
        for name, row in rows(old_json).items()
        if name not in new or [row.get(key) for key in told] != [new[name].get(key) for key in told]
    ]


def _size(*texts: str) -> int:
    return sum(len(text.encode()) for text in texts)
