"""The bits of EMV Book 3 annex C and the digits of ISO/IEC 7813, read by hand from the tables."""

from __future__ import annotations

import pytest

from protocol import emv


def test_usage_control_of_a_domestic_only_card() -> None:
    auc = bytes.fromhex("AB00")  # 1010 1011: domestic cash, goods, services; ATM and other terminals
    assert emv.allows_domestic_goods(auc) is True
    assert emv.allows_domestic_services(auc) is True
    assert emv.allows_international_goods(auc) is False
    assert emv.allows_international_services(auc) is False
    assert emv.allows_other_than_atm(auc) is True
    assert emv.allows_other_than_atm(bytes.fromhex("AA00")) is False
    assert emv.allows_other_than_atm(b"") is None


def test_verification_results_of_byte_two() -> None:
    assert emv.says_expired(bytes.fromhex("0040000000")) is True
    assert emv.says_not_yet_effective(bytes.fromhex("0020000000")) is True
    assert emv.says_service_not_allowed(bytes.fromhex("0010000000")) is True
    assert emv.says_service_not_allowed(bytes.fromhex("FFEFFFFFFF")) is False
    assert emv.says_expired(b"\x00") is None


@pytest.mark.parametrize(
    ("code", "area", "services", "chip"),
    [
        ("201", emv.Area.INTERNATIONAL, emv.Services.ANY, True),
        ("101", emv.Area.INTERNATIONAL, emv.Services.ANY, False),
        ("520", emv.Area.NATIONAL, emv.Services.ANY, False),
        ("623", emv.Area.NATIONAL, emv.Services.ATM, True),
        ("704", emv.Area.PRIVATE, emv.Services.CASH, False),
        ("902", emv.Area.TEST, emv.Services.GOODS, False),
        ("338", emv.Area.UNKNOWN, emv.Services.UNKNOWN, False),
        ("", emv.Area.UNKNOWN, emv.Services.UNKNOWN, None),
    ],
)
def test_service_code_digits(code: str, area: emv.Area, services: emv.Services, chip: bool | None) -> None:
    assert (emv.service_area(code), emv.service_range(code), emv.service_has_chip(code)) == (area, services, chip)
