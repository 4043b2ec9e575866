"""Data object lists and the values that go with them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.decoding.emv_catalogue import read_emv_tables
from protocol.dol import MOST_ENTRIES, DolEntry, Padding, build_dol, build_values, parse_dol, split_values

_CDOL = [("9F02", 6), ("9F1A", 2), ("95", 5), ("DF8101", 1)]


def test_a_list_is_read_with_offsets_and_built_again() -> None:
    wire = bytes.fromhex("9F0206 9F1A02 9505 DF810101")
    dol = parse_dol(wire)
    assert dol.failure is None
    assert [(e.tag, e.length, e.offset) for e in dol.entries] == [
        ("9F02", 6, 0),
        ("9F1A", 2, 3),
        ("95", 5, 6),
        ("DF8101", 1, 8),
    ]
    assert dol.length == 14
    assert build_dol(_CDOL) == wire


@pytest.mark.parametrize(
    ("wire", "offset", "entries"), [("9F", 0, 0), ("9505 9F02", 2, 1), ("9505 9F81", 2, 1), ("9F8182838401", 0, 0)]
)
def test_a_cut_list_keeps_its_beginning(wire: str, offset: int, entries: int) -> None:
    dol = parse_dol(bytes.fromhex(wire))
    assert dol.failure is not None
    assert (dol.failure.offset, len(dol.entries)) == (offset, entries)


@pytest.mark.parametrize("entries", [[("9F", 2)], [("95", 256)], [("zz", 1)], [("9502", 1)]])
def test_what_is_no_list_is_not_built(entries: list[tuple[str, int]]) -> None:
    with pytest.raises(ValueError, match=r".+"):
        build_dol(entries)


@pytest.mark.parametrize(
    ("value", "length", "padding", "built"),
    [
        ("012345", 2, Padding.NUMERIC, "2345"),
        ("012345", 5, Padding.NUMERIC, "0000012345"),
        ("012345", 2, Padding.COMPRESSED, "0123"),
        ("012345", 5, Padding.COMPRESSED, "012345FFFF"),
        ("012345", 2, Padding.OTHER, "0123"),
        ("012345", 5, Padding.OTHER, "0123450000"),
        ("012345", 0, Padding.NUMERIC, ""),
    ],
)
def test_a_value_is_cut_and_padded_by_its_format(value: str, length: int, padding: Padding, built: str) -> None:
    entries = [DolEntry("9F02", length, 0)]
    assert build_values(entries, {"9F02": bytes.fromhex(value)}, {"9F02": padding}).hex().upper() == built


def test_what_is_not_known_or_constructed_is_zeros() -> None:
    entries = parse_dol(bytes.fromhex("9F0203 7002")).entries
    assert build_values(entries, {"70": b"\x01\x02"}) == bytes(5)


def test_short_and_long_values_are_told() -> None:
    entries = parse_dol(bytes.fromhex("9F0206 9502")).entries
    short = split_values(entries, bytes(7))
    assert ([v.tag for v in short.values], short.failure and short.failure.offset) == (["9F02"], 6)
    assert split_values(entries, bytes(11)).trailing == 3
    assert "12345678" not in repr(split_values(entries, b"12345678"))


@given(st.lists(st.tuples(st.sampled_from(["9F02", "95", "DF8101", "9F37"]), st.integers(0, 255)), max_size=12))
def test_values_built_for_a_list_are_parted_by_it(pairs: list[tuple[str, int]]) -> None:
    entries = parse_dol(build_dol(pairs)).entries
    wanted = {tag: bytes([len(tag)]) * length for tag, length in pairs}
    split = split_values(entries, build_values(entries, wanted))
    assert (split.failure, split.trailing) == (None, 0)
    assert [(v.tag, len(v.value)) for v in split.values] == pairs


@given(st.binary(max_size=200))
def test_any_bytes_are_a_list_or_told(data: bytes) -> None:
    dol = parse_dol(data)
    assert len(dol.entries) <= MOST_ENTRIES
    if dol.failure is None:
        assert build_dol([(e.tag, e.length) for e in dol.entries]) == data


def test_64_kib_stop_at_the_bound() -> None:
    assert len(parse_dol(b"\x95\x05" * 0x8000).entries) == MOST_ENTRIES


@pytest.mark.parametrize(
    ("tag", "length", "value", "fitted"),
    [
        ("9F02", 8, "000000001234", "0000000000001234"),  # n: zeros in front
        ("9F02", 4, "000012345678", "12345678"),  # n: cut in front
        ("5A", 10, "6200000000000005", "6200000000000005FFFF"),  # cn: FF behind
        ("5A", 4, "6200000000000005", "62000000"),  # cn: cut behind
        ("9F1E", 10, "3132333435363738", "31323334353637380000"),  # an: zeros behind
        ("95", 3, "8000048000", "800004"),  # b: cut behind
        ("DF7F", 3, "AA", "AA0000"),  # not in the dictionary: as any other
        ("9F03", 6, "", "000000000000"),  # not there: zeros
        ("BF0C", 2, "AABB", "0000"),  # constructed: zeros
    ],
)
def test_values_are_cut_and_padded_by_their_format_in_the_dictionary(
    tag: str, length: int, value: str, fitted: str
) -> None:
    tags = read_emv_tables().tags
    entries = parse_dol(build_dol([(tag, length)])).entries
    values = {tag: bytes.fromhex(value)} if value else {}
    assert build_values(entries, values, {tag: tags.padding(tag)}).hex().upper() == fitted
