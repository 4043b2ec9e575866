"""Breaking text into lines: Chinese anywhere but around certain punctuation, Latin at blanks.

Sources: Unicode UAX #14 (classes CL, CP, EX, IS, NS, OP); GB/T 15834-2011, 5.1 (place of punctuation marks).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from typing import Final

_NEVER_FIRST: Final = frozenset("，。、；：？！）》〉」』】〕”’…—·％%,.;:?!)]}")
_NEVER_LAST: Final = frozenset("（《〈「『【〔“‘([{￥$")
_WIDE: Final = ("W", "F")
_RUN: Final = re.compile(r"\s+|[^\s]")


def is_wide(character: str) -> bool:
    """Does the character take two columns (UAX #11 classes W and F)?"""
    return unicodedata.east_asian_width(character) in _WIDE


def pieces(text: str) -> list[str]:
    """Split ``text`` into pieces between which a line may end; a piece keeps the blanks before it."""
    result: list[str] = []
    blank = ""
    previous = ""
    for match in _RUN.finditer(text):
        part = match.group()
        if part.isspace():
            blank = " "
            continue
        joined = not blank and previous and not (is_wide(part) or is_wide(previous))
        joined = joined or (previous in _NEVER_LAST) or (part in _NEVER_FIRST and bool(previous))
        if joined and result:
            result[-1] += blank + part
        else:
            result.append(blank + part)
        blank, previous = "", part
    return result


def wrap(text: str, width: int, measure: Callable[[str], int]) -> list[str]:
    """Lines of ``text``, each at most ``width`` wide by ``measure``; a piece too long for a line is cut in between."""
    lines: list[str] = []
    line = ""
    for piece in pieces(text):
        if measure(line + piece if line else piece.lstrip()) <= width:
            line = line + piece if line else piece.lstrip()
            continue
        if line:
            lines.append(line)
        line = piece.lstrip()
        while measure(line) > width and len(line) > 1:
            fitting = max((end for end in range(1, len(line)) if measure(line[:end]) <= width), default=1)
            lines.append(line[:fitting])
            line = line[fitting:]
    return [*lines, line] if line else lines
