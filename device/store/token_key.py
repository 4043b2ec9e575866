"""The key of the card tokens: random, kept beside the database, and renewed when nothing depends on it.

A card's token is a keyed hash under this key (PCI DSS 4.0.1, 3.5.1.1), so renewing it makes every older token
unlinkable. It is renewed after a day, but only when no sale of the window carries its tokens any more, so that a
card never counts as two.
"""

from __future__ import annotations

import contextlib
import os
import time
from pathlib import Path
from typing import Final

KEY_BYTES: Final = 32
MOST_AGE_S: Final = 24 * 3600.0


class TokenKey:
    """The current key. Where the folder cannot be written it lives in memory and ends with the process."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._key, self._age_s = _read(path)
        self._read_at = time.monotonic()

    def current(self, *, in_use: bool) -> bytes:
        """Return the key for the next sale. ``in_use``: sales of the window still carry its tokens."""
        age_s = self._age_s + time.monotonic() - self._read_at
        if self._key is None or (age_s >= MOST_AGE_S and not in_use):
            self._key, self._age_s, self._read_at = os.urandom(KEY_BYTES), 0.0, time.monotonic()
            with contextlib.suppress(OSError):
                _write(self._path, self._key)
        return self._key


def _read(path: Path) -> tuple[bytes | None, float]:
    """Return the stored key and its age; a clock that went back makes it old, never young for ever."""
    try:
        key = path.read_bytes()
        age_s = time.time() - path.stat().st_mtime
    except OSError:
        return None, 0.0
    if len(key) != KEY_BYTES:
        return None, 0.0
    return key, age_s if age_s >= 0 else MOST_AGE_S


def _write(path: Path, key: bytes) -> None:
    fresh = path.with_suffix(".new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(key)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
