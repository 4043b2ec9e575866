"""Control-character frames on a serial line: ``STX [length] payload ETX LRC`` and ``SI payload SO LRC``.

The family is old and never had one standard (the control characters are those of ISO/IEC 646, ANSI X3.28 gave the
habits); readers, pinpads and dialled host links differ in whether a length stands before the payload and over which
bytes the LRC (XOR of bytes) runs. A :class:`FrameProfile` says so. The deframer resynchronises on its own: after a
bad frame it looks again from the byte after the false start, so that a good frame inside is never lost.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from functools import reduce
from operator import xor
from typing import Final, TypeAlias

_STX: Final = 0x02
_ETX: Final = 0x03
_SO: Final = 0x0E
_SI: Final = 0x0F
_LENGTH_SIZE: Final = 2
_MOST_LENGTH: Final = {"bcd": 9999, "binary": 65535}


class LengthKind(StrEnum):
    """How the length after STX is written. SI frames never carry one."""

    NONE = "none"
    BCD = "bcd"  # two bytes, four decimal digits
    BINARY = "binary"  # two bytes, high byte first


class Delimiter(StrEnum):
    """Which pair of control characters encloses a frame."""

    STX = "stx"
    SI = "si"


class ControlCode(IntEnum):
    """Single characters that stand between frames."""

    EOT = 0x04
    ENQ = 0x05
    ACK = 0x06
    NAK = 0x15


class FrameFault(StrEnum):
    """Why bytes did not make a frame."""

    NOISE = "noise"  # bytes outside any frame
    BAD_LRC = "bad_lrc"
    BAD_LENGTH = "bad_length"  # not BCD, or longer than the profile allows
    NO_END = "no_end"  # ETX or SO does not stand where it must
    CUT = "cut"  # the line went quiet inside a frame


@dataclass(frozen=True, slots=True)
class FrameProfile:
    """The variant one device speaks. The LRC covers the payload and what the three flags add."""

    length: LengthKind = LengthKind.NONE
    lrc_with_start: bool = False
    lrc_with_length: bool = True
    lrc_with_end: bool = True
    most_payload: int = 1024  # bytes; also bounds the deframer's memory


@dataclass(frozen=True, slots=True)
class Frame:
    """A frame whose envelope was checked. ``offset`` counts bytes from the start of the stream.

    The payload may be card data, so it is left out of the text form and can be wiped.
    """

    payload: bytearray = field(repr=False)
    offset: int
    delimiter: Delimiter = Delimiter.STX

    def wipe(self) -> None:
        """Overwrite the payload with zeros."""
        self.payload[:] = bytes(len(self.payload))


@dataclass(frozen=True, slots=True)
class Control:
    """ACK, NAK, EOT or ENQ outside a frame."""

    code: ControlCode
    offset: int


@dataclass(frozen=True, slots=True)
class FrameError:
    """Bytes that made no frame: where they began, how many there were, why, and what kind of frame had begun."""

    fault: FrameFault
    offset: int
    length: int
    delimiter: Delimiter | None = None


Item: TypeAlias = Frame | Control | FrameError

_CONTROLS: Final = frozenset(ControlCode)
_ENDS: Final = {_STX: _ETX, _SI: _SO}
_DELIMITERS: Final = {_STX: Delimiter.STX, _SI: Delimiter.SI}


def lrc_of(data: bytes | bytearray) -> int:
    """Longitudinal redundancy check: XOR of all bytes."""
    return reduce(xor, data, 0)


def build_frame(payload: bytes, profile: FrameProfile, delimiter: Delimiter = Delimiter.STX) -> bytes:
    """Enclose ``payload``. Raises ValueError where it does not fit the profile; the text holds no payload."""
    start, end = (_STX, _ETX) if delimiter is Delimiter.STX else (_SI, _SO)
    kind = profile.length if delimiter is Delimiter.STX else LengthKind.NONE
    if len(payload) > min(profile.most_payload, _MOST_LENGTH.get(kind, profile.most_payload)):
        raise ValueError(f"a payload of {len(payload)} bytes is longer than this profile can carry")
    if kind is LengthKind.NONE and end in payload:
        raise ValueError("a payload without a length must not hold the end character")
    length = _build_length(len(payload), kind)
    lrc = _lrc(profile, start, length, payload, end)
    return bytes((start, *length, *payload, end, lrc))


def _build_length(size: int, kind: LengthKind) -> bytes:
    if kind is LengthKind.NONE:
        return b""
    return bytes.fromhex(f"{size:04d}") if kind is LengthKind.BCD else size.to_bytes(_LENGTH_SIZE, "big")


def _parse_length(raw: bytes | bytearray, kind: LengthKind) -> int | None:
    """Return the length, or None where BCD holds a digit above nine."""
    if kind is LengthKind.BINARY:
        return int.from_bytes(raw, "big")
    digits = raw.hex()
    return int(digits) if digits.isdecimal() else None


def _lrc(profile: FrameProfile, start: int, length: bytes | bytearray, payload: bytes | bytearray, end: int) -> int:
    lrc = lrc_of(payload)
    if profile.lrc_with_start:
        lrc ^= start
    if profile.lrc_with_length:
        lrc ^= lrc_of(length)
    return lrc ^ end if profile.lrc_with_end else lrc


@dataclass(frozen=True, slots=True)
class _Bad:
    fault: FrameFault
    length: int  # bytes that the failed frame seemed to cover


class Deframer:
    """Cuts a byte stream into frames, control characters and errors; how it was chunked makes no difference.

    Holds at most one unfinished frame (``most_payload`` and its envelope). A start without an end waits for more
    bytes: when the line goes quiet, call :meth:`expire`.
    """

    def __init__(self, profile: FrameProfile) -> None:
        self._profile = profile
        self._buffer = bytearray()
        self._offset = 0  # in the stream, of the buffer's first byte
        self._noise = 0  # bytes of noise just before the buffer, not yet reported
        self._suspect_until = 0  # a lone ACK inside a failed frame is payload, not an answer

    @property
    def pending(self) -> int:
        """Bytes held back because their frame is not complete."""
        return len(self._buffer)

    def feed(self, data: bytes | bytearray) -> list[Item]:
        """Take bytes from the line and return what became certain, in the order of the stream."""
        items: list[Item] = []
        step = self._profile.most_payload
        for begin in range(0, len(data), step):  # in steps, so that a flood cannot grow the buffer
            self._buffer += data[begin : begin + step]
            self._scan(items, quiet=False)
        return items

    def expire(self) -> list[Item]:
        """The line went quiet: give up the unfinished frame, and look for good ones behind its start."""
        items: list[Item] = []
        self._scan(items, quiet=True)
        self._report_noise(items)
        return items

    def _scan(self, items: list[Item], *, quiet: bool) -> None:
        while self._buffer:
            first = self._buffer[0]
            if first in _ENDS:
                found = self._try_frame(first)
                if found is None and not quiet:
                    return
                self._settle(found or _Bad(FrameFault.CUT, 1), items)
            elif first in _CONTROLS and self._offset >= self._suspect_until:
                self._report_noise(items)
                items.append(Control(ControlCode(first), self._offset))
                self._drop(1)
            else:
                self._noise += 1
                self._drop(1)

    def _settle(self, found: Frame | _Bad, items: list[Item]) -> None:
        if isinstance(found, Frame):
            self._report_noise(items)
            items.append(found)
            kind = self._profile.length if found.delimiter is Delimiter.STX else LengthKind.NONE
            self._drop(len(found.payload) + 3 + (0 if kind is LengthKind.NONE else _LENGTH_SIZE))
            return
        self._report_noise(items)
        items.append(FrameError(found.fault, self._offset, found.length, _DELIMITERS[self._buffer[0]]))
        self._suspect_until = max(self._suspect_until, self._offset + found.length)
        self._drop(1)

    def _report_noise(self, items: list[Item]) -> None:
        """Noise is told in one piece; bytes of a failed frame were told with it already."""
        begin = max(self._offset - self._noise, self._suspect_until)
        if self._noise and begin < self._offset:
            items.append(FrameError(FrameFault.NOISE, begin, self._offset - begin))
        self._noise = 0

    def _drop(self, count: int) -> None:
        self._buffer[:count] = bytes(count)  # leave no card data in memory that is given back
        del self._buffer[:count]
        self._offset += count

    def _try_frame(self, start: int) -> Frame | _Bad | None:
        """The frame at the head of the buffer; None: more bytes are needed."""
        plain = start != _STX or self._profile.length is LengthKind.NONE
        begin = 1 if plain else 1 + _LENGTH_SIZE
        stop = self._find_end(start, begin) if plain else self._count_to_end(start, begin)
        if isinstance(stop, _Bad):
            return stop
        if stop is None or len(self._buffer) < stop + 2:
            return None
        return self._check_lrc(start, begin, stop)

    def _find_end(self, start: int, begin: int) -> int | _Bad | None:
        """Where the end character stands in a frame without a length."""
        stop = self._buffer.find(_ENDS[start], begin)
        reach = stop if stop >= 0 else len(self._buffer) - 1
        if reach - begin > self._profile.most_payload:
            return _Bad(FrameFault.NO_END, 1)
        return stop if stop >= 0 else None

    def _count_to_end(self, start: int, begin: int) -> int | _Bad | None:
        """Where the end character must stand in a frame with a length."""
        if len(self._buffer) < begin:
            return None
        size = _parse_length(self._buffer[1:begin], self._profile.length)
        if size is None or size > self._profile.most_payload:
            return _Bad(FrameFault.BAD_LENGTH, 1)
        stop = begin + size
        if len(self._buffer) > stop and self._buffer[stop] != _ENDS[start]:
            return _Bad(FrameFault.NO_END, 1)
        return stop

    def _check_lrc(self, start: int, begin: int, stop: int) -> Frame | _Bad:
        payload = self._buffer[begin:stop]
        if _lrc(self._profile, start, self._buffer[1:begin], payload, self._buffer[stop]) != self._buffer[stop + 1]:
            payload[:] = bytes(len(payload))
            return _Bad(FrameFault.BAD_LRC, stop + 2)
        return Frame(payload, self._offset, _DELIMITERS[start])
