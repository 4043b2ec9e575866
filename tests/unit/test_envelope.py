"""Envelopes are found by reading the message whole; a stream gives up its frames whatever stands between them."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import iso8583_peer as peer

from protocol.envelope import MOST_ATTEMPTS, EnvelopeError, open_envelope

PROFILES = peer.profiles()
SALE = peer.TPDU_BACK + peer.HEADER_BACK + peer.terminal_message("0210", peer.RESPONSE)


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
