"""BER-TLV as chip cards and hosts really write it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import iso8583_peer as peer

from protocol.ber_tlv import Reading, build_tlv, parse_tlv


def _flat(text: str) -> list[tuple[str, str]]:
    parsed = parse_tlv(bytes.fromhex(text))
    assert parsed.failure is None
    return [(item.tag, item.value.hex()) for item in parsed.walk()]


@pytest.mark.parametrize(
    ("wire", "read"),
    [
        ("9F2608 0102030405060708", [("9F26", "0102030405060708")]),
        ("00 00 9505 0000000000 FF FF 9B02 E800 00", [("95", "0000000000"), ("9B", "e800")]),
        ("8102 9F9F 8102 AAAA", [("81", "9f9f"), ("81", "aaaa")]),
        ("DF8129 01 AA", [("DF8129", "aa")]),
        ("6F 07 84 02 A000 A5 01 00", [("6F", "8402a000a50100"), ("84", "a000"), ("A5", "00")]),
        ("70 80 5F2A 02 0156 00 00 9B02E800", [("70", "5f2a020156"), ("5F2A", "0156"), ("9B", "e800")]),
        ("53 8103 010203", [("53", "010203")]),
        ("53 820003 010203", [("53", "010203")]),
        ("53 83000003 010203", [("53", "010203")]),
    ],
)
def test_the_forms_of_the_standard(wire: str, read: list[tuple[str, str]]) -> None:
    assert _flat(wire) == read


def test_private_tags_that_are_not_ber_do_not_abort_the_rest() -> None:
    parsed = parse_tlv(bytes.fromhex("9505 0000000000 FF81 03 313233 FF02 82" + "41" * 130 + "9B02 E800"))
    assert parsed.failure is None
    assert parsed.reading is Reading.PRIVATE
    assert [item.tag for item in parsed.walk()] == ["95", "FF81", "FF02", "9B"]
    assert parsed.find("9B") == b"\xe8\x00"


def test_ff_before_an_object_is_padding_when_nothing_else_fits() -> None:
    parsed = parse_tlv(bytes.fromhex("FF 9F26 08 0102030405060708"))
    assert parsed.find("9F26") == bytes.fromhex("0102030405060708")


@pytest.mark.parametrize(
    ("wire", "tags", "offset"),
    [
        ("9B02E800 9505 0000", ["9B"], 4),
        ("9B02E800 9F", ["9B"], 4),
        ("9B02E800 95", ["9B"], 4),
        ("9B02E800 9F82838485 01", ["9B"], 4),
        ("9B02E800 53 84 00000001 00", ["9B"], 5),
        ("9B02E800 53 80 00", ["9B"], 5),
        ("9B02E800 70 80 9B02E800", ["9B"], 10),
    ],
)
def test_a_failure_has_its_offset_and_keeps_what_was_read(wire: str, tags: list[str], offset: int) -> None:
    parsed = parse_tlv(bytes.fromhex(wire))
    assert [item.tag for item in parsed.objects] == tags
    assert parsed.failure is not None
    assert parsed.failure.offset == offset


def test_nothing_shows_a_value() -> None:
    parsed = parse_tlv(bytes.fromhex(peer.CHIP))
    assert peer.CARD not in repr(parsed)
    assert parsed.find("57") is not None


@pytest.mark.parametrize("wire", [b"\x70\x80" * 3000, b"\xff" * 5000, b"\x30\x82\xff\xff" * 2000, b"\x81\x00" * 5000])
def test_lies_end_soon_and_quietly(wire: bytes) -> None:
    parsed = parse_tlv(wire)
    assert len(list(parsed.walk())) <= 1024


@given(st.binary(max_size=120))
def test_any_bytes_are_read_or_told(data: bytes) -> None:
    parsed = parse_tlv(data)
    assert parsed.failure is None or 0 <= parsed.failure.offset <= len(data)


_TAGS = st.sampled_from(["95", "9B", "9F26", "5F2A", "DF8129", "84", "9F10"])


@given(st.lists(st.tuples(_TAGS, st.binary(max_size=300)), max_size=8))
def test_what_is_built_is_read_again(objects: list[tuple[str, bytes]]) -> None:
    wire = b"".join(build_tlv(tag, value) for tag, value in objects)
    parsed = parse_tlv(wire)
    assert [(item.tag, item.value) for item in parsed.objects] == objects
    for cut in range(len(wire)):
        assert len(parse_tlv(wire[:cut]).objects) <= len(objects) or len(wire) > 600
        if cut > 40:
            break
