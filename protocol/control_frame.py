"""Control-character frames on a serial line: ``STX [length] payload ETX LRC`` and ``SI payload SO LRC``.

The family is old and never had one standard (the control characters are those of ISO/IEC 646, ANSI X3.28 gave the
habits); readers, pinpads and dialled host links differ in whether a length stands before the payload and over which
bytes the LRC (XOR of bytes) runs. A :class:`FrameProfile` says so. The deframer resynchronises on its own: after a
bad frame it looks again from the byte after the false start, so that a good frame inside is never lost.
"""

from __future__ import annotations

import re
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
    BAD_LENGTH = "bad_length"  # not BCD, or outside what the profile allows
    NO_END = "no_end"  # ETX or SO does not stand where it must
    CUT = "cut"  # the line went quiet inside a frame


@dataclass(frozen=True, slots=True)
class FrameProfile:
    """The variant one device speaks. The LRC covers the payload and what the three flags add.

    Host links with a length use three ranges: length to ETX (the default), length to payload
    (``lrc_with_end=False``), payload to ETX (``lrc_with_length=False``). A host message is never empty: such a link
    sets ``least_payload=1``, so that a false start soon fails.
    """

    length: LengthKind = LengthKind.NONE
    lrc_with_start: bool = False
    lrc_with_length: bool = True
    lrc_with_end: bool = True
    most_payload: int = 1024  # bytes; also bounds the deframer's memory
    least_payload: int = 0  # bytes, of frames with a length


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

_START: Final = re.compile(rb"[\x02\x0f]")
_START_OR_CONTROL: Final = re.compile(rb"[\x02\x0f\x04\x05\x06\x15]")
_STEP: Final = 4096  # bytes taken in at once, so that a flood cannot grow the buffer
_WORD: Final = 8
_ENDS: Final = {_STX: _ETX, _SI: _SO}
_DELIMITERS: Final = {_STX: Delimiter.STX, _SI: Delimiter.SI}


def lrc_of(data: bytes | bytearray) -> int:
    """Longitudinal redundancy check: XOR of all bytes."""
    whole = len(data) - len(data) % _WORD
    word = reduce(xor, memoryview(data)[:whole].cast("Q"), 0)  # eight bytes at once; no copy of card data is made
    return reduce(xor, data[whole:] + word.to_bytes(_WORD, "big"), 0)


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
    """What is no frame, and why."""

    fault: FrameFault
    length: int  # bytes that the failed frame seemed to cover


class Deframer:
    """Cuts a byte stream into frames, control characters and errors; how it was chunked makes no difference.

    Between calls it holds one unfinished frame at most; what it gives up is over-written with zeros. A start without
    an end waits for more bytes: when the line goes quiet, call :meth:`expire`.
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
        for begin in range(0, len(data), _STEP):
            self._buffer += data[begin : begin + _STEP]
            self._scan(items, quiet=False)
        return items

    def expire(self) -> list[Item]:
        """The line went quiet: give up the unfinished frame, and look for good ones behind its start."""
        items: list[Item] = []
        self._scan(items, quiet=True)
        self._report_noise(items)
        return items

    def wipe(self) -> None:
        """Forget all that is held, over-writing it first: it may be card data. Offsets go on."""
        self._drop(len(self._buffer))
        self._noise = 0

    def _scan(self, items: list[Item], *, quiet: bool) -> None:
        at = self._skip_noise(0)
        while at < len(self._buffer):
            first = self._buffer[at]
            if first in _ENDS:
                found = self._try_frame(at)
                if found is None and not quiet:
                    break
                at += self._settle(found or _Bad(FrameFault.CUT, 1), at, items)
            else:
                self._report_noise(items, at)
                items.append(Control(ControlCode(first), self._offset + at))
                at += 1
            at = self._skip_noise(at)
        self._drop(at)

    def _skip_noise(self, at: int) -> int:
        """Where the next byte stands that may mean something; inside a failed frame only a start does."""
        suspect = min(self._suspect_until - self._offset, len(self._buffer))
        match = _START.search(self._buffer, at, suspect) if at < suspect else None
        match = match or _START_OR_CONTROL.search(self._buffer, max(at, suspect))
        stop = match.start() if match else len(self._buffer)
        self._noise += stop - at
        return stop

    def _settle(self, found: Frame | _Bad, at: int, items: list[Item]) -> int:
        """Tell what was found; how many bytes it takes."""
        self._report_noise(items, at)
        if isinstance(found, Frame):
            items.append(found)
            return len(found.payload) + (3 if self._is_plain(self._buffer[at]) else 3 + _LENGTH_SIZE)
        offset = self._offset + at
        items.append(FrameError(found.fault, offset, found.length, _DELIMITERS[self._buffer[at]]))
        self._suspect_until = max(self._suspect_until, offset + found.length)
        return 1

    def _report_noise(self, items: list[Item], at: int = 0) -> None:
        """Noise is told in one piece; bytes of a failed frame were told with it already."""
        if self._noise:
            end = self._offset + at
            begin = max(end - self._noise, self._suspect_until)
            if begin < end:
                items.append(FrameError(FrameFault.NOISE, begin, end - begin))
            self._noise = 0

    def _drop(self, count: int) -> None:
        self._buffer[:count] = bytes(count)  # leave no card data in memory that is given back
        del self._buffer[:count]
        self._offset += count

    def _is_plain(self, start: int) -> bool:
        return start != _STX or self._profile.length is LengthKind.NONE

    def _try_frame(self, at: int) -> Frame | _Bad | None:
        """The frame that starts at ``at``; None: more bytes are needed."""
        plain = self._is_plain(self._buffer[at])
        begin = at + 1 if plain else at + 1 + _LENGTH_SIZE
        stop = self._find_end(at, begin) if plain else self._count_to_end(at, begin)
        if isinstance(stop, _Bad):
            return stop
        if stop is None or len(self._buffer) < stop + 2:
            return None
        return self._check_lrc(at, begin, stop)

    def _find_end(self, at: int, begin: int) -> int | _Bad | None:
        """Where the end character stands in a frame without a length."""
        most = self._profile.most_payload
        stop = self._buffer.find(_ENDS[self._buffer[at]], begin, begin + most + 1)
        if stop >= 0:
            return stop
        return _Bad(FrameFault.NO_END, 1) if len(self._buffer) - 1 - begin > most else None

    def _count_to_end(self, at: int, begin: int) -> int | _Bad | None:
        """Where the end character must stand in a frame with a length."""
        if len(self._buffer) < begin:
            return None
        size = _parse_length(self._buffer[at + 1 : begin], self._profile.length)
        if size is None or not self._profile.least_payload <= size <= self._profile.most_payload:
            return _Bad(FrameFault.BAD_LENGTH, 1)
        stop = begin + size
        if len(self._buffer) > stop and self._buffer[stop] != _ENDS[self._buffer[at]]:
            return _Bad(FrameFault.NO_END, 1)
        return stop

    def _check_lrc(self, at: int, begin: int, stop: int) -> Frame | _Bad:
        buffer, payload = self._buffer, self._buffer[begin:stop]
        if _lrc(self._profile, buffer[at], buffer[at + 1 : begin], payload, buffer[stop]) != buffer[stop + 1]:
            payload[:] = bytes(len(payload))
            return _Bad(FrameFault.BAD_LRC, stop + 2 - at)
        return Frame(payload, self._offset + at, _DELIMITERS[buffer[at]])
