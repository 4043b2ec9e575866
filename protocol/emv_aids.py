"""Schemes and products by application identifier (AID; ISO/IEC 7816-5): lookups in tables that are data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from protocol.emv_words import Words

RID_DIGITS: Final = 10
_MOST_DIGITS: Final = 32
_LEAST_BYTES: Final = 5
_INTERNATIONAL: Final = b"\xa0\x00\x00"


class Scheme(NamedTuple):
    """A card scheme: the word used in profiles and frames, and the name that people know."""

    word: str
    words: Words


def scheme_of_aid(aid: str, schemes: Mapping[str, Scheme]) -> Scheme | None:
    """The scheme for an AID in hex (tag 84, 4F or 9F06) by its RID; None if it is not known."""
    return schemes.get(aid[:RID_DIGITS].upper())


def may_be_shown(aid: bytes, schemes: Mapping[str, Scheme]) -> bool:
    """Is this an identifier, and not digits of a card in its place: its RID is known, or international (A00000...)?

    A national one (D and a country code) looks like the end of track 2, so it is shown only where its RID is known.
    """
    if not _LEAST_BYTES <= len(aid) <= _MOST_DIGITS // 2:
        return False
    return aid.startswith(_INTERNATIONAL) or scheme_of_aid(aid.hex(), schemes) is not None


def product_of_aid(aid: str, products: Mapping[str, Words]) -> Words | None:
    """The product for an AID in hex: the longest identifier that it begins with (partial names are allowed: Book 1)."""
    text = aid[:_MOST_DIGITS].upper()
    found = (products.get(text[:size]) for size in range(len(text), RID_DIGITS, -1))
    return next((words for words in found if words is not None), None)
