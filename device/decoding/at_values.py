"""Values of a modem's answers that may be shown: plain, each on an allow-list, each looking like what it should.

Numbers of subscribers, SIMs and devices, messages and network addresses are hidden even where they turn up in the
place of something else.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any, Final

from device.decoding.result import Row, hidden
from protocol.at_cell import ServingCell
from protocol.at_signal import Signal

_SHOWN_TEXT: Final = re.compile(r"[^\x00-\x1f\x7f]{1,60}")
_LONG_NUMBER: Final = re.compile(r"\d[\d .-]{5,}\d")
_ADDRESS: Final = re.compile(r"\d+\.\d+\.\d+\.\d+|:[0-9A-Fa-f]*:|[^\s@]+@[^\s@]+")
_VERSION: Final = re.compile(r"\d{2}\.\d{3}(?:\.\d{2,3}){3}", re.ASCII)  # of Huawei; five numbers are no address
_CODES: Final = frozenset(("area", "cell", "routing_area", "code", "operator", "country", "network"))
_MOST_NUMBER: Final = 9_999_999  # the longest that is told is a channel of NR, seven digits
_HEX: Final = re.compile(r"0?[0-9A-Fa-f]{1,9}", re.ASCII)


def shown(values: Mapping[str, Any]) -> Row:
    """Leave out what was not told, and hide every text that could be a number of somebody or an address."""
    row: Row = {}
    for key, value in values.items():
        if value in (None, (), ""):
            continue
        row[key] = _showable(key, value)
    return row


def _showable(key: str, value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _showable(name, item) for name, item in value.items() if item is not None and item != ()}
    if isinstance(value, tuple | list):
        return [_showable(key, item) for item in value]
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, str):
        return _text(key, value)
    return hidden(len(str(value)), "digits") if isinstance(value, int) and abs(value) > _MOST_NUMBER else value


def _text(key: str, value: str) -> str:
    if key in _CODES:
        return value if _HEX.fullmatch(value) else hidden(len(value), "characters")
    value = str(value)  # a plain one, for JSON
    if key == "text" and _VERSION.fullmatch(value):
        return value
    private = _LONG_NUMBER.search(value) or _ADDRESS.search(value) or not _SHOWN_TEXT.fullmatch(value)
    return hidden(len(value), "characters") if private else value


def signal_row(signal: Signal | None) -> Row:
    """Every level with its unit, each under its own name, and which are unknown."""
    if signal is None:
        return {}
    levels = {f"{kind} {kind.unit}": value for kind, value in signal.values().items()}
    told = {"radio": signal.radio, **levels, "ber_step": signal.ber_step, "unknown": signal.unknown}
    return told | {"oddities": signal.oddities}


def cell_row(cell: ServingCell | None) -> Row:
    """The cell's place and its levels."""
    if cell is None:
        return {}
    place = {key: value for key, value in asdict(cell).items() if key not in ("signal", "source")}
    return place | {key: value for key, value in signal_row(cell.signal).items() if key != "radio"}
