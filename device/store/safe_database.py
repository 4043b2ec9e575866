"""The database that always answers: from its file, else from memory, and back in the file when that works again."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Final, TypeVar

from device.store.clock import Clock
from device.store.database import (
    StoreCorruptError,
    StoreError,
    copy_rows,
    open_file,
    open_memory,
    set_aside,
    store_error,
)

_RETRY_S: Final = 60.0
_T = TypeVar("_T")


class SafeDatabase:
    """Runs reads and writes; a damaged file is set aside, one that cannot be used is replaced by memory.

    ``degraded`` is one sentence while nothing is kept across a restart, else None; ``set_aside`` is where this run
    put a damaged file.
    """

    def __init__(self, path: Path, clock: Clock) -> None:
        self._path = path
        self._clock = clock
        self.degraded: str | None = None
        self.set_aside: Path | None = None
        self._retry_at_s = 0.0
        try:
            self._database = self._open()
        except StoreError as error:
            self._database = self._fall_back(str(error), None)

    def close(self) -> None:
        """Close the connection."""
        self._database.close()

    def write(self, action: Callable[[sqlite3.Connection], _T]) -> _T:
        """Run ``action`` in one transaction; it is on the disk when this returns (or in memory: see degraded)."""
        self._move_back()
        wall_s = self._clock.wall_s()

        def act(database: sqlite3.Connection) -> _T:
            database.execute("BEGIN IMMEDIATE")
            try:
                result = action(database)
                database.execute("INSERT OR REPLACE INTO moment (id, wall_s) VALUES (1, ?)", (wall_s,))
                database.execute("COMMIT")
            except BaseException:
                if database.in_transaction:
                    database.execute("ROLLBACK")
                raise
            return result

        return self.read(act)

    def read(self, action: Callable[[sqlite3.Connection], _T]) -> _T:
        """Run ``action``; if the file fails, once more on what took its place."""
        try:
            return action(self._database)
        except sqlite3.DatabaseError as error:
            if self.degraded is not None:  # memory itself failed: a defect, not a disk
                raise
            self._recover(store_error(error, self._path))
        return action(self._database)

    def _recover(self, error: StoreError) -> None:
        old = self._database
        if isinstance(error, StoreCorruptError):
            old.close()
            try:
                self._database = self._open()
            except StoreError as again:
                self._database = self._fall_back(str(again), None)
            return
        self._database = self._fall_back(str(error), old)
        old.close()

    def _open(self) -> sqlite3.Connection:
        """Open the file; a damaged one is set aside and a fresh one begun. Raises StoreError."""
        try:
            return _sound(open_file(self._path), self._path)
        except StoreCorruptError:
            self.set_aside = set_aside(self._path)
        return open_file(self._path)

    def _fall_back(self, why: str, old: sqlite3.Connection | None) -> sqlite3.Connection:
        self.degraded = why
        self._retry_at_s = self._clock.monotonic_s() + _RETRY_S
        memory = open_memory(int(self._clock.wall_s()) << 16)
        if old is not None:
            with contextlib.suppress(sqlite3.Error):  # what can still be read is not lost
                copy_rows(old, memory)
        return memory

    def _move_back(self) -> None:
        """Out of memory into the file again, at most once a minute, when the file can be used."""
        if self.degraded is None or self._clock.monotonic_s() < self._retry_at_s:
            return
        self._retry_at_s = self._clock.monotonic_s() + _RETRY_S
        try:
            file = self._open()
        except StoreError as error:
            self.degraded = str(error)
            return
        try:
            copy_rows(self._database, file)
        except sqlite3.Error as error:
            self.degraded = str(store_error(error, self._path))
            file.close()
            return
        self._database.close()
        self._database, self.degraded = file, None


def _sound(database: sqlite3.Connection, path: Path) -> sqlite3.Connection:
    """Return the database if SQLite finds its pages in order; at most 16 MiB are read."""
    try:
        (answer,) = database.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.Error as error:
        database.close()
        raise store_error(error, path) from error
    if answer != "ok":
        database.close()
        raise StoreCorruptError(f"{path} is damaged.")
    return database
