"""Frames of the NFC controller PN532 on a serial line (HSU), in both directions.

``[00] 00 FF LEN LCS TFI PD... DCS [00]``: LEN + LCS and TFI + PD + DCS each add up to 0 modulo 256. Preamble and
postamble are optional. ``00 FF 00 FF`` is ACK, ``00 FF FF 00`` NACK; ``FF FF LENM LENL LCS`` instead of LEN LCS is the
extended form. TFI is D4 towards the PN532, D5 from it, 7F in the error frame. A host wakes the PN532 with
``55 55 00 ...`` first (habit of hosts on HSU). Source: NXP UM0701-02, PN532 User Manual, 6.2.1.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from typing import Final, TypeAlias

WAKE_UP: Final = b"\x55\x55" + bytes(14)  # long enough for the oscillator to start before the first frame comes
MOST_DATA: Final = 264  # bytes of PD in an extended frame, 6.2.1.2
_START: Final = b"\x00\xff"
_EXTENDED: Final = b"\xff\xff"
_STEP: Final = 4096


class Tfi(IntEnum):
    """Frame identifier: who speaks."""

    TO_PN532 = 0xD4
    FROM_PN532 = 0xD5
    ERROR = 0x7F


class Pn532Signal(StrEnum):
    """What stands between frames. WAKE_UP is a run of 55 and 00."""

    ACK = "ack"
    NACK = "nack"
    ERROR = "error"  # the error frame: the PN532 did not understand the last frame
    WAKE_UP = "wake_up"


class Pn532Fault(StrEnum):
    """Why bytes did not make a frame."""

    NOISE = "noise"
    BAD_LENGTH = "bad_length"  # LCS does not fit, or the length is 0 or more than a PN532 can send
    BAD_CHECKSUM = "bad_checksum"  # DCS
    BAD_TFI = "bad_tfi"  # the checksums hold, but nobody speaks like that
    CUT = "cut"  # the line went quiet inside a frame


@dataclass(frozen=True, slots=True)
class Pn532Frame:
    """An information frame whose checksums hold; ``data`` is PD: command or answer code, then parameters.

    ``offset`` is where the start code stands in the stream. The data may be card data: it stays out of the text form.
    """

    tfi: Tfi
    data: bytearray = field(repr=False)
    offset: int
    extended: bool = False

    def wipe(self) -> None:
        """Overwrite the data with zeros."""
        self.data[:] = bytes(len(self.data))


@dataclass(frozen=True, slots=True)
class Pn532Mark:
    """A signal between frames."""

    signal: Pn532Signal
    offset: int


@dataclass(frozen=True, slots=True)
class Pn532Error:
    """Bytes that made no frame: where they began, how many, and why."""

    fault: Pn532Fault
    offset: int
    length: int


Pn532Item: TypeAlias = Pn532Frame | Pn532Mark | Pn532Error


def build_frame(tfi: Tfi, data: bytes, *, extended: bool = False) -> bytes:
    """An information frame with preamble and postamble; longer than 254 bytes it becomes an extended one.

    Raises ValueError where ``data`` is empty or longer than a PN532 takes.
    """
    if not 0 < len(data) <= MOST_DATA:
        raise ValueError(f"a PN532 frame carries 1 to {MOST_DATA} bytes, not {len(data)}")
    size = len(data) + 1
    if extended or size > 0xFF:
        head = _EXTENDED + size.to_bytes(2, "big") + bytes((-(size // 256 + size) & 0xFF,))
    else:
        head = bytes((size, -size & 0xFF))
    return b"\x00" + _START + head + bytes((tfi,)) + data + bytes((-(tfi + sum(data)) & 0xFF, 0))


def build_mark(signal: Pn532Signal) -> bytes:
    """ACK, NACK, the error frame, or the bytes that wake a PN532."""
    return _MARKS[signal]


_MARKS: Final = {
    Pn532Signal.ACK: bytes.fromhex("0000FF00FF00"),
    Pn532Signal.NACK: bytes.fromhex("0000FFFF0000"),
    Pn532Signal.ERROR: bytes.fromhex("0000FF01FF7F8100"),
    Pn532Signal.WAKE_UP: WAKE_UP,
}


@dataclass(frozen=True, slots=True)
class _Found:
    """One item of the stream, and how many bytes it took."""

    item: Pn532Frame | Pn532Mark
    size: int


class Pn532Deframer:
    """Cuts a byte stream into frames, marks and errors; how it was chunked makes no difference.

    Holds one unfinished frame at most (272 bytes) between calls; what it gives up is over-written with zeros. A false
    start holds back what follows: when the line goes quiet, call :meth:`expire`. Zeros between frames are preamble,
    postamble or filling and are not told.
    """

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._offset = 0  # in the stream, of the buffer's first byte
        self._noise_from = -1  # first byte of noise that is not told yet
        self._noise_to = 0  # behind the last one that is no zero
        self._waking = True  # all noise so far is 55
        self._told_to = 0  # bytes before this were told with a failed frame

    @property
    def pending(self) -> int:
        """Bytes held back because their frame is not complete."""
        return len(self._buffer)

    def feed(self, data: bytes | bytearray) -> list[Pn532Item]:
        """Take bytes from the line and return what became certain, in the order of the stream."""
        items: list[Pn532Item] = []
        for begin in range(0, len(data), _STEP):
            self._buffer += data[begin : begin + _STEP]
            self._scan(items, quiet=False)
        return items

    def expire(self) -> list[Pn532Item]:
        """The line went quiet: give up the unfinished frame, and look for good ones behind its start."""
        items: list[Pn532Item] = []
        self._scan(items, quiet=True)
        self._skip(len(self._buffer))
        self._tell_noise(items)
        return items

    def wipe(self) -> None:
        """Forget all that is held, over-writing it first."""
        self._drop(len(self._buffer))

    def _scan(self, items: list[Pn532Item], *, quiet: bool) -> None:
        while True:
            start = self._buffer.find(_START)
            if start < 0:
                kept = 1 if self._buffer.endswith(b"\x00") else 0  # may be the first byte of a start code
                self._skip(len(self._buffer) - kept)
                return
            self._skip(start)
            found = self._read()
            if found is None:
                if not quiet:
                    return
                found = Pn532Error(Pn532Fault.CUT, self._offset, len(self._buffer))
            self._settle(found, items)

    def _settle(self, found: _Found | Pn532Error, items: list[Pn532Item]) -> None:
        self._tell_noise(items)
        if isinstance(found, _Found):
            items.append(found.item)
            self._drop(found.size)
            return
        if found.offset + found.length > self._told_to:  # a false start inside a failed frame is that frame's matter
            items.append(found)
            self._told_to = found.offset + found.length
        self._drop(len(_START))

    def _read(self) -> _Found | Pn532Error | None:
        """What stands at the head of the buffer, which is a start code; None: more bytes are needed."""
        buffer = self._buffer
        if len(buffer) < 4:
            return None
        pair = bytes(buffer[2:4])
        if pair == b"\x00\xff":
            return _Found(Pn532Mark(Pn532Signal.ACK, self._offset), 4)
        if pair == b"\xff\x00":
            return _Found(Pn532Mark(Pn532Signal.NACK, self._offset), 4)
        if pair != _EXTENDED:
            return self._body(4, pair[0], sum(pair))
        if len(buffer) < 7:
            return None
        return self._body(7, int.from_bytes(buffer[4:6], "big"), sum(buffer[4:7]))

    def _body(self, begin: int, size: int, check: int) -> _Found | Pn532Error | None:
        if check & 0xFF or not 0 < size <= MOST_DATA + 1:
            return Pn532Error(Pn532Fault.BAD_LENGTH, self._offset, begin)
        stop = begin + size
        if len(self._buffer) <= stop:
            return None
        body = self._buffer[begin:stop]
        if (sum(body) + self._buffer[stop]) & 0xFF:
            body[:] = bytes(size)
            return Pn532Error(Pn532Fault.BAD_CHECKSUM, self._offset, stop + 1)
        if body == b"\x7f":
            return _Found(Pn532Mark(Pn532Signal.ERROR, self._offset), stop + 1)
        if body[0] not in (Tfi.TO_PN532, Tfi.FROM_PN532):
            body[:] = bytes(size)
            return Pn532Error(Pn532Fault.BAD_TFI, self._offset, stop + 1)
        return _Found(Pn532Frame(Tfi(body[0]), body[1:], self._offset, extended=begin == 7), stop + 1)

    def _skip(self, count: int) -> None:
        """Bytes that begin no frame: zeros around them do not count."""
        skipped = self._buffer[max(0, min(count, self._told_to - self._offset)) : count]
        begin = self._offset + count - len(skipped)
        noise = skipped.lstrip(b"\x00")
        if noise:
            if self._noise_from < 0:
                self._noise_from = begin + len(skipped) - len(noise)
            self._noise_to = begin + len(skipped.rstrip(b"\x00"))
            self._waking = self._waking and not noise.strip(b"\x00\x55")
        self._drop(count)

    def _tell_noise(self, items: list[Pn532Item]) -> None:
        if self._noise_from >= 0:
            if self._waking:
                items.append(Pn532Mark(Pn532Signal.WAKE_UP, self._noise_from))
            else:
                length = self._noise_to - self._noise_from
                items.append(Pn532Error(Pn532Fault.NOISE, self._noise_from, length))
        self._noise_from, self._waking = -1, True

    def _drop(self, count: int) -> None:
        self._buffer[:count] = bytes(count)  # leave no card data in memory that is given back
        del self._buffer[:count]
        self._offset += count
