"""BER-TLV beside pyemv, both ways: the same objects from the same bytes, the same bytes from the same objects."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyemv import tlv as pyemv_tlv

from protocol.ber_tlv import Reading, Tlv, parse_tlv
from protocol.ber_tlv_build import TlvBuildError, Value, build_tlvs

_PRIMITIVE = st.sampled_from(["95", "9B", "9F26", "5F2A", "DF8129", "84", "9F10", "9F02", "82"])
_CONSTRUCTED = st.sampled_from(["70", "6F", "A5", "BF0C", "77", "E1"])
_TREE: st.SearchStrategy[dict[str, Any]] = st.recursive(
    st.dictionaries(_PRIMITIVE, st.binary(max_size=300), max_size=5),
    lambda inner: st.dictionaries(_PRIMITIVE, st.binary(max_size=30), max_size=2).flatmap(
        lambda plain: st.dictionaries(_CONSTRUCTED, inner, max_size=2).map(lambda nested: {**nested, **plain})
    ),
    max_leaves=5,
)


def _pairs(tree: Mapping[str, Any]) -> list[tuple[str, Value]]:
    return [(tag, _pairs(value) if isinstance(value, Mapping) else value) for tag, value in tree.items()]


def _as_tree(objects: tuple[Tlv, ...]) -> dict[str, Any]:
    """Of a repeated tag the last one stays, as with pyemv."""
    return {o.tag: _as_tree(o.children) if int(o.tag[:2], 16) & 0x20 else o.value for o in objects}


@given(_TREE)
def test_both_write_the_same_bytes_and_read_the_same_objects(tree: dict[str, Any]) -> None:
    wire = build_tlvs(_pairs(tree))
    assert wire == pyemv_tlv.encode(tree)
    assert _as_tree(parse_tlv(wire).objects) == pyemv_tlv.decode(wire) == tree


@given(st.dictionaries(_PRIMITIVE, st.binary(max_size=255), max_size=5))
def test_both_write_and_read_simple_lengths(tree: dict[str, bytes]) -> None:
    wire = build_tlvs(_pairs(tree), Reading.SIMPLE)
    assert wire == pyemv_tlv.encode(tree, simple=True)
    parsed = parse_tlv(wire, (Reading.SIMPLE,))
    assert parsed.failure is None
    assert _as_tree(parsed.objects) == pyemv_tlv.decode(wire, simple=True) == tree


@given(_TREE, st.data())
def test_both_stop_in_cut_data_and_keep_the_same_whole_objects(tree: dict[str, Any], data: st.DataObject) -> None:
    wire = pyemv_tlv.encode(tree)
    cut = wire[: data.draw(st.integers(0, len(wire)))]
    parsed = parse_tlv(cut, (Reading.BER,))
    error, peer = _peer_read(cut)
    if error is None:
        assert parsed.failure is None
        assert _as_tree(parsed.objects) == peer
        return
    assert parsed.failure is not None
    assert parsed.failure.offset <= error.offset
    assert parsed.failure.tag in ("", error.tag)
    assert _primitive(_as_tree(parsed.objects)) == _primitive(peer)


def _peer_read(data: bytes) -> tuple[pyemv_tlv.DecodeError | None, dict[str, Any]]:
    try:
        return None, pyemv_tlv.decode(data)
    except pyemv_tlv.DecodeError as error:
        return error, error.tlv


def _primitive(tree: Mapping[str, Any]) -> dict[str, bytes]:
    return {tag: value for tag, value in tree.items() if isinstance(value, bytes)}


@given(st.binary(max_size=60))
def test_what_the_peer_reads_from_any_bytes_is_read_the_same(data: bytes) -> None:
    """But for what EMV has and pyemv has not: padding, indefinite lengths, tags of four bytes at most, 9000 behind."""
    error, peer = _peer_read(data)
    if error is not None:
        return
    parsed = parse_tlv(data, (Reading.BER,))
    if any(byte in data for byte in (0x00, 0x80, 0xFF)) or any(len(tag) > 8 for tag in _tags(peer)):
        return
    assert parsed.failure is None
    assert _as_tree(parsed.objects) == peer


def _tags(tree: Mapping[str, Any]) -> list[str]:
    inner = [tag for value in tree.values() if isinstance(value, Mapping) for tag in _tags(value)]
    return [*tree, *inner]


@pytest.mark.parametrize("tag", ["", "9", "zz", "9F", "9502", "9F8181", "9F0201"])
def test_both_refuse_the_same_tags(tag: str) -> None:
    with pytest.raises(TlvBuildError):
        build_tlvs([(tag, b"")])
    with pytest.raises((pyemv_tlv.EncodeError, IndexError)):
        pyemv_tlv.encode({tag: b""})


def test_both_refuse_a_value_longer_than_a_simple_length() -> None:
    with pytest.raises(TlvBuildError):
        build_tlvs([("50", bytes(256))], Reading.SIMPLE)
    with pytest.raises(pyemv_tlv.EncodeError):
        pyemv_tlv.encode({"50": bytes(256)}, simple=True)
