"""The fields of an information line: what stands behind the colon, cut at the commas outside quotes and brackets.

Sources: ITU-T V.250, 5.7.3 (test responses with ranges in brackets), 3GPP TS 27.007, 4 (syntax). Modems in the field
leave out the blank after the colon, quote numbers or not, and forget quotes and brackets: a quote that is not closed
ends at the comma.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

_MOST_FIELDS: Final = 64
_FIELD: Final = re.compile(
    r'\s*(?:"([^"]*)"(?=\s*(?:,|$))|"([^",]*)(?=,|$)|("[^"]*"[^,]*)|\(([^)]*)\)?|([^,]*))\s*(,|$)'
)
_QUOTED_GROUP: Final = re.compile(r'\(((?:"[^"]*"|"(?=[^"]*$)|[^()"])*)\)?')
_NUMBER: Final = re.compile(r"-?\d{1,9}", re.ASCII)
_DECIMAL: Final = re.compile(r"-?\d{1,9}(?:\.\d{1,6})?", re.ASCII)
_NAME: Final = re.compile(r"([+^*$%#&!_]?[A-Z][A-Z0-9_]*)\s*:", re.IGNORECASE | re.ASCII)
_UCS2: Final = re.compile(r"(?:[0-9A-Fa-f]{4}){2,}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Field:
    """One field: its text without quotes and outer blanks, and whether it was quoted."""

    text: str
    quoted: bool = False

    @property
    def number(self) -> int | None:
        """A whole number of at most nine digits, quoted or not, with leading zeros; None: it is none."""
        return int(self.text) if _NUMBER.fullmatch(self.text) else None

    @property
    def decimal(self) -> float | None:
        """A number that may have a fraction; None: it is none (empty, ``-``, a word)."""
        return float(self.text) if _DECIMAL.fullmatch(self.text) else None


def parse_name(line: str) -> str:
    """What the line says it is: ``+CSQ`` of ``+csq:20,99``; empty if there is no name and colon."""
    match = _NAME.match(line.strip())
    return match[1].upper() if match else ""


def parse_fields(line: str) -> tuple[Field, ...]:
    """Cut what stands behind the name and colon (or the whole line, if it has no name); at most 64 fields."""
    match = _NAME.match(line.strip())
    rest = line.strip()[match.end() :].strip() if match else line.strip()
    found: list[Field] = []
    at = 0
    while at <= len(rest) and len(found) < _MOST_FIELDS:
        match = _FIELD.match(rest, at)
        if match is None:
            break
        closed, unclosed, spoilt, bracketed, plain, end = match.groups()
        text = closed or unclosed or spoilt or bracketed or (plain or "").strip().strip('"')
        found.append(Field(text.strip(), closed is not None or unclosed is not None))
        if not end:
            break
        at = match.end()
    return tuple(found)


def parse_groups(text: str) -> tuple[tuple[Field, ...], ...]:
    """Each bracketed group of a test response as fields: ``(2,"A","A","46000"),,(0-4)`` has two.

    A group without its closing bracket ends at the next opening one or at the end of the text.
    """
    groups: list[tuple[Field, ...]] = []
    at = text.find("(")
    while at >= 0 and len(groups) < _MOST_FIELDS:
        match = _QUOTED_GROUP.match(text, at)
        if match is None:
            break
        groups.append(parse_fields(match[1]))
        at = text.find("(", max(match.end(), at + 1))
    return tuple(groups)


def from_ucs2(text: str) -> str:
    """A name that came as UCS2 in hexadecimal (AT+CSCS="UCS2"); any other text as it is."""
    if not _UCS2.fullmatch(text):
        return text
    try:
        name = bytes.fromhex(text).decode("utf-16-be")
    except UnicodeDecodeError:
        return text
    return name if name.isprintable() else text
