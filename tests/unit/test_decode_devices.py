"""``posmedic decode`` of PN532 and CCID frames and of printers' status."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.decoding import ccid, escpos, pn532
from device.decoding.kinds import decoder_of, stream_of
from device.decoding.result import Backing, Direction, Outcome, Row
from device.decoding.tables import Tables
from device.printer_states import read_printer_states
from device.settings import read_texts
from protocol.ccid_frame import NAK_FRAME as CCID_NAK
from protocol.ccid_frame import CcidDeframer, CcidFrame, CcidNak, CcidNotice, build_notice
from protocol.ccid_frame import build_frame as build_ccid
from protocol.escpos import Status
from protocol.pn532_frame import Pn532Deframer, Pn532Frame, Pn532Mark, Pn532Signal, Tfi, build_mark
from protocol.pn532_frame import build_frame as build_pn532

TABLES = Tables()
KINDS = ("pn532", "ccid", "escpos")
RECORDINGS = Path(__file__).parents[1] / "recordings"


def recording(kind: str) -> dict[str, Any]:
    (path,) = (RECORDINGS / kind).glob("*.json")
    found: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return found | {"bytes": bytes.fromhex(found["wire"])}


@pytest.mark.parametrize("kind", ["pn532", "ccid"])
def test_a_recording_is_told_frame_by_frame_and_shows_no_card(kind: str) -> None:
    recorded = recording(kind)
    decoded = decoder_of(kind)(recorded["bytes"], TABLES)
    assert decoded.outcome is Outcome.WHOLE
    rows = decoded.result["frames"]
    assert [[row["offset"], row["name"], row.get("value")] for row in rows] == recorded["frames"]
    assert all(set(row["meaning"]) == {"zh", "en"} for row in rows)
    text = json.dumps(decoded.result).upper()
    assert not [secret for secret in recorded["never_shown"] if secret in text]


def test_the_recordings_frames_are_built_to_the_byte() -> None:
    built = b""
    for item in Pn532Deframer().feed(recording("pn532")["bytes"]):
        if isinstance(item, Pn532Frame):
            built += build_pn532(item.tfi, bytes(item.data))
        elif isinstance(item, Pn532Mark) and item.signal is not Pn532Signal.WAKE_UP:
            built += build_mark(item.signal)
    assert recording("pn532")["bytes"][7:] == built
    built = b""
    for found in CcidDeframer().feed(recording("ccid")["bytes"]):
        if isinstance(found, CcidFrame):
            kind, data = found.type, bytes(found.data)
            built += build_ccid(kind, data, slot=found.slot, sequence=found.sequence, special=found.special)
        elif isinstance(found, CcidNotice):
            built += build_notice(card_present=found.card_present)
        elif isinstance(found, CcidNak):
            built += CCID_NAK
    assert recording("ccid")["bytes"] == built


def test_a_printers_recording_says_what_each_status_means() -> None:
    recorded = recording("escpos")
    rows = escpos.decode(recorded["bytes"], TABLES).result["statuses"]
    assert [[row["offset"], row.get("meaning", {}).get("en")] for row in rows] == recorded["frames"]


@pytest.mark.parametrize("kind", KINDS)
@given(sizes=st.lists(st.integers(1, 30), max_size=40))
def test_pieces_of_any_size_give_the_same_rows(kind: str, sizes: list[int]) -> None:
    wire = recording(kind)["bytes"]
    opener = stream_of(kind)
    assert opener is not None
    stream, rows, at = opener(TABLES), list[Row](), 0
    for size in [*sizes, len(wire)]:
        rows += stream.feed(wire[at : at + size])
        at += size
    rows += stream.close()
    whole = decoder_of(kind)(wire, TABLES).result
    assert rows == whole["statuses" if kind == "escpos" else "frames"]


@pytest.mark.parametrize("kind", KINDS)
@given(place=st.integers(0, 1000), change=st.integers(1, 255))
def test_no_wrong_byte_and_no_cut_brings_the_card_out(kind: str, place: int, change: int) -> None:
    recorded = recording(kind)
    wire = recorded["bytes"]
    at = place % len(wire)
    for broken in (wire[:at], wire[at:], wire[:at] + bytes((wire[at] ^ change,)) + wire[at + 1 :]):
        decoded = decoder_of(kind)(broken, TABLES)
        text = json.dumps(decoded.result).upper()
        assert not [secret for secret in recorded.get("never_shown", ()) if secret in text]
        assert decoded.outcome in (Outcome.WHOLE, Outcome.PARTIAL, Outcome.NOT_THAT_KIND)


@pytest.mark.parametrize("kind", KINDS)
@given(data=st.binary(max_size=300))
def test_any_bytes_are_borne(kind: str, data: bytes) -> None:
    json.dumps(decoder_of(kind)(data, TABLES).result)


@pytest.mark.parametrize("kind", KINDS)
def test_bytes_of_another_kind_say_so(kind: str) -> None:
    decoded = decoder_of(kind)(bytes(range(0x80, 0xF0)), TABLES)
    assert decoded.outcome is Outcome.NOT_THAT_KIND
    assert decoded.result["reason"]


def test_offsets_are_those_of_the_log_where_directions_are_known() -> None:
    stream = pn532.open_stream(TABLES)
    ask, answer = build_pn532(Tfi.TO_PN532, b"\x02"), build_pn532(Tfi.FROM_PN532, bytes.fromhex("0332010607"))
    stream.feed(answer[:5], Direction.RECEIVED)
    assert [row["offset"] for row in stream.feed(ask, Direction.SENT)] == [6]
    assert [row["offset"] for row in stream.feed(answer[5:], Direction.RECEIVED)] == [1]


def test_an_error_of_the_pn532_is_told_in_words() -> None:
    decoded = pn532.decode(build_pn532(Tfi.FROM_PN532, bytes.fromhex("410190")), TABLES)
    (row,) = decoded.result["frames"]
    assert (row["error"], row["error_meaning"]["en"], row["value"]) == (
        "01",
        "the card did not answer",
        "(hidden, 1 bytes)",
    )
    status = pn532.decode(build_pn532(Tfi.FROM_PN532, bytes.fromhex("050D00010100001080")), TABLES)
    (row,) = status.result["frames"]
    assert (row["error_meaning"]["zh"], row["targets"]) == ("过热，天线驱动已关闭", 1)


def test_a_mute_card_is_told_by_the_reader() -> None:
    (row,) = ccid.decode(build_ccid(0x81, special=b"\x41\xfe\x01"), TABLES).result["frames"]
    assert row["card"]["en"] == "card present, not active"
    assert (row["error"], row["error_meaning"]["en"]) == ("FE", "the card is mute")
    assert row["clock"]["en"] == "clock stopped low"


def test_an_escape_or_atr_whose_question_was_not_seen_is_hidden() -> None:
    stream = build_ccid(0x83, b"SimTwin 2.10") + build_ccid(0x80, bytes.fromhex("3b0411223344"))
    assert [row["value"] for row in ccid.decode(stream, TABLES).result["frames"]] == [
        "(hidden, 12 bytes)",
        "(hidden, 6 bytes)",
    ]


def test_a_firmware_text_that_looks_like_a_card_number_is_hidden() -> None:
    stream = build_ccid(0x6B, b"\x02", sequence=5) + build_ccid(0x83, b"4000000000000002", sequence=5)
    assert "4000000000000002" not in json.dumps(ccid.decode(stream, TABLES).result)


def test_directions_of_a_printers_log_give_each_answer_its_question() -> None:
    stream = escpos.open_stream(TABLES)
    assert stream.feed(b"Total 66.22\n\x10\x04", Direction.SENT) == []
    assert stream.feed(b"\x04", Direction.SENT) == []
    (row,) = stream.feed(b"\x72", Direction.RECEIVED)
    assert (row["offset"], row["meaning"]["en"]) == (15, "paper is out")
    (row,) = stream.feed(b"\x16", Direction.RECEIVED)
    assert "if off-line cause was asked: cover is open" in row["meaning"]["en"]
    assert "若问离线原因：上盖打开" in row["meaning"]["zh"]


def test_a_model_is_shown_and_a_serial_number_is_not() -> None:
    for text, shown in ((b"TM-SIM II", "TM-SIM II"), (b"X1234567", "(hidden, 8 characters)")):
        stream = escpos.open_stream(TABLES)
        stream.feed(b"\x1dI\x43", Direction.SENT)
        (row,) = stream.feed(b"_" + text + b"\0", Direction.RECEIVED)
        assert row["value"] == shown


@pytest.mark.parametrize(
    ("about", "raw", "words"),
    [
        (Status.PRINTER, "12", set()),
        (Status.PRINTER, "7e", {"drawer_pin_high", "offline", "waiting_recovery", "feed_button"}),
        (Status.OFFLINE, "7e", {"cover_open", "feeding", "stopped_paper_end", "error"}),
        (Status.ERROR, "7e", {"error_recoverable", "cutter", "error_unrecoverable", "error_auto_recoverable"}),
        (Status.PAPER, "1e", {"paper_near_end"}),
        (Status.PAPER, "72", {"paper_out"}),
        (Status.ASB, "10000f00", {"paper_near_end", "paper_out"}),
        (
            Status.ASB,
            "386f0000",
            {"offline", "cover_open", "waiting_recovery", "feed_button"}
            | {"error_recoverable", "cutter", "error_unrecoverable", "error_auto_recoverable"},
        ),
        (Status.DRAWER, "01", {"drawer_pin_high"}),
    ],
)
def test_each_bit_of_a_status_has_its_word(about: Status, raw: str, words: set[str]) -> None:
    assert {state.word for state in read_printer_states().of(about, bytes.fromhex(raw))} == words


@pytest.mark.parametrize("kind", ["neo", "abecs", "pn532", "ccid", "escpos", "control"])
def test_a_chinese_table_has_chinese_headings_and_words(kind: str) -> None:
    words = read_texts("zh")["decode"]
    stream = b"" if kind == "control" else recording(kind)["bytes"]
    for data in (stream, stream[:-1], b"\x02AB\x03" + b"B" + stream + b"\x0fA", b"\x02", stream[-20:-1] + b"\x00"):
        for row in rows_of(decoder_of(kind)(data, TABLES).result):
            assert not set(row) - set(words["keys"])
            said = [row[key] for key in ("fault", "from", "reason", "stopped") if isinstance(row.get(key), str)]
            assert not [word for word in said if word not in words["values"] and word not in ("pn532",)]


def rows_of(value: Any) -> list[Row]:
    """Every mapping in a result but texts in two languages."""
    if isinstance(value, list):
        return [row for item in value for row in rows_of(item)]
    if not isinstance(value, dict) or value.keys() == {"zh", "en"}:
        return []
    return [value, *(row for item in value.values() for row in rows_of(item))]


def ccid_row(kind: int, data: str = "", special: str = "000000") -> Row:
    wire = build_ccid(kind, bytes.fromhex(data), special=bytes.fromhex(special))
    (row,) = ccid.decode(wire, TABLES).result["frames"]
    return dict(row)


@pytest.mark.parametrize(
    ("kind", "data", "special", "settings"),
    [
        (0x62, "", "020000", "3 V"),
        (0x6E, "", "010000", "stop the clock"),
        (0x71, "", "020000", "eject the card"),
        (0x69, "01" + "00" * 19, "000000", "change the PIN"),
        (0x61, "1300000A01", "000000", "T=0, TA1=13, guard=0, waiting=0A"),
        (0x82, "9610024501FE00", "000001", "T=1, TA1=96, guard=2, waiting=45, IFSC=254"),
        (0x84, "A20E0000802A0000", "000000", "3746 kHz, 10880 bit/s"),
    ],
)
def test_what_a_ccid_message_sets_up_is_told(kind: int, data: str, special: str, settings: str) -> None:
    told = ccid_row(kind, data, special)["settings"]
    assert (told["en"] if isinstance(told, dict) else told) == settings


@pytest.mark.parametrize(("kind", "data", "special"), [(0x82, "0102030405", "000001"), (0x73, "01", "000000")])
def test_parameters_of_another_length_are_hidden(kind: int, data: str, special: str) -> None:
    row = ccid_row(kind, data, special)
    assert "settings" not in row
    assert row["value"] == f"(hidden, {len(data) // 2} bytes)"


@pytest.mark.parametrize(
    ("error", "name", "meaning"),
    [
        ("FE", "ICC_MUTE", "the card is mute"),
        ("05", None, "there is no such slot"),
        ("08", None, "the parameter at byte 8 of the message is wrong or not supported"),
        ("C0", None, "maker's own error C0"),
        ("FA", None, "not known (FA)"),
    ],
)
def test_a_slot_error_has_its_name_and_meaning(error: str, name: str | None, meaning: str) -> None:
    row = ccid_row(0x80, special=f"40{error}00")
    assert (row.get("error_name"), row["error_meaning"]["en"]) == (name, meaning)


def test_a_reader_that_needs_time_or_has_more_to_say_is_told() -> None:
    assert ccid_row(0x80, special="800A00")["time_factor"] == 10
    assert ccid_row(0x80, "6162", special="000001")["more"]["en"] == "begins, more follows"
    assert "more" not in ccid_row(0x80, "9000")


@pytest.mark.parametrize(
    ("kind", "wire", "fault"),
    [
        ("ccid", build_ccid(0x65)[:-1] + b"\xff", "bad_lrc"),
        ("ccid", build_ccid(0x65)[:-1], "cut"),
        ("pn532", build_pn532(Tfi.TO_PN532, b"\x02")[1:-2] + b"\x00", "bad_checksum"),
        ("pn532", build_pn532(Tfi.TO_PN532, b"\x02")[1:-2], "cut"),
    ],
)
def test_a_lone_frame_that_is_spoilt_or_cut_is_of_its_kind_in_part(kind: str, wire: bytes, fault: str) -> None:
    decoded = decoder_of(kind)(wire, TABLES)
    assert (decoded.outcome, decoded.backing) == (Outcome.PARTIAL, Backing.SHAPE)
    assert decoded.result["faults"] == [{"offset": 0, "bytes": len(wire), "fault": fault}]


@pytest.mark.parametrize(
    ("kind", "wire"), [("ccid", b"\x03\x06\x65"), ("pn532", b"\x00\xff\x10"), ("pn532", b"\x00\xff")]
)
def test_a_beginning_that_many_things_have_is_no_frame(kind: str, wire: bytes) -> None:
    assert decoder_of(kind)(wire, TABLES).outcome is Outcome.NOT_THAT_KIND


@pytest.mark.parametrize("size", [1, 3, 40])
def test_a_question_about_ink_is_no_automatic_status_where_directions_are_not_known(size: int) -> None:
    wire = bytes.fromhex("10040701 12 100401 1a 10040803 12 1004")
    stream = escpos.open_stream(TABLES)
    rows = [row for at in range(0, len(wire), size) for row in stream.feed(wire[at : at + size])] + stream.close()
    assert [(row["offset"], row.get("meaning", {}).get("en")) for row in rows] == [
        *((4, None), (8, "printer is off-line"), (13, None), (14, None)),
    ]


@pytest.mark.parametrize("number", ["6200 0000 0000 0005", "6200-0000-0000-0005", "6200.0000.0000.0005"])
def test_a_card_number_set_apart_is_no_firmware_and_no_model(number: str) -> None:
    text = number.encode("ascii")
    wires = {"ccid": build_ccid(0x6B, b"\x02") + build_ccid(0x83, text), "escpos": b"\x1dI\x43_" + text + b"\0"}
    for kind, wire in wires.items():
        assert number not in json.dumps(decoder_of(kind)(wire, TABLES).result)
