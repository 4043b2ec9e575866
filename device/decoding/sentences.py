"""Sentences about bad data in a person's language: found by their English form, in which ``{}`` stands for a figure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

_JOINT: Final = "; "
_GAP: Final = "{}"
_INNER: Final = ": {}"  # what ends a form whose last gap is a sentence of its own


class Sentences:
    """Translates whole sentences; what is not among them stays as it is."""

    def __init__(self, by_english: Mapping[str, str]) -> None:
        """``by_english``: English form -> the same in the other language, with as many ``{}``; also what joins two."""
        self._joint = by_english.get(_JOINT, _JOINT)
        self._plain = {english: text for english, text in by_english.items() if _GAP not in english}
        gapped = sorted(
            (english for english in by_english if _GAP in english), key=lambda form: not form.endswith(_INNER)
        )
        self._patterns = [(_pattern(form), by_english[form], form.endswith(_INNER)) for form in gapped]

    def translate(self, text: str) -> str:
        """The text, part by part where it is several sentences joined by semicolons."""
        return self._joint.join(map(self._one, text.split(_JOINT)))

    def _one(self, text: str) -> str:
        if text in self._plain:
            return self._plain[text]
        for pattern, translated, inner in self._patterns:
            if found := pattern.fullmatch(text):
                *figures, last = found.groups()
                return translated.format(*figures, self._one(last) if inner else last)
        return text


def _pattern(english: str) -> re.Pattern[str]:
    return re.compile(r"(\S.*?)".join(map(re.escape, english.split(_GAP))))
