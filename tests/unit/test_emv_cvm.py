"""The list of cardholder verification methods: amounts, rules, and what is cut off."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.emv_cvm import CvmRule, parse_cvm_list


def test_amounts_and_rules_in_the_order_of_the_card() -> None:
    read = parse_cvm_list(bytes.fromhex("0000138800002710" + "4106" + "0203" + "1F00"))
    assert (read.amount_x, read.amount_y, read.failure) == (5000, 10000, None)
    assert read.rules == (CvmRule(8, 1, 6, True), CvmRule(10, 2, 3, False), CvmRule(12, 31, 0, False))


@pytest.mark.parametrize(
    ("value", "offset", "amounts", "rules"),
    [
        ("", 0, (None, None), 0),
        ("000000", 3, (None, None), 0),
        ("0000000500", 5, (5, None), 0),
        ("0000000500000006", 8, (5, 6), 0),
        ("00000005000000061F", 8, (5, 6), 0),
        ("00000005000000061F0342", 10, (5, 6), 1),
    ],
)
def test_what_is_cut_off_is_told_with_its_place(
    value: str, offset: int, amounts: tuple[int | None, int | None], rules: int
) -> None:
    read = parse_cvm_list(bytes.fromhex(value))
    assert read.failure is not None
    assert (read.failure.offset, read.failure.tag) == (offset, "8E")
    assert ((read.amount_x, read.amount_y), len(read.rules)) == (amounts, rules)


@given(st.binary(max_size=60))
def test_any_bytes_are_a_list_or_told(value: bytes) -> None:
    read = parse_cvm_list(value)
    assert len(read.rules) == max(0, len(value) - 8) // 2
    assert (read.failure is None) == (len(value) >= 10 and len(value) % 2 == 0)
