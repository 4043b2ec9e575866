"""Envelopes are found by reading the message whole; a stream gives up its frames whatever stands between them."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import iso8583_peer as peer

from device.message_profiles import read_message_profiles
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


ECHO = peer.ascii_message("0800", {7: "1123101530", 11: "000123", 70: "301"})


@pytest.mark.parametrize(
    ("before", "after", "name"),
    [
        (b"%04d" % len(ECHO), b"", "ascii4 ascii"),
        (b"%06d" % len(ECHO), b"", "ascii6 ascii"),
        (b"%04X" % len(ECHO), b"", "hex4 ascii"),
        (b"%04x" % len(ECHO), b"", "hex4 ascii"),
        (b"%04d" % (len(ECHO) + 4), b"", "ascii4_itself ascii"),
        ((len(ECHO) + 2).to_bytes(2, "big"), b"", "length2_itself ascii"),
        (len(ECHO).to_bytes(2, "big") + b"\0\0", b"", "length2_reserved2 ascii"),
        (b"ISO016000055", b"", "header12 ascii"),
        ((len(ECHO) + 13).to_bytes(2, "big") + b"ISO026000055", b"\x03", "length2 header12 etx ascii"),
        (b"%04dISO016000055" % (len(ECHO) + 12), b"", "ascii4 header12 ascii"),
    ],
)
def test_the_prefixes_and_headers_of_hosts_on_tcp_are_told_apart(before: bytes, after: bytes, name: str) -> None:
    opened = open_envelope(before + ECHO + after, PROFILES)
    assert opened.whole
    assert (str(opened.wrapping), opened.also_possible) == (name, ())
    assert opened.message is not None
    assert opened.message.text(70) == "301"


@pytest.mark.parametrize("header", [b"", b"\x12\x34", *(bytes.fromhex(h) for h in ("603100311003", "613200000000"))])
@pytest.mark.parametrize("tpdu", [b"", peer.TPDU, peer.TPDU_BACK])
@pytest.mark.parametrize("mti", ["0200", "0210", "0820", "0930"])
def test_a_terminals_message_is_found_with_every_part_there_or_not(mti: str, tpdu: bytes, header: bytes) -> None:
    message = tpdu + header + peer.terminal_message(mti, {11: "000001", 41: "T0000001", 60: "00000001301"})
    parts = [*(["tpdu"] if tpdu else []), *([f"header{len(header)}"] if header else [])]
    packed = bytes.fromhex(f"{len(message):04d}") + message
    for wire, prefix in (
        (message, []),
        (peer.prefixed(message), ["length2"]),
        (packed, ["bcd2"]),
        (peer.framed(message), ["stx"]),
    ):
        opened = open_envelope(wire, PROFILES)
        assert opened.whole
        assert str(opened.wrapping) == " ".join([*([*prefix, *parts] or ["bare"]), "bcd"])
        assert opened.also_possible == () or len(header) == 2  # of which anything may be a message type


def test_a_header_of_any_size_is_a_vendors_to_name(tmp_path: Path) -> None:
    text = 'name = "vendor"\nsource = "own"\nrows_of = "iso1987_ascii"\n[encoding]\nmti = "ascii"\nbitmap = "ascii"\n'
    text += 'length = "ascii"\nfield = "ascii"\n[envelope]\nheaders = [9]\n'
    (tmp_path / "vendor.toml").write_text(text, "utf-8")
    profiles = list(read_message_profiles([tmp_path / "vendor.toml"]).values())
    opened = open_envelope(b"SWITCH-01" + ECHO, profiles)
    assert opened.whole
    assert str(opened.wrapping) == "header9 ascii"


def test_a_cut_message_is_shown_in_the_envelope_that_its_marks_bear_out() -> None:
    """A type that digits happen to make, two bytes on, must not win over a TPDU because it got a byte further."""
    message = b"0810" + bytes.fromhex("0020000002800000") + b"12345600" + b"37"
    opened = open_envelope(peer.TPDU + message, PROFILES)
    assert not opened.whole
    assert str(opened.wrapping) == "tpdu ascii"
    assert opened.reason == "DE41 at byte 25: 8 bytes are due, 2 are there"


def test_a_wrong_character_is_told_where_it_stands_not_in_another_reading() -> None:
    """Walked by lengths alone, ASCII characters taken for a bitmap lead further than the message really goes."""
    message = b"0800" + b"8220000000000000" + b"0400000000000000" + b"1123101530" + b"000123" + b"T0000001301"
    opened = open_envelope(message, PROFILES)
    assert opened.profile is not None
    assert (opened.profile.name, opened.reason) == ("iso1987_ascii", "DE70 at byte 52: not all digits")


def test_characters_of_a_bitmap_are_not_taken_for_raw_bits_because_they_lead_further() -> None:
    opened = open_envelope(b"02100020000002000000000123000", PROFILES)
    assert opened.profile is not None
    assert opened.profile.name == "iso1987_ascii"
    assert opened.reason == "1 bytes are left after the message, from byte 28"


def test_a_frame_with_a_wrong_check_byte_is_read_and_told() -> None:
    wire = bytearray(peer.framed(SALE))
    wire[-1] ^= 1
    opened = open_envelope(wire, PROFILES)
    assert not opened.whole
    assert opened.reason == "the check byte or the length of the STX frame is wrong"
    assert opened.message is not None
    assert opened.message.text(39) == "62"


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
