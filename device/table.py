"""A typed reader for parsed TOML and JSON: every file and message that enters is checked the same way.

A :class:`Table` wraps one mapping together with the place it came from. Each getter checks the type, remembers
the key as known, and raises :class:`TableError` with one plain sentence that names file, line (TOML) and key.
:meth:`Table.close` reports keys that nobody asked for, so that a misspelt key is never silently ignored.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

_MISSING: Final = object()


class TableError(ValueError):
    """A file or message that does not fit; the text names the place and what was expected."""


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


class Table:
    """One mapping with its place: ``Table({"port": "/dev/ttyS1"}, "settings.toml: [reader]")``."""

    def __init__(self, values: Mapping[str, Any], where: str, text: str = "") -> None:
        self.where = where
        self._values = values
        self._text = text
        self._known: set[str] = set()
        self._rows: dict[str, list[Table]] = {}

    def with_rows(self, key: str, rows: Sequence[Table]) -> Table:
        """Return this table with other rows below ``key``; each keeps the place it came from."""
        joined = Table({**self._values, key: [row.mapping for row in rows]}, self.where, self._text)
        joined._rows = {**self._rows, key: list(rows)}
        return joined

    @property
    def source_text(self) -> str:
        """The text it was parsed from, for the line of a complaint; "" if it was no text."""
        return self._text

    def __contains__(self, key: str) -> bool:
        return key in self._values

    @property
    def mapping(self) -> Mapping[str, Any]:
        """Everything as the parser gave it, for a reader that checks it itself."""
        return self._values

    def keys(self) -> list[str]:
        """All keys present, in file order; asking marks them as known."""
        self._known.update(self._values)
        return list(self._values)

    def error(self, key: str, why: str) -> TableError:
        """An error about ``key``, with the line where the key stands if the source text is known."""
        line = line_of(self._text, key, self.where)
        place = f"{self.where}, line {line}" if line else self.where
        return TableError(f"{place}: {key} {why}")

    def _get(self, key: str, default: object) -> Any:
        self._known.add(key)
        if key in self._values:
            return self._values[key]
        if default is _MISSING:
            raise self.error(key, "is missing")
        return default

    def text(self, key: str, default: str | object = _MISSING, *, most: int = 4096) -> str:
        """A string of at most ``most`` characters."""
        value = self._get(key, default)
        if not isinstance(value, str):
            raise self.error(key, f"must be text, not {type(value).__name__}")
        if len(value) > most:
            raise self.error(key, f"is longer than {most} characters")
        return value

    def choice(self, key: str, allowed: Sequence[str], default: str | object = _MISSING) -> str:
        """One of ``allowed``."""
        value = self.text(key, default)
        if value not in allowed:
            raise self.error(key, f"must be one of {', '.join(allowed)}; it is {value[:40]!r}")
        return value

    def whole(self, key: str, default: int | object = _MISSING, *, least: int = 0, most: int = 2**63) -> int:
        """A whole number from ``least`` to ``most``."""
        value = self._get(key, default)
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            raise self.error(key, f"must be a whole number from {least} to {most}")
        return value

    def number(self, key: str, default: float | object = _MISSING) -> float:
        """A number."""
        value = self._get(key, default)
        if not _is_number(value):
            raise self.error(key, f"must be a number, not {type(value).__name__}")
        return float(value)

    def flag(self, key: str, default: bool | object = _MISSING) -> bool:
        """True or false."""
        value = self._get(key, default)
        if not isinstance(value, bool):
            raise self.error(key, "must be true or false")
        return value

    def optional_text(self, key: str, *, most: int = 4096) -> str | None:
        """A string, or None where the key is absent or null."""
        return None if self._get(key, None) is None else self.text(key, most=most)

    def optional_number(self, key: str) -> float | None:
        """A number, or None where the key is absent or null."""
        return None if self._get(key, None) is None else self.number(key)

    def optional_flag(self, key: str) -> bool | None:
        """True, false, or None where the key is absent or null."""
        return None if self._get(key, None) is None else self.flag(key)

    def scalar(self, key: str) -> str | int | float | bool | None:
        """Text, number, truth value or null, as it is."""
        value = self._get(key, None)
        if value is not None and not isinstance(value, str | int | float | bool):
            raise self.error(key, "must be one value")
        return value

    def texts(self, key: str, default: Sequence[str] | object = _MISSING, *, most: int = 1000) -> tuple[str, ...]:
        """A list of strings."""
        value = self._get(key, default)
        if not isinstance(value, list | tuple) or not all(isinstance(item, str) for item in value):
            raise self.error(key, "must be a list of texts")
        if len(value) > most:
            raise self.error(key, f"has more than {most} entries")
        return tuple(value)

    def wholes(self, key: str, *, least: int = 0, most: int = 2**63) -> tuple[int, ...]:
        """A list of whole numbers from ``least`` to ``most``."""
        value = self._get(key, _MISSING)
        if not isinstance(value, list) or not all(type(item) is int and least <= item <= most for item in value):
            raise self.error(key, f"must be a list of whole numbers from {least} to {most}")
        return tuple(value)

    def table(self, key: str, default: Mapping[str, Any] | object = _MISSING) -> Table:
        """The table below ``key``; an absent one is empty if ``default`` is ``{}``."""
        value = self._get(key, default)
        if not isinstance(value, Mapping):
            raise self.error(key, "must be a table")
        return Table(value, f"{self.where} [{key}]", self._text)

    def tables(self, key: str, *, most: int = 10000) -> list[Table]:
        """The list of tables below ``key``; an absent key is an empty list."""
        value = self._get(key, ())
        if key in self._rows:
            return self._rows[key]
        if not isinstance(value, list | tuple) or not all(isinstance(item, Mapping) for item in value):
            raise self.error(key, "must be a list of tables")
        if len(value) > most:
            raise self.error(key, f"has more than {most} entries")
        return [Table(item, f"{self.where} [{key} {number}]", self._text) for number, item in enumerate(value, 1)]

    def raw(self, key: str) -> Mapping[str, Any]:
        """Return the mapping below ``key`` as the parser gave it, for a reader that checks it itself."""
        value = self._get(key, _MISSING)
        if not isinstance(value, Mapping):
            raise self.error(key, "must be a table")
        return value

    def close(self) -> None:
        """Complain about the first key that nobody asked for."""
        for key in self._values:
            if key not in self._known:
                raise self.error(key, "is not known here")


def line_of(text: str, key: str, where: str = "") -> int | None:
    """Line (from 1) where ``key`` stands in a TOML text, within the innermost table that ``where`` names.

    For a ``[name 3]`` part of ``where`` the third ``[[name]]`` is meant. None where it cannot be told.
    """
    lines = text.splitlines()
    start = 0
    for name, count in re.findall(r"\[([^\]\s]+)(?: (\d+))?\]", where):
        wanted, seen = int(count or 1), 0
        header = re.compile(rf"^\s*\[+[^\]]*\b{re.escape(name)}\"?\]+")
        for number in range(start, len(lines)):
            seen += bool(header.match(lines[number]))
            if seen == wanted:
                start = number
                break
    pattern = re.compile(rf"^\s*(\[[^\]=]*\.)?\[*\"?{re.escape(key)}\"?\s*[=.\]]")
    for number in range(start, len(lines)):
        if pattern.match(lines[number]):
            return number + 1
    return start + 1 if start else None


def parse_toml(text: str, where: str) -> Table:
    """Parse TOML text; a syntax error becomes a :class:`TableError` that names the place."""
    import tomllib  # noqa: PLC0415  a process that finds its files parsed does not need it

    try:
        return Table(tomllib.loads(text), where, text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise TableError(f"{where}: not TOML: {error}") from error
