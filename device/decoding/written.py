"""Bytes as people and programs write them: pairs of digits, marked digits, constants of C, Java, Python and the like.

Each reader takes a whole text or nothing, so that a text with bytes in it is never taken for the bytes alone.
"""

from __future__ import annotations

import re
from typing import Final

from device.decoding.log_text import unescape_constant

_PAIRS: Final = re.compile(
    r"(?:[0-9A-Fa-f]{2})+(?:[\s:,;-]{1,4}(?:[0-9A-Fa-f]{2})+)*"
    r"|[0-9A-Fa-f]{2}(?:(?:\.[0-9A-Fa-f]{2}){3,}|(?:_[0-9A-Fa-f]{2}){1,}|(?:/[0-9A-Fa-f]{2}){1,})"
    r"|[0-9A-Fa-f]{2}(?:\s?\|\s?[0-9A-Fa-f]{2})+"
)
_MARKED_PAIRS: Final = re.compile(
    r"(?:(?:0[xX]|\\x)[0-9A-Fa-f]{1,2}[\s,;]*)+|(?:[$%][0-9A-Fa-f]{2}[\s,;]*)+|(?:[0-9A-Fa-f]{2}[hH][\s,;]*)+"
    r"|(?:<[0-9A-Fa-f]{2}>\s*){2,}|(?:\[[0-9A-Fa-f]{2}\]\s*){2,}|(?:\{[0-9A-Fa-f]{2}\}\s*){2,}"
)
_MARKED: Final = re.compile(r"(?:0[xX]|\\x)?([0-9A-Fa-f]{1,2})(?:[hH]\b)?")
_UNPADDED: Final = re.compile(r"[0-9A-Fa-f]{1,2}(?:[ ,:;]{1,2}[0-9A-Fa-f]{1,2})+")
_BETWEEN: Final = re.compile(r"[ ,:;]+")
_LETTER: Final = re.compile(r"[A-Fa-f]")
_WRAPPED: Final = re.compile(r"(?:b?'(.*)'|b?\"(.*)\"|<(.*)>|\[(.*)\]|\{(.*)\}|\((.*)\))[.;,]?", re.DOTALL)
_NO_DIGITS: Final = re.compile(r"[^0-9A-Fa-f]")

_COMMENT: Final = re.compile(r"/\*[^*]{0,400}\*/|(?m:(?<=\s)//[^\n]*$|^//[^\n]*$)")
_NAMED: Final = re.compile(r"[A-Za-z_][\w\s\[\]*&<>:.]{0,120}=\s*(?=[^\s=])")
_CALLED: Final = re.compile(
    r"(?:new\s+)?(?:&?\[\w{0,8}\])?[A-Za-z_][\w.]{0,40}(?:\s*\[\s*\d*\s*\])?(?:!\s*(?=\[)|\s*(?=[({\"']))|&(?=\[)"
)
_STRING: Final = r"[bB]?(?:\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*')"
_STRINGS: Final = re.compile(rf"{_STRING}(?:[\s\\+]*{_STRING})*")
_ONE_STRING: Final = re.compile(_STRING)
_CAST: Final = r"(?:\(\s*\w{2,8}\s*\)\s*)?"
_NUMBERS: Final = re.compile(rf"{_CAST}-?\w{{1,6}}(?:\s*,\s*{_CAST}-?\w{{1,6}})*\s*,?")
_NUMBER: Final = re.compile(rf"{_CAST}(-?\w{{1,6}})")
_CLOSING: Final = {"(": ")", "{": "}", "[": "]"}
_MOST_CALLS: Final = 3
_MOST_BYTE: Final = 255
_LEAST_BYTE: Final = -128  # Java writes its bytes with a sign


def parse_hex(text: str) -> bytes | None:
    """Bytes if all of ``text`` is hexadecimal: pairs or groups of pairs, a mark at each, brackets around them."""
    text = text.strip()
    if _MARKED_PAIRS.fullmatch(text):
        return bytes(int(digits, 16) for digits in _MARKED.findall(text))
    if (wrapped := _WRAPPED.fullmatch(text)) is not None:
        text = next(part for part in wrapped.groups() if part is not None).strip()
    text = text.rstrip(" .;,")
    if _PAIRS.fullmatch(text):
        return bytes.fromhex(_NO_DIGITS.sub("", text))
    if text[:2] in ("0x", "0X") and _PAIRS.fullmatch(text[2:]):
        return bytes.fromhex(_NO_DIGITS.sub("", text[2:]))
    if _MARKED_PAIRS.fullmatch(text):
        return bytes(int(digits, 16) for digits in _MARKED.findall(text))
    return None


def parse_unpadded(text: str) -> bytes | None:
    """Bytes that were written without leading zeros ("2 0 a4 30"); None where they may as well be decimal or pairs."""
    if _UNPADDED.fullmatch(text.strip()) is None or not _LETTER.search(text):
        return None
    tokens = _BETWEEN.split(text.strip())
    return bytes(int(token, 16) for token in tokens) if any(len(token) == 1 for token in tokens) else None


def parse_constant(text: str) -> bytes | None:
    """Bytes if ``text`` is one constant of a program: an array of numbers, a string with escapes, a call around it.

    In an array, numbers without 0x are decimal, and may have a sign, unless every one has two hexadecimal digits.
    """
    text = _COMMENT.sub(" ", text).strip().rstrip(";,").strip()
    if (named := _NAMED.match(text)) is not None:
        text = text[named.end() :]
    for _ in range(_MOST_CALLS):
        if (strings := _STRINGS.fullmatch(text)) is not None:
            return _of_strings(strings[0])
        called = _CALLED.match(text)
        if called is not None:
            text = text[called.end() :]
        elif _CLOSING.get(text[:1]) == text[-1:] and text:
            inner = text[1:-1].strip()
            if (numbers := _NUMBERS.fullmatch(inner)) is not None:
                return _of_numbers(_NUMBER.findall(numbers[0]))
            text = inner
        else:
            return None
    return None


def _of_strings(text: str) -> bytes | None:
    """Hexadecimal digits in quotes, or signs and escapes; a plain word in quotes is no bytes."""
    parts = _ONE_STRING.findall(text)
    inside = "".join(part.lstrip("bB")[1:-1] for part in parts)
    if _PAIRS.fullmatch(inside.strip()):
        return bytes.fromhex(_NO_DIGITS.sub("", inside))
    if "\\" not in inside and not parts[0].startswith(("b", "B")):
        return None
    return b"".join(unescape_constant(part.lstrip("bB")[1:-1]) for part in parts)


def _of_numbers(tokens: list[str]) -> bytes | None:
    if all(len(token) == 2 and not _NO_DIGITS.search(token) for token in tokens):
        return bytes.fromhex("".join(tokens))
    values = bytearray()
    for token in tokens:
        try:
            number = int(token.removesuffix("u8"), 0 if token[:2] in ("0x", "0X") else 10)
        except ValueError:
            return None
        if not _LEAST_BYTE <= number <= _MOST_BYTE:
            return None
        values.append(number & 0xFF)
    return bytes(values)
