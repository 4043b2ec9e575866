"""Checks inputs against a target, with a clock and a look at memory: nothing hangs, nothing is slow, nothing grows."""

from __future__ import annotations

import signal
import time
from collections.abc import Sequence
from pathlib import Path
from types import FrameType
from typing import Final

from tools.fuzz.rules import LawError, Target

MOST_MS: Final = 50.0
USUAL_BYTES: Final = 4096  # a longer input may take longer, in proportion
_HANG_S: Final = 20.0
_TRIES: Final = 3
_MOST_GROWTH_BYTES: Final = 48 << 20
_PAGE_BYTES: Final = 4096


class BrokenError(Exception):
    """An input broke a law of its target, or raised what it may not."""

    def __init__(self, data: bytes, cause: Exception) -> None:
        super().__init__(f"{type(cause).__name__}: {cause}")
        self.data = data


def arm() -> None:
    """Have an endless loop end as LawError: call once, in the main thread."""
    signal.signal(signal.SIGVTALRM, _on_hang)


def _on_hang(_number: int, _frame: FrameType | None) -> None:
    raise LawError(f"no end after {_HANG_S:.0f} s of computing")


def check_group(target: Target, group: Sequence[bytes]) -> None:
    """Check every input; raise BrokenError for the first that breaks a law. Only a slow group is timed one by one."""
    check, data = target.check, b""
    signal.setitimer(signal.ITIMER_VIRTUAL, _HANG_S)
    began = time.process_time_ns()
    try:
        for data in group:
            check(data)
    except Exception as broken:
        raise BrokenError(data, broken) from broken
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
    if time.process_time_ns() - began > MOST_MS * 1e6:
        for data in group:
            _check_time(target, data)


def _check_time(target: Target, data: bytes) -> None:
    """The best of three, so that the machine's noise is no fault of the decoder."""
    allowed_ms = MOST_MS * max(1.0, len(data) / USUAL_BYTES)
    least_ms = float("inf")
    for _ in range(_TRIES):
        began = time.process_time_ns()
        target.check(data)
        least_ms = min(least_ms, (time.process_time_ns() - began) / 1e6)
        if least_ms <= allowed_ms:
            return
    raise BrokenError(data, LawError(f"{len(data)} bytes took {least_ms:.0f} ms"))


class Memory:
    """Tells when this process holds much more than it did once everything was warm."""

    def __init__(self) -> None:
        self._warm = _resident_bytes()

    def check(self) -> None:
        """Raise LawError where memory has grown."""
        grown = _resident_bytes() - self._warm
        if grown > _MOST_GROWTH_BYTES:
            raise LawError(f"memory has grown by {grown >> 20} MiB")


def _resident_bytes() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * _PAGE_BYTES
