"""The fourteen traps of ISO 8583 as it is met in the field, one test or more each; vectors written by hand."""

from __future__ import annotations

from typing import Any

import pytest
from support import iso8583_peer as peer

from protocol.envelope import open_envelope
from protocol.iso8583 import MessageProfile, build_message, locate_fields, parse_message, parse_profile

PROFILES = {p.name: p for base in peer.profiles() for p in (base, *base.variants)}
UNIONPAY = PROFILES["unionpay"]
ASCII = PROFILES["iso1987_ascii"]
BASES = peer.profiles()
BODY = peer.terminal_message("0210", peer.RESPONSE)
ROWS = {
    "39": {"name": "response code", "format": "an", "most": 2},
    "41": {"name": "terminal", "format": "ans", "most": 8},
}


def _opened_as(wire: bytes) -> tuple[bool, str]:
    opened = open_envelope(wire, BASES)
    return opened.whole, str(opened.wrapping)


@pytest.mark.parametrize(
    ("prefix", "name"),
    [
        (len(BODY).to_bytes(2, "big"), "length2 bcd"),
        (bytes.fromhex(f"{len(BODY):04d}"), "bcd2 bcd"),
        (b"", "bare bcd"),
    ],
)
def test_trap_1_the_length_prefix_is_binary_packed_or_missing(prefix: bytes, name: str) -> None:
    assert _opened_as(prefix + BODY) == (True, name)


def test_trap_1_a_serial_frame_has_a_packed_length_and_a_check_byte() -> None:
    frame = peer.framed(BODY)
    assert _opened_as(frame) == (True, "stx bcd")
    assert not open_envelope(frame[:-1] + bytes((frame[-1] ^ 1,)), BASES).whole


@pytest.mark.parametrize("prefix", ["ascii4", "length4"])
def test_trap_1_four_bytes_of_length_are_met_on_tcp(prefix: str) -> None:
    body = peer.ascii_message("0210", {11: "000123", 39: "62"})
    size = f"{len(body):04d}".encode() if prefix == "ascii4" else len(body).to_bytes(4, "big")
    assert _opened_as(size + body) == (True, f"{prefix} ascii")


@pytest.mark.parametrize("tpdu", [peer.TPDU, peer.TPDU_BACK])
def test_trap_2_the_tpdu_may_stand_there_either_way_round(tpdu: bytes) -> None:
    assert _opened_as(tpdu + BODY) == (True, "tpdu bcd")


@pytest.mark.parametrize(
    "header", ["602100000000", "602200000000", "603100000000", "603200000000", "613100000000", "613200000000"]
)
def test_trap_3_the_six_byte_header_goes_by_its_first_byte(header: str) -> None:
    assert _opened_as(bytes.fromhex(header) + BODY) == (True, "header6 bcd")


def test_trap_3_a_header_of_two_bytes_or_of_46() -> None:
    assert _opened_as(b"\x12\x34" + BODY) == (True, "header2 bcd")
    assert _opened_as(b"\x2e" + bytes(45) + BODY) == (True, "header46 bcd")


def test_trap_4_an_ascii_type_before_a_binary_bitmap() -> None:
    wire = peer.ascii_message("0210", {11: "000123", 39: "62"}, binary_bitmap=True)
    opened = open_envelope(wire, BASES)
    assert (opened.whole, str(opened.wrapping)) == (True, "bare ascii")
    assert opened.message is not None
    assert opened.message.fields == {11: "000123", 39: "62"}


def test_trap_4_an_ebcdic_type_before_ebcdic_fields() -> None:
    wire = "0210".encode("cp037") + bytes.fromhex("0020000002000000") + "00012362".encode("cp037")
    opened = open_envelope(wire, BASES)
    assert opened.message is not None
    assert (opened.whole, opened.message.fields) == (True, {11: "000123", 39: "62"})


