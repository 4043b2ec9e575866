"""CCID messages on a serial line, as the GemPC Twin sends them: ``03 06`` message LRC; ``03 15 16`` wants it once more.

A message is a header of ten bytes and the data that its four-byte length (low byte first) announces: CCID rev 1.1,
6.1 and 6.2. The LRC is the XOR of all bytes before it, so that a whole frame adds up to zero. A reader tells bare,
without this envelope, that a card came (``50 03``) or went (``50 02``). The envelope has no standard: profile from
observed samples.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, TypeAlias

from protocol.control_frame import lrc_of

HEADER_SIZE: Final = 10
MOST_DATA: Final = 1024  # bytes; several times a short APDU, which is what serial readers carry
_SYNC: Final = 0x03
_ACK: Final = 0x06
_NAK: Final = 0x15
_NOTIFY: Final = 0x50
_NOTIFIED: Final = {0x02: False, 0x03: True}  # bits of slot 0: changed, card present
_AROUND: Final = HEADER_SIZE + 3  # SYNC, control, LRC
_STEP: Final = 4096

TO_READER: Final = frozenset((0x61, 0x62, 0x63, 0x65, 0x69, 0x6A, 0x6B, 0x6C, 0x6D, 0x6E, 0x6F, 0x71, 0x72, 0x73))
FROM_READER: Final = frozenset((0x80, 0x81, 0x82, 0x83, 0x84))


class CcidFault(StrEnum):
    """Why bytes did not make a frame."""

    NOISE = "noise"
    BAD_TYPE = "bad_type"  # SYNC and control, but no message type of CCID behind them
    BAD_LENGTH = "bad_length"  # the header announces more than any reader sends
    BAD_LRC = "bad_lrc"
    CUT = "cut"  # the line went quiet inside a frame


@dataclass(frozen=True, slots=True)
class CcidFrame:
    """A message whose LRC holds. The three bytes before the data are ``special``: their meaning depends on the type.

    The data may be card data, so it is left out of the text form and can be wiped.
    """

    type: int
    slot: int
    sequence: int
    special: bytes
    data: bytearray = field(repr=False)
    offset: int

    def wipe(self) -> None:
        """Overwrite the data with zeros."""
        self.data[:] = bytes(len(self.data))


@dataclass(frozen=True, slots=True)
class CcidNak:
    """The other side did not get the last frame whole and wants it again."""

    offset: int


@dataclass(frozen=True, slots=True)
class CcidNotice:
    """The reader tells that a card came or went."""

    card_present: bool
    offset: int


@dataclass(frozen=True, slots=True)
class CcidError:
    """Bytes that made no frame: where they began, how many, and why."""

    fault: CcidFault
    offset: int
    length: int


CcidItem: TypeAlias = CcidFrame | CcidNak | CcidNotice | CcidError

NAK_FRAME: Final = bytes((_SYNC, _NAK, _SYNC ^ _NAK))


def build_frame(kind: int, data: bytes = b"", *, slot: int = 0, sequence: int = 0, special: bytes = bytes(3)) -> bytes:
    """A message in its envelope. Raises ValueError where ``data`` is too long or ``special`` is not three bytes."""
    if len(data) > MOST_DATA or len(special) != 3:
        raise ValueError(f"a message has three special bytes and at most {MOST_DATA} bytes of data")
    body = bytes((_SYNC, _ACK, kind, *len(data).to_bytes(4, "little"), slot, sequence)) + special + data
    return body + bytes((lrc_of(body),))


def build_notice(*, card_present: bool) -> bytes:
    """What a reader sends when a card came or went."""
    return bytes((_NOTIFY, 0x03 if card_present else 0x02))


@dataclass(frozen=True, slots=True)
class _Found:
    """One item of the stream, and how many bytes it took."""

    item: CcidFrame | CcidNak | CcidNotice
    size: int


class CcidDeframer:
    """Cuts a byte stream into frames, marks and errors; how it was chunked makes no difference.

    Holds one unfinished frame at most between calls; what it gives up is over-written with zeros. A false start holds
    back what follows: when the line goes quiet, call :meth:`expire`.
    """

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._offset = 0  # in the stream, of the buffer's first byte
        self._noise = 0  # bytes of noise just before the buffer that are not told yet
        self._told_to = 0  # bytes before this were told with a failed frame

    @property
    def pending(self) -> int:
        """Bytes held back because their frame is not complete."""
        return len(self._buffer)

    def feed(self, data: bytes | bytearray) -> list[CcidItem]:
        """Take bytes from the line and return what became certain, in the order of the stream."""
        items: list[CcidItem] = []
        for begin in range(0, len(data), _STEP):
            self._buffer += data[begin : begin + _STEP]
            self._scan(items, quiet=False)
        return items

    def expire(self) -> list[CcidItem]:
        """The line went quiet: give up the unfinished frame, and look for good ones behind its start."""
        items: list[CcidItem] = []
        self._scan(items, quiet=True)
        self._tell_noise(items)
        return items

    def wipe(self) -> None:
        """Forget all that is held, over-writing it first."""
        self._drop(len(self._buffer))

    def _scan(self, items: list[CcidItem], *, quiet: bool) -> None:
        while self._buffer:
            starts = [at for at in (self._buffer.find(_SYNC), self._buffer.find(_NOTIFY)) if at >= 0]
            start = min(starts, default=len(self._buffer))
            if start:
                self._skip(start)
                continue
            found = self._read(quiet=quiet)
            if found is None:
                if not quiet:
                    return
                found = self._cut()
            self._settle(found, items)

    def _cut(self) -> CcidError | int:
        head = self._buffer[:2]
        whole = len(head) == 2 and head[0] == _SYNC
        return CcidError(CcidFault.CUT, self._offset, len(self._buffer)) if whole else 1

    def _settle(self, found: _Found | CcidError | int, items: list[CcidItem]) -> None:
        if isinstance(found, int):
            self._skip(found)
        elif isinstance(found, _Found):
            self._tell_noise(items)
            items.append(found.item)
            self._drop(found.size)
        else:
            self._tell_noise(items)
            if found.offset + found.length > self._told_to:  # else it is a false start inside a failed frame
                items.append(found)
                self._told_to = found.offset + found.length
            self._drop(1)

    def _read(self, *, quiet: bool) -> _Found | CcidError | int | None:
        """What stands at the head of the buffer; a number: so many bytes of noise; None: more bytes are needed."""
        buffer = self._buffer
        if len(buffer) < 2:
            return None
        if buffer[0] == _NOTIFY:
            return self._notice(quiet=quiet)
        if buffer[1] == _NAK:
            return self._nak()
        if buffer[1] != _ACK:
            return 1
        return self._frame()

    def _notice(self, *, quiet: bool) -> _Found | int | None:
        """``50 03`` before ACK or NAK is no notice: its 03 begins a frame, and the byte before it is noise."""
        buffer = self._buffer
        present = _NOTIFIED.get(buffer[1])
        if present is None or self._offset < self._told_to:  # of a failed frame: its data, no notice
            return 1
        if present and len(buffer) < 3 and not quiet:
            return None
        if present and buffer[2:3] in (bytes((_ACK,)), bytes((_NAK,))):
            return 1
        return _Found(CcidNotice(present, self._offset), 2)

    def _nak(self) -> _Found | CcidError | None:
        if len(self._buffer) < len(NAK_FRAME):
            return None
        if not self._buffer.startswith(NAK_FRAME):
            return CcidError(CcidFault.BAD_LRC, self._offset, 2)
        return _Found(CcidNak(self._offset), len(NAK_FRAME))

    def _frame(self) -> _Found | CcidError | None:
        buffer = self._buffer
        if len(buffer) > 2 and buffer[2] not in TO_READER and buffer[2] not in FROM_READER:
            return CcidError(CcidFault.BAD_TYPE, self._offset, 3)
        if len(buffer) < 7:
            return None
        size = int.from_bytes(buffer[3:7], "little")
        if size > MOST_DATA:
            return CcidError(CcidFault.BAD_LENGTH, self._offset, 7)
        whole = _AROUND + size
        if len(buffer) < whole:
            return None
        if lrc_of(buffer[:whole]):
            return CcidError(CcidFault.BAD_LRC, self._offset, whole)
        data = buffer[12 : 12 + size]
        return _Found(CcidFrame(buffer[2], buffer[7], buffer[8], bytes(buffer[9:12]), data, self._offset), whole)

    def _skip(self, count: int) -> None:
        """Bytes that begin no frame; those of a failed frame were told with it."""
        self._noise += max(0, self._offset + count - max(self._offset, self._told_to))
        self._drop(count)

    def _tell_noise(self, items: list[CcidItem]) -> None:
        if self._noise:
            items.append(CcidError(CcidFault.NOISE, self._offset - self._noise, self._noise))
        self._noise = 0

    def _drop(self, count: int) -> None:
        self._buffer[:count] = bytes(count)  # leave no card data in memory that is given back
        del self._buffer[:count]
        self._offset += count
