"""Card tokens: a keyed hash over the whole card number, and another over the issuer's part.

The same card gives the same token under one key and nothing else can be learnt from it without the key
(PCI DSS 4.0.1, 3.5.1.1). The key is the store's, renewed there.
"""

from __future__ import annotations

import hmac
from typing import Final, Protocol

_LEAST_KEY_BYTES: Final = 16
_HEX_DIGITS: Final = 20
_ISSUER_DIGITS: Final = 6  # ISO/IEC 7812-1:2006; the eight of 2017 would part one bank's products


class Tokens(Protocol):
    """Makes what may be kept of a card number."""

    def card_token(self, pan: bytes | bytearray) -> str:
        """Equal for the same card, different for another."""

    def bin_group(self, pan: bytes | bytearray) -> str:
        """Equal for cards of one issuer's range."""


class CardTokens:
    """HMAC-SHA-256 under ``key`` (at least 16 bytes), cut to 80 bits; prefixes ``c-`` and ``b-``."""

    def __init__(self, key: bytes) -> None:
        if len(key) < _LEAST_KEY_BYTES:
            raise ValueError(f"the token key must have at least {_LEAST_KEY_BYTES} bytes")
        self._key = key

    def card_token(self, pan: bytes | bytearray) -> str:
        """Token of the whole card number, given as ASCII digits."""
        return "c-" + hmac.digest(self._key, b"card:" + pan, "sha256").hex()[:_HEX_DIGITS]

    def bin_group(self, pan: bytes | bytearray) -> str:
        """Token of the issuer's six digits."""
        return "b-" + hmac.digest(self._key, b"bin:" + pan[:_ISSUER_DIGITS], "sha256").hex()[:_HEX_DIGITS]
