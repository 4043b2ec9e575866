"""Bit-level meaning of EMV data objects, from tables that are data: what is set, what is reserved, what is cut off.

The tables are files of ``device/catalogue/emv``; this module knows how to read a value with one. Nothing here names a
tag, so a table more is a table more in a file.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

from protocol.emv_words import Words

NUMBER: Final = -1
"""As ``value`` of a :class:`BitRow`: the bits are a number, not one of a list."""
_RESERVED: Final = Words("保留位为 1", "reserved bits are set")
_UNDEFINED_VALUE: Final = Words("取值未定义", "value not defined")
_UNLISTED_CODE: Final = Words("本表没有此代码", "a code that this table does not have")


@dataclass(frozen=True, slots=True)
class BitRow:
    """Bits under ``mask`` of ``byte`` (from 1), and what they say.

    ``value`` None: said where any of them is set. Else it is compared with the bits shifted to the right, ``last``
    being the end of a range of values that say the same; :data:`NUMBER`: always said, with the number.
    """

    byte: int
    mask: int
    value: int | None
    words: Words
    last: int | None = None

    def read(self, byte: int) -> int:
        """The bits of this row out of their byte, shifted to the right."""
        return (byte & self.mask) >> ((self.mask & -self.mask).bit_length() - 1)

    def holds(self, byte: int) -> bool:
        """Do the bits in ``byte`` say what this row says?"""
        if self.value == NUMBER:
            return True
        if self.value is None:
            return bool(byte & self.mask)
        return self.value <= self.read(byte) <= (self.value if self.last is None else self.last)


@dataclass(frozen=True, slots=True)
class BitMeaning:
    """One thing that a value says.

    ``byte`` counts from 1 within the whole value; ``mask`` are the bits; ``number`` is there where the bits are one.
    ``is_odd``: a reserved bit is set, a number is not defined, or the value is too short or too long.
    """

    byte: int
    mask: int
    words: Words
    number: int | None = None
    is_odd: bool = False


@dataclass(frozen=True, slots=True)
class BitTable:
    """How the value of some tags is read.

    ``tags`` in upper-case hex; ``schemes`` empty: for every card; ``least`` and ``most`` bytes. The first ``skip``
    bytes are passed over; with ``group`` the rows hold again for every group of so many bytes. ``read``: the only
    bytes that are read and judged (empty: all of them). ``codes``: meanings of the whole value, instead of rows; with
    ``skip``, of as many bytes behind those as a code has. ``when``: rows that must hold for anything to be said.
    """

    name: str
    words: Words
    source: str
    tags: tuple[str, ...]
    schemes: tuple[str, ...]
    least: int
    most: int
    rows: tuple[BitRow, ...] = ()
    codes: Mapping[bytes, Words] | None = None
    skip: int = 0
    group: int = 0
    read: tuple[int, ...] = ()
    when: tuple[BitRow, ...] = ()

    def holds(self, value: bytes) -> bool:
        """Do the rows of ``when`` hold?"""
        return all(row.byte <= len(value) and row.holds(value[row.byte - 1]) for row in self.when)

    def explain(self, value: bytes) -> tuple[BitMeaning, ...]:
        """Everything that ``value`` says, in byte order, with oddities where they stand. Never raises."""
        if not self.holds(value):
            return ()
        meanings = list(self._bits(value) if self.codes is None else self._code(value, self.codes))
        if len(value) < self.least:
            words = Words(f"缺少字节：应至少 {self.least} 字节", f"cut: at least {self.least} bytes expected")
            meanings.append(_odd(len(value) + 1, 0, words))
        elif len(value) > self.most:
            words = Words(f"多出字节：应至多 {self.most} 字节", f"too long: at most {self.most} bytes expected")
            meanings.append(_odd(self.most + 1, 0, words))
        return tuple(meanings)

    def _code(self, value: bytes, codes: Mapping[bytes, Words]) -> Iterable[BitMeaning]:
        code = value[self.skip :][: max(map(len, codes), default=0)] if self.skip else value
        mask = (1 << 8 * len(code)) - 1
        if (words := codes.get(code)) is not None:
            yield BitMeaning(self.skip + 1, mask, words)
        elif self.least <= len(value) <= self.most:
            # hosts and schemes have codes of their own: nothing is wrong
            yield BitMeaning(self.skip + 1, mask, _UNLISTED_CODE)

    def _bits(self, value: bytes) -> Iterable[BitMeaning]:
        body = value[self.skip : self.most]
        if self.group and len(body) % self.group:
            yield _odd(
                self.skip + 1, 0, Words(f"长度不是 {self.group} 的倍数", f"not a multiple of {self.group} bytes")
            )
        for at, byte in enumerate(body):
            number = at % self.group + 1 if self.group else at + 1
            if not self.read or number in self.read:
                yield from self._byte(number, self.skip + at + 1, byte)

    def _byte(self, number: int, place: int, byte: int) -> Iterable[BitMeaning]:
        """What byte ``number`` of a group says; it stands at ``place`` in the value."""
        left = 0xFF  # bits that no row speaks of
        undefined: dict[int, bool] = {}  # mask of a list of values -> none of them fits so far
        for row in self.rows:
            if row.byte != number:
                continue
            left &= ~row.mask
            holds = row.holds(byte)
            if row.value is not None:
                undefined[row.mask] = undefined.get(row.mask, True) and not holds
            if holds:
                yield BitMeaning(place, row.mask, row.words, row.read(byte) if row.value == NUMBER else None)
        for mask in (mask for mask, is_undefined in undefined.items() if is_undefined):
            yield _odd(place, mask, _UNDEFINED_VALUE)
        if byte & left:
            yield _odd(place, byte & left, _RESERVED)


BitTables: TypeAlias = Mapping[str, tuple[BitTable, ...]]
"""Tag in upper-case hex -> its tables: one, or one for some schemes each."""


def index_tables(tables: Iterable[BitTable]) -> BitTables:
    """The tables by tag."""
    found: dict[str, tuple[BitTable, ...]] = {}
    for table in tables:
        for tag in table.tags:
            found[tag] = (*found.get(tag, ()), table)
    return found


def table_of(tag: str, tables: BitTables, scheme: str | None = None) -> BitTable | None:
    """The table for a tag of a card of this scheme; a table for some schemes only is not used without one of them."""
    own = tables.get(tag, ())
    return next((table for table in own if scheme in table.schemes or not table.schemes), None)


def explain_bits(tag: str, value: bytes, tables: BitTables, scheme: str | None = None) -> tuple[BitMeaning, ...]:
    """What ``value`` of ``tag`` says, bit by bit, with set reserved bits, undefined codes and wrong lengths.

    Empty where no table reads this tag for this scheme. Source of every text: the table's ``source``.
    """
    table = table_of(tag, tables, scheme)
    return table.explain(value) if table else ()


def _odd(byte: int, mask: int, words: Words) -> BitMeaning:
    return BitMeaning(byte, mask, words, is_odd=True)
