"""BER-TLV as EMV uses it (EMV 4.4 Book 3, annex B; ISO/IEC 8825-1): partial results, offsets, no exception.

Chip data from the field is not always BER: padding of 00 and FF between objects, and private ``FFxx`` tags of two bytes
with a length of one. So data is read strictly first, then with private tags, then with FF as padding; the reading
that comes to the end is kept, else the one that gets furthest.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

MOST_OBJECTS: Final = 1024
MOST_DEPTH: Final = 8
_MOST_TAG_BYTES: Final = 4
_INDEFINITE: Final = -1


class Reading(StrEnum):
    """How the data had to be read."""

    BER = "ber"
    PRIVATE = "private"  # FFxx: two-byte tag, one-byte length
    PADDED = "padded"  # FF is padding


@dataclass(frozen=True, slots=True, repr=False)
class Tlv:
    """One object: ``tag`` in upper-case hex, ``offset`` of its first byte; ``children`` of a constructed one."""

    tag: str
    value: bytes
    offset: int
    children: tuple[Tlv, ...] = ()

    def __repr__(self) -> str:
        inside = f", {list(self.children)}" if self.children else ""
        return f"Tlv({self.tag} at {self.offset}, {len(self.value)} bytes{inside})"


@dataclass(frozen=True, slots=True)
class TlvFailure:
    """Where reading stopped and why; the text shows no value."""

    offset: int
    reason: str

    def __str__(self) -> str:
        return f"byte {self.offset}: {self.reason}"


@dataclass(frozen=True, slots=True)
class Tlvs:
    """The objects read, and the failure if the data was not read to its end."""

    objects: tuple[Tlv, ...]
    failure: TlvFailure | None
    reading: Reading = Reading.BER

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


class _StopError(Exception):
    """Reading cannot go on; carries what was read so far at this level."""

    def __init__(self, offset: int, reason: str) -> None:
        super().__init__(reason)
        self.offset = offset
        self.reason = reason


def parse_tlv(data: bytes | bytearray) -> Tlvs:
    """Read all of ``data``. Never raises; see :class:`Tlvs` for partial results."""
    best: Tlvs | None = None
    raw = bytes(data)
    for reading in Reading:
        objects: list[Tlv] = []
        try:
            _Reader(raw, reading).read(0, len(raw), 0, objects)
        except _StopError as stop:
            result = Tlvs(tuple(objects), TlvFailure(stop.offset, stop.reason), reading)
            if best is None or best.failure is None or stop.offset > best.failure.offset:
                best = result
            continue
        return Tlvs(tuple(objects), None, reading)
    return best or Tlvs((), None)


def build_tlv(tag: str, value: bytes) -> bytes:
    """One object with the shortest definite length, for tools and tests."""
    size = len(value)
    if size < 0x80:
        return bytes.fromhex(tag) + bytes((size,)) + value
    width = (size.bit_length() + 7) // 8
    return bytes.fromhex(tag) + bytes((0x80 | width,)) + size.to_bytes(width, "big") + value


class _Reader:
    def __init__(self, data: bytes, reading: Reading) -> None:
        self._data = data
        self._reading = reading
        self._count = 0

    def read(self, at: int, end: int, depth: int, into: list[Tlv], *, indefinite: bool = False) -> int:
        """Read objects up to ``end`` (or the two zero bytes of an indefinite length); the offset after them."""
        data = self._data
        while at < end:
            if indefinite and data[at : at + 2] == b"\x00\x00":
                return at + 2
            if self._is_padding(at, end):
                at = self._after_padding(at, end)
                continue
            at = self._object(at, end, depth, into)
        if indefinite:
            raise _StopError(end, "the end of an indefinite length is missing")
        return at

    def _is_padding(self, at: int, end: int) -> bool:
        byte = self._data[at]
        if byte == 0xFF and self._reading is not Reading.PADDED:
            return at + 1 == end or self._data[at + 1] in (0x00, 0xFF)
        return byte in (0x00, 0xFF)

    def _after_padding(self, at: int, end: int) -> int:
        """Past one 00, or past a whole run of FF: the last of a run begins no private tag."""
        byte = self._data[at]
        at += 1
        while byte == 0xFF and at < end and self._data[at] == byte:
            at += 1
        return at

    def _object(self, at: int, end: int, depth: int, into: list[Tlv]) -> int:
        self._count += 1
        if self._count > MOST_OBJECTS:
            raise _StopError(at, f"more than {MOST_OBJECTS} objects")
        private = self._reading is Reading.PRIVATE and self._data[at] == 0xFF
        body, tag, size = self._private(at, end) if private else self._head(at, end)
        constructed = bool(self._data[at] & 0x20) and not private
        children: list[Tlv] = []
        if size == _INDEFINITE:
            if not constructed or depth >= MOST_DEPTH:
                raise _StopError(body - 1, f"an indefinite length at tag {tag}, which cannot have one here")
            after = self.read(body, end, depth + 1, children, indefinite=True)
            into.append(Tlv(tag, self._data[body : after - 2], at, tuple(children)))
            return after
        after = body + size
        if after > end:
            raise _StopError(at, f"tag {tag} says {size} bytes, {end - body} are there")
        if constructed and depth < MOST_DEPTH:
            self.read(body, after, depth + 1, children)
        into.append(Tlv(tag, self._data[body:after], at, tuple(children)))
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
            while pos < end and data[pos] & 0x80 and pos - at < _MOST_TAG_BYTES:
                pos += 1
            pos += 1
            if pos > end:
                raise _StopError(at, "the tag is cut off")
            if pos - at > _MOST_TAG_BYTES:
                raise _StopError(at, f"the tag is longer than {_MOST_TAG_BYTES} bytes")
        tag = data[at:pos].hex().upper()
        if pos >= end:
            raise _StopError(at, f"tag {tag} has no length")
        first = data[pos]
        if first < 0x80:
            return pos + 1, tag, first
        if first == 0x80:
            return pos + 1, tag, _INDEFINITE
        width = first & 0x7F
        if width > 3 or pos + 1 + width > end:
            raise _StopError(pos, f"the length of tag {tag} cannot be read")
        return pos + 1 + width, tag, int.from_bytes(data[pos + 1 : pos + 1 + width], "big")
