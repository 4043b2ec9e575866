"""``decode control``: frames of any dialect, and nothing of what they carry."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.commands.decode import decode as decode_command
from device.decoding.control import _PROFILES, decode, open_stream
from device.decoding.result import Backing, Outcome, Row
from device.decoding.tables import Tables
from protocol.control_frame import Delimiter, FrameProfile, LengthKind, build_frame

TRACK = b";6200000000000005=31122011234567890?"
TABLES = Tables()


@pytest.mark.parametrize("profile", _PROFILES)
def test_every_dialect_is_recognised_and_told(profile: FrameProfile) -> None:
    stream = b"".join(
        build_frame(text, profile) + b"\x06" for text in (b"V1.2 reader", TRACK, b"S" + bytes(range(20, 32)))
    )
    found = decode(stream, TABLES)
    assert found.outcome is Outcome.WHOLE
    assert found.result["length"] == profile.length
    assert [row["frame"] for row in found.result["frames"]] == ["STX ... ETX", "ACK"] * 3
    assert found.result["frames"][2]["payload_bytes"] == len(TRACK)
    assert ("start" in found.result["lrc_covers"]) is profile.lrc_with_start
    assert ("end" in found.result["lrc_covers"]) is profile.lrc_with_end


def test_noise_makes_it_partial_with_offset_and_nothing_is_shown() -> None:
    profile = FrameProfile(LengthKind.BCD)
    found = decode(b"noise" + build_frame(TRACK, profile) + build_frame(TRACK, profile, Delimiter.STX)[:-4], TABLES)
    assert found.outcome is Outcome.PARTIAL
    assert found.result["offset"] == 0
    text = json.dumps(found.result)
    assert "6200000000000005" not in text
    assert TRACK.hex() not in text


@given(st.lists(st.binary(min_size=1, max_size=60), min_size=1, max_size=5), st.integers(1, 40))
def test_a_stream_gives_the_same_rows_as_the_whole(payloads: list[bytes], size: int) -> None:
    stream = b"".join(build_frame(text, FrameProfile(LengthKind.BINARY)) for text in payloads)
    rows: list[Row] = []
    line = open_stream(TABLES)
    for at in range(0, len(stream), size):
        rows += line.feed(stream[at : at + size])
    rows += line.close()
    whole = decode(stream, TABLES).result
    assert rows[0] == {"length": whole["length"], "lrc_covers": whole["lrc_covers"]}
    told = sorted([*whole["frames"], *whole["faults"]], key=lambda row: row["offset"])
    assert rows[1:] == told


def test_a_long_stream_is_not_held() -> None:
    line = open_stream(TABLES)
    frame = build_frame(bytes(100), FrameProfile(LengthKind.BCD))
    rows = [row for _ in range(2000) for row in line.feed(frame)]
    rows += line.close()
    assert len(rows) == 2001
    assert len(line._head) == 0


def one(payload: bytes, delimiter: Delimiter = Delimiter.STX, profile: FrameProfile | None = None) -> Row:
    (row,) = decode(build_frame(payload, profile or FrameProfile(), delimiter), TABLES).result["frames"]
    return dict(row)


@pytest.mark.parametrize("profile", [FrameProfile(kind) for kind in LengthKind])
def test_a_lone_frame_whose_lrc_is_wrong_is_told_with_offset_and_size(profile: FrameProfile) -> None:
    wire = build_frame(TRACK, profile)
    decoded = decode(b"\x06" + wire[:-1] + bytes((wire[-1] ^ 0x55,)), TABLES)
    assert (decoded.outcome, decoded.backing) == (Outcome.PARTIAL, Backing.NOTHING)
    assert decoded.result["frames"] == [{"offset": 0, "frame": "ACK", "payload_bytes": 0}]
    assert decoded.result["faults"] == [{"offset": 1, "bytes": len(wire), "fault": "bad_lrc"}]


def test_every_prefix_of_a_frame_is_in_part_with_the_offset_of_the_cut() -> None:
    wire = build_frame(TRACK, FrameProfile())
    for size in range(1, len(wire)):
        decoded = decode(wire[:size], TABLES)
        assert decoded.outcome is Outcome.PARTIAL
        assert decoded.result["faults"] == [{"offset": 0, "bytes": size, "fault": "cut"}]
        assert "6200" not in json.dumps(decoded.result)


def test_control_characters_alone_are_told_and_bytes_without_any_are_another_kind() -> None:
    decoded = decode(b"\x15\x15\x15\x04", TABLES)
    assert (decoded.outcome, decoded.backing) == (Outcome.WHOLE, Backing.SHAPE)
    assert [row["frame"] for row in decoded.result["frames"]] == ["NAK", "NAK", "NAK", "EOT"]
    assert decode(b"hello\x06", TABLES).outcome is Outcome.NOT_THAT_KIND


def test_frames_between_si_and_so_do_not_tell_of_a_length() -> None:
    wire = build_frame(b"02" + b"0123456789ABCDEF", FrameProfile(), Delimiter.SI)
    decoded = decode(wire, TABLES)
    assert (decoded.result["length"], decoded.result["lrc_covers"]) == ("none", "payload end")
    assert "0123456789ABCDEF" not in json.dumps(decoded.result)


@pytest.mark.parametrize(
    ("payload", "delimiter", "said"),
    [
        (b"020123456789ABCDEF", Delimiter.SI, "02 load a master key"),
        (b"087", Delimiter.SI, "08 select a master key"),
        (b"160", Delimiter.SI, "16 self-test"),
        (b"Z62.6200000000000005", Delimiter.STX, "Z62 enter the PIN, with own prompts"),
        (b"70.6200000000000005", Delimiter.STX, "70 enter the PIN"),
        (b"72", Delimiter.STX, "72 cancel"),
        (b"Z2HELLO", Delimiter.STX, "Z2 show a text"),
    ],
)
def test_a_pinpads_message_is_named_and_nothing_else_of_it_is_shown(
    payload: bytes, delimiter: Delimiter, said: str
) -> None:
    row = one(payload, delimiter)
    assert row["as_pinpad_packet"]["en"] == said
    assert set(row) == {"offset", "frame", "payload_bytes", "as_pinpad_packet"}


@pytest.mark.parametrize("payload", [b"7000000000000002", b"60000000000000", b"76", b"QQ", b"V1.2", b"", b"Z9"])
def test_digits_that_may_begin_a_card_number_are_no_message(payload: bytes) -> None:
    assert ("as_pinpad_packet" in one(payload)) is (payload == b"76")


def test_spoilt_frames_of_both_kinds_are_told_one_by_one() -> None:
    first, second = build_frame(b"087", FrameProfile(), Delimiter.SI), build_frame(b"Z1", FrameProfile())
    decoded = decode(first[:-1] + b"\xff" + second[:-1] + b"\xff", TABLES)
    assert decoded.result["faults"] == [
        {"offset": 0, "bytes": len(first), "fault": "bad_lrc"},
        {"offset": len(first), "bytes": len(second), "fault": "bad_lrc"},
    ]


@pytest.mark.parametrize(
    ("text", "frames"),
    [
        ("<STX>V<ETX>U", ["STX ... ETX"]),
        ("[STX]V[ETX]U[ACK]", ["STX ... ETX", "ACK"]),
        ("12:00:01 {SI}087{SO}1", ["SI ... SO"]),
        ("got <NAK> <EOT>", ["NAK", "EOT"]),
    ],
)
def test_frames_in_which_a_log_names_the_control_characters_are_read(text: str, frames: list[str]) -> None:
    code, told = decode_command("control", text, TABLES, True)
    result = json.loads(told)
    rows = [row for row in result["rows"] if "frame" in row]
    assert (code, [row["frame"] for row in rows]) == (0, frames)


@pytest.mark.parametrize("text", ["[CAN] bus error", "<STX>V no end", "[SO] what", "<EM>"])
def test_words_in_brackets_are_no_control_characters(text: str) -> None:
    assert decode_command("control", text, TABLES, True)[0] == 2
