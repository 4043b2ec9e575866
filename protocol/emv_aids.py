"""Schemes and products by application identifier (AID; ISO/IEC 7816-5): lookups in tables that are data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from protocol.emv_words import Words

RID_DIGITS: Final = 10
_MOST_DIGITS: Final = 32


class Scheme(NamedTuple):
    """A card scheme: the word used in profiles and frames, and the name that people know."""

    word: str
    words: Words


def scheme_of_aid(aid: str, schemes: Mapping[str, Scheme]) -> Scheme | None:
    """The scheme for an AID in hex (tag 84, 4F or 9F06) by its RID; None if it is not known."""
    return schemes.get(aid[:RID_DIGITS].upper())


def product_of_aid(aid: str, products: Mapping[str, Words]) -> Words | None:
    """The product for an AID in hex: the longest identifier that it begins with (partial names are allowed: Book 1)."""
    text = aid[:_MOST_DIGITS].upper()
    found = (products.get(text[:size]) for size in range(len(text), RID_DIGITS, -1))
    return next((words for words in found if words is not None), None)
