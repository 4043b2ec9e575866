"""What the tool says to a person, in Chinese and English; the texts are data beside this file.

Words that the terminal uses for reasons and values are put as its own screen puts them: from the catalogue's
``texts/LANGUAGE/checks.toml``, where it is at hand (a clone has it, a kit brings it). Else they stay as they come.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from tools.technician.trouble import TroubleError

LANGUAGES: Final = ("zh", "en")
_FOLDER: Final = Path(__file__).with_name("texts")
_CATALOGUE: Final = Path(__file__).resolve().parents[2] / "device" / "catalogue" / "texts"


class Words:
    """The texts of one language by section and word."""

    def __init__(self, language: str) -> None:
        self.language = language
        self._texts: Mapping[str, Mapping[str, str]] = _read(_FOLDER / f"{language}.toml")
        checks = _CATALOGUE / language / "checks.toml"
        shared: Mapping[str, Mapping[str, str]] = _read(checks) if checks.is_file() else {}
        self._reasons, self._values = shared.get("reason", {}), shared.get("value", {})
        self._checks: Mapping[str, Any] = shared.get("check", {})

    def say(self, section: str, word: str, **values: object) -> str:
        """A text with its values; KeyError for one that is missing, which a test excludes."""
        return self._texts[section][word].format_map(values)

    def has(self, section: str, word: str) -> bool:
        """Whether there is such a text: for words that the terminal gives."""
        return word in self._texts[section]

    def measured(self, said: str) -> str:
        """A check's value and reason, told by the terminal as ``VALUE [UNIT] [REASON]``, for a person."""
        value, _, last = said.rpartition(" ")
        reason = self._reasons.get(last, "")
        if not reason:
            value = said
        value = "" if value == "-" else self._values.get(value, value)
        return f"{value} ({reason})" if value and reason else value or reason

    def check(self, check: str) -> str:
        """A check's name by its id, where it is known here."""
        return str(self._checks.get(check, {}).get("name", check))

    def trouble(self, trouble: TroubleError) -> str:
        """The sentence for it."""
        return self.say("trouble", trouble.word, **trouble.values)


def own_language() -> str:
    """The laptop's language, as far as it is one of ours: Chinese if the system says so, else English."""
    told = os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES") or os.environ.get("LANG") or ""
    return "zh" if told.lower().startswith("zh") else "en"


def _read(path: Path) -> dict[str, Any]:
    return tomllib.loads(path.read_text(encoding="utf-8"))
