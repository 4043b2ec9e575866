"""Texts of devices that may be shown: names and versions, never anything that may be a card or serial number."""

from __future__ import annotations

import re
from typing import Final

_ALLOWED: Final = re.compile(r"[A-Za-z0-9 ._/,:;()+-]+", re.ASCII)
_LONG: Final = re.compile(r"\d{7}")  # digits in a row: dates and versions have six at most
_SEPARATORS: Final = re.compile(r"[^A-Za-z0-9]+")
_CARD: Final = re.compile(r"\d{12}")  # the shortest card number, however it is set apart


def may_be_shown(text: str, most: int) -> bool:
    """Whether a text of 1 to ``most`` characters has only signs of names and versions, and too few digits for a number.

    Blanks, points and dashes do not hide a card number: digits are counted across them.
    """
    if not 0 < len(text) <= most or not _ALLOWED.fullmatch(text) or _LONG.search(text):
        return False
    return not _CARD.search(_SEPARATORS.sub("", text))
