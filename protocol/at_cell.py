"""The serving cell as values, and what the modules of several makers tell of it in the same way.

Markers for "not measured" differ: empty, ``-``, -32768, 65535. A value with one of them is None, never a level.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from protocol.at_fields import Field
from protocol.at_signal import Signal

_UNMEASURED: Final = (-32768.0, 32767.0, 65535.0)
_HEX: Final = re.compile(r"[0-9A-Fa-f]{1,10}", re.ASCII)
_BAND: Final = re.compile(
    r"(?:LTE|EUTRAN|NR5G|NR|WCDMA|GSM|EGSM|PCS|DCS)?[ _-]?BAND[ _-]?(\d{1,3})", re.IGNORECASE | re.ASCII
)


@dataclass(frozen=True, slots=True)
class ServingCell:
    """The cell that serves, or one more that helps it; None where it was not told.

    ``state`` is the modem's word (``NOCONN``, ``CONNECT``, ``SEARCH``, ``Online``, ``NO SERVICE``...); ``radio``
    ``GSM``, ``WCDMA``, ``LTE``, ``NR``; ``country`` and ``network`` digits as sent (01 is not 1); ``area`` and
    ``cell`` hexadecimal as sent; ``channel`` ARFCN of whatever radio; ``band`` its number or the modem's word.
    """

    source: str
    state: str | None = None
    radio: str | None = None
    duplex: str | None = None
    country: str | None = None
    network: str | None = None
    area: str | None = None
    cell: str | None = None
    physical_cell: int | None = None
    channel: int | None = None
    band: str | None = None
    signal: Signal | None = None


def measured(field: Field | None) -> float | None:
    """A measured number; None for an absent one and for every marker of "not measured"."""
    value = None if field is None else field.decimal
    return None if value is None or value in _UNMEASURED else value


def whole(field: Field | None) -> int | None:
    """A whole number that is no marker."""
    value = measured(field)
    return None if value is None or field is None else field.number


def digits(field: Field | None, least: int, most: int) -> str | None:
    """A text of ``least`` to ``most`` decimal digits, leading zeros kept."""
    text = "" if field is None else field.text
    return text if least <= len(text) <= most and text.isascii() and text.isdecimal() else None


def hexadecimal(field: Field | None) -> str | None:
    """A hexadecimal number of at most ten digits, without its ``0x``, in capitals."""
    text = "" if field is None else re.sub(r"\s", "", field.text)
    text = text[2:] if text[:2] in ("0x", "0X") else text
    return text.upper() if _HEX.fullmatch(text) else None


def band(field: Field | None) -> str | None:
    """A band: its number (``3`` of ``EUTRAN-BAND3``, of ``LTE BAND 3`` or of ``3``), or the modem's word in short."""
    text = "" if field is None else field.text
    match = _BAND.search(text)
    if match is not None:
        return match[1]
    return text[:20] if re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9 _-]{0,19}", text) else None


def sinr_by_size(raw: float | None, oddities: list[str]) -> float | None:
    """SINR in dB of makers that tell it as fifths of a dB from -20 on some models, in dB on others.

    Above 30 it can only be fifths. Below it is taken as dB (profile from observed samples) and called an oddity,
    unless it is negative.
    """
    if raw is None:
        return None
    if raw > 30:
        return round(raw / 5 - 20, 1)
    if raw >= 0:
        oddities.append("SINR is taken as dB; some models tell fifths of a dB")
    return raw
