"""The historical bytes of an answer to reset (ISO/IEC 7816-4:2020, 12.1.1).

Contactless memory cards have a form of their own (PC/SC part 3, 3.1.3.2.3).

They may hold serial numbers, so values stay out of every repr; what may be told is taken out by name.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from protocol.atr import Atr

_CONTACTLESS_TD: Final = (0x80, 0x01)  # TD1, TD2 of every ATR that a contactless reader makes
_STORAGE: Final = b"\x80\x4f"
_RID_BYTES: Final = 5
_STATUS_TAG: Final = 8
_STATUS_BYTES: Final = 3


class Category(StrEnum):
    """How the historical bytes are written, by their first byte."""

    NONE = "none"
    STATUS = "status"  # 00: compact objects, then three bytes of status
    DIR = "dir"  # 10: a reference into EF.DIR
    COMPACT = "compact"  # 80: compact objects, the status among them
    RESERVED = "reserved"  # 81 to 8F
    PROPRIETARY = "proprietary"
    STORAGE = "storage"  # a contactless memory card, as PC/SC writes it


@dataclass(frozen=True, slots=True)
class CompactTlv:
    """An object with tag (1 to 15, the 4 in front left out) and length in one byte; ``value`` may be cut off."""

    tag: int
    length: int
    offset: int
    value: bytes = field(repr=False)

    @property
    def is_whole(self) -> bool:
        """The value is as long as its length says."""
        return len(self.value) == self.length


@dataclass(frozen=True, slots=True)
class StorageCard:
    """What PC/SC says of a contactless memory card: who registered the name, its standard and its name."""

    rid: bytes
    standard: int
    name: int


@dataclass(frozen=True, slots=True)
class Historical:
    """Parsed historical bytes.

    ``lifecycle`` and ``status_word`` are None where they are not told. ``is_contactless``: the ATR is one that a reader
    makes for a contactless card; then the bytes come from the card's ATS (type A) or ATQB (type B).
    """

    category: Category
    objects: tuple[CompactTlv, ...] = ()
    lifecycle: int | None = None
    status_word: int | None = None
    storage: StorageCard | None = None
    is_contactless: bool = False
    oddities: tuple[str, ...] = ()


def parse_historical(atr: Atr) -> Historical:
    """Read the historical bytes of a parsed ATR; never raises."""
    data = atr.historical
    contactless = set(atr.interface) == {"TD1", "TD2"} and tuple(atr.interface.values()) == _CONTACTLESS_TD
    if not data:
        return Historical(Category.NONE, is_contactless=contactless)
    if data.startswith(_STORAGE) and (storage := _read_storage(data)) is not None:
        return Historical(Category.STORAGE, storage=storage, is_contactless=contactless)
    category = _category(data[0])
    if category not in (Category.STATUS, Category.COMPACT):
        return Historical(category, is_contactless=contactless)
    end = len(data)
    oddities: list[str] = []
    status = b""
    if category is Category.STATUS:
        end = max(1, end - _STATUS_BYTES)
        status = data[end:]
        if len(status) < _STATUS_BYTES:
            oddities.append("the three bytes of status are cut off")
            status = b""
    objects = _read_objects(data[:end], atr.historical_offset, oddities)
    for item in objects:
        if item.tag == _STATUS_TAG and item.is_whole:
            status = item.value
    lifecycle, word = _read_status(status)
    return Historical(category, objects, lifecycle, word, None, contactless, tuple(oddities))


def _category(first: int) -> Category:
    if first & 0xF0 == 0x80:
        return Category.RESERVED if first & 0x0F else Category.COMPACT
    return {0x00: Category.STATUS, 0x10: Category.DIR}.get(first, Category.PROPRIETARY)


def _read_objects(data: bytes, offset: int, oddities: list[str]) -> tuple[CompactTlv, ...]:
    objects = []
    position = 1
    while position < len(data):
        tag, length = data[position] >> 4, data[position] & 0x0F
        value = data[position + 1 : position + 1 + length]
        objects.append(CompactTlv(tag, length, offset + position, value))
        if len(value) < length:
            oddities.append("a data object of the historical bytes is cut off")
        position += 1 + length
    return tuple(objects)


def _read_status(status: bytes) -> tuple[int | None, int | None]:
    """Life cycle, status word, or both (12.1.1.11); 0000 says that there is no status word."""
    if len(status) == 1:
        return status[0], None
    if len(status) == 2:
        return None, int.from_bytes(status, "big")
    if len(status) == _STATUS_BYTES:
        return status[0], int.from_bytes(status[1:], "big")
    return None, None


def _read_storage(data: bytes) -> StorageCard | None:
    """RID, standard and name; None if the length leaves no room for them."""
    body = data[3 : 3 + data[2]] if len(data) > 2 else b""
    if len(body) < _RID_BYTES + 3:
        return None
    return StorageCard(
        body[:_RID_BYTES], body[_RID_BYTES], int.from_bytes(body[_RID_BYTES + 1 : _RID_BYTES + 3], "big")
    )
