"""Text in fixed type: how wide it is, filled up to a column, broken into lines."""

from __future__ import annotations

import unicodedata


def width_of(text: str) -> int:
    """Columns that a text takes in fixed type: two for wide characters (Unicode Standard Annex 11)."""
    return sum(
        0 if unicodedata.combining(char) else 2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text
    )


def pad(text: str, columns: int) -> str:
    """Fill up with spaces to ``columns``; a longer text gets one space, so that columns never touch."""
    return text + " " * max(1, columns - width_of(text))


def wrap(text: str, columns: int) -> list[str]:
    """Break at spaces, or anywhere between wide characters; a line never begins with a closing mark."""
    lines, line = [], ""
    for char in text:
        if width_of(line + char) > columns and char not in "，。；：、！？）,.;:)":
            at = line.rfind(" ")
            head, line = (line[:at], line[at + 1 :]) if at > 0 and not _is_wide(char) else (line, "")
            lines.append(head)
        line = (line + char) if line or char != " " else ""
    return [*lines, line] if line or not lines else lines


def _is_wide(char: str) -> bool:
    return unicodedata.east_asian_width(char) in "WF"
