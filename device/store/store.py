"""The one database: sales of the window, declines with their freeze frames, fault memory, the last time seen.

One connection, WAL with FULL synchronous, exclusive lock, no mmap. It is crash-only: a write is acknowledged once it is
on disk, and start means recover. A forked child must neither use nor close it (it ends with ``os._exit``). When the
disk cannot be written the store goes on in memory, says why in :attr:`Store.degraded`, and moves back by itself.
The schema only ever grows, so that the previous version can open newer data. No card data: tokens and classes only.
"""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final, TypeVar

from device.evidence import EntryMode, Evidence, Exchange, MacVerdict, Match, Outcome, PastSale

T = TypeVar("T")

SCHEMA_VERSION: Final = 1
_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS sale (
  id INTEGER PRIMARY KEY, boot_id TEXT NOT NULL, monotonic_s REAL NOT NULL, wall_s REAL NOT NULL, code TEXT,
  mac TEXT NOT NULL, entry_mode TEXT NOT NULL, token TEXT, bin_group TEXT, scheme TEXT, foreign_card INTEGER,
  match TEXT NOT NULL, stored INTEGER NOT NULL, test_card INTEGER NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS decline (
  id INTEGER PRIMARY KEY, wall_s REAL NOT NULL, frame TEXT NOT NULL, diagnosis TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS fault (
  evidence_id TEXT PRIMARY KEY, outcome TEXT NOT NULL, detail TEXT NOT NULL, present INTEGER NOT NULL,
  first_wall_s REAL NOT NULL, last_wall_s REAL NOT NULL, count INTEGER NOT NULL) STRICT;
"""
_MOST_SALES: Final = 2000
_MOST_DECLINES: Final = 500
_RETRY_DISK_S: Final = 60.0
_BAD: Final = (Outcome.FAIL, Outcome.MARGINAL, Outcome.ERROR)
_CORRUPT: Final = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


class Store:
    """Opens (or begins) the database at ``path``; never raises for a bad disk or file, see :attr:`degraded`."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._boot_id = _boot_id()
        self.degraded = ""  # why the data is only in memory; empty: it is on disk
        self.set_aside: Path | None = None  # where a corrupt file was moved
        self._tried_disk_at = time.monotonic()
        try:
            self._db = self._open_disk()
        except (sqlite3.Error, OSError) as error:
            self._go_to_memory(error, None)
        self._present = {row[0] for row in self._db.execute("SELECT evidence_id FROM fault WHERE present")}

    def add_exchange(self, exchange: Exchange) -> None:
        """Keep one sale for the window that tells one card from many."""
        card = exchange.card
        known = card.issuer_country is not None and card.terminal_country is not None
        foreign = card.issuer_country != card.terminal_country if known else None
        row = (
            self._boot_id, time.monotonic(), time.time(), exchange.code, exchange.mac, exchange.entry_mode,
            card.token, card.bin_group, card.scheme, foreign, exchange.match, exchange.stored, exchange.test_card,
        )  # fmt: skip
        self._write(lambda db: _insert_sale(db, row))
        self.note_time()

    def recent_sales(self, window_s: float) -> tuple[PastSale, ...]:
        """Sales of the last ``window_s`` seconds, newest first.

        Within one boot the monotonic clock counts. Across a boot only the wall clock can tell, and a sale that it
        puts outside the window or into the future is left out.
        """
        monotonic_s, wall_s = time.monotonic(), time.time()
        rows = self._db.execute(
            "SELECT boot_id, monotonic_s, wall_s, code, mac, entry_mode, token, bin_group, scheme, foreign_card,"
            " match, stored, test_card FROM sale ORDER BY id DESC LIMIT ?",
            (_MOST_SALES,),
        )
        sales = []
        for boot_id, row_monotonic_s, row_wall_s, *facts in rows:
            age_s = monotonic_s - row_monotonic_s if boot_id == self._boot_id else wall_s - row_wall_s
            if 0 <= age_s <= window_s:
                sales.append(_past_sale(age_s, facts))
        return tuple(sales)

    def add_decline(self, frame: str, diagnosis: str) -> int:
        """Keep a decline's freeze frame and diagnosis (JSON texts); return its number."""

        def insert(db: sqlite3.Connection) -> int:
            cursor = db.execute(
                "INSERT INTO decline (wall_s, frame, diagnosis) VALUES (?, ?, ?)", (time.time(), frame, diagnosis)
            )
            number = int(cursor.lastrowid or 0)
            db.execute("DELETE FROM decline WHERE id <= ?", (number - _MOST_DECLINES,))
            return number

        return self._write(insert)

    def revise_decline(self, number: int, frame: str, diagnosis: str) -> None:
        """Replace the frame and diagnosis of a decline by a later revision."""
        self._write(
            lambda db: db.execute(
                "UPDATE decline SET frame = ?, diagnosis = ? WHERE id = ?", (frame, diagnosis, number)
            )
        )

    def note_evidence(self, evidence: Evidence) -> None:
        """Keep the fault memory: first and last seen, and how often the fault came (not how often it was checked)."""
        bad = evidence.outcome in _BAD
        if bad is (evidence.id in self._present) or evidence.outcome is Outcome.NOT_RUN:
            return  # nothing changed: no flash is worn for it
        now = time.time()
        if bad:
            self._present.add(evidence.id)
            row = (evidence.id, evidence.outcome, evidence.detail, now, now)
            self._write(lambda db: db.execute(_FAULT_CAME, row))
        else:
            self._present.discard(evidence.id)
            self._write(
                lambda db: db.execute(
                    "UPDATE fault SET present = 0, last_wall_s = ? WHERE evidence_id = ?", (now, evidence.id)
                )
            )

    def history(self, most: int = 100) -> dict[str, Any]:
        """Declines (newest first) and faults, as values for JSON; times in seconds since 1970."""
        declines = [
            {"number": number, "at": wall_s, "diagnosis": json.loads(diagnosis)}
            for number, wall_s, diagnosis in self._db.execute(
                "SELECT id, wall_s, diagnosis FROM decline ORDER BY id DESC LIMIT ?", (most,)
            )
        ]
        faults = [
            {"id": row[0], "outcome": row[1], "detail": row[2], "present": bool(row[3]), "first_seen": row[4],
             "last_seen": row[5], "count": row[6]}
            for row in self._db.execute(
                "SELECT evidence_id, outcome, detail, present, first_wall_s, last_wall_s, count FROM fault"
                " ORDER BY last_wall_s DESC LIMIT ?", (most,)
            )
        ]  # fmt: skip
        return {"declines": declines, "faults": faults}

    def last(self) -> dict[str, Any] | None:
        """The newest decline as ``{"frame": ..., "diagnosis": ...}``."""
        row = self._db.execute("SELECT frame, diagnosis FROM decline ORDER BY id DESC LIMIT 1").fetchone()
        return None if row is None else {"frame": json.loads(row[0]), "diagnosis": json.loads(row[1])}

    def last_time_seen(self) -> float | None:
        """The latest wall clock that a sale or start has seen, in seconds since 1970."""
        row = self._db.execute("SELECT value FROM meta WHERE key = 'last_time_seen'").fetchone()
        return None if row is None else float(row[0])

    def note_time(self) -> None:
        """Remember the wall clock, at most once an hour; a clock that went back is not remembered."""
        now = time.time()
        if now - (self.last_time_seen() or 0.0) > 3600:
            self._write(
                lambda db: db.execute("INSERT OR REPLACE INTO meta VALUES ('last_time_seen', ?)", (str(round(now)),))
            )

    def close(self) -> None:
        """Close; data never depends on it."""
        self._db.close()

    def _write(self, change: Callable[[sqlite3.Connection], T]) -> T:
        """Make one change in one transaction, on disk or, where that fails, in memory."""
        if self.degraded and time.monotonic() - self._tried_disk_at >= _RETRY_DISK_S:
            self._return_to_disk()
        try:
            with self._db:
                return change(self._db)
        except sqlite3.Error as error:
            if self.degraded:
                raise
            self._go_to_memory(error, self._db)
        with self._db:
            return change(self._db)

    def _open_disk(self) -> sqlite3.Connection:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        try:
            return _prepare(_connect(self._path))
        except sqlite3.DatabaseError as error:
            if error.sqlite_errorcode not in _CORRUPT:
                raise
            self.set_aside = _set_aside(self._path)
            return _prepare(_connect(self._path))

    def _go_to_memory(self, error: Exception, disk: sqlite3.Connection | None) -> None:
        self.degraded = f"{self._path} cannot be used ({error}); data is kept in memory only"
        self._tried_disk_at = time.monotonic()
        memory = sqlite3.connect(":memory:")
        if disk is not None:
            with contextlib.suppress(sqlite3.Error):
                disk.rollback()
                disk.backup(memory)
            disk.close()
        self._db = _prepare(memory)

    def _return_to_disk(self) -> None:
        """Move to disk what was kept in memory meanwhile, if the disk takes it."""
        self._tried_disk_at = time.monotonic()
        try:
            disk = self._open_disk()
            with disk:
                for table in ("sale", "decline"):
                    newest = disk.execute(f"SELECT coalesce(max(id), 0) FROM {table}").fetchone()[0]  # noqa: S608
                    _copy(disk, table, self._db.execute(f"SELECT * FROM {table} WHERE id > ?", (newest,)).fetchall())  # noqa: S608
                _copy(disk, "fault", self._db.execute("SELECT * FROM fault").fetchall())
        except (sqlite3.Error, OSError):
            return
        self._db.close()
        self._db, self.degraded = disk, ""


_FAULT_CAME: Final = (
    "INSERT INTO fault VALUES (?, ?, ?, 1, ?, ?, 1) ON CONFLICT (evidence_id) DO UPDATE SET outcome = excluded.outcome,"
    " detail = excluded.detail, present = 1, last_wall_s = excluded.last_wall_s, count = count + 1"
)


def _connect(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(path, timeout=1.0)


def _prepare(db: sqlite3.Connection) -> sqlite3.Connection:
    for pragma in ("locking_mode = EXCLUSIVE", "journal_mode = WAL", "synchronous = FULL", "mmap_size = 0"):
        db.execute(f"PRAGMA {pragma}")
    db.execute("PRAGMA cache_size = -256")  # KiB: the terminal has little memory
    db.execute("PRAGMA secure_delete = ON")
    db.executescript(_SCHEMA)
    if db.execute("PRAGMA user_version").fetchone()[0] < SCHEMA_VERSION:
        db.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
    db.execute("SELECT count(*) FROM sale").fetchone()
    db.commit()
    return db


def _set_aside(path: Path) -> Path:
    """Move a corrupt database away, with its log, under a name that is free."""
    number = 1
    while (aside := path.with_name(f"{path.name}.corrupt-{number}")).exists():
        number += 1
    path.rename(aside)
    for ending in ("-wal", "-shm"):
        with contextlib.suppress(FileNotFoundError):
            os.unlink(f"{path}{ending}")  # noqa: PTH108  the name is the database's with an ending of SQLite's
    return aside


def _insert_sale(db: sqlite3.Connection, row: Sequence[Any]) -> None:
    cursor = db.execute(
        "INSERT INTO sale (boot_id, monotonic_s, wall_s, code, mac, entry_mode, token, bin_group, scheme,"
        " foreign_card, match, stored, test_card) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        row,
    )
    db.execute("DELETE FROM sale WHERE id <= ?", (int(cursor.lastrowid or 0) - _MOST_SALES,))


def _copy(db: sqlite3.Connection, table: str, rows: Sequence[Sequence[Any]]) -> None:
    if rows:
        marks = ", ".join("?" * len(rows[0]))
        db.executemany(f"INSERT OR REPLACE INTO {table} VALUES ({marks})", rows)  # noqa: S608  our own table names


def _past_sale(age_s: float, facts: Sequence[Any]) -> PastSale:
    code, mac, entry_mode, token, bin_group, scheme, foreign, match, stored, test_card = facts
    return PastSale(
        round(age_s, 1), code, MacVerdict(mac), EntryMode(entry_mode), token, bin_group, scheme,
        None if foreign is None else bool(foreign), Match(match), bool(stored), bool(test_card),
    )  # fmt: skip


def _boot_id() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return f"start-{time.time():.0f}"  # without a boot id every start counts as a boot
