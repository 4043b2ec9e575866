"""The audit log as it is kept: chained entries in the database, their count and head in a file beside it.

The file is written after the entry. A power cut between leaves the log one entry ahead of it, which is no breach; a
log that is behind it was cut, and the next entry follows the head that the file names, so that the gap stays visible.
"""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path
from typing import Final

from device.audit import Anchor, AuditEntry, entry_hash, parse_anchor
from device.store.clock import Clock
from device.store.safe_database import SafeDatabase

MOST_ENTRIES: Final = 2000
_COLUMNS: Final = "number, wall_s, boot_id, event, detail, before, hash"
_MOST_DETAIL: Final = 200


class AuditLog:
    """Appends entries and reads them back. ``anchor_path``: where count and head are kept outside the database."""

    def __init__(self, safe: SafeDatabase, clock: Clock, anchor_path: Path) -> None:
        self._safe = safe
        self._clock = clock
        self._anchor_path = anchor_path

    def add(self, event: str, detail: str = "") -> Anchor:
        """Write one entry and the new anchor."""
        newest = max(self._newest(), self.anchor() or Anchor(), key=lambda anchor: anchor.count)
        said = (newest.count + 1, self._clock.wall_s(), self._clock.boot_id, event, detail[:_MOST_DETAIL], newest.head)
        entry = AuditEntry(*said, entry_hash(*said))

        def add(database: sqlite3.Connection) -> None:
            database.execute(
                f"INSERT OR REPLACE INTO audit ({_COLUMNS}) VALUES (?,?,?,?,?,?,?)",  # noqa: S608  a constant
                (*said, entry.hash),
            )
            database.execute("DELETE FROM audit WHERE number <= ?", (entry.number - MOST_ENTRIES,))

        self._safe.write(add)
        anchor = Anchor(entry.number, entry.hash)
        self._write_anchor(anchor)
        return anchor

    def entries(self) -> tuple[AuditEntry, ...]:
        """Everything that is kept, oldest first."""
        return self._safe.read(
            lambda database: tuple(
                AuditEntry(*row)
                for row in database.execute(f"SELECT {_COLUMNS} FROM audit ORDER BY number")  # noqa: S608  a constant
            )
        )

    def anchor(self) -> Anchor | None:
        """Count and head as the file has them; None: there is no file, or it says nothing."""
        try:
            return parse_anchor(self._anchor_path.read_text(encoding="ascii", errors="replace"))
        except OSError:
            return None

    def _newest(self) -> Anchor:
        row = self._safe.read(
            lambda database: database.execute("SELECT number, hash FROM audit ORDER BY number DESC LIMIT 1").fetchone()
        )
        return Anchor(*row) if row else Anchor()

    def _write_anchor(self, anchor: Anchor) -> None:
        """Replace the file whole; where that fails the log is ahead of it, and the next entry mends it."""
        fresh = self._anchor_path.with_name(f".{self._anchor_path.name}.new")
        try:
            with fresh.open("w", encoding="ascii") as file:
                file.write(f"{anchor}\n")
                file.flush()
                os.fsync(file.fileno())
            fresh.replace(self._anchor_path)
        except OSError:
            return


class Notes:
    """Small facts by name that outlive a power cut."""

    def __init__(self, safe: SafeDatabase) -> None:
        self._safe = safe

    def get(self, name: str) -> str | None:
        """What :meth:`put` kept last."""
        row = self._safe.read(
            lambda database: database.execute("SELECT value FROM note WHERE name = ?", (name,)).fetchone()
        )
        return str(row[0]) if row else None

    def put(self, name: str, value: str) -> None:
        """Keep it."""
        self._safe.write(
            lambda database: database.execute("INSERT OR REPLACE INTO note (name, value) VALUES (?,?)", (name, value))
        )
