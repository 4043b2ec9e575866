"""The EMV data files: complete in both languages, sourced, without contradictions; errors name line and reason."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

from device.decoding.emv_catalogue import parse_bits, parse_layouts, parse_products, parse_tags, read_emv_tables
from device.decoding.tables import Tables
from device.drivers.card_scheme import parse_schemes, scheme_word, schemes
from device.settings import CATALOGUE
from device.table import TableError, parse_toml
from protocol.emv_aids import product_of_aid, scheme_of_aid
from protocol.emv_bits import BitTable
from protocol.emv_tags import Show

EMV = read_emv_tables()
TABLES = {table.name: table for found in EMV.bits.values() for table in found}
PARAMETERS = {f"parameters of {table.name}": table for found in Tables().card_parameters.values() for table in found}
EVERY_TABLE = {**TABLES, **{layout.table.name: layout.table for layout in EMV.layouts}, **PARAMETERS}
# Written here once more, from PCI DSS 3.3.1 and the tag lists: data of the card, the cardholder and the PIN.
CARD_DATA = (
    *("56", "57", "5A", "99", "5F20", "5F24", "9F0B", "9F1F", "9F20", "9F6B", "9F24", "9F25", "58", "59", "5B", "5F21"),
    *("5F22", "5F23", "5F2B", "5F42", "5F53", "83", "9F60", "9F61", "9F62", "9F65", "DF812A", "DF812B", "DF8107"),
    *("DF8111", "FF8101"),
)


def test_every_tag_has_both_names_a_source_and_a_length() -> None:
    assert len(EMV.tags) >= 200
    for path, section in sections("tags.toml"):
        for tag, (zh, en, form, size, show) in section["tag"].items():
            own = [entry for entry in EMV.tags.entries(tag) if entry.source == section["source"]]
            assert [(e.words, e.format, str(e.show)) for e in own] == [((zh, en), form, show)], (path, tag)
            entry = own[0]
            assert size.startswith(str(entry.least))
            assert re.search(r"[\u4e00-\u9fff]|[A-Z]", zh)
            assert not re.search(r"[\u3000-\u9fff]", en)


def sections(name: str) -> list[tuple[str, dict[str, Any]]]:
    with (CATALOGUE / "emv" / name).open("rb") as file:
        return list(tomllib.load(file).items())


@pytest.mark.parametrize("tag", CARD_DATA)
@pytest.mark.parametrize("scheme", [None, "visa", "mastercard", "unionpay", "amex"])
def test_card_data_is_never_shown_whatever_the_card_and_the_size(tag: str, scheme: str | None) -> None:
    assert {EMV.tags.show(tag, size, scheme) for size in range(64)} == {Show.NEVER}


def test_amounts_cryptograms_and_numbers_of_the_card_show_their_size_only() -> None:
    for tag in [
        "9F02",
        "9F03",
        "81",
        "9F26",
        "9F36",
        "9F37",
        "91",
        "5F34",
        "9F77",
        "9F78",
        "9F79",
        "9F12",
        "50",
        "42",
        "9F16",
        "9F1C",
        "9F1E",
    ]:
        assert {EMV.tags.show(tag, size, "unionpay") for size in range(32)} == {Show.SIZE}, tag


def test_an_unknown_tag_and_a_wrong_size_show_the_size_only() -> None:
    assert EMV.tags.show("DF7F", 2) is Show.SIZE
    assert EMV.tags.show("5F28", 3) is Show.SIZE
    assert EMV.tags.show("5F28", 2) is Show.VALUE


def test_whatever_shows_bits_has_a_table_for_its_length_and_the_reverse() -> None:
    for name, section in sections("tags.toml"):
        for tag, (_, _, _, _, show) in section["tag"].items():
            assert (show != "bits") or tag == "9F10" or tag in EMV.bits, (name, tag)
    for tag, tables in EMV.bits.items():
        entries = EMV.tags.entries(tag)
        assert any(entry.show is Show.BITS for entry in entries), tag
        assert all(
            any(entry.least <= table.most and table.least <= entry.most for entry in entries) for table in tables
        )


@pytest.mark.parametrize("table", EVERY_TABLE.values(), ids=lambda table: table.name)
def test_no_two_rows_claim_a_bit_and_all_lie_inside_the_value(table: BitTable) -> None:
    assert table.source
    assert table.words.zh
    assert table.words.en
    assert table.rows or table.codes
    for row in table.rows:
        assert 1 <= row.byte <= (table.group or table.most)
        assert 0 < row.mask < 256
        assert row.words.zh
        assert row.words.en
    for one, other in combinations(table.rows, 2):
        if one.byte == other.byte and one.mask & other.mask:
            assert one.mask == other.mask, (one, other)
            assert one.value != other.value, (one, other)


def test_the_visible_reserved_bits_of_each_table_are_those_of_the_standard() -> None:
    """Bits without a row, written by hand from annex C of Book 3, annex A of Book 4 and the kernel books."""
    assert {name: reserved(TABLES[name]) for name in RESERVED} == RESERVED


RESERVED = {
    "aip": "001E",
    "auc": "003F",
    "tvr": "0004000000",
    "tsi": "03FF",
    "terminal_type": "00",
    "terminal_capabilities": "1F0013",
    "additional_terminal_capabilities": "007F0F0C00",
    "cryptogram_information": "00",
    "ttq": "001F377F",
    "ctq": "003F",
    "form_factor": "0001FFF0",
    "amex_enhanced_capabilities": "030F3F18",
}


def reserved(table: BitTable) -> str:
    left = bytearray(b"\xff" * table.most)
    for row in table.rows:
        left[row.byte - 1] &= ~row.mask
    return left.hex().upper()


# --- schemes and products -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("aid", "scheme", "product"),
    [
        ("A0000000031010", "visa", "Visa credit or debit"),
        ("A000000003101001", "visa", "Visa credit"),
        ("a0000000032010", "visa", "Visa Electron"),
        ("A0000000032020", "visa", "V PAY"),
        ("A0000000041010C123456789", "mastercard", "Mastercard credit or debit"),
        ("A0000000042203", "mastercard", "US Maestro common debit"),
        ("A0000000043060", "mastercard", "Maestro"),
        ("A000000333010101", "unionpay", "UnionPay debit"),
        ("A000000333010106", "unionpay", "UnionPay electronic cash"),
        ("A000000333010199", "unionpay", None),
        ("A00000002501", "amex", "American Express"),
        ("A000000025010402", "amex", "American Express, contact (AEIPS)"),
        ("A00000002501FFFF", "amex", "American Express"),
        ("A000000790010602", "amex", "American Express debit (China)"),
        ("A0000000421010", "cb", "CB credit or debit"),
        ("A0000001214711", "dankort", "Visa/Dankort"),
        ("A000000337101000", "gim_uemoa", "GIM-UEMOA standard"),
        ("A00000005945430100", "girocard", "girocard"),
        ("D27600002547410100", "girocard", "girocard (ATM)"),
        ("D056000666111010", "bancontact", "Bancontact"),
        ("A0000007320101", "meeza", None),
        ("A000000651010110", "elo", None),
        ("B012345678", "mastercard", None),
        ("A0000000651010", "jcb", "JCB"),
        ("A0000001523010", "discover", "Discover or Diners Club (D-PAS)"),
        ("A0000005241010", "rupay", "RuPay"),
        ("A0000006581010", "mir", "Mir credit"),
        ("A0000002771010", "interac", "Interac debit"),
        ("D5780000021010", "bankaxept", "BankAxept"),
        ("A0000099990101", None, None),
        ("A0000003", None, None),
        ("", None, None),
    ],
)
def test_scheme_and_product_of_an_aid(aid: str, scheme: str | None, product: str | None) -> None:
    assert scheme_word(aid) == scheme
    found, known = product_of_aid(aid, EMV.products), scheme_of_aid(aid, EMV.schemes)
    assert (found.en if found else None) == product
    assert (known.word if known else None) == scheme


def test_every_product_is_of_a_known_scheme_or_a_directory() -> None:
    for aid, words in EMV.products.items():
        assert words.zh
        assert words.en
        assert aid[:10] in schemes() or bytes.fromhex(aid).endswith(b"PAY.SYS.DDF01")


def test_scheme_words_of_tables_are_words_of_schemes() -> None:
    words = {scheme.word for scheme in schemes().values()}
    for table in EVERY_TABLE.values():
        assert set(table.schemes) <= words
    for _, section in sections("tags.toml"):
        assert set(section.get("schemes", ())) <= words


# --- files that do not fit ------------------------------------------------------------------

HEAD = 'tags = ["95"]\nbytes = "2"\nzh = "a"\nen = "a"\nsource = "s"\n'
READERS: dict[str, Callable[..., Any]] = {
    "bits": parse_bits,
    "tags": parse_tags,
    "iad": parse_layouts,
    "aids": parse_products,
    "schemes": parse_schemes,
}


@pytest.mark.parametrize(
    ("kind", "text", "line", "says"),
    [
        ("bits", f'[a]\n{HEAD}[a.bits]\n"1 80" = ["x", "x"]\n"1 C0=1" = ["x", "x"]', 9, "claims a bit"),
        ("bits", f'[a]\n{HEAD}[a.bits]\n"3 80" = ["x", "x"]', 8, "byte 3 of a value of at most 2"),
        ("bits", f'[a]\n{HEAD}[a.bits]\n"1 80=2" = ["x", "x"]', 8, "does not fit under it"),
        ("bits", f'[a]\n{HEAD}[a.bits]\n"1 C0=1-9" = ["x", "x"]', 8, "does not fit under it"),
        ("bits", f'[a]\n{HEAD}[a.bits]\n"1 F0=5-5" = ["x", "x"]', 8, "ends before it begins"),
        ("bits", f'[a]\n{HEAD}[a.bits]\n"1 F0=n-5" = ["x", "x"]', 8, "not like"),
        ("bits", f'[a]\n{HEAD}[a.bits]\n"1 F0=2-4" = ["x", "x"]\n"1 F0=4" = ["x", "x"]', 9, "another row has already"),
        ("bits", f'[a]\n{HEAD}[a.bits]\n"1 00" = ["x", "x"]', 8, "mask without bits"),
        ("bits", f'[a]\n{HEAD}[a.bits]\n"80" = ["x", "x"]', 8, "not like"),
        ("bits", f'[a]\n{HEAD}[a.bits]\n"1 80" = ["x"]', 8, "[zh, en]"),
        ("bits", f'[a]\n{HEAD}[a.bits]\n"1 80" = ["x", ""]', 8, "none empty"),
        ("bits", f'[a]\n{HEAD}[a.codes]\n"000000" = ["x", "x"]', 8, "2 to 2 bytes"),
        ("bits", f"[a]\n{HEAD}bitz = 1\n[a.bits]", 7, "not known"),
        ("bits", f'[a]\n{HEAD}[a.bits]\n"1 80" = ["x", "x"]\n[b]\n{HEAD}[b.bits]', 9, "tag 95, which a reads already"),
        ("bits", '[a]\ntags = ["9"]', 2, "list of tags"),
        ("bits", '[a]\ntags = ["95"]\nbytes = "5-2"', 3, "not like"),
        ("tags", '[a]\nsource = "s"\n[a.tag]\n"95" = ["x", "x", "b", "5"]', 4, "[zh, en, format"),
        ("tags", '[a]\nsource = "s"\n[a.tag]\n"95" = ["x", "x", "b", "5", "all"]', 4, "known are value"),
        ("tags", '[a]\nsource = "s"\n[a.tag]\n"95" = ["x", "x", "b", "five", "size"]', 4, "length"),
        ("tags", '[a]\nsource = "s"\n[a.tag]\n"9f02" = ["x", "x", "b", "5", "size"]', 4, "upper-case"),
        ("tags", '[a]\nsource = ""\n[a.tag]', 2, "which document"),
        ("iad", f'[a]\n{HEAD}read = "1"\nwhen = ["1 FF=6"]\n[a.bits]\n"2 80" = ["x", "x"]', 10, "not read"),
        ("iad", f'[a]\n{HEAD}read = "1"\nwhen = ["1 GG"]\n[a.bits]', 8, "not like"),
        ("aids", '[a]\nsource = "s"\n[a.aid]\n"A00000" = ["x", "x"]', 4, "5 to 16 bytes"),
        ("schemes", 'source = "s"\n[rid]\n"A00000" = { scheme = "x", name = ["x", "x"] }', 3, "10 upper-case"),
        ("schemes", 'source = "s"\n[rid]\n"A000000003" = { scheme = "x", name = ["x"] }', 3, "[zh, en]"),
        ("schemes", 'source = "s"\n[rid]\n"A000000003" = { scheme = "", name = ["x", "x"] }', 3, "one word"),
    ],
)
def test_a_file_that_does_not_fit_is_refused_with_line_and_reason(kind: str, text: str, line: int, says: str) -> None:
    with pytest.raises(TableError, match=re.escape(says)) as refused:
        READERS[kind](parse_toml(text, f"{kind}.toml"))
    assert f"{kind}.toml" in str(refused.value)
    assert f"line {line}:" in str(refused.value)


def test_the_resident_service_does_not_load_the_dictionary() -> None:
    source = Path(CATALOGUE.parent / "drivers" / "card_scheme.py").read_text()
    assert "decoding" not in source
    assert (CATALOGUE / "emv" / "schemes.toml").stat().st_size < 5000
