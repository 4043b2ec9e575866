"""What a card's status word means (ISO/IEC 7816-4:2020, 5.6), by rows with wildcards that the caller brings."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

PATTERN: Final = re.compile(r"[0-9A-F]{1,4}X{0,3}\Z")
_DIGITS: Final = 4


class Known(StrEnum):
    """How much is known: the word itself, a word with a number in it, only its class, or nothing."""

    EXACT = "exact"
    RANGE = "range"
    CLASS = "class"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class StatusRow:
    """A row of the table. ``pattern`` is four hex digits, the last ones perhaps ``X``; ``texts`` are by language.

    ``{x}`` in a text stands for the number that the X digits make. ``instruction`` is the INS byte the row is for,
    None for any.
    """

    pattern: str
    texts: Mapping[str, str]
    source: str
    instruction: int | None = None
    is_class: bool = False


@dataclass(frozen=True, slots=True)
class StatusMeaning:
    """What one status word means; no texts where nothing is known."""

    known: Known
    texts: Mapping[str, str]
    source: str = ""


class StatusWords:
    """The table, to be asked for words."""

    def __init__(self, rows: Sequence[StatusRow]) -> None:
        """Raises ValueError for a pattern that is none."""
        self._rows: dict[tuple[str, int | None], StatusRow] = {}
        for row in rows:
            if len(row.pattern) != _DIGITS or not PATTERN.match(row.pattern):
                raise ValueError(f"{row.pattern!r} is no status word")
            self._rows[row.pattern, row.instruction] = row

    def meaning(self, status_word: int, instruction: int | None = None) -> StatusMeaning:
        """The most specific row, before it the one for ``instruction``. Takes 0 to FFFF; others are unknown."""
        digits = f"{status_word:04X}"
        for wild in range(_DIGITS):
            pattern = digits[: _DIGITS - wild] + "X" * wild
            row = self._rows.get((pattern, instruction)) or self._rows.get((pattern, None))
            if row is not None:
                known = Known.CLASS if row.is_class else Known.RANGE if wild else Known.EXACT
                return StatusMeaning(known, _filled(row.texts, digits[_DIGITS - wild :]), row.source)
        return StatusMeaning(Known.UNKNOWN, {})


def _filled(texts: Mapping[str, str], wild: str) -> dict[str, str]:
    number = int(wild, 16) if wild else 0
    if len(wild) == 2 and number == 0:  # 6100, 6C00: 256 (ISO/IEC 7816-3)
        number = 256
    return {language: text.replace("{x}", str(number)) for language, text in texts.items()}