@pytest.mark.parametrize("before", ["", "160102005D" + 17 * "00", "005D0000 160102005D" + 17 * "00"])
def test_trap_4_packed_digits_beside_ebcdic_text_and_binary_lengths(before: str) -> None:
    """BASE I: one binary byte of length, which counts digits where digits are packed, bytes elsewhere."""
    digits = bytes.fromhex("0110 5020000002C00202 13 04123456789012345678 000000001200 184566")
    texts = "00TERMID01MERCHANT 000001".encode("cp500")
    chip_and_private = bytes.fromhex("05 9F36020007 09 8000000000000000E8")
    opened = open_envelope(bytes.fromhex(before) + digits + texts + chip_and_private, BASES)
    assert opened.message is not None
    assert (opened.whole, opened.message.profile) == (True, "base1")
    assert opened.message.fields == {
        **{2: "4123456789012345678", 4: "000000001200", 11: "184566"},
        **{39: "00", 41: "TERMID01", 42: "MERCHANT 000001"},
        **{55: bytes.fromhex("9F36020007"), 63: bytes.fromhex("8000000000000000E8")},
    }


def test_trap_4_packed_digits_and_ebcdic_text_without_any_variable_field() -> None:
    wire = bytes.fromhex("0810 8220000002000000 0400000000000000 1123130427 000005 F0F0 0001")
    opened = open_envelope(wire, BASES)
    assert opened.message is not None
    assert opened.message.fields == {7: "1123130427", 11: "000005", 39: "00", 70: "001"}


def test_trap_5_a_packed_length_counts_digits_for_n_and_bytes_for_text() -> None:
    wire = build_message("0200", {2: "123456789", 44: "AB", 60: "12345678"}, UNIONPAY)
    assert wire[10:] == bytes.fromhex("09 1234567890 02 4142 0008 12345678")
    assert parse_message(wire, UNIONPAY).fields == {2: "123456789", 44: "AB", 60: "12345678"}


@pytest.mark.parametrize(
    ("number", "digits", "wire"),
    [
        (2, "62000000000000051", "17 620000000000000510"),
        (22, "051", "0510"),
        (35, "621D491", "07 621D4910"),
        (60, "220000010", "0009 2200000100"),
    ],
)
def test_trap_6_odd_digits_lean_left(number: int, digits: str, wire: str) -> None:
    assert build_message("0200", {number: digits}, UNIONPAY)[10:] == bytes.fromhex(wire)
    assert parse_message(build_message("0200", {number: digits}, UNIONPAY), UNIONPAY).fields == {number: digits}


@pytest.mark.parametrize(
    ("name", "card", "entry"),
    [
        ("iso1987_bcd", "0620 0000 0000 0008", "0051"),
        ("iso1987_bcd (variable digits lean left)", "6200 0000 0000 0080", "0051"),
        ("unionpay", "6200 0000 0000 0080", "0510"),
    ],
)
def test_trap_6_the_side_on_which_digits_lean_is_found_by_what_fills_them_up(name: str, card: str, entry: str) -> None:
    wire = bytes.fromhex(f"6000090000 0200 4000040000000000 15 {card} {entry}")
    opened = open_envelope(wire, BASES)
    assert opened.profile is not None
    assert opened.message is not None
    assert (opened.profile.name, dict(opened.message.fields)) == (name, {2: "620000000000008", 22: "051"})


def test_trap_6_f_fills_up_an_odd_digit_as_well_as_0() -> None:
    wire = bytes.fromhex("1200 0000000020000000 21 6200000000000005D4912F")
    opened = open_envelope(wire, BASES)
    assert opened.message is not None
    assert opened.message.fields == {35: "6200000000000005D4912"}


def test_trap_6_the_card_sequence_number_leans_right() -> None:
    wire = build_message("0200", {23: "001"}, UNIONPAY)
    assert wire[10:] == bytes.fromhex("0001")
    assert parse_message(wire, UNIONPAY).text(23) == "001"


@pytest.mark.parametrize("pad", ["0", "F"])
def test_trap_7_a_track_of_37_digits_is_filled_with_0_or_f(pad: str) -> None:
    track = peer.CARD + "D" + "49125201234567890123"
    wire = bytes.fromhex("0200 0000000020000000 37") + bytes.fromhex(track + pad)
    assert len(track) == 37
    assert parse_message(wire, UNIONPAY).text(35) == track


def test_trap_7_an_encrypted_track_is_no_error() -> None:
    wire = bytes.fromhex("0200 0000000020000000 16 A1B2C3D4E5F60718")
    assert parse_message(wire, UNIONPAY).text(35) == "A1B2C3D4E5F60718"


def test_trap_8_a_merchant_number_may_end_in_a_letter_and_names_are_gbk() -> None:
    values: dict[int, str | bytes] = {41: "T1      ", 42: "89811111111111A", 43: "小店" + " " * 36, 56: "请换卡"}
    wire = build_message("0210", values, UNIONPAY)
    assert "小店".encode("gbk") in wire
    assert parse_message(wire, UNIONPAY).fields == values


