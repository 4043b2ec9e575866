"""Card tokens: a keyed hash over the whole card number, and another over the issuer's part.

The same card gives the same token under one key and nothing else can be learnt from it without the key
(PCI DSS 4.0.1, 3.5.1.1). The key is the store's, renewed there.
"""

from __future__ import annotations

from typing import Final, Protocol

from device.digest import blake2s

_LEAST_KEY_BYTES: Final = 16
_MOST_KEY_BYTES: Final = 32
_TOKEN_BYTES: Final = 10
_ISSUER_DIGITS: Final = 6  # ISO/IEC 7812-1:2006; the eight of 2017 would part one bank's products


class Tokens(Protocol):
    """Makes what may be kept of a card number."""

    def card_token(self, pan: bytes | bytearray) -> str:
        """Equal for the same card, different for another."""

    def bin_group(self, pan: bytes | bytearray) -> str:
        """Equal for cards of one issuer's range."""

    def of_application(self, token: str | None) -> str | None:
        """The application's own token or group, hashed too: nobody can know that it is not a card number."""


class CardTokens:
    """Keyed BLAKE2s (RFC 7693, 2.9) under ``key`` of 16 to 32 bytes, 80 bits long; prefixes ``c-``, ``b-``, ``a-``."""

    def __init__(self, key: bytes) -> None:
        if not _LEAST_KEY_BYTES <= len(key) <= _MOST_KEY_BYTES:
            raise ValueError(f"the token key must have {_LEAST_KEY_BYTES} to {_MOST_KEY_BYTES} bytes")
        self._key = key

    def card_token(self, pan: bytes | bytearray) -> str:
        """Token of the whole card number, given as ASCII digits."""
        return "c-" + self._digest(pan, b"card")

    def bin_group(self, pan: bytes | bytearray) -> str:
        """Token of the issuer's six digits."""
        return "b-" + self._digest(pan[:_ISSUER_DIGITS], b"bin")

    def of_application(self, token: str | None) -> str | None:
        """Token of a text that the application chose; None stays None."""
        return None if token is None else "a-" + self._digest(token.encode(), b"app")

    def _digest(self, digits: bytes | bytearray, purpose: bytes) -> str:
        return blake2s(digits, key=self._key, digest_size=_TOKEN_BYTES, person=purpose).hexdigest()
