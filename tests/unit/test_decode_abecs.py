"""``posmedic decode abecs``: every frame and control character in words, and no card in any of them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.decoding.abecs import decode, open_stream
from device.decoding.result import Backing, Direction, Outcome, Row
from device.decoding.tables import Tables
from protocol.abecs_frame import AbecsControl, AbecsDeframer, AbecsFrame, build_frame
from protocol.abecs_message import build_command, build_response, build_value

TABLES = Tables()
RECORDED = json.loads((Path(__file__).parents[1] / "recordings/abecs/identity_and_swipe.json").read_text("utf-8"))
WIRE = bytes.fromhex(RECORDED["wire"])
KEYS = ("offset", "name", "from", "status", "value")


def rows(*messages: bytes) -> list[Row]:
    found: list[Row] = decode(b"".join(build_frame(message) for message in messages), TABLES).result["frames"]
    return found


def test_the_recording_is_told_item_by_item_and_shows_no_card() -> None:
    decoded = decode(WIRE, TABLES)
    assert (decoded.outcome, decoded.backing) == (Outcome.WHOLE, Backing.CHECKED)
    told = [[row.get(key) for key in KEYS] for row in decoded.result["frames"]]
    assert told == RECORDED["frames"]
    assert not [secret for secret in RECORDED["never_shown"] if secret in json.dumps(decoded.result).upper()]
    assert all(set(row["meaning"]) == {"zh", "en"} for row in decoded.result["frames"])


def test_the_recordings_items_are_built_to_the_byte() -> None:
    built = b""
    for item in AbecsDeframer().feed(WIRE):
        assert isinstance(item, AbecsFrame | AbecsControl)
        built += bytes((item.code,)) if isinstance(item, AbecsControl) else build_frame(bytes(item.data))
    assert built == WIRE


@given(st.lists(st.integers(1, 40), max_size=30))
def test_pieces_of_any_size_give_the_same_rows(sizes: list[int]) -> None:
    stream, found, at = open_stream(TABLES), list[Row](), 0
    for size in [*sizes, len(WIRE)]:
        found += stream.feed(WIRE[at : at + size])
        at += size
    assert found + stream.close() == decode(WIRE, TABLES).result["frames"]


@given(st.integers(0, len(WIRE) - 1), st.integers(1, 255))
def test_no_wrong_byte_and_no_cut_brings_the_card_out(at: int, change: int) -> None:
    for broken in (WIRE[:at], WIRE[at:], WIRE[:at] + bytes((WIRE[at] ^ change,)) + WIRE[at + 1 :]):
        text = json.dumps(decode(broken, TABLES).result).upper()
        assert not [secret for secret in RECORDED["never_shown"] if secret in text]


def test_faults_have_place_size_and_reason() -> None:
    decoded = decode(b"ab" + build_frame(b"OPN") + build_frame(b"OPN000")[:-1] + b"\xff", TABLES)
    assert decoded.outcome is Outcome.PARTIAL
    assert decoded.result["faults"] == [
        {"offset": 0, "bytes": 2, "fault": "noise"},
        {"offset": 9, "bytes": 10, "fault": "bad_crc"},
    ]


def test_a_message_that_is_cut_inside_a_whole_frame_says_where() -> None:
    decoded = decode(build_frame(b"CEX000020AB"), TABLES)
    assert decoded.outcome is Outcome.PARTIAL
    (row,) = decoded.result["frames"]
    assert (row["stopped"], row["stopped_at"], row["value"]) == ("cut", 6, "(hidden, 5 bytes)")


def test_the_side_is_told_by_the_log_or_else_by_what_reads_whole() -> None:
    assert [row["from"] for row in rows(b"OPN", b"OPN000", b"GIN00200", b"CKE0041100", b"ERR010")] == [
        *("host", "pinpad", "host", "host", "pinpad"),
    ]
    stream = open_stream(TABLES)
    (row,) = stream.feed(build_frame(b"CLX000"), Direction.SENT)
    assert (row["from"], row["blocks"]) == ("host", 1)
    (row,) = stream.feed(build_frame(b"CLX040"), Direction.RECEIVED)
    assert (row["from"], row["status_name"], row["status_meaning"]["zh"]) == ("pinpad", "ST_INTERR", "内部错误")


@pytest.mark.parametrize("text", [b"4000000000000002", b"4000 0000 0000 0002", b"X1234567"])
def test_a_text_that_may_be_a_card_number_or_a_serial_number_is_hidden(text: bytes) -> None:
    (row,) = rows(build_response("GIX", 0, build_value(0x8003, text)))
    assert row["value"] == f"(hidden, {len(text) + 7} bytes)"


def test_serial_numbers_keys_and_what_other_commands_bring_are_hidden() -> None:
    hidden = build_response("GIX", 0, build_value(0x8001, b"SN-1") + build_value(0x9101, b"KSN"))
    other = build_response("CEX", 0, build_value(0x8003, b"PX-10"))
    for row in rows(hidden, other, build_command("DSP", b"PX-10")):
        assert row["value"].startswith("(hidden, ")


def test_secure_communication_is_told_and_nothing_of_it() -> None:
    (row,) = rows(b"\x12" + bytes(16))
    assert (row["name"], row["value"], row["meaning"]["zh"]) == ("encrypted", "(hidden, 17 bytes)", "安全通信（加密）")


def test_codes_that_nobody_lists_are_hidden_or_told_as_unknown() -> None:
    (row,) = rows(b"QQQ099")
    assert (row["name"], row["status_meaning"]["en"]) == ("(hidden, 3 bytes)", "not known (099)")


def test_control_characters_alone_are_told_but_back_nothing() -> None:
    decoded = decode(b"\x18\x04\x15", TABLES)
    assert (decoded.outcome, decoded.backing) == (Outcome.WHOLE, Backing.NOTHING)
    assert [row["meaning"]["en"] for row in decoded.result["frames"]] == ["cancel", "cancelled", "wants it again"]
    assert decode(b"\x18\xff\x06", TABLES).outcome is Outcome.NOT_THAT_KIND


def test_a_lone_frame_that_is_spoilt_or_cut_is_abecs_in_part_if_its_command_is_one() -> None:
    frame = build_frame(b"OPN000")
    for wire, fault in (
        (frame[:-1] + b"\xff", "bad_crc"),
        (frame[:-2], "cut"),
        (b"\x16OPN\x13\xff\x17..", "bad_stuffing"),
    ):
        decoded = decode(wire, TABLES)
        assert (decoded.outcome, decoded.backing) == (Outcome.PARTIAL, Backing.SHAPE)
        assert decoded.result["faults"] == [{"offset": 0, "bytes": len(wire), "fault": fault}]
    assert decode(build_frame(b"QQQ000")[:-1], TABLES).outcome is Outcome.NOT_THAT_KIND


def test_data_fields_are_named_and_what_tells_of_a_card_a_key_or_an_amount_is_hidden() -> None:
    asked, answered, got = rows(
        build_command("GCX", build_value(0x0013, b"000000006622") + build_value(0x0017, b"10000")),
        build_response(
            "GCX",
            0,
            build_value(0x804F, b"03") + build_value(0x8052, b"6200000000000005") + build_value(0x805D, b"311231"),
            build_value(0x804C, bytes(10)) + build_value(0x9105, bytes(10)) + build_value(0x8057, bytes(8)),
        ),
        build_command("GIX", build_value(0x0001, bytes.fromhex("80038005"))),
    )
    assert [(row["name"], row["value"]) for row in asked["fields"]] == [
        ("SPE_AMOUNT", "(hidden, 12 bytes)"),
        ("SPE_GCXOPT", "10000"),
    ]
    assert [row["name"] for row in answered["fields"]] == [
        *("PP_CARDTYPE", "PP_PAN", "PP_CARDEXP", "PP_KSN", "PP_KSNTDESP", "PP_PINBLK"),
    ]
    assert answered["fields"][0]["value"] == {"zh": "接触芯片卡", "en": "chip card"}
    assert all(row["value"].startswith("(hidden, ") for row in answered["fields"][1:])
    assert got["fields"][0]["value"] == "8003 8005"


@pytest.mark.parametrize(
    ("number", "value"),
    [
        (0x0006, b"6200000"),
        (0x8005, b"6200000000"),
        (0x8056, b"62000000"),
        (0x8010, b"62000000"),
        (0x0001, b"\x62\x00"),
        (0x8040, b"62"),
    ],
)
def test_a_field_that_may_be_shown_is_hidden_where_it_has_not_the_form_that_it_must_have(
    number: int, value: bytes
) -> None:
    (row,) = rows(build_response("CEX", 0, build_value(number, value)))
    assert row["fields"][0]["value"] == f"(hidden, {len(value)} bytes)"


def test_text_of_fixed_places_is_not_taken_for_data_fields() -> None:
    (row,) = rows(build_response("GIN", 0, b"0" * 30))
    assert "fields" not in row


def test_an_answer_that_is_cut_is_one_still_where_its_command_went_before() -> None:
    assert [row["from"] for row in rows(b"GKY", b"GKY099000")] == ["host", "pinpad"]
    assert [row["from"] for row in rows(b"GCR027" + b"0" * 27)] == ["host"]
