"""Frames of a serial host link: STX, two-byte BCD length, message, ETX, LRC, out of a stream that may hold noise.

The passive tap hears one direction or both mixed; bytes of the handshake (ACK, NAK, ENQ, EOT) between frames are
skipped. The LRC runs from the length to ETX by default. Frame shape from observed samples of dialled terminal links;
control characters from ISO 1745.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from protocol.envelope import ETX, STX, longitudinal

HANDSHAKE: Final = frozenset(b"\x04\x05\x06\x15")  # EOT ENQ ACK NAK
_AROUND: Final = 5  # STX, length, ETX, LRC
_DEFAULT_MOST: Final = 2048


class LrcRange(StrEnum):
    """Which bytes the LRC covers, after STX: all to ETX, all before ETX, or the message and ETX without its length."""

    LENGTH_TO_ETX = "length_to_etx"
    LENGTH_TO_MESSAGE = "length_to_message"
    MESSAGE_TO_ETX = "message_to_etx"


@dataclass(frozen=True, slots=True, repr=False)
class Frame:
    """One frame with a good check. ``offset`` counts bytes of the stream; ``message`` may be wiped by its owner."""

    offset: int
    message: bytearray

    def __repr__(self) -> str:
        return f"Frame(offset={self.offset}, {len(self.message)} bytes)"


@dataclass(frozen=True, slots=True)
class LinkError:
    """Bytes of the stream that are no frame: where they begin, how many, and why."""

    offset: int
    size: int
    reason: str


class LinkDeframer:
    """Turns a byte stream into frames; holds at most one frame's bytes and loses no good frame after noise.

    A false STX whose length is plausible holds back what follows until so many bytes came: call :meth:`flush` when
    the line has been quiet, so that a good frame behind it is not kept waiting.
    """

    def __init__(self, lrc: LrcRange = LrcRange.LENGTH_TO_ETX, most: int = _DEFAULT_MOST) -> None:
        self._lrc = lrc
        self._most = most
        self._held = bytearray()
        self._offset = 0  # of the first held byte in the stream
        self._noise = 0
        self._noise_at = 0
        self._why = ""

    def feed(self, data: bytes | bytearray) -> list[Frame | LinkError]:
        """Take the next bytes; what became complete with them. Noise is told with the next frame or :meth:`flush`."""
        found: list[Frame | LinkError] = []
        step = self._most + _AROUND
        for begin in range(0, len(data), step):
            self._held += data[begin : begin + step]
            self._scan(found, quiet=False)
        return found

    def flush(self) -> list[Frame | LinkError]:
        """The line fell quiet: an unfinished frame will not be finished; report it and what stands behind it."""
        found: list[Frame | LinkError] = []
        self._scan(found, quiet=True)
        self._tell_noise(found)
        return found

    def wipe(self) -> None:
        """Forget all that is held, over-writing it first: it may be card data."""
        self._drop(len(self._held))
        self._noise = 0

    def _scan(self, found: list[Frame | LinkError], *, quiet: bool) -> None:
        held = self._held
        while held:
            until = held.find(STX)
            if until:
                self._between(len(held) if until < 0 else until, found)
                continue
            why = self._fault()
            if why is None and not quiet:
                return
            if why:
                self._skip(1, why, found)
            elif why is None:
                self._skip(1, "the line fell quiet in the middle of a frame", found)
            else:
                self._tell_noise(found)
                size = self._size()
                found.append(Frame(self._offset, held[3 : size - 2]))
                self._drop(size)

    def _between(self, size: int, found: list[Frame | LinkError]) -> None:
        """Bytes before the next STX: the handshake is skipped silently, anything else is noise."""
        lead = 0
        while not self._noise and lead < size and self._held[lead] in HANDSHAKE:
            lead += 1
        self._drop(lead)
        if size > lead:
            self._skip(size - lead, "no frame begins here", found)

    def _size(self) -> int:
        """Bytes of the whole frame at the front, by its length; -1 where the length is no BCD number."""
        digits = self._held[1:3].hex()
        return int(digits) + _AROUND if digits.isdigit() else -1

    def _fault(self) -> str | None:
        """What is wrong with the frame at the front: "" nothing, None that more bytes must come first."""
        held = self._held
        if len(held) < 3:
            return None
        size = self._size()
        if size <= _AROUND:
            return "the length after STX is no BCD number above 0"
        if size > self._most + _AROUND:
            return f"the length after STX is more than {self._most}"
        if len(held) < size:
            return None
        if held[size - 2] != ETX:
            return "no ETX where the length puts it"
        first = 3 if self._lrc is LrcRange.MESSAGE_TO_ETX else 1
        stop = size - 2 if self._lrc is LrcRange.LENGTH_TO_MESSAGE else size - 1
        return "" if longitudinal(held, first, stop) == held[size - 1] else "the LRC is wrong"

    def _skip(self, size: int, why: str, found: list[Frame | LinkError]) -> None:
        if not self._noise:
            self._noise_at, self._why = self._offset, why
        self._noise += size
        self._drop(size)
        if self._noise > self._most:
            self._tell_noise(found)

    def _tell_noise(self, found: list[Frame | LinkError]) -> None:
        if self._noise:
            found.append(LinkError(self._noise_at, self._noise, self._why))
        self._noise = 0

    def _drop(self, size: int) -> None:
        self._held[:size] = bytes(size)
        del self._held[:size]
        self._offset += size
