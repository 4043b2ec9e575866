"""Text in columns on a terminal, where a Chinese character takes two."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from typing import Final

_GAP: Final = 2
_USUAL_COLUMN: Final = 25
_LEAST_COLUMN: Final = 10
_WORD: Final = re.compile(r"[!-~\u00a1-\u02ff]+\s?|\s|[^!-~\s][，。；：、！？）》]?\s?")


def width_of(text: str) -> int:
    """Columns that a text takes in fixed type: two for wide characters (Unicode Standard Annex 11)."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(sign) else 2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in text
    )


def wrap(text: str, columns: int) -> list[str]:
    """Lines of at most ``columns``: cut behind words and wide characters, within a word only if it is too long."""
    lines, line = [], ""
    for word in _WORD.findall(text):
        while width_of(line + word.rstrip()) > columns:
            if line.strip():
                lines.append(line.rstrip())
                line = ""
                continue
            lines.append(word[:columns])
            word = word[columns:]  # noqa: PLW2901  the rest of a word that is too long
        line += word if line or word.strip() else ""
    return [*lines, line.rstrip()] if line.strip() or not lines else lines


def table_lines(heads: Sequence[str], rows: Sequence[Sequence[str]], most: int) -> list[str]:
    """Rows under their headings, no wider than ``most`` columns as long as every column can keep a few of them."""
    widths = [max(width_of(cell) for cell in column) for column in zip(heads, *rows, strict=True)]
    room = most - _GAP * (len(widths) - 1)
    for least in (_USUAL_COLUMN, _LEAST_COLUMN):  # long texts give way before short values do
        giving = [number for number, width in enumerate(widths) if width > least]
        while giving and sum(widths) > room and max(widths[number] for number in giving) > _LEAST_COLUMN:
            widths[max(giving, key=widths.__getitem__)] -= 1
    lines: list[str] = []
    for row in (heads, *rows):
        cells = [wrap(cell, width) for cell, width in zip(row, widths, strict=True)]
        for number in range(max(map(len, cells))):
            parts = [cell[number] if number < len(cell) else "" for cell in cells]
            padded = (part + " " * (width - width_of(part) + _GAP) for part, width in zip(parts, widths, strict=True))
            lines.append("".join(padded).rstrip())
    return lines
