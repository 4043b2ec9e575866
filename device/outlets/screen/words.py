"""The words that the screen adds to a diagnosis, looked up in one language's texts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class Words:
    """Wraps one language's texts: ``{"screen": {...}, "check": {check id: name}}``.

    A check without a name is shown by its id, so that a newer self-test never hides behind an older text file;
    a missing screen word raises KeyError: that is a broken catalogue.
    """

    def __init__(self, texts: Mapping[str, Any]) -> None:
        self._screen: Mapping[str, Any] = texts["screen"]
        self._checks: Mapping[str, Any] = texts.get("check", {})

    def word(self, key: str) -> str:
        """A word of the section ``[screen]``."""
        return str(self._screen[key])

    def of(self, section: str, key: str) -> str:
        """A word of ``[screen.<section>]``."""
        return str(self._screen[section][key])

    def evidence(self, evidence_id: str) -> str:
        """Name of a check or of a fact of the exchange; its id where nobody named it."""
        own = self._screen["evidence"].get(evidence_id)
        if own is not None:
            return str(own)
        row: Any = self._checks.get(evidence_id)
        if row is None:
            part, _, fact = evidence_id.partition(".")
            row = self._checks.get(part, {})
            row = row.get(fact) if isinstance(row, Mapping) else None
        if isinstance(row, Mapping):
            row = row.get("name")
        return str(row) if row else evidence_id
