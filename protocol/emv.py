"""What EMV data says about a decline: the bits of usage control and verification results, and the service code.

These are the few that the diagnosis asks for; every bit of every table is in :mod:`protocol.emv_bits`.
Sources: EMV 4.4 Book 3, annex C; ISO/IEC 7813 (service code).
"""

from __future__ import annotations

from enum import StrEnum


class Area(StrEnum):
    """Where a card may be used, by the first digit of its service code (ISO/IEC 7813)."""

    INTERNATIONAL = "international"
    NATIONAL = "national"
    PRIVATE = "private"
    TEST = "test"
    UNKNOWN = "unknown"


class Services(StrEnum):
    """What a card may pay for, by the third digit of its service code (ISO/IEC 7813)."""

    ANY = "any"
    GOODS = "goods"  # goods and services only
    ATM = "atm"
    CASH = "cash"
    UNKNOWN = "unknown"


def service_area(service_code: str) -> Area:
    """Where the card may be used: digit 1 of the service code."""
    areas = {"1": Area.INTERNATIONAL, "2": Area.INTERNATIONAL, "5": Area.NATIONAL, "6": Area.NATIONAL}
    return {**areas, "7": Area.PRIVATE, "9": Area.TEST}.get(service_code[:1], Area.UNKNOWN)


def service_has_chip(service_code: str) -> bool | None:
    """Does the stripe say that the card has a chip (digit 1 is 2 or 6)? None without a service code."""
    return service_code[0] in "26" if service_code else None


def service_range(service_code: str) -> Services:
    """What the card may pay for: digit 3 of the service code."""
    goods, anything = Services.GOODS, Services.ANY
    table = {"0": anything, "1": anything, "2": goods, "3": Services.ATM, "4": Services.CASH}
    return {**table, "5": goods, "6": anything, "7": goods}.get(service_code[2:3], Services.UNKNOWN)


def _bit(value: bytes, byte: int, bit: int) -> bool | None:
    """Bit 8 (highest) to 1 of byte 1, 2...; None where the value is too short."""
    return bool(value[byte - 1] >> (bit - 1) & 1) if len(value) >= byte else None


def allows_domestic_goods(usage_control: bytes) -> bool | None:
    """Tag 9F07 (annex C2): byte 1 bit 6, valid for domestic goods."""
    return _bit(usage_control, 1, 6)


def allows_international_goods(usage_control: bytes) -> bool | None:
    """Tag 9F07 (annex C2): byte 1 bit 5, valid for international goods."""
    return _bit(usage_control, 1, 5)


def allows_domestic_services(usage_control: bytes) -> bool | None:
    """Tag 9F07 (annex C2): byte 1 bit 4, valid for domestic services."""
    return _bit(usage_control, 1, 4)


def allows_international_services(usage_control: bytes) -> bool | None:
    """Tag 9F07 (annex C2): byte 1 bit 3, valid for international services."""
    return _bit(usage_control, 1, 3)


def allows_other_than_atm(usage_control: bytes) -> bool | None:
    """Tag 9F07 (annex C2): byte 1 bit 1, valid at terminals other than ATMs."""
    return _bit(usage_control, 1, 1)


def says_expired(tvr: bytes) -> bool | None:
    """Tag 95 (annex C5): byte 2 bit 7, expired application."""
    return _bit(tvr, 2, 7)


def says_not_yet_effective(tvr: bytes) -> bool | None:
    """Tag 95 (annex C5): byte 2 bit 6, application not yet effective."""
    return _bit(tvr, 2, 6)


def says_service_not_allowed(tvr: bytes) -> bool | None:
    """Tag 95 (annex C5): byte 2 bit 5, requested service not allowed for the card product."""
    return _bit(tvr, 2, 5)
