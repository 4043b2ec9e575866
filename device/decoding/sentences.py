"""Sentences about bad data in a person's language: found by their English form, in which ``{}`` stands for a figure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

_PLACE: Final = re.compile(r"byte (\d+): (.+)", re.DOTALL)
_PLACE_KEY: Final = "byte {}: {}"
_JOINT: Final = "; "
_GAP: Final = "{}"


class Sentences:
    """Translates whole sentences; what is not among them stays as it is."""

    def __init__(self, by_english: Mapping[str, str]) -> None:
        """``by_english``: English form -> the same in the other language, with as many ``{}``; also what joins two."""
        self._joint = by_english.get(_JOINT, _JOINT)
        self._place = by_english.get(_PLACE_KEY)
        self._plain = {english: text for english, text in by_english.items() if _GAP not in english}
        self._patterns = [
            (_pattern(english), text)
            for english, text in by_english.items()
            if _GAP in english and english != _PLACE_KEY
        ]

    def translate(self, text: str) -> str:
        """The text, part by part where it is several sentences joined by semicolons."""
        return self._joint.join(map(self._one, text.split(_JOINT)))

    def _one(self, text: str) -> str:
        if text in self._plain:
            return self._plain[text]
        if self._place is not None and (place := _PLACE.fullmatch(text)):
            return self._place.format(place[1], self._one(place[2]))
        for pattern, translated in self._patterns:
            if found := pattern.fullmatch(text):
                return translated.format(*found.groups())
        return text


def _pattern(english: str) -> re.Pattern[str]:
    return re.compile(r"(\S.*?)".join(map(re.escape, english.split(_GAP))))
