"""One text in both languages, as the EMV tables hold it."""

from __future__ import annotations

from typing import NamedTuple


class Words(NamedTuple):
    """The same said in Chinese and in English."""

    zh: str
    en: str
