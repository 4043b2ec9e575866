"""``posmedic decode iso8583``: rows with names and meanings for the technician, and no card data whatever is fed."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support import iso8583_peer as peer

from device.decoding.iso8583 import decode
from device.decoding.log_run import take_apart
from device.decoding.result import Backing, Outcome
from device.decoding.sentences import Sentences
from device.decoding.tables import Tables
from device.decoding.text_input import InputError
from device.settings import read_texts
from protocol.iso8583 import build_message

TABLES = Tables()
UNIONPAY = peer.profile("unionpay")
SECRETS = (peer.CARD, peer.TRACK2, "D4912", "=4912", "0123456789ABCDEF", "SHOP")


def _decoded(wire: bytes) -> tuple[Outcome, dict[str, Any]]:
    decoded = decode(wire, TABLES)
    return decoded.outcome, decoded.result


def _rows(result: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {row["field"]: row for row in result["fields"]}


@pytest.mark.parametrize("path", peer.RECORDINGS, ids=lambda path: path.stem)
def test_a_recording_has_a_row_for_each_field_and_no_card_data(path: Path) -> None:
    recorded = peer.recording(path)
    outcome, result = _decoded(bytes.fromhex(recorded["wire"]))
    assert (outcome, result["profile"], result["envelope"]) == (0, recorded["profile"], recorded["envelope"])
    rows = _rows(result)
    fields = {**recorded["fields"], **recorded.get("dropped", {})}
    assert {number for number in rows if "." not in number} == set(fields)
    assert result["present"] == sorted(map(int, fields))
    assert not any(secret in json.dumps(result) for secret in SECRETS)


@pytest.mark.parametrize("path", peer.RECORDINGS, ids=lambda path: path.stem)
def test_no_cut_and_no_wrong_byte_brings_card_data_out(path: Path) -> None:
    wire = bytes.fromhex(peer.recording(path)["wire"])
    broken = [wire[:cut] for cut in range(0, len(wire), 3)]
    broken += [wire[:at] + bytes((wire[at] ^ 0x11,)) + wire[at + 1 :] for at in range(0, len(wire), 2)]
    for data in broken:
        text = json.dumps(decode(data, TABLES).result)
        assert peer.CARD not in text
        assert peer.TRACK2 not in text


def test_de60_comes_with_its_parts_by_name() -> None:
    _, result = _decoded(peer.terminal_message("0200", peer.REQUEST | {60: "22000001003601000"}))
    rows = _rows(result)
    assert [rows[f"60.{number}"]["value"] for number in range(1, 7)] == ["22", "000001", "003", "6", "0", "1"]
    assert rows["60.1"]["meaning"] == {"zh": "消费", "en": "purchase"}
    assert rows["60.2"]["name"]["zh"] == "批次号"
    assert rows["60.4"]["meaning"]["en"] == "magnetic stripe, chip and contactless"


@pytest.mark.parametrize(("digits", "parts"), [("22000001", 2), ("22000001000", 3), ("220000010005", 4)])
def test_a_shorter_de60_has_fewer_parts(digits: str, parts: int) -> None:
    _, result = _decoded(peer.terminal_message("0200", {11: "000001", 60: digits}))
    assert [field for field in _rows(result) if field.startswith("60.")] == [f"60.{n}" for n in range(1, parts + 1)]


def test_a_type_in_de60_that_is_no_code_hides_itself_and_the_batch() -> None:
    _, result = _decoded(peer.terminal_message("0200", {11: "000001", 60: peer.CARD}))
    rows = _rows(result)
    assert all(rows[f"60.{number}"]["value"].startswith("(hidden") for number in (1, 2))


def test_entry_mode_processing_code_and_condition_have_meanings() -> None:
    _, result = _decoded(peer.terminal_message("0200", peer.REQUEST))
    rows = _rows(result)
    assert (rows["22.1"]["value"], rows["22.1"]["meaning"]["en"]) == ("05", "chip")
    assert (rows["22.2"]["value"], rows["22.2"]["meaning"]["zh"]) == ("1", "有PIN")
    assert rows["3.1"]["meaning"]["en"] == "purchase"
    assert rows["25"]["meaning"]["zh"] == "正常"


def test_the_response_code_and_the_type_are_explained() -> None:
    _, result = _decoded(peer.terminal_message("0210", peer.RESPONSE))
    assert "受限" in _rows(result)["39"]["meaning"]["zh"]
    assert [row["value"] for row in result["type"]] == ["0", "2", "1", "0"]
    assert result["type"][2]["meaning"]["en"] == "request response"


def test_de63_is_cut_into_operator_and_text_but_not_shown() -> None:
    _, result = _decoded(build_message("0200", {11: "000001", 63: "01 TEXT"}, UNIONPAY))
    rows = _rows(result)
    assert rows["63.1"]["name"]["zh"] == "操作员代码或国际信用卡公司代码"
    assert "TEXT" not in json.dumps(result)


def test_working_keys_are_dropped_not_hidden() -> None:
    wire = build_message("0810", {11: "000001", 39: "00", 62: b"\xa5" * 24}, UNIONPAY)
    _, result = _decoded(wire)
    assert _rows(result)["62"]["value"] == "(dropped)"
    assert "a5a5" not in json.dumps(result).lower()


def test_places_count_from_the_first_byte_of_the_input() -> None:
    wire = peer.prefixed(peer.TPDU_BACK + peer.HEADER_BACK + peer.terminal_message("0210", {11: "000123", 39: "62"}))
    _, result = _decoded(wire)
    rows = _rows(result)
    assert (rows["11"]["offset"], rows["11"]["bytes"]) == (23, 3)
    assert wire[rows["39"]["offset"] :] == b"62"


def test_the_header_between_institutions_tells_its_reject_code() -> None:
    wire = bytes.fromhex(peer.recording(peer.ROOT / "tests/recordings/iso8583/interbank_sale_62.json")["wire"])
    _, result = _decoded(wire)
    values = {row["name"]["en"]: row["value"] for row in result["header"]}
    assert (values["reject code"], int(values["message length"])) == ("00000", len(wire))


def test_the_input_of_a_mac_and_the_form_of_a_mac_are_told() -> None:
    wire = build_message("0210", {39: "62", 64: b"1A2B3C4D"}, UNIONPAY)
    assert _rows(_decoded(wire)[1])["64"]["form"] == "hexadecimal characters"
    outcome, result = _decoded(wire[:-8])
    assert (outcome, result["mac_input"]) == (Outcome.WHOLE, True)


def test_chip_data_with_private_tags_is_told_beside_a_whole_message() -> None:
    chip = bytes.fromhex("9F1A020156 5F28020840 FFFF FFFF01 9F")
    outcome, result = _decoded(build_message("0200", {11: "000001", 55: chip}, UNIONPAY))
    assert outcome is Outcome.WHOLE
    assert "chip_data" in result


@pytest.mark.parametrize("written", [bytes.fromhex(peer.CHIP), peer.CHIP.encode(), peer.CHIP.lower().encode()])
def test_chip_data_is_bits_or_hexadecimal_characters(written: bytes) -> None:
    wire = b"02002000000000000200000000" + f"{len(written):03d}".encode() + written
    outcome, result = _decoded(wire)
    assert outcome is Outcome.WHOLE
    assert "9F1A" in [row["tag"] for row in result["chip_data"]["objects"]]
    assert ("form" in _rows(result)["55"]) == (len(written) > len(peer.CHIP) // 2)
    assert peer.CARD not in json.dumps(result)


def test_a_cut_message_tells_field_place_and_what_is_left() -> None:
    wire = peer.terminal_message("0210", peer.RESPONSE)
    decoded = decode(wire[:50], TABLES)
    assert (decoded.outcome, decoded.backing) == (Outcome.PARTIAL, Backing.SHAPE)
    assert decoded.result["stopped"] == "DE37 at byte 41: 12 bytes are due, 9 are there"
    assert (decoded.result["offset"], decoded.result["trailing_bytes"]) == (41, 9)
    assert decoded.result["failing_field"] == "37"


def test_bytes_after_the_message_have_their_place() -> None:
    outcome, result = _decoded(peer.terminal_message("0210", {39: "62"}) + b"xyz")
    assert (outcome, result["offset"], result["trailing_bytes"]) == (Outcome.PARTIAL, 12, 3)
    assert "failing_field" not in result


BROKEN = {
    "cut": peer.terminal_message("0210", peer.RESPONSE)[:50],
    "left over": peer.terminal_message("0210", {39: "62"}) + b"xyz",
    "cut bitmap": bytes.fromhex("0210 7020"),
    "no bitmap": b"0210XYZ0000000000000",
    "no digits": b"0210200000000000000012345X",
    "no length": b"02104000000000000000XX123456789",
    "long": b"0210400000000000000099123456789",
    "short": b"0210400000000000000019123456789",
    "no such field": bytes.fromhex("6000030000 602200000000 0200 0800000000000000 00000000") + b"!",
    "check byte": peer.framed(peer.terminal_message("0210", {39: "62"}))[:-1] + b"!",
    "prefix": b"0123" + peer.ascii_message("0210", {39: "62"}),
    "nothing": b"??",
    "too much": bytes(65_541),
}


@pytest.mark.parametrize("what", BROKEN)
def test_what_is_wrong_is_told_in_chinese_too(what: str) -> None:
    decoded = decode(BROKEN[what], TABLES)
    assert decoded.outcome is not Outcome.WHOLE
    told = decoded.result.get("stopped") or decoded.result["reason"]
    words = read_texts("zh")["decode"]
    text = Sentences(words["sentences"]).translate(told)
    assert text != told
    assert not re.search(r"[a-z]{3,}", re.sub(r"长度前缀 \w+", "", text))


@pytest.mark.parametrize(("code", "shown"), [("000000", "000000"), ("999999", "(hidden, 6 characters)")])
def test_a_field_is_shown_where_all_its_parts_are(code: str, shown: str) -> None:
    _, result = _decoded(peer.terminal_message("0200", peer.REQUEST | {3: code}))
    assert _rows(result)["3"]["value"] == shown


def test_a_users_own_profile_is_tried_first(tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_text(
        'name = "own"\nsource = "test"\nrows_of = "unionpay"\n[encoding]\nmti = "bcd"\nbitmap = "binary"\n'
        'length = "bcd"\nfield = "bcd"\n[fields]\n8 = { name = "own fee", format = "n", most = 8 }\n',
        "utf-8",
    )
    wire = bytes.fromhex("0210 0100000002000000 00000001") + b"62"
    decoded = decode(wire, Tables(profile_files=(path,)))
    assert (decoded.outcome, decoded.result["profile"]) == (Outcome.WHOLE, "own")
    assert _rows(decoded.result)["8"]["name"] == {"zh": "own fee", "en": "own fee"}


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_are_decoded_or_told(data: bytes) -> None:
    outcome, result = _decoded(data)
    assert result.get("reason") or result["fields"] or outcome is not Outcome.NOT_THAT_KIND
    assert json.dumps(result)


@pytest.mark.parametrize(
    ("text", "form", "profile"),
    [
        ("0800822000000000000004000000000000001123101530000123301", "raw", "iso1987_ascii"),  # an odd number of digits
        ("021032200000028080000000000000000100001123101530000123" + "6212345678156", "raw", "iso1987_ascii"),
        ("02103220000002808000000000000000010000112310153000012362T0000001156", "raw", "iso1987_ascii"),
        ("ISO0260000700800822000000000000004000000000000001123101530000123301", "raw", "iso1987_ascii"),
        ("020000200000000000 00000123", "hex", "unionpay"),
    ],
)
def test_a_message_of_characters_may_be_pasted_as_it_is(text: str, form: str, profile: str) -> None:
    """Digits alone are hexadecimal too: what they are is what a whole message becomes of."""
    given = take_apart("iso8583", text.encode() + b"\n", None, TABLES)
    decoded = decode(given.data, TABLES)
    assert (given.form, decoded.outcome, decoded.result["profile"]) == (form, Outcome.WHOLE, profile)


def test_what_is_neither_digits_nor_a_message_of_characters_is_refused() -> None:
    with pytest.raises(InputError, match="not hexadecimal at character 6"):
        take_apart("iso8583", b"02103X", None, TABLES)
