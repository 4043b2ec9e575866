"""The file below the store: opened one way only, with a schema that only ever grows.

One connection in one process, WAL with FULL synchronisation, exclusive lock, no memory map: what was acknowledged
survives a power cut (https://sqlite.org/wal.html, "noshm"; https://sqlite.org/pragma.html#pragma_synchronous).
A newer version of the product may have added tables and columns; every statement names its columns, and every added
column must have a default, so the version before it still opens and writes the file.

The service forks workers. A child must neither use nor close this connection (https://sqlite.org/howtocorrupt.html,
2.6): workers end with ``os._exit`` and only close the raw descriptors, which leaves the parent's locks alone. Nobody
else in this process may open and close the file either: that would drop POSIX locks.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from pathlib import Path
from typing import Final

SCHEMA_VERSION: Final = 4
MOST_BYTES: Final = 16 << 20
_PAGE_BYTES: Final = 4096
_LOCK_WAIT_S: Final = 0.2
_MOST_SET_ASIDE: Final = 3

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS sale (
    id INTEGER PRIMARY KEY AUTOINCREMENT, token TEXT, bin_group TEXT, scheme TEXT, foreign_card INTEGER,
    entry_mode TEXT NOT NULL, code TEXT, mac TEXT NOT NULL, match TEXT NOT NULL, stored INTEGER NOT NULL,
    test_card INTEGER NOT NULL, boot_id TEXT NOT NULL, monotonic_s REAL NOT NULL, wall_s REAL NOT NULL);
CREATE TABLE IF NOT EXISTS decline (
    id INTEGER PRIMARY KEY AUTOINCREMENT, code TEXT, wall_s REAL NOT NULL, frame TEXT NOT NULL,
    diagnosis TEXT NOT NULL, bytes INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS code_count (
    code TEXT PRIMARY KEY, first_wall_s REAL NOT NULL, last_wall_s REAL NOT NULL, count INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS fault (
    evidence_id TEXT PRIMARY KEY, outcome TEXT NOT NULL, value TEXT, reason TEXT NOT NULL, detail TEXT NOT NULL,
    first_wall_s REAL NOT NULL, last_wall_s REAL NOT NULL, count INTEGER NOT NULL, active INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS moment (id INTEGER PRIMARY KEY CHECK (id = 1), wall_s REAL NOT NULL);
CREATE TABLE IF NOT EXISTS fault_detail (
    evidence_id TEXT PRIMARY KEY, occurrences INTEGER NOT NULL DEFAULT 1, aged INTEGER NOT NULL DEFAULT 0,
    boot_id TEXT NOT NULL DEFAULT '', frame TEXT);
CREATE TABLE IF NOT EXISTS tested (evidence_id TEXT PRIMARY KEY, wall_s REAL NOT NULL);
CREATE TABLE IF NOT EXISTS sample (
    period TEXT NOT NULL, start_s INTEGER NOT NULL, evidence_id TEXT NOT NULL, count INTEGER NOT NULL,
    least REAL NOT NULL, most REAL NOT NULL, total REAL NOT NULL, last REAL NOT NULL,
    PRIMARY KEY (period, start_s, evidence_id)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS fault_order (
    evidence_id TEXT PRIMARY KEY, seq INTEGER NOT NULL DEFAULT 0, aged_cycle TEXT NOT NULL DEFAULT '');
CREATE TABLE IF NOT EXISTS completed (evidence_id TEXT PRIMARY KEY, boot_id TEXT NOT NULL DEFAULT '');
CREATE TABLE IF NOT EXISTS bucket (
    seq INTEGER PRIMARY KEY, period TEXT NOT NULL, start_s INTEGER NOT NULL, rolled INTEGER NOT NULL DEFAULT 0,
    UNIQUE (period, start_s));
CREATE TABLE IF NOT EXISTS decline_before (decline_id INTEGER PRIMARY KEY, evidence TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS once (name TEXT PRIMARY KEY, boot_id TEXT NOT NULL, monotonic_s REAL NOT NULL,
    wall_s REAL NOT NULL);
CREATE TABLE IF NOT EXISTS audit (
    number INTEGER PRIMARY KEY, wall_s REAL NOT NULL, boot_id TEXT NOT NULL, event TEXT NOT NULL, detail TEXT NOT NULL,
    before TEXT NOT NULL, hash TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS note (name TEXT PRIMARY KEY, value TEXT NOT NULL);
"""
TABLES: Final = (
    *("sale", "decline", "code_count", "fault", "moment", "fault_detail", "tested", "sample"),
    *("fault_order", "completed", "bucket", "decline_before", "once", "audit", "note"),
)

