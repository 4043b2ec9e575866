"""The short code: what a technician hears over the telephone, twelve signs, decodable anywhere.

It carries response code, verdict, the first finding on the terminal and the software's version. The alphabet has 23
signs without the pairs people mix up (0 O, 1 I L, 2 Z, 5 S, 8 B, U V); since 23 is prime, the weighted check sign
catches every single wrong sign and every swap of two (Verhoeff, Error detecting decimal codes, 1969, weighted codes).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from device.diagnosis.facts import TESTED
from device.diagnosis.verdict import Verdict

ALPHABET: Final = "34679ACDEFGHJKMNPQRTWXY"
LENGTH: Final = 12
_BASE: Final = len(ALPHABET)
_FORMAT: Final = 1
_CODE_SIGNS: Final = " 0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_CODE_LENGTH: Final = 4
_UNSPEAKABLE: Final = 1  # number of a code that is not up to four letters and digits
# Order is part of the format: append, never move or remove.
_VERDICTS: Final = tuple(Verdict)
_FINDINGS: Final = (
    *("", "other.fact", "exchange.mac", "exchange.match", "exchange.format", "setup.country", "setup.currency"),
    *("setup.terminal_id", "setup.merchant_id", "setup.mcc", "setup.scheme"),
    *TESTED,
)
# name, number of values; the first is the least significant
_PLACES: Final = (("patch", 32), ("minor", 32), ("major", 8), ("finding", 256), ("verdict", 16), ("code", 37**4))


class ShortCodeError(ValueError):
    """Not a short code; the text says why."""


@dataclass(frozen=True, slots=True)
class ShortCode:
    """What a short code carries."""

    code: str | None  # "?" if the code was not up to four letters and digits
    verdict: Verdict
    finding: str  # id of the first finding, "" if none, "other.fact" if it has no number here
    version: str


def encode(short: ShortCode) -> str:
    """Twelve signs of :data:`ALPHABET`."""
    version = [int(part) for part in re.findall(r"\d{1,6}", short.version)[:3]]
    major, minor, patch = (*version, 0, 0, 0)[:3]
    finding = _FINDINGS.index(short.finding) if short.finding in _FINDINGS else _FINDINGS.index("other.fact")
    values = {
        "patch": min(patch, 31),
        "minor": min(minor, 31),
        "major": min(major, 7),
        "finding": finding,
        "verdict": _VERDICTS.index(short.verdict),
        "code": _number_of(short.code),
    }
    number = _FORMAT
    for name, count in reversed(_PLACES):
        number = number * count + values[name]
    signs = ""
    for _ in range(LENGTH - 1):
        number, digit = divmod(number, _BASE)
        signs = ALPHABET[digit] + signs
    return signs + check_sign(signs)


def decode(text: str) -> ShortCode:
    """Read a short code as people type it (any case, with blanks or dashes); raises :class:`ShortCodeError`."""
    signs = re.sub(r"[\s-]", "", text).upper()
    if len(signs) != LENGTH:
        raise ShortCodeError(f"a short code has {LENGTH} signs, this has {len(signs)}")
    wrong = next((sign for sign in signs if sign not in ALPHABET), None)
    if wrong is not None:
        raise ShortCodeError(f"a short code never holds the sign {wrong!r}")
    if check_sign(signs[:-1]) != signs[-1]:
        raise ShortCodeError("the check sign does not fit: one sign was misread or two were swapped")
    number = 0
    for sign in signs[:-1]:
        number = number * _BASE + ALPHABET.index(sign)
    values = {}
    for name, count in _PLACES:
        number, values[name] = divmod(number, count)
    if number != _FORMAT or values["verdict"] >= len(_VERDICTS) or values["finding"] >= len(_FINDINGS):
        raise ShortCodeError("this short code comes from another version of posmedic")
    return ShortCode(
        _code_of(values["code"]),
        _VERDICTS[values["verdict"]],
        _FINDINGS[values["finding"]],
        f"{values['major']}.{values['minor']}.{values['patch']}",
    )


def check_sign(signs: str) -> str:
    """The twelfth sign: the sum of the others, each with a weight of its own (2 to 12), modulo 23."""
    total = sum(weight * ALPHABET.index(sign) for weight, sign in enumerate(signs, 2))
    return ALPHABET[total % _BASE]


def _number_of(code: str | None) -> int:
    if not code:
        return 0
    if not re.fullmatch(r"[0-9A-Z]{1,4}", code.upper()):
        return _UNSPEAKABLE
    number = 0
    for sign in code.upper().ljust(_CODE_LENGTH):
        number = number * len(_CODE_SIGNS) + _CODE_SIGNS.index(sign)
    return number


def _code_of(number: int) -> str | None:
    if number <= _UNSPEAKABLE:
        return "?" if number else None
    signs = ""
    for _ in range(_CODE_LENGTH):
        number, digit = divmod(number, len(_CODE_SIGNS))
        signs = _CODE_SIGNS[digit] + signs
    return signs.strip()
