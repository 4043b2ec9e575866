"""The short code survives the telephone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.diagnosis.facts import TESTED
from device.diagnosis.short_code import ALPHABET, LENGTH, ShortCode, ShortCodeError, decode, encode
from device.diagnosis.verdict import Verdict

CODES = st.none() | st.text("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", min_size=1, max_size=4)
SHORTS = st.builds(
    ShortCode,
    code=CODES,
    verdict=st.sampled_from(Verdict),
    finding=st.sampled_from(["", "setup.country", "other.fact", *TESTED]),
    version=st.builds("{}.{}.{}".format, st.integers(0, 7), st.integers(0, 31), st.integers(0, 31)),
)


@given(SHORTS)
def test_everything_comes_back(short: ShortCode) -> None:
    signs = encode(short)
    assert len(signs) == LENGTH == 12
    assert decode(signs) == short
    assert decode(f" {signs[:4].lower()}-{signs[4:8]} {signs[8:]}") == short


def test_no_sign_can_be_mistaken_for_another() -> None:
    assert len(set(ALPHABET)) == len(ALPHABET)
    assert not set(ALPHABET) & set("0O1IL2Z5S8BUV")


@given(SHORTS, st.integers(0, LENGTH - 1), st.sampled_from(ALPHABET))
def test_every_single_wrong_sign_is_caught(short: ShortCode, place: int, sign: str) -> None:
    signs = encode(short)
    if signs[place] == sign:
        return
    with pytest.raises(ShortCodeError):
        decode(signs[:place] + sign + signs[place + 1 :])


@given(SHORTS, st.integers(0, LENGTH - 2))
def test_every_swap_of_neighbours_is_caught(short: ShortCode, place: int) -> None:
    signs = encode(short)
    if signs[place] == signs[place + 1]:
        return
    with pytest.raises(ShortCodeError):
        decode(signs[:place] + signs[place + 1] + signs[place] + signs[place + 2 :])


def test_what_cannot_be_spoken_is_marked_not_lost() -> None:
    decoded = decode(encode(ShortCode("\x00x", Verdict.CARD, "vendor.new_fact", "not a version")))
    assert decoded == ShortCode("?", Verdict.CARD, "other.fact", "0.0.0")


@pytest.mark.parametrize("text", ["", "62", "4RKPJKRFK64", "4RKPJKRFK6499", "0RKPJKRFK649", "中文中文中文中文中文中文"])
def test_what_is_no_short_code_is_refused(text: str) -> None:
    with pytest.raises(ShortCodeError):
        decode(text)
