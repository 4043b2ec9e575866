"""The fields of an ISO 8583 message as rows that may be shown: name, value, meaning, and sub-fields below them."""

from __future__ import annotations

import re
from typing import Final

from device.decoding.message_meanings import MessageMeanings
from device.decoding.result import Row, hidden
from protocol.iso8583 import MAC_FIELDS, Message
from protocol.iso8583_spec import FieldSpec, Part

_TIME: Final = r"(?:[01]\d|2[0-3])[0-5]\d[0-5]\d"
_DATE: Final = r"(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])"
_SHOWN_FIELDS: Final = {  # DE -> what it must look like to be shown
    11: r"\d{6}|\d{12}",
    12: rf"(?:(?:20)?\d\d{_DATE})?{_TIME}",
    13: _DATE,
    18: r"\d{4}",
    22: r"\d{3}",
    25: r"\d{2}",
    39: r"[0-9A-Z]{2,4}",
    41: r"[0-9A-Za-z ]{8}",
    42: r"[0-9A-Za-z ]{15}",
    49: r"\d{3}",
    70: r"\d{3}",
}
_LONG_FIELDS: Final = (11, 12, 41, 42)  # long enough to hold card digits: the longest only in a whole message
_MOST_SURE: Final = 6
_CHIP_DATA: Final = 55
_PLAIN_PARTS: Final = {"batch number": r"\d{6}"}


def field_rows(
    message: Message, spec: FieldSpec, extent: tuple[int, int], meanings: MessageMeanings, *, whole: bool
) -> list[Row]:
    """The field's row and its parts' rows. ``whole``: the message was read to its last byte, so nothing is shifted."""
    offset, size = extent
    row: Row = {"field": str(spec.number), "offset": offset, "bytes": size, "name": meanings.name(spec.name)}
    value = message.fields.get(spec.number)
    if value is None:
        return [row | {"value": "(dropped)"}]
    row["value"] = _shown(spec.number, value, whole=whole)
    meaning = meanings.meaning(spec.codes, value) if isinstance(value, str) else None
    if meaning is not None and row["value"] == value:
        row["meaning"] = meaning
    if spec.number in MAC_FIELDS and isinstance(value, bytes):
        row["form"] = "hexadecimal characters" if re.fullmatch(rb"[0-9A-Fa-f]{8}", value) else "bits"
    if spec.number == _CHIP_DATA and message.chip_data != value:
        row["form"] = "hexadecimal characters"
    parts = _part_rows(spec, value, meanings, whole=whole)
    if parts and "".join(part["value"] for part in parts) == value:
        row["value"] = value  # every part may be shown, so all of it may
    return [row, *parts]


def _shown(number: int, value: str | bytes, *, whole: bool) -> str:
    pattern = _SHOWN_FIELDS.get(number)
    may_show = whole or number not in _LONG_FIELDS or len(value) <= _MOST_SURE
    if may_show and isinstance(value, str) and pattern and re.fullmatch(pattern, value, re.ASCII):
        return value.rstrip()
    return hidden(len(value), "bytes" if isinstance(value, bytes) else "characters")


def _part_rows(spec: FieldSpec, value: str | bytes, meanings: MessageMeanings, *, whole: bool) -> list[Row]:
    """A part is shown if its code is known; one without codes only if all the other parts' codes bear it out."""
    parts = split_parts(spec, value)
    coded = [meanings.meaning(part.codes, text) for part, text in parts if part.codes]
    borne_out = whole and any(coded) and None not in coded
    rows: list[Row] = []
    for number, (part, text) in enumerate(parts, 1):
        row: Row = {"field": f"{spec.number}.{number}", "name": meanings.name(part.name)}
        meaning = meanings.meaning(part.codes, text)
        plain = borne_out and re.fullmatch(_PLAIN_PARTS.get(part.name, "(?!)"), text, re.ASCII) is not None
        row["value"] = text if plain or (whole and meaning is not None) else hidden(len(text), "characters")
        if whole and meaning is not None:
            row["meaning"] = meaning
        rows.append(row)
    return rows


def split_parts(spec: FieldSpec, value: str | bytes) -> list[tuple[Part, str]]:
    """The value cut into the parts that the profile names; what is not there is left out, what is left over too."""
    parts: list[tuple[Part, str]] = []
    at = 0
    for part in spec.parts if isinstance(value, str) else ():
        text = value[at : at + part.most]
        if text:
            parts.append((part, str(text)))
        at += part.most
    return parts
