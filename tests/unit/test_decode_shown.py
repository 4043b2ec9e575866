"""A card number is hidden however it is set apart; names and versions are shown."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.decoding.shown import may_be_shown

CARD = "6200000000000005"


@pytest.mark.parametrize(
    "text", ["NEO v1.00.056", "GemTwin-V2.00-GT00", "PX-10;16MB", "002.12 260102", "SimTwin 2.10", "V", "1.02 (2026)"]
)
def test_names_and_versions_are_shown(text: str) -> None:
    assert may_be_shown(text, 40)


@pytest.mark.parametrize("text", ["", "X1234567", "a\tb", "a=b", "%B1", "\u0661\u0662", "x" * 41])
def test_serial_numbers_tracks_and_what_is_too_long_are_not(text: str) -> None:
    assert not may_be_shown(text, 40)


@given(
    st.lists(st.sampled_from(["", " ", "-", ".", "/", "_", ", ", " - "]), min_size=15, max_size=15), st.integers(12, 16)
)
def test_no_separators_let_a_card_number_through(between: list[str], digits: int) -> None:
    text = "".join(digit + gap for digit, gap in zip(CARD, [*between, ""], strict=True))[: digits * 4]
    shown = text if sum(sign.isdigit() for sign in text) >= 12 else CARD
    assert not may_be_shown(shown, 80)
    assert not may_be_shown("v2 " + shown, 80)
