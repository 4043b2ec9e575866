"""Where bytes of one direction stood in a log of both: a deframer counts only its own bytes."""

from __future__ import annotations

from collections import deque
from typing import Final

_MOST_PIECES: Final = 65536  # of one unfinished frame; an older one is told at the oldest place that is known


class Lane:
    """Maps offsets within one direction to offsets within the whole log; keeps what is unfinished."""

    def __init__(self) -> None:
        self._own = 0
        self._pieces: deque[tuple[int, int]] = deque(maxlen=_MOST_PIECES)  # (first own offset, first in the log)

    def add(self, size: int, log_offset: int) -> None:
        """The next ``size`` bytes of this direction stand at ``log_offset`` in the log."""
        if not self._pieces or self._pieces[-1][1] - self._pieces[-1][0] != log_offset - self._own:
            self._pieces.append((self._own, log_offset))
        self._own += size

    def place(self, own_offset: int) -> int:
        """Where a byte of this direction stands in the log. Ask in ascending order: what lies before is forgotten."""
        while len(self._pieces) > 1 and self._pieces[1][0] <= own_offset:
            self._pieces.popleft()
        first, log_first = self._pieces[0]
        return log_first + max(0, own_offset - first)
