"""Reads the EMV data files of ``catalogue/emv`` and checks them: every error names file, line, row and reason."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from device.drivers.card_scheme import schemes
from device.settings import read_catalogue
from device.table import Table
from protocol.emv_aids import Scheme
from protocol.emv_bits import NUMBER, BitRow, BitTable, BitTables, index_tables
from protocol.emv_iad import IadLayout
from protocol.emv_tags import Show, TagDictionary, TagEntry
from protocol.emv_words import Words

_HEX: Final = re.compile(r"(?:[0-9A-F]{2})+")
_TAG: Final = re.compile(r"(?:[0-9A-F]{2}){1,4}")
_BIT_ROW: Final = re.compile(r"(\d{1,3}) ([0-9A-F]{2})(?:=(n|\d{1,3})(?:-(\d{1,3}))?)?")
_LENGTHS: Final = re.compile(r"(\d+)(?:-(\d+))?")
_TEXTS_OF_TAG: Final = 5


@dataclass(frozen=True, slots=True)
class EmvTables:
    """All EMV data: the dictionary, the bit tables by tag, the layouts of 9F10, schemes by RID and products by AID."""

    tags: TagDictionary
    bits: BitTables
    layouts: tuple[IadLayout, ...]
    schemes: Mapping[str, Scheme]
    products: Mapping[str, Words]


def read_emv_tables() -> EmvTables:
    """Read all files. Raises TableError where one does not fit."""
    bits = (*parse_bits(read_catalogue("emv/bits.toml")), *parse_bits(read_catalogue("emv/cvm.toml")))
    return EmvTables(
        tags=parse_tags(read_catalogue("emv/tags.toml")),
        bits=index_tables(bits),
        layouts=parse_layouts(read_catalogue("emv/iad.toml")),
        schemes=schemes(),
        products=parse_products(read_catalogue("emv/aids.toml")),
    )


def parse_tags(file: Table) -> TagDictionary:
    """The dictionary of data objects, from ``tags.toml``."""
    entries = []
    for name in file.keys():  # noqa: SIM118  a Table is not a mapping
        section = file.table(name)
        source, schemes_of = _source(section), section.texts("schemes", ())
        rows = section.table("tag")
        section.close()
        entries += [_tag_entry(rows, tag, source, schemes_of) for tag in rows.keys()]  # noqa: SIM118
    return TagDictionary(entries)


def _tag_entry(rows: Table, tag: str, source: str, schemes_of: tuple[str, ...]) -> TagEntry:
    if not _TAG.fullmatch(tag):
        raise rows.error(tag, "must be a tag of one to four bytes in upper-case hex")
    texts = rows.texts(tag)
    if len(texts) != _TEXTS_OF_TAG or not all(texts):
        raise rows.error(tag, "must be [zh, en, format, bytes, show], none empty")
    zh, en, form, size, show = texts
    if show not in list(Show):
        raise rows.error(tag, f"says show = {show[:20]!r}; known are {', '.join(Show)}")
    least, most = _lengths(rows, tag, size)
    return TagEntry(tag, Words(zh, en), form, least, most, Show(show), source, schemes_of)


def parse_bits(file: Table) -> tuple[BitTable, ...]:
    """Bit and code tables, from ``bits.toml`` and ``cvm.toml``. No two tables read one tag of one scheme."""
    tables = tuple(_bit_table(file.table(name), name) for name in file.keys())  # noqa: SIM118
    taken: dict[tuple[str, str], str] = {}
    for table in tables:
        for claim in ((tag, scheme) for tag in table.tags for scheme in table.schemes or ("",)):
            if (other := taken.setdefault(claim, table.name)) != table.name:
                raise file.error(table.name, f"reads tag {claim[0]}, which {other} reads already")
    return tables


def parse_layouts(file: Table) -> tuple[IadLayout, ...]:
    """The layouts of issuer application data, from ``iad.toml``."""
    return tuple(_layout(file.table(name), name) for name in file.keys())  # noqa: SIM118


def _layout(section: Table, name: str) -> IadLayout:
    own_form = section.flag("own_form", False)
    return IadLayout(_bit_table(section, name), own_form)


def _bit_table(section: Table, name: str) -> BitTable:
    tags = section.texts("tags")
    if not tags or not all(_TAG.fullmatch(tag) for tag in tags):
        raise section.error("tags", "must be a list of tags in upper-case hex")
    least, most = _lengths(section, "bytes", section.text("bytes"))
    group = section.whole("group", 0, most=most)
    words = Words(section.text("zh"), section.text("en"))
    source, schemes_of, skip = _source(section), section.texts("schemes", ()), section.whole("skip", 0, most=most)
    read = _places(section, section.text("read")) if "read" in section else ()
    conditions = section.texts("when", ())
    when = tuple(_bit_row(section, "when", key, Words("-", "-"), most) for key in conditions)
    rows: tuple[BitRow, ...] = ()
    codes: dict[bytes, Words] | None = None
    if "codes" in section:
        codes = {
            bytes.fromhex(key): text
            for key, text in _rows(section.table("codes"), _code_key(1 if skip else least, most - skip)).items()
        }
    else:
        rows = _bit_rows(section.table("bits"), group or most, read)
    section.close()
    return BitTable(name, words, source, tags, schemes_of, least, most, rows, codes, skip, group, read, when)


def _bit_rows(table: Table, most: int, read: tuple[int, ...]) -> tuple[BitRow, ...]:
    found: list[BitRow] = []
    for key, words in _rows(table).items():
        row = _bit_row(table, key, key, words, most)
        if read and row.byte not in read:
            raise table.error(key, f"stands in byte {row.byte}, which is not read")
        for other in found:
            if other.byte == row.byte and other.mask & row.mask and (other.mask != row.mask or row.value is None):
                raise table.error(key, "claims a bit that another row claims already")
            if other.byte == row.byte and other.mask == row.mask and _values(other) & _values(row):
                raise table.error(key, "has a value that another row has already")
        found.append(row)
    return tuple(found)


def _values(row: BitRow) -> set[int]:
    if row.value is None or row.value == NUMBER:
        return set()
    return set(range(row.value, (row.value if row.last is None else row.last) + 1))


def _bit_row(table: Table, place: str, key: str, words: Words, most: int) -> BitRow:
    """``key`` read as "byte mask[=value[-last]]"; ``place`` is where an error is reported."""
    match = _BIT_ROW.fullmatch(key)
    if match is None or (match[3] == "n" and match[4]):
        raise table.error(place, f'has {key[:20]!r}, which is not like "1 80", "1 3F=2", "1 3F=2-5" or "1 F0=n"')
    byte, mask, text = int(match[1]), int(match[2], 16), match[3]
    if not 1 <= byte <= most:
        raise table.error(place, f"names byte {byte} of a value of at most {most}")
    value = NUMBER if text == "n" else None if text is None else int(text)
    last = int(match[4]) if match[4] else None
    row = BitRow(byte, mask, value, words, last)
    if not mask or (value is not None and max(value, last or 0) > row.read(0xFF)):
        raise table.error(place, "has a mask without bits or a value that does not fit under it")
    if value is not None and last is not None and last <= value:
        raise table.error(place, "has a range that ends before it begins")
    return row


def _rows(table: Table, check: Callable[[str], str | None] = lambda _: None) -> dict[str, Words]:
    """Rows ``key = [zh, en]``; ``check`` gives what is wrong with a key, or None."""
    rows = {}
    for key in table.keys():  # noqa: SIM118
        texts = table.texts(key)
        if len(texts) != 2 or not all(texts):
            raise table.error(key, "must be [zh, en], none empty")
        if wrong := check(key):
            raise table.error(key, wrong)
        rows[key] = Words(*texts)
    return rows


def _code_key(least: int, most: int) -> Callable[[str], str | None]:
    def check(key: str) -> str | None:
        fits = _HEX.fullmatch(key) and least <= len(key) // 2 <= most
        return None if fits else f"must be {least} to {most} bytes in upper-case hex"

    return check


def parse_products(file: Table) -> Mapping[str, Words]:
    """Products by application identifier, from ``aids.toml``."""
    products: dict[str, Words] = {}
    for name in file.keys():  # noqa: SIM118
        section = file.table(name)
        _source(section)
        aids = section.table("aid")
        section.close()
        for aid, words in _rows(aids, _code_key(5, 16)).items():
            if aid in products:
                raise aids.error(aid, "stands in another section already")
            products[aid] = words
    return products


def _source(section: Table) -> str:
    source = section.text("source")
    if not source:
        raise section.error("source", "is empty: say which document and clause it is from")
    return source


def _lengths(table: Table, key: str, text: str) -> tuple[int, int]:
    """``"5"`` or ``"5-16"`` -> least and most bytes."""
    match = _LENGTHS.fullmatch(text)
    least, most = (int(match[1]), int(match[2] or match[1])) if match else (1, 0)
    if least > most:
        raise table.error(key, f'has the length {text[:20]!r}, which is not like "5" or "5-16"')
    return least, most


def _places(table: Table, text: str) -> tuple[int, ...]:
    """``"3,5-7"`` -> (3, 5, 6, 7)."""
    places: list[int] = []
    for part in text.split(","):
        least, most = _lengths(table, "read", part)
        places += range(least, most + 1)
    return tuple(places)
