"""ID TECH NEO frames, protocol 2: ``ViVOtech2``, a zero byte, command, sub-command or status, length, data, CRC.

The CRC is CCITT (polynomial 1021, start FFFF). Source: ID TECH NEO 2 Interface Developer's Guide, protocol 2 frames: a
command carries it low byte first, a response high byte first. The guide's own tables differ on this in places, so both
orders are taken and which one was found is told.

Protocol 1, which still manages keys on old readers, is read too: ``ViVOtech``, a zero byte, the frame's type. A data
frame tells its length nowhere: it ends where the CRC first holds.
"""

from __future__ import annotations

from binascii import crc_hqx
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from typing import Final, TypeAlias

HEADER: Final = b"ViVOtech2\0"
OLD_HEADER: Final = b"ViVOtech\0"
_HEADERS: Final = (HEADER, OLD_HEADER)
_TAG: Final = b"ViVOtech"
_AROUND: Final = len(HEADER) + 6  # command, sub-command or status, length, CRC
_OLD_SIZE: Final = 16  # of all frames of protocol 1 but data
_OLD_HEAD: Final = len(OLD_HEADER) + 1
_OLD_MOST_DATA: Final = 244
_STEP: Final = 4096
_RETRIES: Final = 8  # bytes that CRCs of false frames may be taken over for each byte of the stream
_RESERVE: Final = 16  # frames of the largest size that may be tried beyond that


class CrcOrder(StrEnum):
    """Which byte of the CRC came first. EITHER: both bytes are the same."""

    LOW_FIRST = "low_first"
    HIGH_FIRST = "high_first"
    EITHER = "either"


class NeoFault(StrEnum):
    """Why bytes did not make a frame."""

    NOISE = "noise"
    BAD_CRC = "bad_crc"
    BAD_LENGTH = "bad_length"  # more than the deframer takes
    BAD_TYPE = "bad_type"  # of protocol 1, none of its four
    CUT = "cut"  # the line went quiet inside a frame


@dataclass(frozen=True, slots=True)
class NeoFrame:
    """A frame whose CRC holds. ``second`` is the sub-command of a command and the status of a response.

    The data may be card data, so it is left out of the text form and can be wiped.
    """

    command: int
    second: int
    data: bytearray = field(repr=False)
    offset: int
    order: CrcOrder

    def wipe(self) -> None:
        """Overwrite the data with zeros."""
        self.data[:] = bytes(len(self.data))


class NeoOldType(IntEnum):
    """Types of frames of protocol 1."""

    COMMAND = 0x43  # C
    ACK = 0x41  # A
    NACK = 0x4E  # N
    DATA = 0x44  # D


@dataclass(frozen=True, slots=True)
class NeoOldFrame:
    """A frame of protocol 1 whose CRC holds. ``second`` is the sub-command or status; data frames have neither.

    ``length`` is what it took on the line, in bytes. The data may be of a card: left out of the text form.
    """

    type: NeoOldType
    command: int | None
    second: int | None
    data: bytearray = field(repr=False)
    offset: int
    order: CrcOrder
    length: int

    def wipe(self) -> None:
        """Overwrite the data with zeros."""
        self.data[:] = bytes(len(self.data))


@dataclass(frozen=True, slots=True)
class NeoError:
    """Bytes that made no frame: where they began, how many, and why."""

    fault: NeoFault
    offset: int
    length: int


NeoItem: TypeAlias = NeoFrame | NeoOldFrame | NeoError


def build_command(command: int, sub_command: int, data: bytes = b"") -> bytes:
    """A command as a terminal sends it. Raises ValueError where a number does not fit its field."""
    return _build(command, sub_command, data, "little")


def build_response(command: int, status: int, data: bytes = b"") -> bytes:
    """A response as a reader sends it. Raises ValueError where a number does not fit its field."""
    return _build(command, status, data, "big")


def _build(command: int, second: int, data: bytes, order: str) -> bytes:
    if len(data) > 0xFFFF:
        raise ValueError(f"{len(data)} bytes of data are more than a frame can carry")
    body = HEADER + bytes((command, second)) + len(data).to_bytes(2, "big") + data
    return body + crc_hqx(body, 0xFFFF).to_bytes(2, "little" if order == "little" else "big")


