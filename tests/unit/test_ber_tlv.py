"""BER-TLV as chip cards and hosts really write it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import iso8583_peer as peer

from protocol import ber_tlv
from protocol.ber_tlv import MOST_OBJECTS, Reading, Tlv, Tlvs, parse_tlv
from protocol.ber_tlv_build import TlvBuildError, Value, build_tlv, build_tlvs

RECORDINGS = sorted((Path(__file__).parents[1] / "recordings" / "tlv").glob("*.json"))


def _flat(text: str) -> list[tuple[str, str]]:
    parsed = parse_tlv(bytes.fromhex(text))
    assert parsed.failure is None
    return [(item.tag, item.value.hex()) for item in parsed.walk()]


def _tree(objects: tuple[Tlv, ...]) -> list[object]:
    return [[o.tag, o.offset, _tree(o.children) if o.children else o.value.hex().upper()] for o in objects]


@pytest.mark.parametrize("path", RECORDINGS, ids=lambda p: p.stem)
def test_a_recording_is_read_exactly_and_built_again(path: Path) -> None:
    recorded = json.loads(path.read_text())
    wire = bytes.fromhex(recorded["wire"])
    parsed = parse_tlv(wire)
    assert _tree(parsed.objects) == recorded["objects"]
    assert parsed.reading == recorded["reading"]
    assert parsed.status_word == (int(recorded["status_word"], 16) if "status_word" in recorded else None)
    assert (str(parsed.failure) if parsed.failure else None) == recorded.get("failure")
    if recorded.get("builds"):
        built = build_tlvs([(o.tag, o.value) for o in parsed.objects], parsed.reading)
        assert built == (wire if parsed.status_word is None else wire[:-2])


@pytest.mark.parametrize(
    ("wire", "read"),
    [
        ("", []),
        ("9F2608 0102030405060708", [("9F26", "0102030405060708")]),
        ("00 00 9505 0000000000 FF FF 9B02 E800 00", [("95", "0000000000"), ("9B", "e800")]),
        ("8102 9F9F 8102 AAAA", [("81", "9f9f"), ("81", "aaaa")]),
        ("DF8129 01 AA", [("DF8129", "aa")]),
        ("DF8102 01 AA", [("DF8102", "aa")]),
        ("BF8102 05 00 8202AABB", [("BF8102", "008202aabb"), ("82", "aabb")]),
        ("9F828303 01 AA", [("9F828303", "aa")]),
        ("9F02 00", [("9F02", "")]),
        ("6F 07 84 02 A000 A5 01 00", [("6F", "8402a000a50100"), ("84", "a000"), ("A5", "00")]),
        ("70 80 5F2A 02 0156 00 00 9B02E800", [("70", "5f2a020156"), ("5F2A", "0156"), ("9B", "e800")]),
        ("70 80 A5 80 5001 41 0000 0000 8200", [("70", "a5805001410000"), ("A5", "500141"), ("50", "41"), ("82", "")]),
        ("70 80 FFFF 5001 41 00 0000", [("70", "ffff500141"), ("50", "41")]),
        ("70 06 00 5001 41 00 FF", [("70", "0050014100ff"), ("50", "41")]),
        ("53 8103 010203", [("53", "010203")]),
        ("53 820003 010203", [("53", "010203")]),
        ("53 83000003 010203", [("53", "010203")]),
        ("53 8400000003 010203", [("53", "010203")]),
        ("BF0C 8102 8200", [("BF0C", "8200"), ("82", "")]),
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


def test_a_vendor_length_of_one_byte_is_read_when_ber_does_not_fit() -> None:
    wire = build_tlvs([("9F10", bytes(0x90)), ("95", bytes(5))], Reading.SIMPLE)
    parsed = parse_tlv(wire)
    assert (parsed.failure, parsed.reading) == (None, Reading.SIMPLE)
    assert [(o.tag, len(o.value)) for o in parsed.objects] == [("9F10", 0x90), ("95", 5)]
    assert parse_tlv(wire, (Reading.BER,)).failure is not None


@pytest.mark.parametrize(
    ("wire", "tags", "status_word"),
    [
        ("9000", [], 0x9000),
        ("9B02E800 9000", ["9B"], 0x9000),
        ("00 9B02E800 00 9000", ["9B"], 0x9000),
        ("6F05 8403 A00001 9000", ["6F", "84"], 0x9000),
        ("6F05 8403 A00001 6283", ["6F", "84"], 0x6283),
        ("9B02E800 6110", ["9B"], 0x6110),
        ("9B02E800 63C2", ["9B"], 0x63C2),
        ("7004 5000 9000", ["70", "50", "90"], None),
        ("9F0206 000000009000", ["9F02"], None),
    ],
)
def test_a_status_word_after_the_objects_is_told_apart(wire: str, tags: list[str], status_word: int | None) -> None:
    parsed = parse_tlv(bytes.fromhex(wire))
    assert parsed.failure is None
    assert [item.tag for item in parsed.walk()] == tags
    assert parsed.status_word == status_word


@pytest.mark.parametrize(
    ("wire", "tags", "offset", "tag"),
    [
        ("9B02E800 9505 0000", ["9B"], 4, "95"),
        ("9B02E800 9F", ["9B"], 4, ""),
        ("9B02E800 95", ["9B"], 4, "95"),
        ("9B02E800 9F82838485 01", ["9B"], 4, ""),
        ("9B02E800 53 85 0000000001 00", ["9B"], 5, "53"),
        ("9B02E800 53 82 00", ["9B"], 5, "53"),
        ("9B02E800 53 80 00", ["9B"], 5, "53"),
        ("9B02E800 70 80 9B02E800", ["9B", "70", "9B"], 10, ""),
        ("7010 8202 7C00 9404 0801", ["70", "82"], 0, "70"),
        ("7008 8202 7C00 9404 0801", ["70", "82"], 6, "94"),
        ("7007 A505 5001 41 8703 82 00", ["70", "A5", "50"], 7, "87"),
        ("6105 8303", ["61"], 0, "61"),
        ("7004 9B00 6183", ["70", "9B"], 5, "61"),
    ],
)
def test_a_failure_has_offset_and_tag_and_keeps_what_was_read(
    wire: str, tags: list[str], offset: int, tag: str
) -> None:
    parsed = parse_tlv(bytes.fromhex(wire))
    assert [item.tag for item in parsed.walk()] == tags
    assert parsed.failure is not None
    assert (parsed.failure.offset, parsed.failure.tag) == (offset, tag)
    assert str(parsed.failure).startswith(f"byte {offset}: ")


def test_nothing_shows_a_value() -> None:
    for data in (bytes.fromhex(peer.CHIP), bytes.fromhex(peer.CHIP)[:-3], b"\x70\x7f" + bytes.fromhex(peer.CHIP)):
        parsed = parse_tlv(data)
        assert peer.CARD not in repr(parsed) + repr(parsed.objects) + str(parsed.failure)
        assert peer.CARD[:8].encode().hex() not in repr(parsed)
    assert parse_tlv(bytes.fromhex(peer.CHIP)).find("57") is not None


def _lies() -> list[bytes]:
    size = 0x10000
    long = [
        b"\x70\x80",
        b"\x30\x82\xff\xff",
        b"\x81\x00",
        b"\x00\xff",
        b"\xff\x00\x00",
        b"\xff\xff",
        b"\x7f\x83\xff\xff",
    ]
    deep = b""
    for _ in range(200):
        deep = build_tlv("70", deep)
    return [*[(part * size)[:size] for part in long], deep, b"\x70\x83\x00\xff\xfb" + b"\x70\x80" * 0x7FFE]


@pytest.mark.parametrize("wire", _lies(), ids=range(len(_lies())))
def test_64_kib_of_lies_end_after_a_bounded_number_of_objects(wire: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    heads: list[int] = []
    head = ber_tlv._Reader._head

    def counted(self: ber_tlv._Reader, at: int, end: int) -> tuple[int, str, int]:
        heads.append(at)
        return head(self, at, end)

    monkeypatch.setattr(ber_tlv._Reader, "_head", counted)
    parsed = parse_tlv(wire)
    assert len(list(parsed.walk())) <= MOST_OBJECTS
    assert len(heads) <= 2 * len(Reading) * MOST_OBJECTS


def _read_carefully(data: bytes) -> Tlvs:
    return ber_tlv._read(data, Reading.BER)


def _same(quick: Tlvs, careful: Tlvs) -> None:
    assert (quick.objects, quick.failure, quick.status_word) == (careful.objects, careful.failure, careful.status_word)


@given(st.binary(max_size=120))
def test_any_bytes_are_read_or_told(data: bytes) -> None:
    parsed = parse_tlv(data)
    assert parsed.failure is None or 0 <= parsed.failure.offset <= len(data)
    if parsed.reading is Reading.BER:
        _same(parsed, _read_carefully(data))


_PRIMITIVE = st.sampled_from(["95", "9B", "9F26", "5F2A", "DF8129", "84", "9F10", "57", "9F02"])
_CONSTRUCTED = st.sampled_from(["70", "6F", "A5", "BF0C", "61", "E1", "FF8105"])
_OBJECTS: st.SearchStrategy[list[tuple[str, Value]]] = st.recursive(
    st.lists(st.tuples(_PRIMITIVE, st.binary(max_size=300)), max_size=4),
    lambda inner: st.lists(
        st.one_of(st.tuples(_PRIMITIVE, st.binary(max_size=40)), st.tuples(_CONSTRUCTED, inner)), max_size=4
    ),
    max_leaves=6,
)


def _nested(objects: tuple[Tlv, ...]) -> list[tuple[str, Value]]:
    return [(o.tag, _nested(o.children) if int(o.tag[:2], 16) & 0x20 else o.value) for o in objects]


@given(_OBJECTS)
def test_what_is_built_is_read_again_by_either_way(objects: list[tuple[str, Value]]) -> None:
    wire = build_tlvs(objects)
    parsed = parse_tlv(wire)
    assert parsed.failure is None
    assert _nested(parsed.objects) == objects
    _same(parsed, _read_carefully(wire))


@given(_OBJECTS, st.data())
def test_every_prefix_keeps_the_objects_that_are_whole(objects: list[tuple[str, Value]], data: st.DataObject) -> None:
    wire = build_tlvs(objects)
    cut = data.draw(st.integers(0, len(wire)))
    parsed = parse_tlv(wire[:cut], (Reading.BER,))
    whole = [o for o in parse_tlv(wire).objects if o.offset + len(build_tlv(o.tag, o.value)) <= cut]
    assert list(parsed.objects[: len(whole)]) == whole
    assert parsed.failure is None or parsed.status_word is None


def test_every_wrong_byte_is_read_or_told() -> None:
    wire = bytes.fromhex(peer.CHIP)
    for at in range(len(wire)):
        for wrong in range(256):
            parsed = parse_tlv(wire[:at] + bytes((wrong,)) + wire[at + 1 :])
            assert parsed.failure is None or 0 <= parsed.failure.offset <= len(wire)
            assert peer.CARD not in repr(parsed)


@pytest.mark.parametrize(
    ("tag", "value", "reading", "wire"),
    [
        ("9F02", b"\x01", Reading.BER, "9F020101"),
        ("53", bytes(127), Reading.BER, "537F" + "00" * 127),
        ("53", bytes(128), Reading.BER, "538180" + "00" * 128),
        ("53", bytes(256), Reading.BER, "53820100" + "00" * 256),
        ("53", bytes(128), Reading.SIMPLE, "5380" + "00" * 128),
        ("FF81", b"\x01", Reading.PRIVATE, "FF810101"),
        ("70", [("50", b"A"), ("A5", [])], Reading.BER, "7005500141A500"),
    ],
)
def test_builds_the_shortest_length(tag: str, value: Value, reading: Reading, wire: str) -> None:
    assert build_tlv(tag, value, reading).hex().upper() == wire


@pytest.mark.parametrize(
    ("tag", "value", "reading"),
    [
        ("", b"", Reading.BER),
        ("zz", b"", Reading.BER),
        ("00", b"", Reading.BER),
        ("9F", b"", Reading.BER),
        ("9502", b"", Reading.BER),
        ("9F81828304", b"", Reading.BER),
        ("50", [("50", b"")], Reading.BER),
        ("50", bytes(256), Reading.SIMPLE),
        ("FF81", bytes(256), Reading.PRIVATE),
    ],
)
def test_what_no_reader_could_read_is_not_built(tag: str, value: Value, reading: Reading) -> None:
    with pytest.raises(TlvBuildError):
        build_tlv(tag, value, reading)
