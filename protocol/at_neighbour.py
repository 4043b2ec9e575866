"""Cells around the serving one: Quectel ``AT+QENG="neighbourcell"``.

Source: Quectel AT manuals of EC2x/EG9x (LTE beside LTE tells RSRQ, RSRP, RSSI), RGx00U and RM500U (RSRP, RSRQ; NR too).
Which of the first two levels is the RSRP is told by their size. Of GSM and WCDMA the channel alone is told.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from protocol.at_cell import measured, whole
from protocol.at_fields import Field, parse_fields
from protocol.at_signal import Signal, SignalKind, signal_of

_RADIOS: Final = {
    "GSM": "GSM",
    "WCDMA": "WCDMA",
    "TDSCDMA": "TD-SCDMA",
    "LTE": "LTE",
    "NR": "NR",
    "NR5G": "NR",
    "NR5G-SA": "NR",
    "NR5G-NSA": "NR",
}
_MOST_PHYSICAL_CELL: Final = 1007  # of NR, 38.211 7.4.2; a smaller first number is no channel
_MOST_RSRP: Final = -44.0


@dataclass(frozen=True, slots=True)
class Neighbour:
    """One cell. ``relation`` is ``intra``, ``inter`` (same frequency, another one) or empty; None: not told."""

    radio: str
    relation: str = ""
    channel: int | None = None
    physical_cell: int | None = None
    signal: Signal | None = None


def parse_neighbour(line: str) -> Neighbour | None:
    """A line ``+QENG: "neighbourcell intra","LTE",<channel>,<cell>,<levels>...``; None: no such line."""
    fields = parse_fields(line)
    words = fields[0].text.lower().split() if fields else []
    radio = _RADIOS.get(fields[1].text.upper()) if len(fields) > 1 else None
    if not words or words[0] != "neighbourcell" or radio is None:
        return None
    relation = words[1] if len(words) > 1 and words[1] in ("intra", "inter") else ""
    rest = fields[2:]
    if radio not in ("LTE", "NR"):
        return Neighbour(radio, relation, whole(rest[0]) if rest else None)
    channel = whole(rest[0]) if rest else None
    if radio == "NR" and channel is not None and channel <= _MOST_PHYSICAL_CELL:
        channel = None
    else:
        rest = rest[1:]
    return Neighbour(radio, relation, channel, whole(rest[0]) if rest else None, _signal(radio, rest[1:4]))


def _signal(radio: str, fields: tuple[Field, ...]) -> Signal:
    first, second, third = (*map(measured, fields), None, None, None)[:3]
    is_rsrp_first = min(first or 0, _MOST_RSRP) < min(second or 0, _MOST_RSRP)
    rsrp, rsrq = (first, second) if is_rsrp_first else (second, first)
    values = [(SignalKind.RSRP, rsrp), (SignalKind.RSRQ, rsrq)]
    if radio == "NR":
        values.append((SignalKind.SINR, third))
    elif not is_rsrp_first:  # the other layout goes on with something else
        values.append((SignalKind.RSSI, third))
    return signal_of("+QENG", radio, values)
