"""pyiso8583 as the peer: random specifications become profiles, and both must read and write the same bytes."""

from __future__ import annotations

from typing import Any

import iso8583 as peer
from hypothesis import given, settings
from hypothesis import strategies as st

from protocol.iso8583 import MessageProfile, build_message, parse_message, parse_profile

Spec = dict[str, dict[str, Any]]
_TEXTS = {
    "ascii": st.characters(min_codepoint=0x20, max_codepoint=0x7E),
    "latin-1": st.characters(min_codepoint=0x20, max_codepoint=0xFF),
    "cp500": st.sampled_from("ABCxyz 0189.-"),
    "cp037": st.sampled_from("ABCxyz 0189.-"),
}
_ENCODINGS = {"b": "binary", "bcd": "bcd", "ascii": "ascii", "latin-1": "ascii", "cp500": "ebcdic", "cp037": "ebcdic"}
_GREATEST = {"b": lambda size: 256**size - 1, "bcd": lambda size: 100**size - 1}


@st.composite
def _field(draw: st.DrawFn) -> dict[str, Any]:
    """One row as pyiso8583 writes it."""
    row: dict[str, Any] = {
        "data_enc": draw(st.sampled_from(["b", "ascii", "latin-1", "cp500", "cp037"])),
        "len_enc": draw(st.sampled_from(["b", "bcd", "ascii", "cp500"])),
        "len_count": "bytes",
        "len_type": draw(st.integers(0, 3)),
        "desc": "x",
    }
    if row["data_enc"] == "b" and draw(st.booleans()):
        row |= {"len_count": "nibbles", draw(st.sampled_from(["left_pad", "right_pad"])): draw(st.sampled_from("0F"))}
    size = row["len_type"]
    greatest = _GREATEST.get(row["len_enc"], lambda digits: 10**digits - 1)(size) if size else 40
    return row | {"max_len": draw(st.integers(1, min(40, greatest)))}


@st.composite
def _spec(draw: st.DrawFn) -> Spec:
    """A whole specification: header off, type and bitmaps, some fields."""
    mti = draw(st.sampled_from(["b", "ascii", "cp500"]))
    bitmap = draw(st.sampled_from(["b", "ascii", "cp500"]))
    fixed = {"len_enc": "b", "len_type": 0, "desc": ""}
    spec: Spec = {
        "h": {**fixed, "data_enc": "b", "max_len": 0},
        "t": {**fixed, "data_enc": mti, "max_len": 2 if mti == "b" else 4},
        "p": {**fixed, "data_enc": bitmap, "max_len": 8 if bitmap == "b" else 16},
    }
    spec["1"] = spec["p"]
    numbers = draw(
        st.lists(st.integers(2, 127).filter(lambda n: n not in (62, 64, 65)), min_size=1, max_size=6, unique=True)
    )
    return spec | {str(number): draw(_field()) for number in numbers}


def _profile(spec: Spec) -> MessageProfile:
    rows = {}
    for number, row in spec.items():
        if not number.isdigit() or number == "1":
            continue
        nibbles = row["len_count"] == "nibbles"
        digits = row["len_type"] * (2 if row["len_enc"] in ("b", "bcd") else 1)
        rows[number] = {
            "name": "x",
            "format": "z" if nibbles else "b" if row["data_enc"] == "b" else "ans",
            "shape": "L" * digits + "VAR" if digits else "fixed",
            "most": row["max_len"],
            "length": _ENCODINGS[row["len_enc"]],
            "encoding": "bcd" if nibbles else _ENCODINGS[row["data_enc"]],
            "unit": "digits" if nibbles else "bytes",
        }
        if nibbles:
            side = "left_pad" if "left_pad" in row else "right_pad"
            rows[number] |= {"align": "right" if side == "left_pad" else "left", "pad": row[side], "check_pad": True}
        elif row["data_enc"] != "b":
            rows[number]["charset"] = row["data_enc"]
    encoding = {
        "mti": "bcd" if spec["t"]["data_enc"] == "b" else _ENCODINGS[spec["t"]["data_enc"]],
        "bitmap": _ENCODINGS[spec["p"]["data_enc"]],
        "length": "ascii",
        "field": "ascii",
    }
    table = {"name": "t", "source": "t", "tertiary": "extension", "encoding": encoding, "fields": rows}
    return parse_profile(table, "test")


def _value(draw: st.DrawFn, row: dict[str, Any]) -> str:
    least = row["max_len"] if row["len_type"] == 0 else 0
    if row["data_enc"] != "b":
        return draw(st.text(_TEXTS[row["data_enc"]], min_size=least, max_size=row["max_len"]))
    if row["len_count"] == "nibbles":
        return draw(st.text("0123456789ABCDEF", min_size=least, max_size=row["max_len"]))
    return draw(st.binary(min_size=least, max_size=row["max_len"])).hex().upper()


@st.composite
def _exchange(draw: st.DrawFn) -> tuple[Spec, dict[str, str]]:
    spec = draw(_spec())
    document = {"t": draw(st.sampled_from(["0200", "0210", "0430", "0800"]))}
    return spec, document | {n: _value(draw, row) for n, row in spec.items() if n.isdigit() and n != "1"}


def _ours(spec: Spec, document: dict[str, str]) -> dict[int, str | bytes]:
    """The peer writes bits as hexadecimal text, we as bytes."""
    fields: dict[int, str | bytes] = {}
    for number, value in document.items():
        if number.isdigit() and number != "1":
            bits = spec[number]["data_enc"] == "b" and spec[number]["len_count"] == "bytes"
            fields[int(number)] = bytes.fromhex(value) if bits else value
    return fields


@settings(max_examples=300, deadline=None)
@given(_exchange())
def test_both_write_the_same_bytes_and_read_the_same_values(exchange: tuple[Spec, dict[str, str]]) -> None:
    spec, document = exchange
    theirs, _ = peer.encode(dict(document), spec)
    profile, fields = _profile(spec), _ours(spec, document)
    assert build_message(document["t"], fields, profile) == bytes(theirs)
    message = parse_message(bytes(theirs), profile)
    assert (message.complete, message.mti, message.fields) == (True, document["t"], fields)


@settings(max_examples=300, deadline=None)
@given(_exchange(), st.data())
def test_what_the_peer_marks_as_impossible_is_never_accepted(
    exchange: tuple[Spec, dict[str, str]], data: st.DataObject
) -> None:
    spec, document = exchange
    wire = bytearray(peer.encode(dict(document), spec)[0])
    for _ in range(data.draw(st.integers(0, 2))):
        at = data.draw(st.integers(0, len(wire) - 1))
        wire[at] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(wire)) | st.just(0))
    wire = wire[: len(wire) - cut] + data.draw(st.just(b"") | st.binary(max_size=4))
    message = parse_message(bytes(wire), _profile(spec))
    assert message.end + message.trailing == len(wire)
    assert parse_message(wire, _profile(spec)).fields == message.fields
    if message.complete:
        theirs, _ = peer.decode(wire, spec)  # raises what it calls impossible
        assert message.fields == _ours(spec, dict(theirs))
