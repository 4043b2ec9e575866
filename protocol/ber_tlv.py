"""BER-TLV as EMV uses it (EMV 4.4 Book 3, annex B; ISO/IEC 8825-1): partial results, offsets, no exception.

Chip data from the field is not always BER: padding of 00 and FF between objects, private ``FFxx`` tags of two bytes
with a length of one, lengths that are always one byte, and a status word left at the end. So data is read strictly
first and then in the other ways of :class:`Reading`; the reading that comes to the end is kept, else the one that gets
furthest.

Most data is plain: then one quick pass proves that the lengths fit, and objects are made when they are asked for.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from protocol.ber_tlv_plain import is_plain

MOST_OBJECTS: Final = 1024
MOST_DEPTH: Final = 16
MOST_TAG_BYTES: Final = 4
_MOST_LENGTH_BYTES: Final = 4  # 84 and four bytes: the longest form of ISO/IEC 7816-4:2020, 6.3
_INDEFINITE: Final = -1
_PADDING: Final = re.compile(rb"[\x00\xff]*")
_END_OF_CONTENTS: Final = b"\x00\x00"
_HEX: Final = tuple(f"{byte:02X}" for byte in range(256))
_SW_OK: Final = b"\x90\x00"
_SW1_BESIDE_DATA: Final = frozenset((0x61, 0x62, 0x63))  # more data waits, and warnings; errors come without data


class Reading(StrEnum):
    """How the data had to be read, in the order in which it is tried."""

    BER = "ber"
    PRIVATE = "private"  # FFxx: two-byte tag, one-byte length
    PADDED = "padded"  # FF is padding
    SIMPLE = "simple"  # each length is one byte, 00 to FF


@dataclass(slots=True, repr=False)
class Tlv:
    """One object: ``tag`` in upper-case hex, ``offset`` of its first byte; ``children`` of a constructed one.

    To be read only; it is not frozen because that costs four times the time to make one.
    """

    tag: str
    value: bytes
    offset: int
    children: tuple[Tlv, ...] = ()

    def __repr__(self) -> str:
        inside = f", {list(self.children)}" if self.children else ""
        return f"Tlv({self.tag} at {self.offset}, {len(self.value)} bytes{inside})"


@dataclass(frozen=True, slots=True)
class TlvFailure:
    """Where reading stopped and why, and the ``tag`` there ("" if it could not be read); no text shows a value."""

    offset: int
    reason: str
    tag: str = ""

    def __str__(self) -> str:
        return f"byte {self.offset}: {self.reason}"


class Tlvs:
    """What :func:`parse_tlv` read.

    ``failure`` is None if the data was read to its end. ``status_word`` is one that stood after the last object, as
    in a card's answer. A constructed object that is cut off is among ``objects``, with what its value has.
    """

    __slots__ = ("_objects", "_plain", "failure", "reading", "status_word")

    def __init__(
        self,
        objects: Sequence[Tlv],
        failure: TlvFailure | None = None,
        reading: Reading = Reading.BER,
        status_word: int | None = None,
        plain: bytes = b"",
    ) -> None:
        """``plain`` is plain BER whose objects are still to be made; ``objects`` is empty then."""
        self._objects = tuple(objects)
        self._plain = plain
        self.failure = failure
        self.reading = reading
        self.status_word = status_word

    @property
    def objects(self) -> tuple[Tlv, ...]:
        """The outermost objects in wire order; a tag may come more than once."""
        if self._plain:
            self._objects = _make_plain(self._plain, 0, len(self._plain))
            self._plain = b""
        return self._objects

    def walk(self) -> Iterator[Tlv]:
        """Every object, outer before inner, in wire order."""
        stack = list(reversed(self.objects))
        while stack:
            item = stack.pop()
            yield item
            stack.extend(reversed(item.children))

    def find(self, tag: str) -> bytes | None:
        """The value of the first object with this tag at any depth; None where there is none."""
        return next((item.value for item in self.walk() if item.tag == tag), None)

    def __repr__(self) -> str:
        return f"Tlvs({list(self.objects)}, {self.failure}, {self.reading}, status word {self.status_word})"


class _StopError(Exception):
    """Reading cannot go on."""

    def __init__(self, offset: int, reason: str, tag: str = "") -> None:
        super().__init__(reason)
        self.failure = TlvFailure(offset, reason, tag)


def parse_tlv(data: bytes | bytearray, readings: Sequence[Reading] = tuple(Reading)) -> Tlvs:
    """Read all of ``data``, in the first of ``readings`` that comes to its end. Never raises.

    At most :data:`MOST_OBJECTS` objects are read and :data:`MOST_DEPTH` levels parted into children.
    """
    raw = bytes(data)
    plain, status_word = (raw[:-2], 0x9000) if raw.endswith(_SW_OK) else (raw, None)
    if Reading.BER in readings and len(plain) <= 2 * MOST_OBJECTS and is_plain(plain, 0, len(plain), MOST_DEPTH):
        return Tlvs((), None, Reading.BER, status_word, plain)
    best: Tlvs | None = None
    for reading in readings:
        result = _read(raw, reading)
        if result.failure is None:
            return result
        if best is None or best.failure is None or result.failure.offset > best.failure.offset:
            best = result
    return best or Tlvs(())


def _read(data: bytes, reading: Reading) -> Tlvs:
    """Read in one way; a status word after at least one object is no failure."""
    objects, failure = _read_objects(data, reading)
    if failure is None and objects and objects[-1] == Tlv("90", b"", len(data) - 2):  # 9000: an object of no bytes
        return Tlvs(objects[:-1], None, reading, 0x9000)
    if failure is not None and data[-2:-1] and data[-2] in _SW1_BESIDE_DATA:
        before, broken = _read_objects(data[:-2], reading)
        if before and broken is None:
            return Tlvs(before, None, reading, int.from_bytes(data[-2:]))
    return Tlvs(objects, failure, reading)


def _read_objects(data: bytes, reading: Reading) -> tuple[list[Tlv], TlvFailure | None]:
    objects: list[Tlv] = []
    try:
        _Reader(data, reading).read(0, len(data), 0, objects)
    except _StopError as stop:
        return objects, stop.failure
    return objects, None


def _make_plain(data: bytes, at: int, end: int) -> tuple[Tlv, ...]:
    """The objects of data for which :func:`is_plain` holds.

    They are filled here and not by their ``__init__``, whose call would take longer than all the rest.
    """
    objects: list[Tlv] = []
    new, keep, tags = object.__new__, objects.append, _HEX
    while at < end:
        item = new(Tlv)
        item.offset = at
        first = data[at]
        if first & 0x1F == 0x1F:
            item.tag = tags[first] + tags[data[at + 1]]
            at += 3
        else:
            item.tag = tags[first]
            at += 2
        after = at + data[at - 1]
        if data[at - 1] == 0x81:
            after = at + 1 + data[at]
            at += 1
        item.value = data[at:after]
        item.children = _make_plain(data, at, after) if first & 0x20 else ()
        keep(item)
        at = after
    return tuple(objects)


class _Reader:
    """The careful way, for everything that is not plain; says where and why it stops."""

    def __init__(self, data: bytes, reading: Reading) -> None:
        self._data = data
        self._reading = reading
        self._count = 0

    def read(self, at: int, end: int, depth: int, into: list[Tlv], *, indefinite: bool = False) -> int:
        """Read objects up to ``end`` (or the two zero bytes of an indefinite length); the offset after them."""
        while at < end:
            at = self._after_padding(at, end, indefinite)
            if indefinite and self._data[at : min(at + 2, end)] == _END_OF_CONTENTS:
                return at + 2
            if at < end:
                at = self._object(at, end, depth, into)
        if indefinite:
            raise _StopError(end, "the end of an indefinite length is missing")
        return at

    def _after_padding(self, at: int, end: int, indefinite: bool) -> int:
        """Past 00 and FF. A single FF before another byte begins a private tag, unless all FF are padding."""
        run = _PADDING.match(self._data, at, end)
        after = run.end() if run else at
        if indefinite and (stop := self._data.find(_END_OF_CONTENTS, at, after)) >= 0:
            return stop
        is_tag = self._data[at:after][-2:] in (b"\xff", b"\x00\xff") and after < end
        return after - 1 if is_tag and self._reading is not Reading.PADDED else after

    def _object(self, at: int, end: int, depth: int, into: list[Tlv]) -> int:
        self._count += 1
        if self._count > MOST_OBJECTS:
            raise _StopError(at, f"more than {MOST_OBJECTS} objects")
        private = self._reading is Reading.PRIVATE and self._data[at] == 0xFF
        body, tag, size = self._private(at, end) if private else self._head(at, end)
        constructed = bool(self._data[at] & 0x20) and not private
        if size == _INDEFINITE:
            if not constructed or depth >= MOST_DEPTH:
                raise _StopError(body - 1, f"an indefinite length at tag {tag}, which cannot have one here", tag)
            after = self._children(Tlv(tag, b"", at), body, end, depth, into, indefinite=True)
        else:
            after = body + size
            if after > end:
                if constructed and depth < MOST_DEPTH:
                    with suppress(_StopError):  # that the outer one is cut off is the news
                        self._children(Tlv(tag, b"", at), body, end, depth, into)
                raise _StopError(at, f"tag {tag} says {size} bytes, {end - body} are there", tag)
            if constructed and depth < MOST_DEPTH:
                self._children(Tlv(tag, b"", at), body, after, depth, into)
            else:
                into.append(Tlv(tag, self._data[body:after], at))
        return after

    def _children(self, item: Tlv, body: int, end: int, depth: int, into: list[Tlv], indefinite: bool = False) -> int:
        """Read what a constructed object holds; it is kept with what was read even if that stops."""
        into.append(item)
        children: list[Tlv] = []
        after = end
        try:
            after = self.read(body, end, depth + 1, children, indefinite=indefinite)
        finally:
            item.children = tuple(children)
            item.value = self._data[body : after - 2 if indefinite and after <= end else after]
        return after

    def _private(self, at: int, end: int) -> tuple[int, str, int]:
        if at + 3 > end:
            raise _StopError(at, "a private tag is cut off")
        return at + 3, self._data[at : at + 2].hex().upper(), self._data[at + 2]

    def _head(self, at: int, end: int) -> tuple[int, str, int]:
        """Offset of the value, tag, and size in bytes of the object at ``at``."""
        data = self._data
        pos = at + 1
        if data[at] & 0x1F == 0x1F:
            while pos < end and data[pos] & 0x80 and pos - at < MOST_TAG_BYTES:
                pos += 1
            pos += 1
            if pos > end:
                raise _StopError(at, "the tag is cut off")
            if pos - at > MOST_TAG_BYTES:
                raise _StopError(at, f"the tag is longer than {MOST_TAG_BYTES} bytes")
        tag = data[at:pos].hex().upper()
        if pos >= end:
            raise _StopError(at, f"tag {tag} has no length", tag)
        first = data[pos]
        if first < 0x80 or self._reading is Reading.SIMPLE:
            return pos + 1, tag, first
        if first == 0x80:
            return pos + 1, tag, _INDEFINITE
        width = first & 0x7F
        if width > _MOST_LENGTH_BYTES or pos + 1 + width > end:
            raise _StopError(pos, f"the length of tag {tag} cannot be read", tag)
        return pos + 1 + width, tag, int.from_bytes(data[pos + 1 : pos + 1 + width], "big")
