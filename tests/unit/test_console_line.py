"""Lines of the technician's port, both sides: what is written is read again, and nothing that comes can break it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.console_line import (
    MOST_LINE,
    ConsoleLineError,
    Done,
    Failed,
    LineDeframer,
    Overlong,
    Progress,
    Remark,
    Reply,
    Request,
    build_line,
    build_reply,
    crc16,
    join_words,
    parse_reply,
    parse_request,
    split_words,
)

TEXT = st.text(st.characters(blacklist_categories=("Cc", "Cs")), max_size=60)
STREAM = b"help\rtest list\r\nversion\n\n\r\nid *1234\r"
LINES = [b"help", b"test list", b"version", b"", b"", b"id *1234"]


def test_the_check_value_is_crc_16_xmodem() -> None:
    assert crc16(b"123456789") == 0x31C3


def test_a_request_is_a_command_and_its_words() -> None:
    assert parse_request(b'decode iso8583 "60 00" x') == Request("decode", ("iso8583", "60 00", "x"))
    assert parse_request(b"  ") is None


def test_a_check_value_that_holds_is_taken_off_and_told() -> None:
    line = build_line("test run modem", checked=True, end=b"")
    assert parse_request(line) == Request("test", ("run", "modem"), checked=True)


@pytest.mark.parametrize(
    ("line", "what"),
    [
        (b"help *0000", "the check value does not hold at offset 5"),
        (b'say "half', "a quotation mark that is not closed or stands inside a word at offset 3"),
        (b'say ha"lf"', "a quotation mark that is not closed or stands inside a word at offset 3"),
        (b"help \xff", "not UTF-8 at offset 5"),
        (b"he\x1b[Alp", "a control character at offset 2"),
        (b"a " * 65, "more than 64 words at offset 127"),
    ],
)
def test_what_is_no_request_is_told_with_its_place(line: bytes, what: str) -> None:
    with pytest.raises(ConsoleLineError) as caught:
        parse_request(line)
    assert str(caught.value) == what


@given(st.lists(TEXT, min_size=1, max_size=8))
def test_words_survive_the_line(words: list[str]) -> None:
    assert split_words(join_words(words)) == words


@given(st.one_of(st.builds(Done, TEXT), st.builds(Remark, TEXT), st.builds(Failed, st.integers(0, 99999), TEXT)))
def test_replies_survive_the_line(reply: Reply) -> None:
    line = build_line(build_reply(reply), checked=True, end=b"")
    read = parse_reply(line)
    assert type(read) is type(reply)
    assert read.text.rstrip(" ") == reply.text.rstrip(" ")


def test_progress_is_read_again() -> None:
    assert parse_reply(build_reply(Progress(3, 9, "modem")).encode()) == Progress(3, 9, "modem")


def test_a_reply_never_holds_more_than_one_line() -> None:
    assert build_reply(Done("a\r\nOK b")) == "OK a  OK b"
    assert build_reply(Failed(4, 'no "such" part\n')) == 'ERROR 4 "no \\"such\\" part "'


@pytest.mark.parametrize("size", [1, 2, 3, 5, len(STREAM)])
def test_every_end_of_line_cuts_once_however_the_bytes_come(size: int) -> None:
    deframer = LineDeframer()
    found = [line for at in range(0, len(STREAM), size) for line in deframer.feed(STREAM[at : at + size])]
    assert found == LINES
    assert deframer.pending == 0


@given(st.binary(max_size=300), st.integers(1, 40))
def test_how_the_bytes_come_makes_no_difference(data: bytes, size: int) -> None:
    whole, pieces = LineDeframer(), LineDeframer()
    expected = list(whole.feed(data))
    assert [line for at in range(0, len(data), size) for line in pieces.feed(data[at : at + size])] == expected


def test_a_line_without_end_is_dropped_in_bounded_memory_and_told_once() -> None:
    deframer = LineDeframer()
    for _ in range(1000):
        assert list(deframer.feed(b"x" * 4096)) == []
    assert list(deframer.feed(b"\rhelp\r")) == [Overlong(1000 * 4096), b"help"]
    assert list(deframer.feed(b"y" * MOST_LINE + b"\n")) == [b"y" * MOST_LINE]


@given(st.binary(max_size=200))
def test_whatever_comes_is_a_request_or_an_error_with_its_place(data: bytes) -> None:
    for parse in (parse_request, parse_reply):
        offset = 0
        try:
            parse(data)
        except ConsoleLineError as error:
            offset = error.offset
        assert 0 <= offset <= len(data)
