"""Lines of the technician's port: cut out of a stream, read as requests and replies, written again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from device.decoding.tables import Tables
from protocol.console_line import (
    MOST_LINE,
    MOST_WORDS,
    ConsoleLineError,
    LineDeframer,
    Overlong,
    Request,
    parse_reply,
    parse_request,
)
from tools.fuzz.rules import WHOLE_SHARE, Make, Target, cut_of, law
from tools.fuzz.seeds import seeds_of

_LINES: Final = (
    *(b"selftest --level safe\r\n", b'report --out "a b.html"\n', b"history *1D0F\r", b'say "a \\"b\\" \\\\"\n\n'),
    *(b'PROGRESS 1/3 modem\nOK done\nERROR 2 "no such part"\n', b"x" * (MOST_LINE + 1) + b"\nhelp\n"),
)
_TOKENS: Final = (b"\r\n", b"\r", b"\n", b'"', b'\\"', b"\\\\", b" *0000\n", b" ", b"\xe6\x8a\xa5", b"\xff", b"a " * 40)


def check_lines(data: bytes) -> None:
    """Lines do not depend on where the stream is cut and are bounded; a request has a command, or is told why not."""
    at = cut_of(data)
    lines = _lines((data,))
    law(lines == _lines((data[:at], data[at:])), "the lines depend on where the stream is cut")
    for line in lines:
        if isinstance(line, Overlong):
            law(MOST_LINE < line.length <= len(data), "a line is called overlong that is not")
            continue
        law(len(line) <= MOST_LINE, "a line is longer than it may")
        for parse in (parse_request, parse_reply):
            try:
                found = parse(line)
            except ConsoleLineError as error:
                law(0 <= error.offset <= len(line) and error.what, "the refusal has no reason or lies outside")
                continue
            law(not isinstance(found, Request) or len(found.words) < MOST_WORDS, "there are more words than allowed")


def _lines(pieces: Sequence[bytes]) -> list[bytes | Overlong]:
    deframer = LineDeframer()
    return [line for piece in pieces for line in deframer.feed(piece)]


def _console(_tables: Tables) -> tuple[Target, ...]:
    seeds = (*_LINES, *seeds_of("console"))
    return (Target("lines", check_lines, WHOLE_SHARE, ("protocol.console_line",), seeds, _TOKENS),)


MAKE: Final[Mapping[str, Make]] = {"console": _console}
"""What is fuzzed of the technician's port."""