@pytest.mark.parametrize("number", [43, 44, 46, 47, 56, 57, 58, 59, 63])
def test_trap_8_texts_of_people_are_gbk(number: int) -> None:
    value = "交易成功".ljust(36 if number == 43 else 4)
    wire = build_message("0210", {number: value}, UNIONPAY)
    assert value.encode("gbk") in wire
    assert parse_message(wire, UNIONPAY).fields == {number: value}


def test_trap_8_half_a_gbk_character_is_kept_as_it_came() -> None:
    values = parse_message(bytes.fromhex("0210 0000000000000100 0001 B5"), UNIONPAY)
    assert values.complete
    assert build_message("0210", values.fields, UNIONPAY) == bytes.fromhex("0210 0000000000000100 0001 B5")


@pytest.mark.parametrize("number", [46, 47, 48, 59])
def test_trap_9_private_fields_take_what_comes(number: int) -> None:
    value = "12345678" if number == 48 else "\x01\x02private"
    wire = build_message("0200", {number: value}, UNIONPAY)
    assert parse_message(wire, UNIONPAY).fields == {number: value}


@pytest.mark.parametrize("digits", ["22000001", "22000001003", "220000010005", "22000001000601000"])
def test_trap_9_de60_has_8_to_17_digits(digits: str) -> None:
    assert parse_message(build_message("0200", {60: digits}, UNIONPAY), UNIONPAY).text(60) == digits


@pytest.mark.parametrize("mti", ["0810", "1810", "2811"])
def test_trap_10_the_working_keys_of_a_sign_on_are_never_read(mti: str) -> None:
    name = {"0": "iso1987_ascii", "1": "iso1993", "2": "iso2003"}[mti[0]]
    key = "KEYKEYKEY"
    wire = build_message(mti, {11: "1", 62: key}, PROFILES[name])
    for only in (None, frozenset((11, 62))):
        message = parse_message(wire, PROFILES[name], only)
        assert message.complete
        assert (62 in message.present, 62 in message.fields, message.dropped) == (True, False, (62,))


def test_trap_10_private_tags_in_chip_data_do_not_stop_the_message() -> None:
    chip = bytes.fromhex("9F260811223344556677 88 FF FF FF 01 9F")
    message = parse_message(build_message("0200", {55: chip, 60: "22000001"}, UNIONPAY), UNIONPAY)
    assert message.complete
    assert message.fields == {55: chip, 60: "22000001"}


@pytest.mark.parametrize("mti", ["0200", "0820", "0830", "0900", "0910", "0920", "0930"])
def test_trap_11_a_response_code_in_a_request_and_types_up_to_0930_are_read(mti: str) -> None:
    wire = bytes.fromhex(mti) + bytes.fromhex("0000000002000000") + b"62"
    message = parse_message(wire, UNIONPAY)
    assert (message.mti, message.fields, message.complete) == (mti, {39: "62"}, True)


def test_trap_11_the_input_of_a_mac_has_bit_64_set_and_no_field() -> None:
    for profile in (UNIONPAY, ASCII, PROFILES["ebcdic"]):
        wire = build_message("0210", {39: "62", 64: bytes(8)}, profile)
        size = len(wire) - len(build_message("0210", {39: "62"}, profile))
        message = parse_message(wire[:-size], profile)
        assert (message.complete, message.mac_input, message.fields) == (True, True, {39: "62"})
        assert not parse_message(wire[:-1], profile).complete


def test_trap_11_a_mac_may_be_eight_hexadecimal_characters() -> None:
    wire = bytes.fromhex("0210 0000000002000001") + b"62" + b"1A2B3C4D"
    assert parse_message(wire, UNIONPAY).fields == {39: "62", 64: b"1A2B3C4D"}


@pytest.mark.parametrize("mac", [b"8F651B26", bytes.fromhex("8F651B268F651B26")])
@pytest.mark.parametrize("mti", ["0210", "1210"])
def test_trap_11_a_mac_of_eight_bytes_stands_in_messages_of_characters_too(mti: str, mac: bytes) -> None:
    opened = open_envelope(mti.encode() + b"2000000000000001" + b"000123" + mac, BASES)
    assert opened.message is not None
    assert (opened.whole, opened.also_possible, opened.message.fields) == (True, (), {3: "000123", 64: mac})


