"""Data object lists (EMV 4.4 Book 3, 5.4): PDOL, CDOL1, CDOL2, TDOL, DDOL and the values that go with them.

A list names tags and lengths; the values are only concatenated, so they mean nothing without their list.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from protocol.ber_tlv import MOST_TAG_BYTES

MOST_ENTRIES: Final = 256


class Padding(StrEnum):
    """How a value is made as long as the list wants it, by its format in EMV Book 3, annex A."""

    NUMERIC = "n"  # zeros in front; too long: cut in front
    COMPRESSED = "cn"  # FF behind; too long: cut behind
    OTHER = "other"  # zeros behind; too long: cut behind


@dataclass(frozen=True, slots=True)
class DolEntry:
    """A tag that is wanted, how many bytes of it, and the offset of the tag in the list."""

    tag: str
    length: int
    offset: int


@dataclass(frozen=True, slots=True)
class DolFailure:
    """Where reading stopped and why; the text shows no value."""

    offset: int
    reason: str

    def __str__(self) -> str:
        return f"byte {self.offset}: {self.reason}"


@dataclass(frozen=True, slots=True)
class Dol:
    """A list as far as it could be read."""

    entries: tuple[DolEntry, ...]
    failure: DolFailure | None = None

    @property
    def length(self) -> int:
        """How many bytes the values have together."""
        return sum(entry.length for entry in self.entries)


@dataclass(frozen=True, slots=True)
class DolValue:
    """One value; ``offset`` is its first byte in the values. It may be card data and is in no repr."""

    tag: str
    offset: int
    value: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class DolValues:
    """The values that are whole; ``trailing`` bytes were more than the list wants."""

    values: tuple[DolValue, ...]
    trailing: int = 0
    failure: DolFailure | None = None


def parse_dol(data: bytes) -> Dol:
    """Read a list of tags and one-byte lengths. Never raises; a list that stops early has a failure."""
    entries: list[DolEntry] = []
    at = 0
    while at < len(data):
        if len(entries) == MOST_ENTRIES:
            return Dol(tuple(entries), DolFailure(at, f"more than {MOST_ENTRIES} entries"))
        width = _tag_bytes(data, at)
        tag = data[at : at + width].hex().upper()
        if not width or at + width > len(data):
            return Dol(tuple(entries), DolFailure(at, "the tag is cut off or too long"))
        if at + width == len(data):
            return Dol(tuple(entries), DolFailure(at, f"tag {tag} has no length"))
        entries.append(DolEntry(tag, data[at + width], at))
        at += width + 1
    return Dol(tuple(entries))


def build_dol(entries: Sequence[tuple[str, int]]) -> bytes:
    """A list from tags (hex) and lengths. Raises ValueError for a tag or length that a list cannot hold."""
    data = b"".join(bytes.fromhex(tag) + bytes((length,)) for tag, length in entries)
    dol = parse_dol(data)
    if dol.failure is not None or [(e.tag, e.length) for e in dol.entries] != [(t.upper(), n) for t, n in entries]:
        raise ValueError("a tag of the list is malformed")
    return data


def split_values(entries: Sequence[DolEntry], data: bytes) -> DolValues:
    """Part concatenated values by their list. Never raises; what is short or left over is told."""
    values: list[DolValue] = []
    at = 0
    for entry in entries:
        if at + entry.length > len(data):
            reason = f"tag {entry.tag} wants {entry.length} bytes, {len(data) - at} are there"
            return DolValues(tuple(values), 0, DolFailure(at, reason))
        values.append(DolValue(entry.tag, at, data[at : at + entry.length]))
        at += entry.length
    return DolValues(tuple(values), len(data) - at)


def build_values(
    entries: Sequence[DolEntry], values: Mapping[str, bytes], paddings: Mapping[str, Padding] | None = None
) -> bytes:
    """The values for a list, each cut or padded to the length wanted; one that is not known is zeros.

    A constructed tag is zeros too, whatever its value. ``paddings`` is by tag; without one it is OTHER.
    """
    by_tag = paddings or {}
    return b"".join(
        _fit(b"" if _is_constructed(entry.tag) else values.get(entry.tag, b""), entry.length, by_tag.get(entry.tag))
        for entry in entries
    )


def _fit(value: bytes, length: int, padding: Padding | None) -> bytes:
    if not value:
        return bytes(length)
    if padding is Padding.NUMERIC:
        return value[max(0, len(value) - length) :].rjust(length, b"\x00")
    return value[:length].ljust(length, b"\xff" if padding is Padding.COMPRESSED else b"\x00")


def _is_constructed(tag: str) -> bool:
    return bool(int(tag[:2], 16) & 0x20)


def _tag_bytes(data: bytes, at: int) -> int:
    """How many bytes the tag at ``at`` has, perhaps more than are there; 0 if it is too long."""
    if data[at] & 0x1F != 0x1F:
        return 1
    for width in range(2, MOST_TAG_BYTES + 1):
        if at + width > len(data) or data[at + width - 1] < 0x80:
            return width
    return 0
