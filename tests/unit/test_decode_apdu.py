"""``posmedic decode`` of commands, answers, lists and processing options: named and measured, never shown."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import iso8583_peer as peer

from device.decoding.kinds import decoder_of
from device.decoding.result import Decoded, Outcome
from device.decoding.tables import Tables
from protocol.ber_tlv_build import build_tlv

TABLES = Tables()
PAN = bytes.fromhex("6200000000000005")


def _decode(kind: str, wire: bytes | str) -> Decoded:
    return decoder_of(kind)(bytes.fromhex(wire) if isinstance(wire, str) else wire, TABLES)


@pytest.mark.parametrize(
    ("wire", "name", "data", "le"),
    [
        ("00A4040007A000000333010100", "SELECT", "A0000003330101", 256),
        ("00A404000E325041592E5359532E444446303100", "SELECT", "2PAY.SYS.DDF01", 256),
        ("00A40400086200000000000005", "SELECT", "(hidden, 8 bytes)", None),
        ("0020008008241234FFFFFFFFFF", "VERIFY", "(hidden, 8 bytes)", None),
        ("80AE80000462000000" + "00", "GENERATE AC", "(hidden, 4 bytes)", 256),
        ("80A80000028300" + "00", "GET PROCESSING OPTIONS", "(hidden, 2 bytes)", 256),
        ("00B2010C00", "READ RECORD", None, 256),
        ("84240000", "PIN CHANGE/UNBLOCK", None, None),
    ],
)
def test_a_command_is_named_and_its_data_measured(wire: str, name: str, data: str | None, le: int | None) -> None:
    decoded = _decode("apdu", wire)
    assert decoded.outcome is Outcome.WHOLE
    assert (decoded.result["name"]["en"], decoded.result.get("data"), decoded.result.get("le")) == (name, data, le)


@pytest.mark.parametrize(
    ("wire", "known", "says"),
    [
        ("9000", "exact", "Done"),
        ("6A82", "exact", "not found"),
        ("611C", "range", "28 more"),
        ("6100", "range", "256 more"),
        ("6C04", "range", "4 is right"),
        ("63C2", "range", "2"),
        ("6212", "class", "Warning"),
        ("6F85", "class", "Internal"),
        ("9110", "class", "own"),
    ],
)
def test_an_answer_says_what_its_status_word_means(wire: str, known: str, says: str) -> None:
    result = _decode("apdu", wire).result
    assert result["known"] == known
    assert says in result["meaning"]["en"]
    assert result["meaning"]["zh"]


def test_the_instruction_makes_a_meaning_more_exact() -> None:
    words = TABLES.status_words
    assert "blocked" in words.meaning(0x6283, 0xA4).texts["en"]
    assert "3 tries" in words.meaning(0x63C3, 0x20).texts["en"]
    assert words.meaning(0x6283, 0xB2) == words.meaning(0x6283)
    assert words.meaning(0x1234).known == "unknown"


def test_a_record_shows_tags_and_no_value() -> None:
    record = build_tlv("70", [("5A", PAN), ("5F24", b"\x31\x12\x31")]) + b"\x90\x00"
    decoded = _decode("apdu", record)
    assert [row["tag"] for row in decoded.result["objects"]] == ["70", "5A", "5F24"]
    assert peer.CARD not in json.dumps(decoded.result)


def test_an_answer_that_is_no_tlv_shows_its_size_only() -> None:
    assert _decode("apdu", PAN + b"\x90\x00").result["data"] == "(hidden, 8 bytes)"


@pytest.mark.parametrize(
    ("wire", "says"),
    [
        ("00B2011400", ["P1 Record: 1", "P2 File (SFI), 0 is the current one: 2", "P2 By record number"]),
        ("80AE5000020000", ["P1 A TC is asked for (approve offline)", "P1 A CDA signature is asked for"]),
        ("0020008008241234FFFFFFFFFF", ["P2 Plaintext PIN"]),
        ("0020008800", ["P2 Enciphered PIN"]),
        ("00A4040007A000000333010100", ["P1 By name (AID)", "P2 The first or only one", "P2 FCI comes back"]),
        ("84240001", ["P2 The PIN is changed (as the payment system says)"]),
        ("80AE2100", ["P1 An AAC is asked for (decline)", "P1 !reserved bits are set"]),
    ],
)
def test_the_parameters_of_a_command_say_what_it_wants(wire: str, says: list[str]) -> None:
    rows = _decode("apdu", wire).result["meanings"]
    assert [
        f"{row['parameter']} {'!' * row.get('odd', False)}{row['meaning']['en']}"
        + (f": {row['number']}" if "number" in row else "")
        for row in rows
    ] == says


def test_get_data_names_the_object_it_asks_for() -> None:
    assert _decode("apdu", "80CA9F1700").result["tag_name"]["en"] == "PIN try counter"
    assert _decode("apdu", "00CA006E00").result["tag"] == "6E"
    assert "tag_name" not in _decode("apdu", "80CADF7F00").result


def test_a_cut_command_is_partial_and_noise_is_neither() -> None:
    assert _decode("apdu", "00A4040007A000").outcome is Outcome.PARTIAL
    assert _decode("apdu", "0001020304").outcome is Outcome.NOT_THAT_KIND


def test_a_list_names_what_the_card_wants() -> None:
    decoded = _decode("dol", "9F02069F1A0295059F")
    assert decoded.outcome is Outcome.PARTIAL
    assert [row["tag"] for row in decoded.result["entries"][:3]] == ["9F02", "9F1A", "95"]
    whole = _decode("dol", "9F37049F0206")
    assert (whole.outcome, whole.result["value_bytes"]) == (Outcome.WHOLE, 10)


@pytest.mark.parametrize("wire", ["80063C0008010301", "770A82023C009404080103019000", "77" + "0A82023C00940408010301"])
def test_processing_options_of_both_formats(wire: str) -> None:
    decoded = _decode("gpo", wire)
    assert decoded.outcome is Outcome.WHOLE
    assert decoded.result["aip"] == "3C00"
    row = decoded.result["afl"][0]
    assert (row["sfi"], row["first"], row["last"], row["signed"]) == (1, 1, 3, 1)


@pytest.mark.parametrize("wire", ["80065C0008010301", "770A82025C009404080103019000"])
def test_processing_options_of_both_formats_say_what_the_profile_means(wire: str) -> None:
    said = [row["meaning"]["en"] for row in _decode("gpo", wire).result["meanings"]]
    assert said[0] == "Static data authentication (SDA) supported"
    assert "Issuer authentication supported" in said
    assert len(said) == 4


def test_processing_options_with_card_data_name_it_and_hide_it() -> None:
    answer = build_tlv(
        "77", [("82", b"\x20\x00"), ("57", PAN), ("9F10", bytes.fromhex("06010A03A00000")), ("DF7F", PAN)]
    )
    result = _decode("gpo", answer).result
    found = {row["tag"]: row for row in result["objects"]}
    assert (found["57"]["name"]["en"], found["57"]["value"]) == ("Track 2 equivalent data", "(hidden, 8 bytes)")
    assert found["DF7F"]["value"] == "(hidden, 8 bytes)"
    assert peer.CARD not in json.dumps(result)


def test_an_answer_names_and_explains_its_objects() -> None:
    answer = build_tlv("6F", [("84", bytes.fromhex("A0000000031010")), ("A5", [("87", b"\x81")])]) + b"\x90\x00"
    result = _decode("apdu", answer).result
    found = {row["tag"]: row for row in result["objects"]}
    assert (found["84"]["scheme"], found["84"]["value"]) == ("visa", "A0000000031010")
    assert found["A5"]["name"]["en"] == "FCI proprietary template"
    assert [row["number"] for row in result["meanings"] if "number" in row] == [1]


@given(st.sampled_from(["apdu", "dol", "gpo"]), st.binary(max_size=80))
def test_any_bytes_are_decoded_or_refused_in_json(kind: str, data: bytes) -> None:
    assert json.dumps(_decode(kind, data).result)
