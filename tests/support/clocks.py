"""Clocks that a test sets by hand."""

from dataclasses import dataclass


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
