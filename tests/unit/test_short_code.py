"""The short code survives the telephone."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.frames import knowledge

from device.diagnosis.facts import TESTED
from device.diagnosis.short_code import ALPHABET, LENGTH, ShortCode, ShortCodeError, check_sign, decode, encode
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


EXAMPLES = (
    ShortCode("62", Verdict.CARD, "", "0.1.0"),
    ShortCode("1004", Verdict.MERCHANT_ACQUIRER, "setup.country", "7.31.31"),
    ShortCode(None, Verdict.NO_VERIFIED_RESPONSE, "modem.signal", "1.2.3"),
    ShortCode("ZZZZ", Verdict.APPROVED, TESTED[-1], "7.31.31"),
)


def is_refused(signs: str) -> bool:
    try:
        decode(signs)
    except ShortCodeError:
        return True
    return False


@pytest.mark.parametrize("short", EXAMPLES)
def test_every_wrong_sign_at_every_place_is_caught(short: ShortCode) -> None:
    signs = encode(short)
    wrong = [
        signs[:place] + sign + signs[place + 1 :]
        for place in range(LENGTH)
        for sign in ALPHABET
        if sign != signs[place]
    ]
    assert len(wrong) == LENGTH * (len(ALPHABET) - 1)
    assert all(is_refused(spoilt) for spoilt in wrong)


@pytest.mark.parametrize("short", EXAMPLES)
def test_every_swap_of_any_two_signs_is_caught(short: ShortCode) -> None:
    signs = encode(short)
    for first, second in itertools.combinations(range(LENGTH), 2):
        swapped = list(signs)
        swapped[first], swapped[second] = swapped[second], swapped[first]
        assert is_refused("".join(swapped)) or signs[first] == signs[second]


def test_the_check_sign_tells_every_two_signs_apart_at_every_two_places() -> None:
    """Exhaustive over the check's arithmetic: each place shifts the sum by another multiple of each difference."""
    base = len(ALPHABET)
    sums = {}
    for place in range(LENGTH - 1):
        for number, sign in enumerate(ALPHABET):
            signs = ALPHABET[0] * place + sign + ALPHABET[0] * (LENGTH - 2 - place)
            sums[place, number] = ALPHABET.index(check_sign(signs))
    for place in range(LENGTH - 1):  # one wrong sign always changes the check sign
        assert len({sums[place, number] for number in range(base)}) == base
    for first, second in itertools.combinations(range(LENGTH - 1), 2):  # and so does a swap, wherever and of whatever
        for one, other in itertools.permutations(range(base), 2):
            before = (sums[first, one] + sums[second, other]) % base
            after = (sums[first, other] + sums[second, one]) % base
            assert before != after
    for place in range(LENGTH - 1):  # the check sign itself swapped with any other sign
        weight = (sums[place, 1] - sums[place, 0]) % base
        assert weight not in (0, base - 1)


def test_the_code_of_every_host_and_every_verdict_comes_back() -> None:
    for code in {code for table in knowledge().hosts.values() for code in table.rows}:
        for verdict in Verdict:
            short = ShortCode(code, verdict, "", "0.1.0")
            assert decode(encode(short)) == short


def test_what_cannot_be_spoken_is_marked_not_lost() -> None:
    decoded = decode(encode(ShortCode("\x00x", Verdict.CARD, "vendor.new_fact", "not a version")))
    assert decoded == ShortCode("?", Verdict.CARD, "other.fact", "0.0.0")


@pytest.mark.parametrize("text", ["", "62", "4RKPJKRFK64", "4RKPJKRFK6499", "0RKPJKRFK649", "中文中文中文中文中文中文"])
def test_what_is_no_short_code_is_refused(text: str) -> None:
    with pytest.raises(ShortCodeError):
        decode(text)
