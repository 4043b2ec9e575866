"""Text in a terminal's cells: Chinese characters take two, so that columns and bars stay straight."""

from __future__ import annotations

import unicodedata
from typing import Final

_WIDE: Final = ("W", "F")


def width(text: str) -> int:
    """How many cells a text takes; control characters take none, they are not printed."""
    return sum(_width(sign) for sign in text)


def cut(text: str, cells: int) -> str:
    """As much of a text as fits, without control characters: what the terminal says never steers the screen."""
    out, left = [], cells
    for sign in text:
        if not sign.isprintable():
            continue
        left -= _width(sign)
        if left < 0:
            break
        out.append(sign)
    return "".join(out)


def pad(text: str, cells: int) -> str:
    """Cut or fill a text to exactly so many cells."""
    short = cut(text, cells)
    return short + " " * (cells - width(short))


def wrap(text: str, cells: int) -> list[str]:
    """A sentence in lines; Latin words stay whole where they fit, Chinese breaks anywhere."""
    lines, line = [], ""
    for word in _pieces(text):
        if width(line + word.rstrip()) > cells and line:
            lines.append(line.rstrip())
            line = ""
        while width(word) > cells:
            head = cut(word, cells)
            lines.append(head)
            word = word[len(head) :]  # noqa: PLW2901
        line += word.lstrip() if not line else word
    return [*lines, line.rstrip()] if line.strip() or not lines else lines


def bar(done: int, total: int, cells: int, *, plain: bool) -> str:
    """A bar of so many cells; ``plain``: in ASCII."""
    full = 0 if total <= 0 else min(cells, done * cells // total)
    return ("#" if plain else "█") * full + ("-" if plain else "░") * (cells - full)


def _pieces(text: str) -> list[str]:
    pieces, word = [], ""
    for sign in text:
        if not sign.isprintable():
            continue
        if _width(sign) == 2:
            pieces += [word, sign] if word else [sign]
            word = ""
        elif sign == " ":
            pieces.append(word + sign)
            word = ""
        else:
            word += sign
    return [*pieces, word] if word else pieces


def _width(sign: str) -> int:
    if unicodedata.combining(sign) or not sign.isprintable():
        return 0
    return 2 if unicodedata.east_asian_width(sign) in _WIDE else 1
