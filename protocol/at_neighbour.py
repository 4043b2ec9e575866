"""Cells around the serving one: Quectel ``AT+QENG="neighbourcell"``.

Source: Quectel AT manuals of EC2x/EG9x and RG50x. The layout is known for LTE beside LTE (``intra``: same frequency,
``inter``: others); of other radios the channel alone is told.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from protocol.at_cell import measured, whole
from protocol.at_fields import parse_fields
from protocol.at_signal import Signal, SignalKind, signal_of

_RADIOS: Final = {"GSM": "GSM", "WCDMA": "WCDMA", "LTE": "LTE", "NR": "NR", "NR5G": "NR", "TDSCDMA": "TD-SCDMA"}
_RATIOS: Final = (SignalKind.RSRQ, SignalKind.RSRP, SignalKind.RSSI)


@dataclass(frozen=True, slots=True)
class Neighbour:
    """One cell. ``relation`` is ``intra``, ``inter`` or empty; None where it was not told."""

    radio: str
    relation: str = ""
    channel: int | None = None
    physical_cell: int | None = None
    signal: Signal | None = None


def parse_neighbour(line: str) -> Neighbour | None:
    """A line ``+QENG: "neighbourcell intra","LTE",<channel>,<cell>,<rsrq>,<rsrp>,<rssi>,...``; None: no such line."""
    fields = parse_fields(line)
    words = fields[0].text.lower().split() if fields else []
    radio = _RADIOS.get(fields[1].text.upper()) if len(fields) > 1 else None
    if not words or words[0] != "neighbourcell" or radio is None:
        return None
    relation = words[1] if len(words) > 1 and words[1] in ("intra", "inter") else ""
    at = dict(enumerate(fields))
    channel = whole(at.get(2))
    if radio != "LTE" or not relation:
        return Neighbour(radio, relation, channel)
    values = [(kind, measured(at.get(place))) for place, kind in enumerate(_RATIOS, 4)]
    return Neighbour(radio, relation, channel, whole(at.get(3)), signal_of("+QENG", radio, values))
