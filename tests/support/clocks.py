"""Clocks that a test sets by hand."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

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


class Shift(Protocol):
    """Say by how many seconds the clocks of programs are off from now on."""

    def __call__(self, wall_s: int = 0, asleep_s: int = 0) -> None:
        """``asleep_s``: seconds since boot that the monotonic clock did not see."""


@contextlib.contextmanager
def clock_shift(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shift]:
    """Programs that are started within have clocks that are off by as much as is said last."""
    file = folder / "clock.shift"

    def shift(wall_s: int = 0, asleep_s: int = 0) -> None:
        with file.open("r+b" if file.exists() else "wb") as opened:  # it is mapped by whoever runs
            opened.write(b"".join(seconds.to_bytes(8, "little", signed=True) for seconds in (wall_s, asleep_s)))

    shift()
    with monkeypatch.context() as world:
        world.setenv("LD_PRELOAD", str(compile_preload(folder, "clock_shift")))
        world.setenv("CLOCK_SHIFT_FILE", str(file))
        yield shift
