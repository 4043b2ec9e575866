"""Operators: the chosen one (+COPS?) and the list of those in reach (+COPS=?), broken lists included.

Source: 3GPP TS 27.007, 7.3. Names come in quotes, with commas and brackets inside, as UCS2 in hexadecimal, or empty;
lists lose their brackets, or close them before the access technology.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from protocol.at_fields import Field, from_ucs2, parse_fields, parse_groups

_CODE: Final = re.compile(r"\d{5,6}", re.ASCII)
_LISTED_CODE: Final = re.compile(r"\d{5,7}", re.ASCII)  # some lists put a 0 behind six digits
_EARLY_BRACKET: Final = re.compile(r'("[^"(),]*")\)\s*,\s*(\d{1,2})\s*\)', re.ASCII)
_MOST_NAME: Final = 60


@dataclass(frozen=True, slots=True)
class Operator:
    """The chosen operator; None where it was not told.

    ``mode`` 0 automatic, 1 manual, 2 deregistered, 3 only the format was set, 4 manual, then automatic; ``code`` are
    the digits of country and network (MCC, MNC) and ``name`` what the modem calls it; ``access`` as in 27.007 7.3.
    """

    mode: int | None = None
    name: str | None = None
    code: str | None = None
    access: int | None = None


@dataclass(frozen=True, slots=True)
class OperatorInReach:
    """One operator of the list. ``state`` 0 unknown, 1 available, 2 current, 3 forbidden."""

    state: int | None
    name: str | None
    short_name: str | None
    code: str | None
    access: int | None = None


def parse_operator(line: str) -> Operator | None:
    """A +COPS read line: ``<mode>[,<format>,<oper>[,<AcT>]]``; None if it has no mode and no name."""
    fields = parse_fields(line)
    mode = fields[0].number if fields else None
    text = from_ucs2(fields[2].text)[:_MOST_NAME] if len(fields) > 2 else ""
    if mode is None and not text:
        return None
    digits = text.replace(" ", "")
    code = digits if _CODE.fullmatch(digits) else None
    access = fields[3].number if len(fields) > 3 else None
    return Operator(mode, None if code else text or None, code, access)


def parse_operators(lines: Iterable[str]) -> tuple[OperatorInReach, ...]:
    """The operators in the list of +COPS=?; the lists of modes and formats behind it are passed over."""
    text = _EARLY_BRACKET.sub(r"\1,\2)", " ".join(line.strip() for line in lines))
    return tuple(found for group in parse_groups(text) if (found := _in_reach(group)) is not None)


def _in_reach(group: tuple[Field, ...]) -> OperatorInReach | None:
    if len(group) < 3:
        return None
    texts = [from_ucs2(field.text)[:_MOST_NAME] for field in group]
    at = next((at for at in range(len(texts) - 1, 0, -1) if _LISTED_CODE.fullmatch(texts[at])), None)
    if at is None:
        if not any(field.quoted for field in group):
            return None  # (0,1,2,3,4): the modes
        at = min(3, len(group) - 1)
    names = [text or None for text in texts[1:at]]
    access = group[at + 1].number if at + 1 < len(group) else None
    code = texts[at] if _LISTED_CODE.fullmatch(texts[at]) else None
    return OperatorInReach(
        group[0].number, names[0] if names else None, names[1] if len(names) > 1 else None, code, access
    )


def build_operator(operator: Operator) -> str:
    """The +COPS read line that says ``operator``."""
    line = f"+COPS: {operator.mode or 0}"
    if operator.name is not None or operator.code is not None:
        line += f',{0 if operator.code is None else 2},"{operator.code or operator.name}"'
        line += "" if operator.access is None else f",{operator.access}"
    return line


def build_operators(operators: Iterable[OperatorInReach]) -> str:
    """The +COPS=? line that lists ``operators``, with all modes and formats."""
    groups = []
    for one in operators:
        access = "" if one.access is None else f",{one.access}"
        groups.append(f'({one.state or 0},"{one.name or ""}","{one.short_name or ""}","{one.code or ""}"{access})')
    return f"+COPS: {','.join(groups)},,(0-4),(0-2)"
