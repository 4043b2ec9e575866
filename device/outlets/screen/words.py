"""The words that the screen adds to a diagnosis, looked up in one language's texts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class Words:
    """Wraps one language's texts: ``{"screen": {...}, "check": {check id: name}, ...}``.

    A check without a name is shown by its id, so that a newer self-test never hides behind an older text file;
    a missing screen word raises KeyError: that is a broken catalogue.
    """

    def __init__(self, texts: Mapping[str, Any]) -> None:
        self._texts = texts
        self._screen: Mapping[str, Any] = texts["screen"]
        self._checks: Mapping[str, Any] = texts.get("check", {})

    def word(self, key: str) -> str:
        """A word of the section ``[screen]``."""
        return str(self._screen[key])

    def of(self, section: str, key: str) -> str:
        """A word of ``[screen.<section>]``."""
        return str(self._screen[section][key])

    def counted(self, key: str, count: int) -> str:
        """A word of ``[screen.counted]`` in the form that goes with ``count``, which stands in it as ``{count}``."""
        forms = self._screen["counted"][key]
        return str(forms["one" if count == 1 else "other"]).format(count=count)

    def outside(self, section: str, key: str) -> str:
        """A word of another section of the same language, which must have it."""
        return str(self._texts[section][key])

    def yes_no(self, value: object) -> str:
        """A value as a person reads it: yes or no for a truth value."""
        return self.word("yes" if value else "no") if isinstance(value, bool) else str(value)

    def part(self, part: str) -> str:
        """Name of a part of the terminal; its id where nobody named it."""
        row: Any = self._texts.get("part", {}).get(part, {})
        return str(row.get("name", part)) if isinstance(row, Mapping) else part

    def evidence(self, evidence_id: str) -> str:
        """Name of a check or of a fact of the exchange; its id where nobody named it."""
        own = self._screen["evidence"].get(evidence_id)
        if own is not None:
            return str(own)
        row = self._check(evidence_id)
        if isinstance(row, Mapping):
            row = row.get("name")
        return str(row) if row else evidence_id

    def advice(self, check_id: str) -> str:
        """What to do about a check that failed; "" where nobody said."""
        row = self._check(check_id)
        return str(row.get("advice", "")) if isinstance(row, Mapping) else ""

    def _check(self, check_id: str) -> Any:
        row: Any = self._checks.get(check_id)
        if row is None:
            part, _, fact = check_id.partition(".")
            row = self._checks.get(part, {})
            row = row.get(fact) if isinstance(row, Mapping) else None
        return row
