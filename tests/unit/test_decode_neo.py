"""``posmedic decode neo``: every frame in words, and no card in any of them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.decoding.neo import decode, open_stream
from device.decoding.result import Backing, Direction, Outcome, Row
from device.decoding.tables import Tables
from protocol.neo_frame import CrcOrder, NeoDeframer, NeoFrame, build_command, build_response

TABLES = Tables()
RECORDED = json.loads((Path(__file__).parents[1] / "recordings/neo/version_ping_tap.json").read_text("utf-8"))
WIRE = bytes.fromhex(RECORDED["wire"])
KEYS = ("offset", "name", "from", "status", "value")


def rows(*wire: bytes) -> list[Row]:
    found: list[Row] = decode(b"".join(wire), TABLES).result["frames"]
    return found


def test_the_recording_is_told_frame_by_frame_and_shows_no_card() -> None:
    decoded = decode(WIRE, TABLES)
    assert (decoded.outcome, decoded.backing) == (Outcome.WHOLE, Backing.CHECKED)
    told = [[row.get(key) for key in KEYS] for row in decoded.result["frames"]]
    assert told == RECORDED["frames"]
    assert not [secret for secret in RECORDED["never_shown"] if secret in json.dumps(decoded.result).upper()]
    assert all(set(row["meaning"]) == {"zh", "en"} for row in decoded.result["frames"])


def test_the_recordings_frames_are_built_to_the_byte() -> None:
    built = b""
    for item in NeoDeframer().feed(WIRE):
        assert isinstance(item, NeoFrame)
        build = build_command if item.order is CrcOrder.LOW_FIRST else build_response
        built += build(item.command, item.second, bytes(item.data))
    assert built == WIRE


@given(st.lists(st.integers(1, 40), max_size=30))
def test_pieces_of_any_size_give_the_same_rows(sizes: list[int]) -> None:
    stream, found, at = open_stream(TABLES), list[Row](), 0
    for size in [*sizes, len(WIRE)]:
        found += stream.feed(WIRE[at : at + size])
        at += size
    assert found + stream.close() == rows(WIRE)


@given(st.integers(0, len(WIRE) - 1), st.integers(1, 255))
def test_no_wrong_byte_and_no_cut_brings_the_card_out(at: int, change: int) -> None:
    for broken in (WIRE[:at], WIRE[at:], WIRE[:at] + bytes((WIRE[at] ^ change,)) + WIRE[at + 1 :]):
        text = json.dumps(decode(broken, TABLES).result).upper()
        assert not [secret for secret in RECORDED["never_shown"] if secret in text]


def test_faults_have_place_size_and_reason() -> None:
    decoded = decode(b"ab" + build_command(0x18, 1) + build_response(0x18, 0)[:-1], TABLES)
    assert decoded.outcome is Outcome.PARTIAL
    assert decoded.result["faults"] == [
        {"offset": 0, "bytes": 2, "fault": "noise"},
        {"offset": 18, "bytes": 15, "fault": "cut"},
    ]


def test_the_side_is_told_by_the_log_or_else_by_crc_or_open_question() -> None:
    low_answer = build_command(0x18, 0)  # a reader that sends its CRC low byte first
    assert [row["from"] for row in rows(build_command(0x18, 1), low_answer)] == ["host", "reader"]
    assert [row["from"] for row in rows(low_answer)] == ["host"]
    stream = open_stream(TABLES)
    (row,) = stream.feed(low_answer, Direction.RECEIVED)
    assert (row["from"], row["status_meaning"]["zh"], row["crc"]["en"]) == ("reader", "成功", "low byte first")
    (row,) = stream.feed(build_response(0x18, 1), Direction.SENT)
    assert (row["from"], row["name"]) == ("host", "Ping")


@pytest.mark.parametrize("text", [b"4000000000000002", b"4000 0000 0000 0002", b"v1 1234567", b"a\tb", b"\xff"])
def test_a_text_that_may_be_a_card_number_or_a_serial_number_is_hidden(text: bytes) -> None:
    (row,) = rows(build_response(0x29, 0, text))
    assert row["value"] == f"(hidden, {len(text)} bytes)"


def test_only_the_answer_to_get_version_is_shown() -> None:
    asked = rows(build_command(0x29, 0x17), build_response(0x29, 0, b"SECRET"))
    assert asked[1]["value"] == "(hidden, 6 bytes)"
    assert rows(build_response(0x29, 0, b"v1"))[0]["value"] == "v1"
    assert rows(build_response(0x12, 0, b"v1"))[0]["value"] == "(hidden, 2 bytes)"


def test_codes_that_nobody_lists_are_told_as_unknown() -> None:
    (row,) = rows(build_response(0x77, 0x99))
    assert (row["command"], row["status_meaning"]["en"]) == ("77-??", "not known (99)")
    assert "name" not in row


def test_other_bytes_are_not_neo() -> None:
    assert decode(b"ViVOtech1", TABLES).outcome is Outcome.NOT_THAT_KIND


def test_a_lone_frame_that_is_spoilt_or_cut_is_neo_in_part_if_its_header_is_whole() -> None:
    frame = build_response(0x18, 0)
    for wire, fault in ((frame[:-1] + b"\xff", "bad_crc"), (frame[:12], "cut")):
        decoded = decode(wire, TABLES)
        assert (decoded.outcome, decoded.backing) == (Outcome.PARTIAL, Backing.SHAPE)
        assert decoded.result["faults"] == [{"offset": 0, "bytes": len(wire), "fault": fault}]
    assert decode(frame[:9], TABLES).outcome is Outcome.NOT_THAT_KIND


def test_why_a_transaction_failed_is_told_and_no_more_of_it() -> None:
    (row,) = rows(build_response(0x02, 0x0A, bytes.fromhex("20698505")))
    assert (row["error_meaning"]["en"], row["status_word"], row["rf_state"]) == (
        *("the card returned an error status", "6985", "05"),
    )
    with_serial_number = bytes.fromhex("80 DFEE120A A1A2A3A4A5A6A7A8A9AA FFEE1F04 30000004 5A08 6200000000000005")
    (row,) = rows(build_response(0x02, 0x0A, with_serial_number))
    assert (row["error_meaning"]["zh"], row["rf_state"]) == ("卡没有应答", "04")
    assert "status_word" not in row
    assert not [secret for secret in ("A1A2", "620000") if secret in json.dumps(row).upper()]


@pytest.mark.parametrize(
    "frame",
    [
        build_response(0x02, 0x00, bytes.fromhex("20698505")),
        build_response(0x03, 0x0A, bytes.fromhex("20698505")),
        build_response(0x02, 0x0A, bytes.fromhex("6200000000000005")),
        build_response(0x02, 0x0A, bytes(17) + bytes.fromhex("FFEE1F0430000004")),
    ],
)
def test_other_data_is_not_taken_for_the_reason_of_a_failure(frame: bytes) -> None:
    (row,) = rows(frame)
    assert "error" not in row
    assert row["value"].startswith("(hidden, ")


def test_what_a_reader_sends_unasked_has_no_status() -> None:
    (row,) = rows(build_response(0x14, 0x01, b"SIM 1.0"))
    assert (row["from"], row["name"], row["value"]) == ("reader", "Bootup Notification", "(hidden, 7 bytes)")
    assert "status" not in row
    question, answer = rows(build_command(0x14, 0x01, b"\x02"), build_response(0x14, 0x00))
    assert (question["from"], answer["status"]) == ("host", "00")


def test_commands_whose_crc_is_written_as_in_an_answer_are_told_by_what_is_open() -> None:
    told = rows(*(build_response(0x2C, second) for second in (0x02, 0x02, 0x00, 0x03, 0x08, 0x00)))
    assert [row["from"] for row in told] == ["host", "host", "reader", "host", "reader", "reader"]
    assert [row["command"] for row in told] == ["2C-02", "2C-02", "2C-02", "2C-03", "2C-03", "2C-??"]
