"""One service at a time: a lock that the kernel drops when its holder dies."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path


class AlreadyRunningError(RuntimeError):
    """Another service holds the lock, or the folder cannot be used; the text says which."""


class InstanceLock:
    """Held for the life of the process; a forked child that closes its copy does not drop it."""

    def __init__(self, run_dir: Path) -> None:
        path = run_dir / "posmedic.lock"
        try:
            run_dir.mkdir(parents=True, exist_ok=True)
            self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise AlreadyRunningError(f"{path}: the lock cannot be made: {error.strerror}") from error
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(self._fd)
            raise AlreadyRunningError(f"{path}: another posmedic service runs already") from error

    def release(self) -> None:
        """Let another one start."""
        os.close(self._fd)