@pytest.mark.parametrize("lower", [True, False])
@pytest.mark.parametrize("last", [64, 128])
def test_trap_12_a_bitmap_in_characters_has_16_or_32_of_either_case(lower: bool, last: int) -> None:
    fields = {39: "62", 42: "89811111111111A", 49: "156"} | ({70: "301"} if last == 128 else {})
    wire = peer.ascii_message("0210", fields, lower=lower)
    assert parse_message(wire, ASCII).fields == fields


@pytest.mark.parametrize("tertiary", ["field", "extension"])
@pytest.mark.parametrize("bitmap", ["ascii", "binary", "ebcdic"])
def test_trap_12_the_third_bitmap_is_read_and_built_in_both_places(tertiary: str, bitmap: str) -> None:
    table = {
        **{"name": "third", "source": "test", "tertiary": tertiary},
        "encoding": {"mti": "ascii", "bitmap": bitmap, "length": "ascii", "field": "ascii"},
        "fields": {**ROWS, **{str(n): {"name": "x", "format": "n", "most": 3} for n in (66, 128, 129, 192)}},
    }
    profile = parse_profile(table, "test")
    values: dict[int, str | bytes] = {39: "62", 66: "066", 128: "128", 129: "129", 192: "192"}
    wire = build_message("0210", values, profile)
    size = 8 if bitmap == "binary" else 16
    before_third = 2 if tertiary == "field" else 0  # DE39 comes first where the third bitmap is a field
    at = 4 + 2 * size + before_third
    raw = wire[at : at + size]
    text = raw.hex() if bitmap == "binary" else raw.decode("cp500" if bitmap == "ebcdic" else "ascii")
    assert text == "8000000000000001"
    message = parse_message(wire, profile)
    assert (message.complete, message.fields) == (True, values)
    assert list(message.present)[-2:] == [129, 192]
    assert parse_message(wire[:-4], profile).failure is not None


@pytest.mark.parametrize(
    ("profile", "wire"),
    [
        ("iso1987_ascii", b"0200A00000000000000084000000000000008000000000000000000000301XYZ"),
        ("iso1987_ascii", b"0200A00000000000000084000000000000000000008000000000000000301XYZ"),
        ("vendor", bytes.fromhex("0200 A000000000000000 8400000000000000 8000000000000000 000000 3010") + b"XYZ"),
        ("vendor", bytes.fromhex("0200 A000000000000000 8400000000000000 000000 8000000000000000 3010") + b"XYZ"),
    ],
)
def test_trap_12_a_third_bitmap_is_found_at_either_place(profile: str, wire: bytes) -> None:
    """Whatever the profile says: the place that consumes the message whole is the right one."""
    base = PROFILES["iso1987_ascii" if profile == "iso1987_ascii" else "unionpay"]
    row = {"name": "own", "format": "ans", "most": 3}
    coding = ("ascii", "ascii", "ascii", "ascii") if profile == "iso1987_ascii" else ("bcd", "binary", "bcd", "bcd")
    rows = {
        "3": {"name": "processing code", "format": "n", "most": 6},
        "70": {"name": "network management information code", "format": "n", "most": 3},
        "129": row,
    }
    table = {
        "name": "vendor",
        "source": "own",
        "encoding": dict(zip(("mti", "bitmap", "length", "field"), coding, strict=True)),
        "envelope": {"prefixes": list(base.prefixes)},
        "fields": rows,
    }
    opened = open_envelope(wire, [parse_profile(table, "test")])
    assert opened.whole
    assert opened.message is not None
    assert opened.message.fields == {3: "000000", 70: "301", 129: "XYZ"}


def test_trap_12_bit_1_without_any_field_above_64_is_legal() -> None:
    wire = b"0210" + b"8000000002000000" + b"0" * 16 + b"62"
    assert parse_message(wire, ASCII).fields == {39: "62"}


@pytest.mark.parametrize(
    ("name", "mti", "values"),
    [
        ("iso1987_ascii", "0210", {12: "101530", 13: "1123", 22: "051", 24: "001", 25: "00", 39: "62"}),
        ("iso1993", "1210", {12: "261123101530", 13: "2611", 22: "510101513344", 24: "200", 25: "1510", 39: "104"}),
        ("iso2003", "2210", {12: "20261123101530", 13: "261123", 22: bytes(16), 24: "200", 25: "1510", 39: "1000"}),
    ],
)
def test_trap_13_the_first_digit_of_the_type_chooses_the_edition(
    name: str, mti: str, values: dict[int, str | bytes]
) -> None:
    wire = build_message(mti, values, PROFILES[name])
    opened = open_envelope(wire, BASES)
    assert opened.whole
    assert opened.profile is not None
    assert opened.message is not None
    assert (opened.profile.name, opened.message.fields) == (name, values)


