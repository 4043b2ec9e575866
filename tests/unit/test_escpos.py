from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.escpos import (
    QUESTIONS,
    PrinterItem,
    PrinterNoise,
    PrinterStatus,
    QuestionReader,
    Status,
    StatusReader,
    build_question,
)


def read(stream: bytes, asked: tuple[Status, ...] = (), sizes: list[int] | None = None) -> list[PrinterItem]:
    reader = StatusReader()
    for about in asked:
        reader.ask(about)
    items: list[PrinterItem] = []
    at = 0
    for size in sizes or []:
        items += reader.feed(stream[at : at + size])
        at += size
    return [*items, *reader.feed(stream[at:]), *reader.close()]


def told(items: list[PrinterItem]) -> list[tuple[object, ...]]:
    return [
        (item.about, item.raw.hex(), item.offset) if isinstance(item, PrinterStatus) else (item.offset, item.length)
        for item in items
    ]


def test_the_four_questions_are_three_bytes_each() -> None:
    assert b"".join(map(build_question, QUESTIONS)).hex() == "100401100402100403100404"
    with pytest.raises(ValueError, match="real time"):
        build_question(Status.ASB)


def test_questions_are_found_in_a_print_job_cut_anywhere() -> None:
    job = b"\x1b@Total 9.90\n\x10\x04\x04\x1dr\x01\x1dI\x43\x1dI\x01\x10\x04\x01\x10\x04\x07"
    wanted = [Status.PAPER, Status.PAPER_SENSOR, Status.INFORMATION, Status.PRINTER_ID, Status.PRINTER]
    assert QuestionReader().feed(job) == wanted
    reader = QuestionReader()
    assert [about for byte in job for about in reader.feed(bytes((byte,)))] == wanted


def test_answers_take_their_meaning_from_the_questions_in_order() -> None:
    assert told(read(b"\x12\x16\x12\x1e", QUESTIONS)) == [
        (Status.PRINTER, "12", 0),
        (Status.OFFLINE, "16", 1),
        (Status.ERROR, "12", 2),
        (Status.PAPER, "1e", 3),
    ]


def test_an_answer_nobody_asked_for_has_no_meaning_yet() -> None:
    assert told(read(b"\x1a")) == [(Status.REALTIME, "1a", 0)]


@pytest.mark.parametrize("byte", [byte for byte in range(256) if byte & 0x93 != 0x12])
def test_a_byte_with_other_fixed_bits_is_no_real_time_answer(byte: int) -> None:
    items = read(bytes((byte,)), QUESTIONS)
    assert not [item for item in items if isinstance(item, PrinterStatus) and item.about in QUESTIONS]


def test_automatic_status_with_a_real_time_answer_and_flow_control_inside() -> None:
    assert told(read(b"\x38\x13\x00\x12\x0f\x11\x0f", (Status.PRINTER,))) == [
        (Status.XOFF, "13", 1),
        (Status.PRINTER, "12", 3),
        (Status.XON, "11", 5),
        (Status.ASB, "38000f0f", 0),
    ]


def test_an_automatic_status_that_breaks_off_does_not_swallow_the_next() -> None:
    assert told(read(b"\x10\x00\x18\x00\x0c\x00")) == [(0, 2), (Status.ASB, "18000c00", 2)]
    assert told(read(b"\x10\x00")) == [(0, 2)]


def test_answers_of_the_print_stream_are_read_only_where_they_were_asked() -> None:
    asked = (Status.PAPER_SENSOR, Status.INFORMATION, Status.PRINTER_ID)
    assert told(read(b"\x0c_TM-SIM\0\x20", asked)) == [
        (Status.PAPER_SENSOR, "0c", 0),
        (Status.INFORMATION, b"TM-SIM".hex(), 1),
        (Status.PRINTER_ID, "20", 9),
    ]
    assert told(read(b"\x0c_TM\0")) == [(0, 5)]


def test_a_text_without_end_is_noise_and_bounded() -> None:
    items = read(b"_" + b"A" * 1000, (Status.INFORMATION,))
    assert told(items) == [(0, 1001)]


def test_a_text_is_not_in_the_text_form() -> None:
    assert "SERIAL77" not in repr(read(b"_SERIAL77\0", (Status.INFORMATION,)))


@given(st.binary(max_size=80), st.lists(st.sampled_from(list(Status)), max_size=8), st.lists(st.integers(1, 9)))
def test_chunking_makes_no_difference(stream: bytes, asked: list[Status], sizes: list[int]) -> None:
    whole = told(read(stream, tuple(asked)))
    assert told(read(stream, tuple(asked), sizes)) == whole
    assert told(read(stream, tuple(asked), [1] * len(stream))) == whole


@given(st.binary(max_size=300), st.lists(st.sampled_from(list(Status)), max_size=8))
def test_every_byte_is_told_once(stream: bytes, asked: list[Status]) -> None:
    covered = 0
    for item in read(stream, tuple(asked)):
        text = isinstance(item, PrinterStatus) and item.about is Status.INFORMATION
        covered += item.length if isinstance(item, PrinterNoise) else len(item.raw) + 2 * text
    assert covered == len(stream)


@given(st.binary(max_size=40).map(lambda noise: bytes(b | 0x80 for b in noise)), st.integers(0, 3))
def test_noise_costs_no_status(noise: bytes, place: int) -> None:
    answers = [b"\x12", b"\x16", b"\x10\x00\x00\x00", b"\x11"]
    answers.insert(place, noise)
    found = [item for item in read(b"".join(answers), QUESTIONS) if isinstance(item, PrinterStatus)]
    assert [item.about for item in found] == [Status.PRINTER, Status.OFFLINE, Status.ASB, Status.XON]


def test_a_question_about_another_part_takes_four_bytes_and_its_answer_gets_no_meaning_of_ours() -> None:
    job = b"\x10\x04\x07\x01\x10\x04\x01\x10\x04\x08\x03\x10\x04\x12\x02\x10\x04\x08\x04\x10\x04\x12"
    wanted = [Status.OTHER_PART, Status.PRINTER, Status.OTHER_PART, Status.OTHER_PART]
    assert QuestionReader().feed(job) == wanted
    reader = QuestionReader()
    assert [about for byte in job for about in reader.feed(bytes((byte,)))] == wanted
    assert told(read(b"\x12\x32", tuple(wanted))) == [(Status.OTHER_PART, "12", 0), (Status.PRINTER, "32", 1)]
