"""The simulated cards: made-up numbers on test ranges, and everything secret that a real card would carry.

No number here belongs to anybody. They exist so that a search for them over everything the service leaves behind
means something.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

_RANGES: Final = {"unionpay": "6200", "visa": "4000", "mastercard": "5200", "jcb": "3528"}
_AIDS: Final = {
    "unionpay": "A000000333010102",
    "visa": "A0000000031010",
    "mastercard": "A0000000041010",
    "jcb": "A0000000651010",
}
_EXPIRY: Final = "3111"  # DE14 order: year, month
_CARDHOLDER: Final = "SIMULANT/LI LEI"


@dataclass(frozen=True, slots=True)
class Card:
    """One card. ``country`` is the issuer's (ISO 3166 numeric), ``bank`` tells card issuers of one scheme apart."""

    alias: str
    scheme: str
    bank: int
    country: str
    service_code: str
    usage_control: str
    serial: int
    expired: bool = False

    @property
    def aid(self) -> str:
        """Application identifier, tag 84, hex."""
        return _AIDS[self.scheme]

    @property
    def pan(self) -> str:
        """A 16-digit number on a test range with a correct check digit (ISO/IEC 7812-1, annex B)."""
        body = f"{_RANGES[self.scheme]}{self.bank:02d}{70707 * (self.bank + 1) % 100000:05d}{self.serial:04d}"
        return body + _check_digit(body)

    @property
    def expiry(self) -> str:
        """Year and month, as DE14 has them."""
        return "2002" if self.expired else _EXPIRY

    @property
    def verification_value(self) -> str:
        """The CVV that stands in the track, three digits."""
        return f"{int(self._digest(b'cvv')[:6], 16) % 900 + 100}"

    @property
    def discretionary(self) -> str:
        """Issuer's data at the end of track 2: a made-up PIN verification value, then the CVV."""
        return f"{int(self._digest(b'pvv')[:10], 16) % 10**9:09d}{self.verification_value}"

    @property
    def track2(self) -> str:
        """Track 2 with ``D`` as the separator (ISO/IEC 7813)."""
        return f"{self.pan}D{self.expiry}{self.service_code}{self.discretionary}"

    @property
    def track1(self) -> str:
        """Track 1 (ISO/IEC 7813, format B)."""
        return f"B{self.pan}^{_CARDHOLDER}^{self.expiry}{self.service_code}{self.discretionary}"

    @property
    def cardholder(self) -> str:
        """The name on the card, tag 5F20."""
        return _CARDHOLDER

    @property
    def pin_block(self) -> bytes:
        """Eight bytes that stand for an enciphered PIN block, DE52."""
        return bytes.fromhex(self._digest(b"pin")[:16])

    @property
    def cryptogram(self) -> bytes:
        """Eight bytes that stand for tag 9F26."""
        return bytes.fromhex(self._digest(b"arqc")[:16])

    def _digest(self, purpose: bytes) -> str:
        return hashlib.sha256(purpose + self.pan.encode()).hexdigest()


def read_cards(rows: Mapping[str, Mapping[str, Any]]) -> dict[str, Card]:
    """Read the ``[cards.NAME]`` tables of a scenario. Raises ValueError for what does not fit."""
    return {alias: _read_card(alias, serial, row) for serial, (alias, row) in enumerate(rows.items(), 1)}


def _read_card(alias: str, serial: int, row: Mapping[str, Any]) -> Card:
    known = {"scheme", "bank", "country", "service_code", "usage_control", "expired"}
    if unknown := set(row) - known:
        raise ValueError(f"[cards.{alias}]: {min(unknown)} is not known here")
    if not all(isinstance(row.get(key, 0), int) for key in ("bank", "expired")):
        raise ValueError(f"[cards.{alias}]: bank must be a number, expired true or false")
    card = Card(
        alias,
        row.get("scheme", "unionpay"),
        row.get("bank", 1),
        row.get("country", "156"),
        row.get("service_code", "201"),
        row.get("usage_control", "FF80"),
        serial,
        row.get("expired", False),
    )
    if card.scheme not in _RANGES:
        raise ValueError(f"[cards.{alias}]: scheme must be one of {', '.join(_RANGES)}")
    return card


def _check_digit(body: str) -> str:
    total = 0
    for place, digit in enumerate(reversed(body)):
        value = int(digit) * (2 if place % 2 == 0 else 1)
        total += value - 9 if value > 9 else value
    return str(-total % 10)
