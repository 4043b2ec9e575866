"""ABECS pinpad frames: ``SYN``, data, ``ETB``, CRC-16 with its high byte first; and single control characters.

In the data SYN, ETB and DC3 themselves are sent as DC3 and the byte plus 20 (hexadecimal). The CRC (polynomial 1021,
start 0, known as XMODEM) is taken over the data as they were before that, and ETB; its own two bytes are sent as they
are. Source: Abecs, Pinpad Abecs, Protocolo de comunicação e funcionamento, 2.12, clauses 2.2, 2.2.1 and 7.2.
"""

from __future__ import annotations

import re
from binascii import crc_hqx
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from typing import Final, NamedTuple, TypeAlias

MOST_DATA: Final = 2049  # bytes before stuffing, 2.2.1
SYN: Final = 0x16
ETB: Final = 0x17
_DC3: Final = 0x13
_SHIFT: Final = 0x20
_STEP: Final = 4096
_STUFFED: Final = {byte: bytes((_DC3, byte + _SHIFT)) for byte in (SYN, ETB, _DC3)}  # DC3 last: see _unstuff
_ENDLESS: Final = re.compile(rb"(?:\x16[^\x16\x17]{0,%d})+(?=\x16)" % MOST_DATA)  # starts that a SYN follows, no ETB
_BAD_STUFFING: Final = re.compile(rb"\x13(?![\x33\x36\x37])")
_CONTROLS: Final = re.compile(rb"[\x04\x06\x15\x18]")


class AbecsCode(IntEnum):
    """Control characters outside frames, 2.2. CAN is the terminal's, EOT and ACK are the pinpad's."""

    EOT = 0x04
    ACK = 0x06
    NAK = 0x15
    CAN = 0x18


_CODES: Final = {int(code): code for code in AbecsCode}


class AbecsFault(StrEnum):
    """Why bytes did not make a frame."""

    NOISE = "noise"
    BAD_CRC = "bad_crc"
    BAD_STUFFING = "bad_stuffing"  # DC3 is not followed by one of its three companions
    BAD_LENGTH = "bad_length"  # more data than a frame may carry
    CUT = "cut"  # the frame begins and never ends: a new one starts in it, or the line went quiet


@dataclass(frozen=True, slots=True)
class AbecsFrame:
    """A frame whose CRC holds: its data without stuffing. ``length`` is what it took on the line, in bytes.

    The data may be card data, so it is left out of the text form and can be wiped.
    """

    data: bytearray = field(repr=False)
    offset: int
    length: int

    def wipe(self) -> None:
        """Overwrite the data with zeros."""
        self.data[:] = bytes(len(self.data))


class AbecsControl(NamedTuple):
    """A control character between frames, and where it stood."""

    code: AbecsCode
    offset: int


@dataclass(frozen=True, slots=True)
class AbecsError:
    """Bytes that made no frame: where they began, how many, and why."""

    fault: AbecsFault
    offset: int
    length: int


AbecsItem: TypeAlias = AbecsFrame | AbecsControl | AbecsError


def build_frame(data: bytes) -> bytes:
    """``data`` as it goes over the line. Raises ValueError where it is more than a frame may carry."""
    if len(data) > MOST_DATA:
        raise ValueError(f"{len(data)} bytes of data are more than the {MOST_DATA} that a frame can carry")
    stuffed = b"".join(_STUFFED.get(byte) or bytes((byte,)) for byte in data)
    return bytes((SYN,)) + stuffed + bytes((ETB,)) + crc_of(data).to_bytes(2, "big")


def crc_of(data: bytes | bytearray) -> int:
    """CRC of a frame with this data: over the data before stuffing, and ETB."""
    return crc_hqx(bytes((ETB,)), crc_hqx(data, 0))