def test_trap_13_an_override_reads_another_edition() -> None:
    wire = b"1210" + peer.ascii_message("0210", {12: "101530", 39: "62"})[4:]
    assert parse_message(wire, ASCII).failure is not None
    assert parse_message(wire, ASCII, version="0").fields == {12: "101530", 39: "62"}


def test_trap_14_a_failure_has_the_fields_before_it_its_place_and_its_reason() -> None:
    wire = peer.ascii_message("0210", {11: "000123", 32: "48021560", 39: "62"})
    short = wire.replace(b"0848021560", b"1248021560")
    message = parse_message(short, ASCII)
    assert message.fields == {11: "000123"}
    assert str(message.failure) == "DE32 at byte 26: the length says 12, the profile allows 11"
    assert (message.end, message.trailing) == (26, len(wire) - 26)


def test_trap_14_bytes_left_over_are_counted() -> None:
    message = parse_message(peer.ascii_message("0210", {39: "62"}) + b"xyz", ASCII)
    assert (message.failure, message.trailing, message.complete) == (None, 3, False)


def test_trap_14_the_place_of_each_field_is_known() -> None:
    wire = peer.ascii_message("0210", {11: "000123", 32: "48021560", 39: "62"})
    assert locate_fields(wire, ASCII) == {11: (20, 6), 32: (26, 10), 39: (36, 2)}
    assert locate_fields(b"\x00" + wire[:-1], ASCII, start=1) == {11: (21, 6), 32: (27, 10)}


class _CountedBytes(bytes):
    """Bytes that count how often they were looked into."""

    looks = 0

    def __getitem__(self, key: Any) -> Any:
        _CountedBytes.looks += 1
        return super().__getitem__(key)


@pytest.mark.parametrize(
    "filler", [b"\x02\x00\xff\xff", b"0200" + b"F" * 32, b"\x60", b"\x2e", b"\xf0\xf2\xf1\xf0" + b"\xff" * 16, b"00"]
)
def test_64_kib_of_lies_end_after_a_bounded_number_of_steps(filler: bytes) -> None:
    data = _CountedBytes((filler * 65_536)[:65_536])
    _CountedBytes.looks = 0
    opened = open_envelope(data, BASES)
    assert not opened.whole
    assert _CountedBytes.looks < 96 * 192 * 3  # attempts, fields, looks a field


def _one_field(row: dict[str, Any]) -> MessageProfile:
    encoding = {"mti": "ascii", "bitmap": "binary", "length": "bcd", "field": "bcd"}
    return parse_profile(
        {"name": "one", "source": "test", "encoding": encoding, "fields": {"2": {"name": "x", **row}}}, "test"
    )


@pytest.mark.parametrize(("align", "good", "bad"), [("left", "123F", "1230"), ("right", "F123", "0123")])
def test_a_host_that_is_strict_about_the_filling_digit_is_believed(align: str, good: str, bad: str) -> None:
    row = {"format": "n", "shape": "LLVAR", "most": 9, "align": align, "pad": "F"}
    head = b"0200" + bytes.fromhex("4000000000000000 03")
    strict, lenient = _one_field({**row, "check_pad": True}), _one_field(row)
    assert parse_message(head + bytes.fromhex(good), strict).text(2) == "123"
    failure = parse_message(head + bytes.fromhex(bad), strict).failure
    assert str(failure) == "DE2 at byte 13: the digit that fills up the last byte is another one"
    assert parse_message(head + bytes.fromhex(bad), lenient).text(2) == "123"
    assert build_message("0200", {2: "123"}, strict) == head + bytes.fromhex(good)


def test_text_of_a_fixed_field_stands_on_the_side_that_the_profile_says() -> None:
    left, right = (_one_field({"format": "an", "most": 4, "align": align}) for align in ("left", "right"))
    assert build_message("0200", {2: "AB"}, left).endswith(b"AB  ")
    assert build_message("0200", {2: "AB"}, right).endswith(b"  AB")
