"""EMV data objects: each with its name and size; what may be shown is shown with its meaning, the rest is hidden.

A value is shown only where its tag is on the allow-list of the dictionary and its size fits, and, in data that is cut,
broken or only readable in the simplest way, while every object so far is one that the dictionary knows: behind a wrong
length, card data can look like anything.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from device.decoding.emv_catalogue import EmvTables
from device.decoding.result import Backing, Decoded, Outcome, Row, hidden
from device.decoding.tables import Tables
from protocol.ber_tlv import Reading, Tlv, TlvFailure, Tlvs, parse_tlv
from protocol.dol import parse_dol
from protocol.emv_aids import may_be_shown, product_of_aid, scheme_of_aid
from protocol.emv_bits import BitMeaning, table_of
from protocol.emv_iad import read_iad
from protocol.emv_tags import Show
from protocol.emv_words import Words
from protocol.gpo import Afl, parse_afl

_AID_TAGS: Final = ("84", "4F", "9F06")
_IAD_TAG: Final = "9F10"
_MOST_VALUE_BYTES: Final = 5  # shorter than any card number
_FLAGS: Final = 2


def decode(data: bytes, tables: Tables) -> Decoded:
    """Decode a string of data objects."""
    parsed = parse_tlv(data)
    result = object_rows(parsed, tables.emv)
    objects = result["objects"]
    if parsed.reading is not Reading.BER:
        result["reading"] = str(parsed.reading)
    if parsed.status_word is not None:
        result["status_word"] = f"{parsed.status_word:04X}"
    if (failure := parsed.failure) is None:
        return Decoded(Outcome.WHOLE, result, Backing.STRUCTURE) if objects else Decoded(Outcome.NOT_THAT_KIND, result)
    result |= stop_row(failure, tables.emv)
    return Decoded(Outcome.PARTIAL if objects else Outcome.NOT_THAT_KIND, result, Backing.SHAPE)


def object_rows(parsed: Tlvs, emv: EmvTables, scheme: str | None = None, *, trusted: bool = True) -> Row:
    """The rows of parsed objects under ``objects``, ``meanings``, ``asked`` and ``files``, for other kinds too.

    ``scheme`` is the card's where it is known from elsewhere; an identifier among the objects goes before it.
    Without ``trusted`` no value is shown: it may be another's.
    """
    return _Objects(parsed, emv, scheme, trusted).rows()


def stop_row(failure: TlvFailure, emv: EmvTables) -> Row:
    """Where reading stopped and why, with no tag that the dictionary does not know."""
    reason = str(failure)
    if failure.tag and failure.tag not in emv.tags:  # behind a wrong length it may be digits of anything
        reason = reason.replace(f"tag {failure.tag}", "a tag")
    return {"stopped": reason, "offset": failure.offset}


def meaning_rows(tag: str, offset: int, meanings: Iterable[BitMeaning]) -> list[Row]:
    """What a value of ``tag`` says, a row each."""
    rows = []
    for meaning in meanings:
        row: Row = {"offset": offset, "tag": tag, "byte": meaning.byte, "bits": f"{meaning.mask:02X}"}
        row["meaning"] = _bilingual(meaning.words)
        if meaning.number is not None:
            row["number"] = meaning.number
        if meaning.is_odd:
            row["odd"] = True
        rows.append(row)
    return rows


def file_rows(afl: Afl) -> list[Row]:
    """Which records of which files a locator names: up to the first odd entry, behind which it may be anything."""
    rows: list[Row] = []
    for entry in afl.entries if afl.failure is None else ():
        if entry.oddities:  # told without its numbers: they may be digits of a card number
            return [*rows, {"offset": entry.offset, "oddities": "not an entry of a file locator"}]
        row: Row = {"offset": entry.offset, "sfi": entry.sfi, "first": entry.first, "last": entry.last}
        rows.append(row | {"signed": entry.signed})
    return rows


class _Objects:
    """The rows of one string of objects: the objects, what their bits say, and what their lists ask for."""

    def __init__(self, parsed: Tlvs, emv: EmvTables, scheme: str | None, trusted: bool) -> None:
        self._parsed = parsed
        self._emv = emv
        self._is_whole = parsed.failure is None and parsed.reading is not Reading.SIMPLE
        self._is_trusted = trusted
        self._scheme = next(filter(None, map(self._scheme_word, parsed.walk())), scheme)
        self._meanings: list[Row] = []
        self._asked: list[Row] = []
        self._files: list[Row] = []

    def rows(self) -> Row:
        objects = [self._object(item, depth) for item, depth in _walk(self._parsed.objects, 0)]
        result: Row = {"objects": objects}
        if self._meanings:
            result["meanings"] = self._meanings
        if self._asked:
            result["asked"] = self._asked
        if self._files:
            result["files"] = self._files
        return result

    def _scheme_word(self, item: Tlv) -> str | None:
        scheme = scheme_of_aid(item.value.hex(), self._emv.schemes) if item.tag in _AID_TAGS else None
        return scheme.word if scheme else None

    def _object(self, item: Tlv, depth: int) -> Row:
        tags, size = self._emv.tags, len(item.value)
        entry = tags.entry(item.tag, self._scheme)
        if not self._is_whole and not tags.fits(item.tag, size):
            self._is_trusted = False
        row: Row = {"offset": item.offset, "depth": depth}
        row["tag"] = item.tag if entry or self._is_whole else hidden(len(item.tag) // 2)
        if entry:
            row["name"] = _bilingual(entry.words)
        row["length"] = size
        if item.children:
            return row
        trusted = self._is_trusted and not _may_be_of_a_number(item.value)
        show = tags.show(item.tag, size, self._scheme) if trusted else Show.SIZE
        is_shown = show in (Show.VALUE, Show.BITS) and self._explain(item, row, entry.format if entry else "", show)
        row["value"] = item.value.hex().upper() if is_shown else hidden(size)
        return row

    def _explain(self, item: Tlv, row: Row, form: str, show: Show) -> bool:
        """Add what the value means; True where the value itself may stand beside it."""
        if form == "aid":
            return self._explain_aid(item, row)
        if form == "dol":
            self._explain_list(item)
            return False
        if form == "files":
            for file in file_rows(parse_afl(item.value)):
                self._files.append({"offset": item.offset, "byte": file.pop("offset") + 1} | file)
            return False
        if item.tag == _IAD_TAG:
            self._explain_iad(item, row)
            return False
        if show is Show.BITS:
            return self._explain_bits(item)
        return len(item.value) <= _MOST_VALUE_BYTES

    def _explain_aid(self, item: Tlv, row: Row) -> bool:
        aid = item.value.hex().upper()
        if (product := product_of_aid(aid, self._emv.products)) is not None:
            row["product"] = _bilingual(product)
        if (scheme := scheme_of_aid(aid, self._emv.schemes)) is not None:
            row["scheme"] = scheme.word
        return product is not None or may_be_shown(item.value, self._emv.schemes)

    def _explain_list(self, item: Tlv) -> None:
        """What a list asks for, only if every entry is known and of a fitting size: then it is nothing else."""
        dol = parse_dol(item.value)
        if dol.failure is not None or not all(self._emv.tags.fits(asked.tag, asked.length) for asked in dol.entries):
            return
        for asked in dol.entries:
            entry = self._emv.tags.entry(asked.tag, self._scheme)
            row: Row = {"list": item.tag, "tag": asked.tag, "name": _bilingual(entry.words) if entry else {}}
            self._asked.append({**row, "length": asked.length})

    def _explain_iad(self, item: Tlv, row: Row) -> None:
        reading = read_iad(item.value, self._emv.layouts, self._scheme)
        if reading is None:
            row["layout"] = {"zh": "未知的格式", "en": "layout not known"}
            return
        names = [layout.table.words for layout in (reading.layout, *reading.others)]
        row["layout"] = {"zh": " 或 ".join(name.zh for name in names), "en": " or ".join(name.en for name in names)}
        row["sureness"] = str(reading.sureness)
        self._say(item, reading.meanings)

    def _explain_bits(self, item: Tlv) -> bool:
        table = table_of(item.tag, self._emv.bits, self._scheme)
        if table is None:
            return False
        meanings = table.explain(item.value)
        if table.skip:  # behind what is no rule it is not what it says it is: it may be anything, card data included
            meanings = _before_odd(meanings, table.skip, table.group)
        self._say(item, meanings)
        return not table.skip and len(item.value) <= _MOST_VALUE_BYTES

    def _say(self, item: Tlv, meanings: tuple[BitMeaning, ...]) -> None:
        self._meanings += meaning_rows(item.tag, item.offset, meanings)


def _before_odd(meanings: tuple[BitMeaning, ...], skip: int, group: int) -> tuple[BitMeaning, ...]:
    """The groups before the first one in which something is odd, and that."""
    odd = next((meaning for meaning in meanings if meaning.is_odd), None)
    if odd is None:
        return meanings
    begin = odd.byte - (odd.byte - 1 - skip) % max(1, group)
    return (*(meaning for meaning in meanings if meaning.byte < begin), odd)


def _walk(objects: tuple[Tlv, ...], depth: int) -> Iterator[tuple[Tlv, int]]:
    """Every object with its depth, outer before inner."""
    for item in objects:
        yield item, depth
        yield from _walk(item.children, depth + 1)


def _bilingual(words: Words) -> dict[str, str]:
    return {"zh": words.zh, "en": words.en}


def _may_be_of_a_number(value: bytes) -> bool:
    """Whether these may be digits of a card number that fell under another tag, as in a message out of step.

    The longest that is ever shown as it stands has ten digits, more of a card number than anybody may see. Flags, of
    which a byte has one or two, are told from them, as verification results mostly are.
    """
    return (
        len(value) == _MOST_VALUE_BYTES and value.hex().isdecimal() and any(byte.bit_count() > _FLAGS for byte in value)
    )
