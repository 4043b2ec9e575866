"""The product's texts in several languages, of which none is kept in memory."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from device.settings import read_texts


class TextFiles(Mapping[str, Mapping[str, Mapping[str, Any]]]):
    """The sections of these languages; each language is read from its files whenever it is asked for.

    Who draws or writes asks in a worker or rarely. Raises TableError then.
    """

    def __init__(self, languages: Sequence[str]) -> None:
        self._languages = tuple(languages)

    def __getitem__(self, language: str) -> Mapping[str, Mapping[str, Any]]:
        if language not in self._languages:
            raise KeyError(language)
        return read_texts(language)

    def __iter__(self) -> Iterator[str]:
        return iter(self._languages)

    def __len__(self) -> int:
        return len(self._languages)