_SENTENCES: Final = {
    sqlite3.SQLITE_FULL: "Storage is full, so {} cannot be written: make room.",
    sqlite3.SQLITE_READONLY: "{} is read-only: check the mount and the folder's owner.",
    sqlite3.SQLITE_BUSY: "Another process holds {}: only one service may run.",
    sqlite3.SQLITE_CANTOPEN: "{} cannot be opened: check the folder and its owner.",
    sqlite3.SQLITE_IOERR: "Storage reports an error for {}: check the disk.",
}


class StoreError(Exception):
    """The database cannot be used; the text is one plain sentence."""


class StoreCorruptError(StoreError):
    """The file is not a sound database."""


def store_error(error: sqlite3.Error, path: Path) -> StoreError:
    """One plain sentence for what SQLite said."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        return StoreCorruptError(f"{path} is damaged.")
    return StoreError(_SENTENCES.get(code, f"{{}} cannot be used (SQLite error {code}).").format(path))


def open_file(path: Path) -> sqlite3.Connection:
    """Open or create the file. Raises StoreError; a damaged file raises StoreCorruptError and is left as it is."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    except OSError as error:
        raise StoreError(f"{path} cannot be opened: {error.strerror}.") from error
    try:
        database = sqlite3.connect(path, timeout=_LOCK_WAIT_S, isolation_level=None)
    except sqlite3.Error as error:
        raise store_error(error, path) from error
    try:
        _prepare(database)
    except sqlite3.Error as error:
        database.close()
        raise store_error(error, path) from error
    return database


def open_memory(first_id: int) -> sqlite3.Connection:
    """Open a database that ends with the process; its ids begin above every id that a file may already hold."""
    database = sqlite3.connect(":memory:", isolation_level=None)
    _prepare(database)
    database.executemany(
        "INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)", [("sale", first_id), ("decline", first_id)]
    )
    return database


def copy_rows(source: sqlite3.Connection, target: sqlite3.Connection) -> None:
    """Bring every row of ``source`` into ``target``; an equal id is the same row. Raises sqlite3.Error."""
    target.execute("BEGIN IMMEDIATE")
    try:
        for table in TABLES:
            columns = [str(row[1]) for row in target.execute(f"PRAGMA table_info({table})")]
            known = {str(row[1]) for row in source.execute(f"PRAGMA table_info({table})")}
            shared = [column for column in columns if column in known]
            marks = ",".join("?" * len(shared))
            rows = source.execute(f"SELECT {','.join(shared)} FROM {table}")  # noqa: S608  names are the schema's
            target.executemany(f"INSERT OR REPLACE INTO {table} ({','.join(shared)}) VALUES ({marks})", rows)  # noqa: S608
        target.execute("COMMIT")
    except sqlite3.Error:
        if target.in_transaction:
            target.execute("ROLLBACK")
        raise


def set_aside(path: Path) -> Path:
    """Rename a damaged file to ``.corrupt-N``, of which at most three are kept. Raises StoreError."""
    names = [path.with_name(f"{path.name}.corrupt-{number}") for number in range(1, _MOST_SET_ASIDE + 1)]
    aside = next((name for name in names if not name.exists()), names[-1])
    try:
        path.replace(aside)
        for ending in ("-wal", "-shm"):
            with contextlib.suppress(FileNotFoundError):
                path.with_name(path.name + ending).replace(aside.with_name(aside.name + ending))
    except OSError as error:
        raise StoreError(f"{path} is damaged and cannot be set aside: {error.strerror}.") from error
    return aside


def _prepare(database: sqlite3.Connection) -> None:
    database.execute("PRAGMA locking_mode=EXCLUSIVE")  # before the first access: then WAL needs no shared memory
    database.execute("PRAGMA journal_mode=WAL")
    database.execute("PRAGMA synchronous=FULL")
    database.execute("PRAGMA mmap_size=0")
    database.execute("PRAGMA secure_delete=ON")  # a pruned token leaves no trace in free pages
    database.execute("PRAGMA temp_store=MEMORY")
    database.execute("PRAGMA cache_size=-512")  # KiB: the resident service is small
    database.execute(f"PRAGMA max_page_count={MOST_BYTES // _PAGE_BYTES}")
    database.execute("PRAGMA wal_autocheckpoint=128")
    database.execute("PRAGMA journal_size_limit=1048576")
    (version,) = database.execute("PRAGMA user_version").fetchone()
    if version < SCHEMA_VERSION:
        database.executescript(f"BEGIN IMMEDIATE; {_SCHEMA} PRAGMA user_version={SCHEMA_VERSION}; COMMIT;")
