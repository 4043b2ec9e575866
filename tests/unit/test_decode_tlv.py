"""``posmedic decode tlv``: named, explained, and with no card data whatever byte is wrong."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyemv import tlv as pyemv_tlv

from device.decoding.result import Outcome
from device.decoding.tables import Tables
from device.decoding.tlv import decode
from protocol.ber_tlv_build import build_tlv

TABLES = Tables()
PAN = "6212345678901232"  # synthetic; no digits that tags and lengths have as well
TRACK2 = PAN + "D49122018765432109"
NAME = b"TESTER/SYNTHETIC MRS"
SALE = "".join(
    build_tlv(tag, bytes.fromhex(value)).hex()
    for tag, value in [
        ("5F28", "0840"),
        ("9F1A", "0156"),
        ("9F07", "AB00"),
        ("57", TRACK2),
        ("5A", PAN),
        ("5F24", "491231"),
        ("5F20", NAME.hex()),
        ("95", "0000048000"),
        ("9F10", "07010103A0B00001"),
        ("9F02", "000000123456"),
        ("84", "A000000333010102"),
    ]
)


def rows(hexadecimal: str) -> dict[str, Any]:
    return decode(bytes.fromhex(hexadecimal), TABLES).result


def by_tag(hexadecimal: str) -> dict[str, Any]:
    return {row["tag"]: row for row in rows(hexadecimal)["objects"]}


def english(result: dict[str, Any], tag: str) -> list[str]:
    return [row["meaning"]["en"] for row in result["meanings"] if row["tag"] == tag]


def secrets() -> list[str]:
    """Any eight digits in a row of the number or the track, and the name in hex and as text."""
    track = [TRACK2[at : at + 8] for at in range(len(TRACK2) - 8)]
    return [*track, NAME.hex().upper()[:16], NAME.hex().upper()[8:24], NAME.decode()[:8], "491231"]


def test_a_sale_is_named_explained_and_redacted() -> None:
    result = rows(SALE)
    found = by_tag(SALE)
    assert found["5F28"]["name"] == {"zh": "发卡行国家代码", "en": "Issuer country code"}
    assert found["5F28"]["value"] == "0840"
    assert found["57"]["value"] == "(hidden, 17 bytes)"
    assert found["57"]["name"]["en"] == "Track 2 equivalent data"
    assert found["9F02"]["value"] == "(hidden, 6 bytes)"
    assert (found["84"]["scheme"], found["84"]["product"]["en"]) == ("unionpay", "UnionPay credit")
    assert english(result, "95") == ["Online PIN or other online CVM captured", "Transaction exceeds the floor limit"]
    assert found["9F10"]["sureness"] == "certain"
    assert found["9F10"]["value"] == "(hidden, 8 bytes)"
    assert "Algorithm: triple DES" in english(result, "9F10")


def test_a_template_shows_its_children_with_depth_and_offset() -> None:
    inner = build_tlv("82", b"\x20\x00") + build_tlv("94", bytes(4))
    result = rows(build_tlv("77", inner).hex())
    assert [(row["offset"], row["depth"], row["tag"]) for row in result["objects"]] == [
        (0, 0, "77"),
        (2, 1, "82"),
        (6, 1, "94"),
    ]
    assert "value" not in result["objects"][0]


def test_a_reserved_bit_is_marked_as_odd_with_its_bits() -> None:
    odd = [row for row in rows("9B02E801")["meanings"] if row.get("odd")]
    assert [(row["byte"], row["bits"], row["meaning"]["en"]) for row in odd] == [(2, "01", "reserved bits are set")]


def test_cvm_rules_are_told_and_their_amounts_are_not() -> None:
    result = rows("8E0C" + "00012345" + "00067890" + "42011F03")
    assert result["objects"][0]["value"] == "(hidden, 12 bytes)"
    assert "Enciphered PIN verified online" in english(result, "8E")
    assert "12345" not in json.dumps(result)


def test_rules_that_are_none_are_told_to_be_odd_and_not_read() -> None:
    assert [(row["byte"], row.get("odd")) for row in rows("8E12" + "62" * 18)["meanings"]] == [(10, True)]


def test_the_rules_before_one_that_is_reserved_are_told() -> None:
    said = english(rows("8E10" + "00" * 8 + "42031E03" + "1F0A" + "0100"), "8E")
    assert said[1:4] == ["Enciphered PIN verified online", "If the terminal supports the CVM", "Signature"]
    assert said[5:] == ["value not defined"]


def test_the_device_of_a_mastercard_is_told_and_its_other_data_is_not() -> None:
    card = "4F07A0000000041010"
    result = rows(card + "9F6E080528000030334142")
    assert english(result, "9F6E") == ["03 watch"]
    assert result["objects"][1]["value"] == "(hidden, 8 bytes)"
    assert english(rows(card + "9F6E050528000030"), "9F6E") == ["cut: at least 6 bytes expected"]
    assert "meanings" not in rows(card + "9F6E050528800030")
    assert "meanings" not in rows("9F6E080528000030334142")  # of another scheme it is another thing


def test_a_file_locator_names_files_and_records() -> None:
    result = rows("9408" + "08010100" + "10010302")
    assert result["files"] == [
        {"offset": 0, "byte": 1, "sfi": 1, "first": 1, "last": 1, "signed": 0},
        {"offset": 0, "byte": 5, "sfi": 2, "first": 1, "last": 3, "signed": 2},
    ]
    assert result["objects"][0]["value"] == "(hidden, 8 bytes)"


def test_what_only_stands_in_the_place_of_a_file_locator_is_not_read() -> None:
    assert rows("9408" + PAN)["files"] == [{"offset": 0, "byte": 1, "oddities": "not an entry of a file locator"}]
    assert "files" not in rows("9407" + PAN[:14])


def test_issuer_data_with_the_form_of_two_schemes_tells_what_both_say() -> None:
    result = rows("9F100706010A03A4A000")
    assert result["objects"][0]["sureness"] == "possible"
    assert result["objects"][0]["layout"]["en"].startswith("Visa format 0, 1 or 3")
    assert " or American Express" in result["objects"][0]["layout"]["en"]
    assert english(result, "9F10") == [
        "Cryptogram version number (CVN)",
        "Second GENERATE AC: not requested",
        "First GENERATE AC: ARQC (online)",
    ]


def test_a_list_tells_what_it_asks_for() -> None:
    result = rows("8C09" + "9F0206" + "9505" + "9F3704" + "82")
    assert "asked" not in result  # the last tag has no length
    result = rows("8C08" + "9F0206" + "9505" + "9F3704")
    assert [(row["list"], row["tag"], row["length"], row["name"]["en"]) for row in result["asked"]] == [
        ("8C", "9F02", 6, "Amount, authorised (numeric)"),
        ("8C", "95", 5, "Terminal verification results (TVR)"),
        ("8C", "9F37", 4, "Unpredictable number"),
    ]
    assert result["objects"][0]["value"] == "(hidden, 8 bytes)"


def test_what_only_looks_like_a_list_is_not_read() -> None:
    assert "asked" not in rows("9708" + PAN)
    assert "asked" not in rows("8C02" + "9506")  # the results have five bytes


def test_a_status_word_behind_the_objects_is_told() -> None:
    assert rows("82023900" + "9000")["status_word"] == "9000"


def test_a_schemes_own_tags_are_read_with_the_scheme_only() -> None:
    ctq = "9F6C028000"
    assert "meanings" not in rows(ctq)
    assert english(rows("4F07A0000000031010" + ctq), "9F6C") == ["Online PIN required"]
    assert by_tag("4F07A0000000041010" + ctq)["9F6C"]["name"]["en"] == "Mag-stripe application version number, card"


def test_issuer_data_of_no_known_layout_says_so() -> None:
    assert by_tag("9F1003010203")["9F10"]["layout"]["en"] == "layout not known"


def test_an_unknown_tag_has_no_name_and_a_hidden_value() -> None:
    assert by_tag("DF7F021234")["DF7F"] == {
        "offset": 0,
        "depth": 0,
        "tag": "DF7F",
        "length": 2,
        "value": "(hidden, 2 bytes)",
    }


def test_a_number_in_the_place_of_an_aid_is_hidden() -> None:
    assert PAN not in json.dumps(rows("8408" + PAN + "9F0608" + PAN + "4F08" + PAN))


def test_an_identifier_is_shown_where_nothing_else_looks_like_it() -> None:
    shown = {
        aid: by_tag(build_tlv("84", bytes.fromhex(aid)).hex())["84"]["value"]
        for aid in (
            "A0000009990101",
            "D5780000021010",
            "D56000000101",
            "A0" + PAN,
            "D4912201876543",
            "F0000000030001",
        )
    }
    assert [aid for aid, value in shown.items() if value == aid] == ["A0000009990101", "D5780000021010"]
    assert all(value.startswith("(hidden") for aid, value in shown.items() if value != aid)


def test_the_payment_directory_is_named() -> None:
    assert by_tag("840E325041592E5359532E4444463031")["84"]["product"]["en"].endswith("(PPSE)")


def test_cut_data_shows_what_came_before_the_cut() -> None:
    whole = bytes.fromhex(SALE)
    decoded = decode(whole[:-3], TABLES)
    assert decoded.outcome is Outcome.PARTIAL
    assert decoded.result["offset"] == len(whole) - 10
    found = {row["tag"]: row for row in decoded.result["objects"]}
    assert found["95"]["value"] == "0000048000"
    assert found["5F28"]["value"] == "0840"


def test_behind_an_unknown_object_of_broken_data_nothing_is_shown() -> None:
    found = by_tag("DF7F0100" + "5F28020840" + "9A03")
    assert found["5F28"]["value"] == "(hidden, 2 bytes)"
    assert "DF7F" not in json.dumps(found)


def test_the_reason_for_stopping_names_known_tags_only() -> None:
    assert rows("9A03")["stopped"].startswith("byte 0: tag 9A says 3 bytes")
    assert rows("6212345678")["stopped"].count("12") == 0
    assert rows("9F")["stopped"] == "byte 0: the tag is cut off"


def test_every_prefix_is_partial_or_whole_and_keeps_the_card_data_in() -> None:
    whole = bytes.fromhex(SALE)
    for size in range(1, len(whole)):
        text = json.dumps(decode(whole[:size], TABLES).result).upper()
        assert not [secret for secret in secrets() if secret in text]


def test_no_wrong_byte_brings_card_data_out() -> None:
    whole = bytes.fromhex(SALE)
    wrong = random.Random(8825)  # noqa: S311  the same bytes in every run
    for at in range(len(whole)):
        for value in {*range(0, 256, 5), 0x8E, 0x9F, 0x5C, 0x97, 0x84, whole[at] ^ 1, wrong.randrange(256)}:
            broken = whole[:at] + bytes((value,)) + whole[at + 1 :]
            text = json.dumps(decode(broken, TABLES).result).upper()
            assert not [secret for secret in secrets() if secret in text], (at, value)


@given(st.binary(max_size=300))
def test_any_bytes_have_a_result(data: bytes) -> None:
    decoded = decode(data, TABLES)
    assert decoded.outcome in Outcome
    assert all(0 <= row["offset"] < len(data) for row in decoded.result["objects"])


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["95", "9F07", "5F28", "9F10", "8E", "57", "DF8129", "9F1D", "84", "9F37"]),
            st.binary(min_size=1, max_size=200),
        ),
        min_size=1,
        max_size=12,
        unique_by=lambda row: row[0],
    )
)
def test_tags_and_lengths_are_those_that_pyemv_reads(objects: list[tuple[str, bytes]]) -> None:
    wire = b"".join(build_tlv(tag, value) for tag, value in objects)
    theirs = {tag.upper(): len(value) for tag, value in pyemv_tlv.decode(wire).items()}
    assert {row["tag"]: row["length"] for row in rows(wire.hex())["objects"]} == theirs


@pytest.mark.parametrize("tag", ["57", "5A", "5F20", "5F24", "99", "9F0B", "9F1F", "9F20", "9F6B", "56"])
def test_card_data_shows_its_size_alone(tag: str) -> None:
    for size in (1, 2, 3, 5, 8, 16, 19, 27):
        value = bytes(range(0x41, 0x41 + size))
        row = by_tag(build_tlv(tag, value).hex())[tag]
        assert row["value"] == f"(hidden, {size} bytes)"
        assert set(row) == {"offset", "depth", "tag", "name", "length", "value"}
