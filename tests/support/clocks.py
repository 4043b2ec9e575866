"""Clocks that a test sets by hand."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from support.hal_library import compile_preload

if TYPE_CHECKING:
    import pytest


@dataclass
class HandClock:
    """A boot, its seconds, and a wall clock that may be wrong."""

    boot_id: str = "boot-1"
    seconds: float = 1000.0
    wall: float = 1_782_000_000.0  # 2026-06-21

    def monotonic_s(self) -> float:
        return self.seconds

    def wall_s(self) -> float:
        return self.wall

    def pass_s(self, seconds: float) -> None:
        """Time goes by for both clocks."""
        self.seconds += seconds
        self.wall += seconds

    def restart(self, boot_id: str, off_s: float = 60.0) -> None:
        """The machine was off for ``off_s``; its seconds begin anew."""
        self.boot_id, self.seconds = boot_id, 5.0
        self.wall += off_s


@contextlib.contextmanager
def clock_shift(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[int], None]]:
    """Programs that are started within have a wall clock that is off by as many seconds as is said last."""
    file = folder / "clock.shift"

    def shift(seconds: int) -> None:
        with file.open("r+b" if file.exists() else "wb") as opened:  # it is mapped by whoever runs
            opened.write(seconds.to_bytes(8, "little", signed=True))

    shift(0)
    with monkeypatch.context() as world:
        world.setenv("LD_PRELOAD", str(compile_preload(folder)))
        world.setenv("CLOCK_SHIFT_FILE", str(file))
        yield shift
