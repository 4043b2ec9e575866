"""A decoded result as text for people: one line a value, one table a list of rows, in one language."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final, TextIO

from device.decoding.columns import table_lines, width_of, wrap
from device.decoding.sentences import Sentences

_MOST_COLUMNS: Final = 100
_LEAST_COLUMNS: Final = 40
_HIDDEN: Final = re.compile(r"\(hidden, (\d+) (bytes|characters|digits)( or more)?\)")
_BILINGUAL: Final = frozenset(("zh", "en"))
_MOST_JOINED: Final = 40
_BEHIND_VALUE: Final = ("product", "scheme", "layout", "sureness")
_NOT_IN_TABLES: Final = ("asked",)  # the command stands a row or two above its answer


class Renderer:
    """Writes results in ``language``; ``words`` has its words for the keys and signs of results (texts, [decode]).

    Lines are as wide as a terminal of ``columns``, within reason.
    """

    def __init__(self, language: str, words: Mapping[str, Any], columns: int = _MOST_COLUMNS) -> None:
        self._language = language
        self._columns = min(max(columns, _LEAST_COLUMNS), _MOST_COLUMNS)
        self._keys: Mapping[str, str] = words["keys"]
        self._values: Mapping[str, str] = words["values"]
        self._hidden: str = words["hidden"]
        self._units: Mapping[str, str] = words["units"]
        self._comma: str = words["comma"]
        self._sentences = Sentences(words["sentences"])

    def lines(self, result: Mapping[str, Any], indent: str = "") -> list[str]:
        """The whole result; empty lists are told as none, empty values are left out."""
        lines: list[str] = []
        for key, value in result.items():
            lines += self._entry(key, value, indent)
        return lines

    def row(self, row: Mapping[str, Any]) -> str:
        """One row of a stream on one line: what it is first, then the rest by name."""
        told = [self._cell(row[key]) for key in ("kind", "line", "frame", "name") if row.get(key)]
        named = [
            f"{self._key(key)} {self._cell(value)}"
            for key, value in row.items()
            if key not in ("kind", "line", "frame", "name", "meaning", "offset", "asked", "fields") and value != ""
        ]
        said = [self._cell(row[key]) for key in ("meaning", "fields") if row.get(key)]
        return "  ".join([*told, *named, *said])

    def _entry(self, key: str, value: Any, indent: str) -> list[str]:
        label = self._key(key)
        if isinstance(value, Mapping) and not _is_bilingual(value):
            return [f"{indent}{label}:", *self.lines(value, indent + "  ")] if value else []
        if isinstance(value, list) and any(isinstance(row, Mapping) for row in value):
            return [f"{indent}{label}:", *self._rows(value, indent + "  ")]
        text = self._cell(value)
        if isinstance(value, list) and not value:
            text = self._values.get("none", "none")
        if text == "":
            return []
        head, room = f"{indent}{label}: ", self._columns - width_of(indent + label) - 2
        first, *rest = wrap(text, max(room, 20))
        return [head + first, *(" " * width_of(head) + line for line in rest)]

    def _rows(self, rows: Sequence[Any], indent: str) -> list[str]:
        told = [self._with_value(row) for row in rows if isinstance(row, Mapping)]
        if any(_is_nested(value) for row in told for value in row.values()):
            lines: list[str] = []
            for number, row in enumerate(told):
                lines += [*([""] if number else []), *self.lines(row, indent)]
            return lines
        told_keys = dict.fromkeys(key for row in told for key, value in row.items() if self._cell(value) != "")
        keys = [key for key in told_keys if key not in _NOT_IN_TABLES]
        cells = [[self._cell(row.get(key, "")) for key in keys] for row in told]
        room = self._columns - len(indent)
        return [indent + line for line in table_lines([self._key(key) for key in keys], cells, room)] if keys else []

    def _with_value(self, row: Mapping[str, Any]) -> Mapping[str, Any]:
        """What is told of few values stands behind them: columns of its own would leave no room for the names."""
        behind = [key for key in _BEHIND_VALUE if row.get(key)]
        if "value" not in row or not behind:
            return row
        value = self._comma.join(self._cell(row[key]) for key in ("value", *behind))
        return {key: value if key == "value" else told for key, told in row.items() if key not in behind}

    def _key(self, key: str) -> str:
        return self._keys.get(key, key.replace("_", " "))

    def _cell(self, value: Any) -> str:
        if isinstance(value, Mapping):
            if _is_bilingual(value):
                return str(value[self._language])
            return ", ".join(self._pair(key, value) for key in value if not _is_name_of(key, value))
        if isinstance(value, list | tuple):
            return "; ".join(map(self._cell, value)) if len(value) < _MOST_JOINED else f"{len(value)}"
        if isinstance(value, bool) or value is None:
            return self._values.get(str(value).lower(), "")
        return self._text(str(value))

    def _pair(self, key: str, values: Mapping[str, Any]) -> str:
        """A value under its key, and behind it the name that the code has."""
        name = values.get(f"{key}_name", "")
        told = f"{self._key(key)} {self._cell(values[key])}"
        return f"{told} ({self._cell(name)})" if name else told

    def _text(self, text: str) -> str:
        text = self._values.get(text) or self._sentences.translate(text)
        return _HIDDEN.sub(self._hidden_text, text)

    def _hidden_text(self, found: re.Match[str]) -> str:
        size, unit = found[1], found[2]
        one = self._units.get(f"one_of_{unit}") if size == "1" else None
        return self._hidden.format(size=size, unit=one or self._units.get(unit, unit))


def columns_of(stream: TextIO) -> int:
    """The width of the terminal that a stream goes to, or that of a table where there is no terminal."""
    try:
        return os.get_terminal_size(stream.fileno()).columns or _MOST_COLUMNS
    except (OSError, ValueError):
        return _MOST_COLUMNS


def _is_bilingual(value: Mapping[str, Any]) -> bool:
    return value.keys() == _BILINGUAL


def _is_nested(value: Any) -> bool:
    return isinstance(value, list) and any(isinstance(item, Mapping) and not _is_bilingual(item) for item in value)


def _is_name_of(key: str, values: Mapping[str, Any]) -> bool:
    return key.endswith("_name") and key.removesuffix("_name") in values
