"""``decode control``: frames of any dialect, and nothing of what they carry."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.decoding.control import _PROFILES, decode, open_stream
from device.decoding.result import Outcome, Row
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
