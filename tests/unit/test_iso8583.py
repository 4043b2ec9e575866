"""ISO 8583 by profile: both ways on recordings, partial results, no card data in any text."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import iso8583 as oracle
import pytest
from hypothesis import given
from hypothesis import strategies as st
from iso8583.specs import default_ascii
from support import iso8583_peer as peer

from protocol.iso8583 import BuildError, Message, ProfileError, build_message, parse_message, parse_profile

PROFILES = {p.name: p for base in peer.profiles() for p in (base, *base.variants)}
UNIONPAY = PROFILES["unionpay"]
ASCII = PROFILES["iso1987_ascii"]
WANTED = frozenset({11, 39, 41, 42})


def _message_of(recorded: dict[str, Any]) -> tuple[bytes, dict[int, str | bytes]]:
    bits = recorded["bits"]
    values: dict[int, str | bytes] = {
        int(k): bytes.fromhex(v) if int(k) in bits else v for k, v in recorded["fields"].items()
    }
    return bytes.fromhex(recorded["message"]), values


@pytest.mark.parametrize("path", peer.RECORDINGS, ids=lambda p: p.stem)
def test_a_recording_is_read_to_its_values_and_built_to_its_bytes(path: Path) -> None:
    recorded = peer.recording(path)
    data, values = _message_of(recorded)
    profile = PROFILES[recorded["profile"]]
    message = parse_message(data, profile)
    dropped = {int(number): bytes.fromhex(value) for number, value in recorded.get("dropped", {}).items()}
    assert message.complete
    assert message.mti == recorded["mti"]
    assert message.fields == values
    assert message.dropped == tuple(dropped)
    assert build_message(recorded["mti"], {**values, **dropped}, profile) == data


@pytest.mark.parametrize("path", peer.RECORDINGS, ids=lambda p: p.stem)
def test_every_prefix_gives_the_fields_before_the_cut_and_the_place(path: Path) -> None:
    recorded = peer.recording(path)
    data, values = _message_of(recorded)
    for cut in range(len(data)):
        message = parse_message(data[:cut], PROFILES[recorded["profile"]])
        assert message.failure is not None or message.mac_input
        assert all(values[number] == value for number, value in message.fields.items())
        assert 0 <= message.end <= cut
        assert peer.CARD not in f"{message!r} {message.failure}"


@pytest.mark.parametrize("path", peer.RECORDINGS, ids=lambda p: p.stem)
def test_no_single_wrong_byte_raises_or_shows_card_data(path: Path) -> None:
    recorded = peer.recording(path)
    data, _ = _message_of(recorded)
    for at in range(len(data)):
        for wrong in (data[at] ^ 0x01, data[at] ^ 0x80, 0x00, 0xFF):
            broken = data[:at] + bytes((wrong,)) + data[at + 1 :]
            for only in (None, WANTED):
                message = parse_message(broken, PROFILES[recorded["profile"]], only)
                assert isinstance(message, Message)
                assert peer.CARD not in f"{message!r} {message.failure}"


@pytest.mark.parametrize("path", peer.RECORDINGS, ids=lambda p: p.stem)
def test_the_short_way_reads_the_wanted_fields_as_the_full_way_does(path: Path) -> None:
    recorded = peer.recording(path)
    data, values = _message_of(recorded)
    message = parse_message(bytearray(data), PROFILES[recorded["profile"]], WANTED)
    assert message.complete
    assert message.fields == {number: value for number, value in values.items() if number in WANTED}


def _ascii_fields() -> st.SearchStrategy[dict[int, str]]:
    digits = {number: st.text("0123456789", min_size=size, max_size=size) for number, size in peer._DIGITS.items()}
    texts = {n: st.text("ABCxyz019 ", min_size=s, max_size=s) for n, s in peer._TEXTS.items() if n != 39}
    varied: dict[int, st.SearchStrategy[str]] = {
        2: st.text("0123456789", max_size=19),
        32: st.text("0123456789", max_size=11),
        35: st.text("0123456789D", max_size=37),
        63: st.text("ABC 019", max_size=99),
    }
    return st.fixed_dictionaries({39: st.just("62")}, optional={**digits, **texts, **varied})


@given(_ascii_fields())
def test_ascii_messages_are_read_as_pyiso8583_reads_them(fields: dict[int, str]) -> None:
    wire = peer.ascii_message("0210", fields)
    theirs, _ = oracle.decode(wire, default_ascii)
    ours = parse_message(wire, ASCII)
    assert ours.complete
    assert {str(k): v for k, v in ours.fields.items()} == {k: v for k, v in theirs.items() if k.isdigit() and k != "1"}


@given(_ascii_fields())
def test_packed_messages_survive_the_round_trip_and_equal_the_peers(fields: dict[int, str]) -> None:
    fields = {number: value for number, value in fields.items() if number != 63}
    wire = build_message("0210", fields, UNIONPAY)
    assert parse_message(wire, UNIONPAY).fields == fields
    assert wire == peer.terminal_message("0210", fields)


@given(st.binary(max_size=200))
def test_any_bytes_give_a_message_value(data: bytes) -> None:
    for profile in PROFILES.values():
        message = parse_message(data, profile)
        assert message.end <= len(data)
        assert message.trailing == len(data) - message.end


def test_gbk_text_survives_both_ways() -> None:
    wire = build_message("0210", {43: "商户", 56: "受限卡"}, UNIONPAY)
    assert "商户".encode("gbk") in wire
    message = parse_message(wire, UNIONPAY)
    assert message.fields == {43: "商户" + " " * 36, 56: "受限卡"}


def test_odd_digits_lean_left_but_the_card_sequence_leans_right() -> None:
    wire = build_message("0200", {22: "051", 23: "001"}, UNIONPAY)
    assert wire.endswith(bytes.fromhex("0510 0001"))


def test_an_encrypted_track_is_no_error() -> None:
    wire = build_message("0200", {11: "000001", 35: "A1B2C3D4E5F60718"}, UNIONPAY)
    assert parse_message(wire, UNIONPAY).text(35) == "A1B2C3D4E5F60718"


def test_the_input_of_a_mac_has_bit_64_and_no_field() -> None:
    wire = build_message("0210", {39: "62", 64: bytes(8)}, UNIONPAY)[:-8]
    message = parse_message(wire, UNIONPAY)
    assert message.complete
    assert message.mac_input
    assert 64 not in message.fields


def test_a_lower_case_bitmap_is_a_bitmap() -> None:
    wire = peer.ascii_message("0210", {39: "62", 70: "301"}, lower=True)
    assert parse_message(wire, ASCII).fields == {39: "62", 70: "301"}


def test_1993_changes_the_fields_by_the_types_first_digit_unless_told_otherwise() -> None:
    later = PROFILES["iso1993"]
    wire = build_message("1210", {12: "261123101530", 39: "100"}, later)
    assert parse_message(wire, later).fields == {12: "261123101530", 39: "100"}
    override = build_message("1210", {12: "101530", 39: "62"}, ASCII, version="0")
    assert parse_message(override, ASCII, version="0").fields == {12: "101530", 39: "62"}
    assert parse_message(b"\x12\x10" + bytes(8), UNIONPAY).failure is not None


@pytest.mark.parametrize("tertiary", ["field", "extension"])
def test_a_third_bitmap_is_read_in_both_places(tertiary: str) -> None:
    table = _table("iso1987_ascii")
    table["tertiary"] = tertiary
    table["fields"]["130"] = {"name": "made up", "format": "n", "most": 3}
    profile = parse_profile(table, "test")
    wire = build_message("0210", {39: "62", 70: "301", 130: "123"}, profile)
    message = parse_message(wire, profile)
    assert message.complete
    assert message.fields == {39: "62", 70: "301", 130: "123"}
    assert 130 in message.present


def test_an_ebcdic_message_is_read() -> None:
    table = _table("iso1987_ascii")
    table["encoding"] = dict.fromkeys(("mti", "bitmap", "length", "field"), "ebcdic")
    table.pop("variant")
    table["fields"] = {
        "2": {"name": "number", "format": "z", "shape": "LLVAR", "most": 19},
        "39": {"name": "code", "format": "an", "most": 2},
    }
    profile = parse_profile(table, "test")
    wire = build_message("0210", {2: "12345", 39: "62"}, profile)
    assert wire == "0210".encode("cp500") + "4000000002000000".encode("cp500") + "051234562".encode("cp500")
    assert parse_message(wire, profile).fields == {2: "12345", 39: "62"}


def test_failures_name_field_offset_and_reason() -> None:
    wire = peer.ascii_message("0210", {11: "00012X", 39: "62"})
    failure = parse_message(wire, ASCII).failure
    assert str(failure) == "DE11 at byte 20: not all digits"
    late = parse_message(wire[:-1].replace(b"X", b"3"), ASCII)
    assert str(late.failure) == "DE39 at byte 26: 2 bytes are due, 1 are there"
    assert late.fields == {11: "000123"}
    unknown = parse_message(bytes.fromhex("0210 0000000000000000".replace(" ", ""))[:2] + b"\x01" + bytes(7), UNIONPAY)
    assert str(unknown.failure) == "DE8 at byte 10: announced by the bitmap, not in the profile"


def test_the_plans_that_hostile_bitmaps_make_stay_few() -> None:
    profile = peer.profile("iso1987_ascii")
    for number in range(1000):
        parse_message(b"0210" + f"{number << 20:016X}".encode() + bytes(40), profile)
    assert len(profile.plans) <= 64


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"encoding": {"mti": "morse"}}, "mti must be one of"),
        ({"colour": "red"}, "colour is not known here"),
        ({"fields": {"1": {}}}, "1 is no field number"),
        ({"fields": {"4": {"name": "a", "format": "n", "most": 0}}}, "most must be a whole number"),
        ({"fields": {"4": {"name": "a", "format": "q", "most": 1}}}, "format must be one of"),
        ({"fields": {"4": {"name": "a", "format": "b", "most": 1, "encoding": "bcd"}}}, "does not fit the format b"),
        ({"version": "1901"}, "version must be one of"),
    ],
)
def test_a_wrong_profile_is_refused_with_its_place(change: dict[str, Any], says: str) -> None:
    table = {**_table("unionpay"), **change}
    with pytest.raises(ProfileError, match=says) as caught:
        parse_profile(table, "unionpay.toml")
    assert str(caught.value).startswith("unionpay.toml")


@pytest.mark.parametrize(
    "fields", [{8: "1"}, {39: "622"}, {11: "1234567"}, {11: "12345X"}, {64: b"1"}, {64: "text"}, {39: b"62"}]
)
def test_values_that_do_not_fit_are_not_built(fields: dict[int, str | bytes]) -> None:
    with pytest.raises(BuildError, match="DE"):
        build_message("0210", fields, UNIONPAY)


def _table(name: str) -> dict[str, Any]:
    return tomllib.loads((peer.ROOT / "device" / "catalogue" / "profiles" / f"{name}.toml").read_text("utf-8"))
