"""Bit by bit: worked examples from the public tables, and what is reserved, undefined, too short or too long."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.decoding.emv_catalogue import read_emv_tables
from protocol.emv_bits import BitMeaning, explain_bits, table_of
from protocol.emv_iad import read_iad

EMV = read_emv_tables()
RECORDINGS = Path(__file__).parents[1] / "recordings" / "emv"


def recorded(name: str, key: str) -> list[dict[str, Any]]:
    with (RECORDINGS / name).open("rb") as file:
        rows: list[dict[str, Any]] = tomllib.load(file)[key]
        return rows


def said(meanings: Sequence[BitMeaning]) -> list[str]:
    """The meanings as the recordings write them."""
    return [
        f"{found.byte} {found.mask:02X} {'!' * found.is_odd}{found.words.en}"
        + ("" if found.number is None else f": {found.number}")
        for found in meanings
    ]


@pytest.mark.parametrize("row", recorded("bits.toml", "value"), ids=lambda row: f"{row['tag']}-{row['hex']}")
def test_a_value_says_what_the_public_table_says(row: dict[str, Any]) -> None:
    assert said(explain_bits(row["tag"], bytes.fromhex(row["hex"]), EMV.bits, row.get("scheme"))) == row["says"]


def test_every_table_has_a_worked_example() -> None:
    examples = recorded("bits.toml", "value")
    worked = [table_of(row["tag"], EMV.bits, row.get("scheme")) for row in examples]
    assert {table.name for tables in EMV.bits.values() for table in tables} == {table.name for table in worked if table}


@pytest.mark.parametrize("row", recorded("iad.toml", "iad"), ids=lambda row: row["hex"])
def test_issuer_data_of_each_scheme_is_recognised_only_where_it_fits(row: dict[str, Any]) -> None:
    value = bytes.fromhex(row["hex"]).ljust(row.get("pad", 0), b"\0")
    reading = read_iad(value, EMV.layouts, row.get("scheme"))
    if not row["layout"]:
        assert reading is None
        return
    assert reading is not None
    assert (reading.layout.table.name, str(reading.sureness)) == (row["layout"], row["sureness"])
    assert said(reading.meanings) == row["says"]


def test_every_layout_has_a_recording() -> None:
    assert {layout.table.name for layout in EMV.layouts} == {row["layout"] for row in recorded("iad.toml", "iad")} - {
        ""
    }


def test_a_cut_value_says_what_is_there_and_that_the_rest_is_missing() -> None:
    whole = said(explain_bits("95", bytes.fromhex("8040000000"), EMV.bits))
    cut = said(explain_bits("95", bytes.fromhex("8040"), EMV.bits))
    assert cut == [*whole, "3 00 !cut: at least 5 bytes expected"]


def test_a_long_value_is_read_to_its_length_and_reported() -> None:
    long = said(explain_bits("9B", bytes.fromhex("8000FFFF"), EMV.bits))
    assert long == ["1 80 Offline data authentication was performed", "3 00 !too long: at most 2 bytes expected"]


def test_an_uneven_cvm_list_is_reported() -> None:
    uneven = said(explain_bits("8E", bytes(8) + bytes.fromhex("1F0342"), EMV.bits))
    assert uneven[0] == "9 00 !not a multiple of 2 bytes"
    assert "9 3F No CVM required" in uneven


def test_a_tag_of_one_scheme_is_not_read_without_the_scheme() -> None:
    assert explain_bits("9F6C", bytes(2), EMV.bits) == ()
    assert explain_bits("9F6C", b"\x80\x00", EMV.bits, "mastercard") == ()
    assert said(explain_bits("9F6C", b"\x80\x00", EMV.bits, "unionpay")) == ["1 80 Online PIN required"]
    assert explain_bits("9F02", bytes(6), EMV.bits) == ()


@given(st.sampled_from(sorted(EMV.bits)), st.binary(max_size=40), st.sampled_from([None, "visa", "amex"]))
def test_each_set_bit_is_said_once_or_reported_and_nothing_raises(tag: str, value: bytes, scheme: str | None) -> None:
    table = table_of(tag, EMV.bits, scheme)
    meanings = explain_bits(tag, value, EMV.bits, scheme)
    if table is None or table.codes is not None:
        return
    spoken = bytearray(len(value))
    for found in meanings:
        if found.mask:
            assert not spoken[found.byte - 1] & found.mask
            spoken[found.byte - 1] |= found.mask
    body = slice(table.skip, table.most)
    numbers = [at % table.group + 1 if table.group else at + 1 for at in range(len(value[body]))]
    for number, byte, words in zip(numbers, value[body], spoken[body], strict=True):
        if not table.read or number in table.read:
            assert not byte & ~words


@given(st.binary(max_size=40), st.sampled_from([None, "visa", "mastercard", "unionpay", "amex", "jcb"]))
def test_any_issuer_data_is_read_or_left(value: bytes, scheme: str | None) -> None:
    reading = read_iad(value, EMV.layouts, scheme)
    assert reading is None or reading.layout.fits(value)
