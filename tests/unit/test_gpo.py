"""Answers to GET PROCESSING OPTIONS and application file locators."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.gpo import AflEntry, GpoFormat, build_afl, parse_afl, parse_gpo


@pytest.mark.parametrize(
    ("wire", "kind", "offsets", "status_word"),
    [
        ("800A 3C00 08010301 10010200", GpoFormat.CONCATENATED, [4, 8], None),
        ("80810A 3C00 08010301 10010200 9000", GpoFormat.CONCATENATED, [5, 9], 0x9000),
        ("770E 82023C00 9408 08010301 10010200 9000", GpoFormat.OBJECTS, [8, 12], 0x9000),
    ],
)
def test_both_formats(wire: str, kind: GpoFormat, offsets: list[int], status_word: int | None) -> None:
    answer = parse_gpo(bytes.fromhex(wire))
    assert (answer.format, answer.aip, answer.failure, answer.oddities) == (kind, b"\x3c\x00", None, ())
    assert answer.status_word == status_word
    assert answer.afl is not None
    assert [e.offset for e in answer.afl.entries] == offsets
    assert build_afl(answer.afl.entries) == bytes.fromhex("0801030110010200")


@pytest.mark.parametrize(("head", "at"), [("80CA 3C00", 4), ("77CE 82023C00 94C8", 8)], ids=["concatenated", "objects"])
def test_a_length_of_one_byte_from_80_up_is_no_length_of_a_length(head: str, at: int) -> None:
    """Cards whose lengths are always one byte: the entries stand behind that byte."""
    entries = "08010100" * 50
    answer = parse_gpo(bytes.fromhex(head + entries))
    assert answer.afl is not None
    assert (answer.failure, answer.aip, len(answer.afl.entries)) == (None, b"\x3c\x00", 50)
    assert [entry.offset for entry in answer.afl.entries][:2] == [at, at + 4]


@pytest.mark.parametrize(
    ("wire", "says"),
    [
        ("00010100", "SFI 0"),
        ("F8010100", "SFI 31"),
        ("09010100", "low three bits"),
        ("08000100", "first record is 0"),
        ("08030100", "before the first"),
        ("08010203", "3 records for offline"),
    ],
)
def test_an_odd_entry_is_kept_and_told(wire: str, says: str) -> None:
    (entry,) = parse_afl(bytes.fromhex(wire)).entries
    assert any(says in text for text in entry.oddities)


@pytest.mark.parametrize(
    ("wire", "offset"), [("8007 3C00 08010301 10", 8), ("8001 3C", 2), ("7006 82023C00", 0), ("", 0), ("800A3C00", 0)]
)
def test_what_is_broken_has_its_offset(wire: str, offset: int) -> None:
    answer = parse_gpo(bytes.fromhex(wire))
    assert answer.failure is not None
    assert answer.failure.offset == offset


@pytest.mark.parametrize(
    ("wire", "says"),
    [("80023C00", "no AFL"), ("77069404 08010100", "no AIP"), ("770482023C00", "neither"), ("7703820100", "1 bytes")],
)
def test_what_is_missing_is_an_oddity(wire: str, says: str) -> None:
    answer = parse_gpo(bytes.fromhex(wire))
    assert answer.failure is None
    assert any(says in text for text in answer.oddities)


_ENTRIES = st.lists(st.builds(AflEntry, st.just(0), st.integers(0, 31), *[st.integers(0, 255)] * 3), max_size=20)


@given(_ENTRIES)
def test_entries_are_read_as_they_were_built(entries: list[AflEntry]) -> None:
    read = parse_afl(build_afl(tuple(entries)))
    assert read.failure is None
    assert [(e.sfi, e.first, e.last, e.signed) for e in read.entries] == [
        (e.sfi, e.first, e.last, e.signed) for e in entries
    ]


@given(st.sampled_from([b"", b"\x80", b"\x77"]), st.binary(max_size=80))
def test_any_bytes_are_an_answer_or_told(first: bytes, rest: bytes) -> None:
    answer = parse_gpo(first + rest)
    assert answer.format is not None or answer.failure is not None
    assert "value" not in repr(answer)
