"""Envelopes are found by reading the message whole; a stream gives up its frames whatever stands between them."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import iso8583_peer as peer

from protocol.envelope import MOST_ATTEMPTS, EnvelopeError, open_envelope
from protocol.link_frame import Frame, LinkDeframer, LinkError

PROFILES = peer.profiles()
SALE = peer.TPDU_BACK + peer.HEADER_BACK + peer.terminal_message("0210", peer.RESPONSE)
FRAME = peer.framed(SALE)


@pytest.mark.parametrize("path", peer.RECORDINGS, ids=lambda p: p.stem)
def test_a_recording_is_opened_as_it_was_wrapped(path: Path) -> None:
    recorded = peer.recording(path)
    opened = open_envelope(bytes.fromhex(recorded["wire"]), PROFILES)
    assert opened.whole
    assert opened.profile is not None
    assert opened.message is not None
    assert (str(opened.wrapping), opened.profile.name) == (recorded["envelope"], recorded["profile"])
    assert opened.message.mti == recorded["mti"]
    assert len(opened.message.fields) == len(recorded["fields"])


@pytest.mark.parametrize(
    ("wire", "name"),
    [
        (bytes.fromhex(f"{len(SALE):04d}") + SALE, "bcd2 tpdu header6 bcd"),
        (SALE, "tpdu header6 bcd"),
        (SALE[5:], "header6 bcd"),
        (b"\x2e" + bytes(45) + peer.terminal_message("0210", peer.RESPONSE), "header46 bcd"),
        (peer.TPDU + b"\x12\x34" + peer.terminal_message("0210", peer.RESPONSE), "tpdu header2 bcd"),
    ],
)
def test_the_envelopes_of_the_field_are_told_apart(wire: bytes, name: str) -> None:
    opened = open_envelope(wire, PROFILES)
    assert opened.whole
    assert str(opened.wrapping) == name


@pytest.mark.parametrize("path", peer.RECORDINGS, ids=lambda p: p.stem)
def test_a_cut_message_is_told_with_its_place(path: Path) -> None:
    wire = bytes.fromhex(peer.recording(path)["wire"])
    for cut in range(len(wire)):
        opened = open_envelope(wire[:cut], PROFILES)
        assert opened.whole == (opened.reason == "")
        assert peer.CARD not in repr(opened)
        assert opened.attempts <= MOST_ATTEMPTS


def test_bytes_after_the_message_are_told() -> None:
    opened = open_envelope(peer.terminal_message("0210", {39: "62"}) + b"xyz", PROFILES)
    assert not opened.whole
    assert opened.reason == "3 bytes are left after the message, from byte 12"


def test_lies_cost_a_bounded_number_of_attempts() -> None:
    for filler in (b"\x60", b"\x02", b"0", b"\x02\x00", b"\x60\x21\x02\x10\xff"):
        opened = open_envelope((filler * 65536)[:65536], PROFILES)
        assert not opened.whole
        assert opened.attempts <= MOST_ATTEMPTS


def test_oversize_is_refused_in_a_sentence() -> None:
    with pytest.raises(EnvelopeError, match="1048576 bytes are too many"):
        open_envelope(bytes(1 << 20), PROFILES)


@given(st.binary(max_size=300))
def test_any_bytes_are_opened_or_told(data: bytes) -> None:
    opened = open_envelope(data, PROFILES)
    assert opened.whole or opened.reason


def _messages(items: list[Frame | LinkError]) -> list[bytes]:
    return [bytes(item.message) for item in items if isinstance(item, Frame)]


def _fed(stream: bytes, size: int) -> list[Frame | LinkError]:
    deframer = LinkDeframer()
    items: list[Frame | LinkError] = []
    for begin in range(0, len(stream), size):
        items += deframer.feed(stream[begin : begin + size])
    return items + deframer.flush()


@pytest.mark.parametrize("size", [1, 2, 7, 4096])
def test_frames_come_out_however_the_stream_is_cut(size: int) -> None:
    stream = b"\x05\x06" + FRAME + b"\x06" + FRAME + b"\x04" + peer.framed(b"\x03\x02\x03")
    items = _fed(stream, size)
    assert _messages(items) == [SALE, SALE, b"\x03\x02\x03"]
    assert len(items) == 3


@pytest.mark.parametrize("noise", [b"noise", b"\x02", b"\x02\x00\x05abcde", FRAME[:40], FRAME[:-1] + b"\x00"])
@pytest.mark.parametrize("size", [1, 4096])
def test_no_good_frame_is_lost_behind_noise(noise: bytes, size: int) -> None:
    items = _fed(noise + FRAME + noise + FRAME, size)
    assert _messages(items) == [SALE, SALE]
    errors = [item for item in items if isinstance(item, LinkError)]
    assert errors
    assert errors[0].offset == 0


def test_an_unfinished_frame_is_reported_when_the_line_falls_quiet() -> None:
    deframer = LinkDeframer()
    assert deframer.feed(FRAME[:20]) == []
    error = deframer.flush()[0]
    assert isinstance(error, LinkError)
    assert (error.offset, error.reason) == (0, "the line fell quiet in the middle of a frame")
    assert _messages(deframer.feed(FRAME)) == [SALE]


@given(st.lists(st.one_of(st.just(FRAME), st.binary(max_size=12)), max_size=6), st.integers(1, 50))
def test_every_byte_is_accounted_for_and_frames_after_a_pause_survive(parts: list[bytes], size: int) -> None:
    deframer = LinkDeframer()
    for part in parts:
        deframer.feed(part)
    deframer.flush()
    items: list[Frame | LinkError] = []
    for begin in range(0, len(FRAME), size):
        items += deframer.feed(FRAME[begin : begin + size])
    assert _messages(items) == [SALE]


def test_what_is_held_stays_bounded_and_is_wiped() -> None:
    deframer = LinkDeframer(most=256)
    for _ in range(200):
        deframer.feed(b"\x02\x02\x50" + b"\xaa" * 997)
    assert len(deframer._held) <= 256 + 5
    deframer.feed(FRAME[:30])
    deframer.wipe()
    assert not deframer._held


def test_no_frame_shows_its_message() -> None:
    frame = LinkDeframer().feed(FRAME)[0]
    assert repr(frame) == f"Frame(offset=0, {len(SALE)} bytes)"
