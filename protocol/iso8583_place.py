"""Reading one table of a message profile: each value is checked, and every error knows where it stands."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

from protocol.iso8583_spec import ProfileError

Rows = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Place:
    """A table of a file: ``path`` are the keys that lead to it. Every method raises ProfileError for what is wrong."""

    file: str
    path: tuple[str, ...] = ()

    def below(self, *keys: str) -> Place:
        """A table inside this one."""
        return Place(self.file, (*self.path, *keys))

    def fail(self, key: str, why: str) -> NoReturn:
        """Refuse what stands at ``key``."""
        raise ProfileError(self.file, (*self.path, key), why)

    def known(self, table: Rows, keys: frozenset[str]) -> None:
        """Refuse a key that is none of ``keys``, so that a misspelt one is never ignored."""
        for key in table:
            if key not in keys:
                self.fail(key, "is not known here")

    def _refuse(self, table: Rows, key: str, wanted: str) -> NoReturn:
        self.fail(key, f"must be {wanted}" if key in table else f"is missing; it must be {wanted}")

    def table(self, table: Rows, key: str, default: Rows | None = None) -> Rows:
        """The table below ``key``."""
        value = table.get(key, default)
        if not isinstance(value, Mapping):
            self._refuse(table, key, "a table")
        return value

    def text(self, table: Rows, key: str) -> str:
        """A text that is not empty."""
        value = table.get(key)
        if not isinstance(value, str) or not value:
            self._refuse(table, key, "a text")
        return value

    def whole(self, table: Rows, key: str, least: int, most: int, default: int | None = None) -> int:
        """A whole number from ``least`` to ``most``."""
        value = table.get(key, default)
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            self._refuse(table, key, f"a whole number from {least} to {most}")
        return value

    def choice(self, table: Rows, key: str, allowed: Iterable[str], default: str | None = None) -> Any:
        """The item of ``allowed`` that stands there."""
        value = table.get(key, default)
        chosen = next((item for item in allowed if value == item), None)
        if chosen is None:
            self._refuse(table, key, f"one of {', '.join(allowed)}")
        return chosen