class AbecsDeframer:
    """Cuts a byte stream into frames, control characters and errors; how it was chunked makes no difference.

    SYN never stands inside a frame, so one that does begins the next frame: no good frame is lost behind a spoilt one.
    Holds one unfinished frame at most between calls; what it gives up is over-written with zeros. When the line goes
    quiet, call :meth:`expire`.
    """

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._offset = 0  # in the stream, of the buffer's first byte
        self._lost = 0  # bytes just before the buffer that are not told yet
        self._fault = AbecsFault.NOISE  # of these
        self._searched = 0  # bytes of the buffer that hold no ETB, nor a SYN but the first
        self._overlong = False  # inside a frame that was too long: all is lost until the next SYN

    @property
    def pending(self) -> int:
        """Bytes held back because their frame is not complete; 1 where only lost bytes are still to be told."""
        return len(self._buffer) or min(self._lost, 1)

    def feed(self, data: bytes | bytearray) -> list[AbecsItem]:
        """Take bytes from the line and return what became certain, in the order of the stream."""
        items: list[AbecsItem] = []
        for begin in range(0, len(data), _STEP):
            self._buffer += data[begin : begin + _STEP]
            self._scan(items)
        return items

    def expire(self) -> list[AbecsItem]:
        """The line went quiet: give up the unfinished frame, and tell what was lost."""
        items: list[AbecsItem] = []
        while self._buffer:  # it waits for more: what stands behind its SYN may begin a shorter frame
            self._lose(self._next_start(1), AbecsFault.CUT, items)
            self._scan(items)
        self._tell(items)
        self._overlong = False
        return items

    def wipe(self) -> None:
        """Forget all that is held, over-writing it first."""
        self._drop(len(self._buffer))
        self._lost, self._overlong = 0, False

    def _scan(self, items: list[AbecsItem]) -> None:
        while self._buffer:
            if self._buffer[0] == SYN:
                if not self._take(items):
                    return
            elif self._overlong:
                self._lose(self._next_start(0), AbecsFault.BAD_LENGTH, items)
            else:
                self._skip(self._next_start(0), items)

    def _next_start(self, begin: int) -> int:
        start = self._buffer.find(SYN, begin)
        return start if start >= 0 else len(self._buffer)

    def _skip(self, count: int, items: list[AbecsItem]) -> None:
        """Bytes outside frames: control characters, and noise around them."""
        done = 0
        for at in [match.start() for match in _CONTROLS.finditer(bytes(self._buffer[:count]))]:
            self._count(at - done, AbecsFault.NOISE, items, self._offset + done)
            self._tell(items, self._offset + at)
            items.append(AbecsControl(_CODES[self._buffer[at]], self._offset + at))
            done = at + 1
        self._count(count - done, AbecsFault.NOISE, items, self._offset + done)
        self._drop(count)

    def _take(self, items: list[AbecsItem]) -> bool:
        """What the SYN at the head of the buffer begins; False: more bytes are needed."""
        buffer = self._buffer
        self._overlong = False
        begin = max(1, self._searched)
        stop = buffer.find(ETB, begin)
        self._searched = stop if stop >= 0 else len(buffer)
        start = buffer.find(SYN, begin, self._searched)
        endless = _ENDLESS.match(buffer) if start >= 0 else None
        if endless:
            self._lose(endless.end(), AbecsFault.CUT, items)
            return True
        if not self._fits(start if start >= 0 else stop if stop >= 0 else len(buffer)):
            self._overlong = True
            self._lose(1, AbecsFault.BAD_LENGTH, items)
        elif start >= 0:
            self._lose(start, AbecsFault.CUT, items)
        elif stop < 0 or len(buffer) < stop + 3:
            return False
        else:
            self._finish(stop, items)
        return True

    def _fits(self, end: int) -> bool:
        """Whether what stands between SYN and ``end`` can still be data; stuffing makes them twice as long at most."""
        size = end - 1
        if size <= MOST_DATA:
            return True
        return size <= 2 * MOST_DATA and size - self._buffer.count(_DC3, 1, end) <= MOST_DATA

    def _finish(self, stop: int, items: list[AbecsItem]) -> None:
        """A frame that is complete: its ETB stands at ``stop``."""
        self._tell(items)
        whole = stop + 3
        told = int.from_bytes(self._buffer[stop + 1 : whole], "big")
        data = _unstuff(self._buffer[1:stop])
        if data is not None and crc_of(data) == told:
            items.append(AbecsFrame(data, self._offset, whole))
        else:
            fault = AbecsFault.BAD_STUFFING if data is None else AbecsFault.BAD_CRC
            again = self._buffer.find(SYN, stop + 1, whole)  # a byte was lost: the next frame begins already
            whole = again if again >= 0 else whole
            items.append(AbecsError(fault, self._offset, whole))
            if data is not None:
                data[:] = bytes(len(data))
        self._drop(whole)

    def _lose(self, count: int, fault: AbecsFault, items: list[AbecsItem]) -> None:
        self._count(count, fault, items, self._offset)
        self._drop(count)

    def _count(self, count: int, fault: AbecsFault, items: list[AbecsItem], offset: int) -> None:
        """``count`` bytes at ``offset`` are lost; neighbours that are lost for the same reason are told together."""
        if not count:
            return
        if fault is not self._fault:
            self._tell(items, offset)
            self._fault = fault
        self._lost += count

    def _tell(self, items: list[AbecsItem], offset: int | None = None) -> None:
        end = self._offset if offset is None else offset
        if self._lost:
            items.append(AbecsError(self._fault, end - self._lost, self._lost))
        self._lost = 0

    def _drop(self, count: int) -> None:
        self._buffer[:count] = bytes(count)  # leave no card data in memory that is given back
        del self._buffer[:count]
        self._offset += count
        self._searched = 0


def _unstuff(raw: bytearray) -> bytearray | None:
    """The data as they were, or None where the stuffing is wrong. ``raw`` is over-written where it is not returned.

    A DC3 always begins a pair, so pairs can be looked for one kind after the other; the pair that makes a new DC3 last.
    """
    if _DC3 not in raw:
        return raw
    if _BAD_STUFFING.search(raw):
        raw[:] = bytes(len(raw))
        return None
    for byte, pair in _STUFFED.items():
        data = raw.replace(pair, bytes((byte,)))
        raw[:] = bytes(len(raw))
        raw = data
    return raw
