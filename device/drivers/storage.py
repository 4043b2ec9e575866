"""The storage below the state folder: how much is free, and does a write reach the disk?"""

from __future__ import annotations

import contextlib
import errno
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_PROBE: Final = b"posmedic storage probe\n" * 32
_MB: Final = 1_000_000
_REASONS: Final = {
    errno.ENOSPC: ("disk_full", "Storage is full: make room."),
    errno.EDQUOT: ("disk_full", "The storage quota is used up: make room."),
    errno.EROFS: ("read_only", "Storage is mounted read-only."),
    errno.EACCES: ("no_permission", "The service may not write there."),
    errno.EPERM: ("no_permission", "The service may not write there."),
    errno.ENOENT: ("no_folder", "The folder does not exist."),
    errno.ENOTDIR: ("no_folder", "The path is not a folder."),
    errno.EIO: ("io_error", "Storage reports an input or output error."),
}


class StorageError(Exception):
    """Storage did not do what it must; ``reason`` is the short key for evidence, the text one sentence."""

    def __init__(self, error: OSError, path: Path) -> None:
        reason, text = _REASONS.get(error.errno or 0, ("io_error", f"Storage reports: {error.strerror}."))
        super().__init__(f"{path}: {text}")
        self.reason = reason


@dataclass(frozen=True, slots=True)
class FreeStorage:
    """Room for an ordinary user: ``free_mb`` in millions of bytes, of ``total_mb``; ``files`` that can be made."""

    free_mb: float
    total_mb: float
    files: int | None  # None: the file system does not count them

    @property
    def percent(self) -> float:
        """Share that is free."""
        return 100 * self.free_mb / self.total_mb if self.total_mb else 0.0


def read_free_storage(folder: Path) -> FreeStorage:
    """Ask the file system (statvfs). Raises StorageError."""
    try:
        found = os.statvfs(folder)
    except OSError as error:
        raise StorageError(error, folder) from error
    files = found.f_favail if found.f_files else None
    return FreeStorage(found.f_bavail * found.f_frsize / _MB, found.f_blocks * found.f_frsize / _MB, files)


def write_probe(folder: Path) -> None:
    """Write a small file, force it to the disk, read it back and remove it. Raises StorageError."""
    path = folder / f".posmedic-probe-{os.getpid()}"
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        try:
            _write_and_read(descriptor)
        finally:
            os.close(descriptor)
            with contextlib.suppress(OSError):
                path.unlink()
    except OSError as error:
        raise StorageError(error, folder) from error


def _write_and_read(descriptor: int) -> None:
    if os.write(descriptor, _PROBE) != len(_PROBE):
        raise OSError(errno.ENOSPC, "only a part was written")
    os.fsync(descriptor)
    if os.pread(descriptor, len(_PROBE), 0) != _PROBE:
        raise OSError(errno.EIO, "what was read is not what was written")
