"""Data fields of ABECS messages: which there are, and those values that tell of no card, key or amount.

A block holds either data fields (the newer commands) or text of fixed places (the older ones); nothing says which. It
counts as fields where their lengths lead exactly to its end and the first one is known.
"""

from __future__ import annotations

import re
from typing import Any, Final

from device.decoding.code_catalogue import CodeTables
from device.decoding.result import Row, hidden
from device.decoding.shown import may_be_shown
from protocol.abecs_message import AbecsMessage, AbecsValue, parse_values

_MOST_SHOWN: Final = 32
_FEW: Final = re.compile(rb"[0-9A-Z]{1,6}")
_ABILITIES: Final = re.compile(rb"[01][0-2]0{8}")
_IDS: Final = 0x0001
_TYPE: Final = 0x0021  # as ISO 8583 writes it, two digits
_NUMBERS: Final = frozenset((0x000B, 0x000C, 0x000D, 0x000E))  # one or two binary bytes
_OPTIONS: Final = frozenset(
    (
        *(0x0002, 0x0003, 0x0006, 0x0007, 0x0008, 0x0009, 0x0010, 0x0017, 0x0018, 0x0019, 0x001C, 0x0022, 0x0023),
        *(0x8020, 0x8050, 0x8056, 0x8058, 0x805C, 0x8060),
    )
)
_TEXTS: Final = frozenset((*range(0x8003, 0x8005), *range(0x8006, 0x800B), *range(0x8010, 0x8017)))
_CAPABILITIES: Final = 0x8005
_CODED: Final = {0x8040: "event", 0x804F: "card_type"}


def fields_of(message: AbecsMessage, codes: CodeTables) -> list[Row]:
    """The data fields of all blocks, one row each; empty where one of the blocks holds something else."""
    rows: list[Row] = []
    for block in message.blocks:
        values, stopped_at = parse_values(block.data)
        if stopped_at is not None or (values and _key(values[0].number, codes) is None):
            return []
        rows += [_row(value, codes) for value in values]
    return rows


def _key(number: int, codes: CodeTables) -> str | None:
    """The field's place in the table; fields that are numbered by key or acquirer stand there by their first byte."""
    whole, first = f"{number:04X}", f"{number >> 8:02X}"
    if whole in codes.texts["field"]:
        return whole
    return first if first in codes.texts["field"] and number & 0xFF < 100 else None


def _row(value: AbecsValue, codes: CodeTables) -> Row:
    row: Row = {"field": f"{value.number:04X}"}
    key = _key(value.number, codes)
    if key is not None:
        row |= {"name": codes.word("field", key), "meaning": codes.text("field", key)}
    return row | {"bytes": len(value.data), "value": _shown(value, codes)}


def _shown(value: AbecsValue, codes: CodeTables) -> Any:
    number, data = value.number, value.data
    if number == _IDS and not len(data) % 2:
        ids = [int.from_bytes(data[at : at + 2], "big") for at in range(0, len(data), 2)]
        if all(_key(one, codes) for one in ids):
            return " ".join(f"{one:04X}" for one in ids)
    if number in _NUMBERS and len(data) in (1, 2):
        return int.from_bytes(data, "big")
    if number == _TYPE and len(data) == 1:
        return data.hex()
    if number in _CODED and data.decode("latin-1") in codes.texts[_CODED[number]]:
        return codes.text(_CODED[number], data.decode("latin-1"))
    text = data.decode("latin-1")
    allowed = _FEW if number in _OPTIONS else _ABILITIES if number == _CAPABILITIES else None
    shown = may_be_shown(text, _MOST_SHOWN) if number in _TEXTS else allowed is not None and allowed.fullmatch(data)
    return text if shown else hidden(len(data))
