"""The line to a reader that speaks binary frames: the next item of its deframer in time, and why there is none."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Sequence
from typing import Final, Generic, Protocol, TypeVar

from device.drivers.reader_facts import ReaderBabbleError, ReaderError, ReaderMuteError, ReaderSlowError
from device.ports.serial_port import SerialPort

_MOST_BYTES: Final = 1024  # several times what an answer needs: the reader babbles
_Item = TypeVar("_Item")
_ItemOut_co = TypeVar("_ItemOut_co", covariant=True)


class FrameCutter(Protocol[_ItemOut_co]):
    """What every deframer offers."""

    @property
    def pending(self) -> int:
        """Bytes held back."""

    def feed(self, data: bytes | bytearray) -> Sequence[_ItemOut_co]:
        """Take bytes; what became certain."""

    def expire(self) -> Sequence[_ItemOut_co]:
        """The line went quiet."""


class ReaderLine(Generic[_Item]):
    """An open port behind a deframer; after ``quiet_s`` without a byte a frame that was begun counts as cut."""

    def __init__(self, port: SerialPort, deframer: FrameCutter[_Item], quiet_s: float) -> None:
        self._quiet_s = quiet_s
        self._port = port
        self._deframer = deframer
        self._waiting: deque[_Item] = deque()
        self._heard = 0  # bytes since the last whole answer
        self._answered = False

    def write(self, data: bytes) -> None:
        """Send all of ``data``. Raises PortError."""
        self._port.write(data)

    def next_item(self, until: float) -> _Item | None:
        """The next item, or None when the monotonic clock reaches ``until``. Raises PortError, ReaderBabbleError."""
        while not self._waiting:
            wait_s = until - time.monotonic()
            if wait_s <= 0:
                return None
            self._read_more(wait_s)
        return self._waiting.popleft()

    def answered(self) -> None:
        """A whole answer came."""
        self._heard, self._answered = 0, True

    def out_of_time(self) -> ReaderError:
        """The error for an answer that did not come in time."""
        if self._heard == 0 and not self._answered:
            return ReaderMuteError("The reader did not answer at all.")
        return ReaderSlowError("The reader gave no complete answer in time.")

    def _read_more(self, wait_s: float) -> None:
        pending = self._deframer.pending > 0
        data = self._port.read_some(min(wait_s, self._quiet_s) if pending else wait_s)
        if not data:
            if pending:
                self._waiting += self._deframer.expire()
            return
        self._heard += len(data)
        self._waiting += self._deframer.feed(data)
        data[:] = bytes(len(data))  # may be of a card
        if self._heard > _MOST_BYTES:
            raise ReaderBabbleError("The reader sends without end and does not answer.")
