"""The words of the diagnosis: texts of every language, looked up by key, with placeholders filled in."""

from __future__ import annotations

import string
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from device.diagnosis.verdict import Lines, Text
from device.table import TableError

Values = Mapping[str, str | Text]
_ADVICE: Final = ".advice"
PLACEHOLDERS: Final = frozenset(
    {
        *("code", "usual", "cards", "attempts", "fields", "acquirer", "hotline", "host", "meaning"),
        *("kind", "banks", "minutes", "passed", "count", "place", "value", "what"),
    }
)


class Wording:
    """Section ``diagnosis`` of the texts, checked to be complete and equal in every language."""

    def __init__(self, texts: Mapping[str, Mapping[str, Any]]) -> None:
        self.languages = tuple(texts)
        if not texts:
            raise TableError("catalogue/texts: there is no language")
        self._texts: dict[str, Mapping[str, object]] = {}
        self._meanings: dict[str, Mapping[str, Any]] = {}
        self._advice: dict[str, Mapping[str, object]] = {}
        for language, sections in texts.items():
            self._texts[language] = dict(_leaves(sections.get("diagnosis", {})))
            self._meanings[language] = sections.get("meaning", {})
            checks = _leaves(sections.get("check", {}))
            self._advice[language] = {key.removesuffix(_ADVICE): text for key, text in checks if key.endswith(_ADVICE)}
        self._compare()

    def _compare(self) -> None:
        first = self.languages[0]
        for language in self.languages:
            where = f"catalogue/texts/{language}"
            for key in self._texts[first].keys() ^ self._texts[language].keys():
                lacking = language if key in self._texts[first] else first
                raise TableError(f"catalogue/texts/{lacking}: [diagnosis] has no {key}, another language has")
            for key, text in self._texts[language].items():
                if not isinstance(text, str) or not text.strip():
                    raise TableError(f"{where}: diagnosis.{key} must be a text")
                if placeholders(text, f"{where}: diagnosis.{key}") != placeholders(str(self._texts[first][key]), key):
                    raise TableError(f"{where}: diagnosis.{key} has other placeholders than in {first}")

    def __contains__(self, key: str) -> bool:
        return key in self._texts[self.languages[0]]

    def below(self, key: str) -> tuple[str, ...]:
        """The names that stand directly below a key: ``below("act")`` -> ``("no_retry", ...)``."""
        inner = (name.removeprefix(f"{key}.") for name in self._texts[self.languages[0]] if name.startswith(f"{key}."))
        return tuple(dict.fromkeys(name.partition(".")[0] for name in inner))

    def require(self, key: str, asked_by: str) -> None:
        """Raise a TableError if a text is missing."""
        if key not in self:
            raise TableError(f"catalogue/texts: [diagnosis] has no {key}, which {asked_by} needs")

    def text(self, key: str, values: Values | None = None) -> Text:
        """The text of a key in every language."""
        return self.each(lambda language: self.fill(key, language, values or {}))

    def each(self, make: Callable[[str], str]) -> Text:
        """One text for every language."""
        return {language: make(language) for language in self.languages}

    def fill(self, key: str, language: str, values: Values) -> str:
        """The text of a key in one language."""
        texts = {name: value if isinstance(value, str) else value[language] for name, value in values.items()}
        return str(self._texts[language][key]).format_map(texts)

    def meaning(self, language: str, chinese: str) -> str | None:
        """What a language says for the Chinese meaning of a response code; None where it has no words of its own."""
        said = self._meanings[language].get(chinese)
        return said if isinstance(said, str) and said.strip() else None

    def lines(self, keys: tuple[str, ...], form: str, values: Values) -> Lines:
        """One line for each key, in the ``full`` or ``short`` form."""
        return {
            language: tuple(self.fill(f"{key}.{form}", language, values) for key in keys) for language in self.languages
        }

    def check_advice(self, check_id: str) -> Text:
        """What to do about a failed self-test: the check's own advice, else a general one."""
        advice = {}
        for language in self.languages:
            text = self._advice[language].get(check_id) or self._texts[language].get(f"found.{check_id}")
            advice[language] = text if isinstance(text, str) else self.fill("found.general", language, {})
        return advice


def _leaves(node: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, object]]:
    for key, value in node.items():
        if isinstance(value, Mapping):
            yield from _leaves(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def placeholders(text: str, where: str) -> set[str]:
    """The placeholders a text names; a TableError with ``where`` for wrong or unknown ones."""
    try:
        names = {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}
    except ValueError as error:
        raise TableError(f"{where}: has a wrong placeholder: {error}") from error
    if not names <= PLACEHOLDERS:
        raise TableError(f"{where}: has the unknown placeholder {sorted(names - PLACEHOLDERS)[0][:20]!r}")
    return names


def columns(text: str) -> int:
    """Width on a fixed-width panel: 2 columns for a CJK character or full-width sign, else 1."""
    return sum(2 if ord(sign) >= 0x2E80 else 1 for sign in text)