class NeoDeframer:
    """Cuts a byte stream into frames and errors; how it was chunked makes no difference.

    Holds one unfinished frame of ``most_data`` bytes at most between calls; what it gives up is over-written with
    zeros. When the line goes quiet, call :meth:`expire`.

    A header inside a spoilt frame may begin the next good one, so each is tried. What that costs has a bound, so that a
    flood of headers with large lengths takes no time: beyond it they count as spoilt without a look at their CRC.
    """

    def __init__(self, most_data: int = 4096) -> None:
        self._most_data = most_data
        self._buffer = bytearray()
        self._offset = 0
        self._noise = 0  # bytes just before the buffer that are not yet told
        self._fault = NeoFault.NOISE
        self._most_credit = _RESERVE * (_AROUND + most_data)
        self._credit = self._most_credit  # bytes that CRCs of false frames may still be taken over

    @property
    def pending(self) -> int:
        """Bytes held back because their frame is not complete; 1 where only lost bytes are still to be told."""
        return len(self._buffer) or min(self._noise, 1)

    def feed(self, data: bytes | bytearray) -> list[NeoItem]:
        """Take bytes from the line and return what became certain, in the order of the stream."""
        items: list[NeoItem] = []
        for begin in range(0, len(data), _STEP):
            self._buffer += data[begin : begin + _STEP]
            self._scan(items, quiet=False)
        return items

    def expire(self) -> list[NeoItem]:
        """The line went quiet: give up the unfinished frame, and look for good ones behind its start."""
        items: list[NeoItem] = []
        self._scan(items, quiet=True)
        self._tell(items)
        return items

    def wipe(self) -> None:
        """Forget all that is held, over-writing it first."""
        self._drop(len(self._buffer))
        self._noise = 0

    def _scan(self, items: list[NeoItem], *, quiet: bool) -> None:
        while self._buffer:
            start = _find_start(self._buffer)
            if start:
                self._skip(start, NeoFault.NOISE)
                continue
            found = self._try_frame()
            if found is None and not quiet:
                return
            if isinstance(found, NeoFrame | NeoOldFrame):
                self._tell(items)
                items.append(found)
                self._drop(found.length if isinstance(found, NeoOldFrame) else len(found.data) + _AROUND)
                continue
            self._tell(items)
            self._skip(1, found or NeoFault.CUT)

    def _try_frame(self) -> NeoFrame | NeoOldFrame | NeoFault | None:
        """The frame at the head of the buffer, why it is none, or None where more bytes are needed."""
        return self._try_old() if self._buffer.startswith(OLD_HEADER) else self._try_new()

    def _try_new(self) -> NeoFrame | NeoFault | None:
        buffer, begin = self._buffer, len(HEADER) + 4
        if len(buffer) < begin:
            return None
        size = int.from_bytes(buffer[begin - 2 : begin], "big")
        if size > self._most_data:
            return NeoFault.BAD_LENGTH
        stop = begin + size
        if stop > self._credit:
            return NeoFault.BAD_CRC
        if len(buffer) < stop + 2:
            return None
        with memoryview(buffer)[:stop] as body:
            crc = crc_hqx(body, 0xFFFF)
        order = _order(crc, bytes(buffer[stop : stop + 2]))
        if order is None:
            self._credit -= stop
            return NeoFault.BAD_CRC
        return NeoFrame(buffer[begin - 4], buffer[begin - 3], buffer[begin:stop], self._offset, order)

    def _try_old(self) -> NeoOldFrame | NeoFault | None:
        buffer = self._buffer
        if len(buffer) < _OLD_HEAD:
            return None
        if buffer[_OLD_HEAD - 1] not in list(NeoOldType):
            return NeoFault.BAD_TYPE
        kind = NeoOldType(buffer[_OLD_HEAD - 1])
        if kind is NeoOldType.DATA:
            return self._try_old_data()
        if len(buffer) < _OLD_SIZE:
            return None
        stop = _OLD_SIZE - 2
        order = _order(crc_hqx(bytes(buffer[:stop]), 0xFFFF), bytes(buffer[stop:_OLD_SIZE]))
        if order is None:
            return NeoFault.BAD_CRC
        data = buffer[_OLD_HEAD + 2 : stop]
        return NeoOldFrame(kind, buffer[_OLD_HEAD], buffer[_OLD_HEAD + 1], data, self._offset, order, _OLD_SIZE)

    def _try_old_data(self) -> NeoOldFrame | NeoFault | None:
        """It ends where its CRC first holds, but before the next header is whole."""
        buffer, most = self._buffer, _OLD_HEAD + _OLD_MOST_DATA
        if most > self._credit:
            return NeoFault.BAD_CRC
        following = buffer.find(_TAG, 1, most + 2)
        end = following + len(_TAG) - 1 if following >= 0 else min(len(buffer), most + 2)
        crc = crc_hqx(bytes(buffer[:_OLD_HEAD]), 0xFFFF)
        for stop in range(_OLD_HEAD + 1, end - 1):
            crc = crc_hqx(bytes(buffer[stop - 1 : stop]), crc)
            order = _order(crc, bytes(buffer[stop : stop + 2]))
            if order is not None:
                data, length = buffer[_OLD_HEAD:stop], stop + 2
                return NeoOldFrame(NeoOldType.DATA, None, None, data, self._offset, order, length)
        if following < 0 and len(buffer) < most + 2:
            return None
        self._credit -= most
        return NeoFault.BAD_CRC

    def _skip(self, count: int, fault: NeoFault) -> None:
        if not self._noise:
            self._fault = fault
        self._noise += count
        self._drop(count)

    def _tell(self, items: list[NeoItem]) -> None:
        if self._noise:
            items.append(NeoError(self._fault, self._offset - self._noise, self._noise))
        self._noise = 0

    def _drop(self, count: int) -> None:
        self._buffer[:count] = bytes(count)
        del self._buffer[:count]
        self._offset += count
        self._credit = min(self._most_credit, self._credit + _RETRIES * count)


def _order(crc: int, told: bytes) -> CrcOrder | None:
    high, low = told == crc.to_bytes(2, "big"), told == crc.to_bytes(2, "little")
    if high and low:
        return CrcOrder.EITHER
    return CrcOrder.HIGH_FIRST if high else CrcOrder.LOW_FIRST if low else None


def _find_start(buffer: bytearray) -> int:
    """Where a header stands, or may begin at the end of the buffer; the buffer's length if nowhere."""
    start = buffer.find(_TAG)
    while start >= 0:
        if any(header.startswith(buffer[start : start + len(header)]) for header in _HEADERS):
            return start
        start = buffer.find(_TAG, start + 1)
    for size in range(min(len(_TAG) - 1, len(buffer)), 0, -1):
        if _TAG.startswith(buffer[len(buffer) - size :]):
            return len(buffer) - size
    return len(buffer)
