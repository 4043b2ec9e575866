"""The list of cardholder verification methods, tag 8E (EMV 4.4 Book 3, 10.5 and annex C3): two amounts, then rules.

What the codes of a rule mean is data, read by :mod:`protocol.emv_bits`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from protocol.ber_tlv import TlvFailure

_AMOUNT_BYTES: Final = 4
_RULES_AT: Final = 2 * _AMOUNT_BYTES
_RULE_BYTES: Final = 2


@dataclass(frozen=True, slots=True)
class CvmRule:
    """One rule: ``method`` is the CVM code (0 to 63), ``condition`` when it is used.

    ``or_next``: where it is unsuccessful, the next rule is tried. ``offset`` counts from the first byte of the value.
    """

    offset: int
    method: int
    condition: int
    or_next: bool


@dataclass(frozen=True, slots=True)
class CvmList:
    """The rules in the order of the card; ``amount_x`` and ``amount_y`` in the smallest unit of its currency."""

    amount_x: int | None
    amount_y: int | None
    rules: tuple[CvmRule, ...]
    failure: TlvFailure | None = None


def parse_cvm_list(value: bytes) -> CvmList:
    """Read the value of tag 8E as far as it goes. Never raises; what is cut off is told."""
    if len(value) < _RULES_AT:
        failure = TlvFailure(len(value), f"a CVM list begins with two amounts, {len(value)} bytes are there", "8E")
        amount_x = int.from_bytes(value[:_AMOUNT_BYTES]) if len(value) >= _AMOUNT_BYTES else None
        return CvmList(amount_x, None, (), failure)
    amount_x, amount_y = int.from_bytes(value[:_AMOUNT_BYTES]), int.from_bytes(value[_AMOUNT_BYTES:_RULES_AT])
    whole = len(value) - len(value) % _RULE_BYTES
    rules = tuple(
        CvmRule(at, value[at] & 0x3F, value[at + 1], bool(value[at] & 0x40))
        for at in range(_RULES_AT, whole, _RULE_BYTES)
    )
    if whole < len(value):
        return CvmList(amount_x, amount_y, rules, TlvFailure(whole, "a rule has 2 bytes, 1 is there", "8E"))
    if not rules:
        return CvmList(amount_x, amount_y, rules, TlvFailure(whole, "the list has no rule", "8E"))
    return CvmList(amount_x, amount_y, rules)
