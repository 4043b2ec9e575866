"""The English sentences of evidence in another language, by a table of sentences with places for values."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

_BETWEEN: Final = re.compile(r"(?<=\.) (?=[A-Z0-9/{])")


def translate(detail: str, texts: Mapping[str, Any]) -> str | None:
    """``detail`` by the tables ``detail`` and ``detail_value`` of a language's texts, or None where a sentence is new.

    Values (names, numbers, addresses) stay as they are, unless the second table has them.
    """
    sentences: Mapping[str, str] = texts["detail"]
    left, told = _BETWEEN.split(detail), []
    while left:
        for count in range(len(left), 0, -1):  # a value may hold what looks like the end of a sentence
            found = _translated(" ".join(left[:count]), sentences, texts)
            if found is not None:
                break
        else:
            return None
        told.append(found)
        left = left[count:]
    return "".join(told)


def _translated(text: str, table: Mapping[str, str], texts: Mapping[str, Any]) -> str | None:
    """The entry with the most words of its own wins: a table may have general ones."""
    for pattern, wanted in sorted(table.items(), key=lambda row: -len(row[0])):
        found = _expression(pattern).fullmatch(text)
        if found is not None:
            values = [_translated(value, texts["detail_value"], texts) or value for value in found.groups()]
            return wanted.format(*values)
    return None


@lru_cache(maxsize=512)
def _expression(pattern: str) -> re.Pattern[str]:
    return re.compile("(.+?)".join(re.escape(part) for part in pattern.split("{}")), re.DOTALL)
