"""Quectel +QRSRP, +QRSRQ and +QSINR: one level for each receiving path, so that a loose antenna can be seen.

Source: Quectel AT manuals of EG06/EM06, EC200x and RG50x/RM5xx: four paths (primary, diversity, MIMO 2, MIMO 3) and the
radio; -32768 is a path that is not there or tells nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from protocol.at_cell import measured
from protocol.at_fields import parse_fields, parse_name
from protocol.at_signal import PLAUSIBLE, SignalKind

_KINDS: Final = {"+QRSRP": SignalKind.RSRP, "+QRSRQ": SignalKind.RSRQ, "+QSINR": SignalKind.SINR}
_RADIOS: Final = {"LTE": "LTE", "NR5G": "NR", "NR": "NR"}
_PATHS: Final = 4


@dataclass(frozen=True, slots=True)
class AntennaLevels:
    """What each path receives, the primary one first; None where it tells nothing. ``radio`` is empty if not told."""

    kind: SignalKind
    paths: tuple[float | None, ...]
    radio: str = ""


def parse_antenna_levels(line: str) -> AntennaLevels | None:
    """A line of one of the three commands; None: no such line, or no level of any path stands there."""
    kind = _KINDS.get(parse_name(line))
    fields = parse_fields(line)
    if kind is None:
        return None
    paths = [field for field in fields[:_PATHS] if field.text.upper() not in _RADIOS]
    radio = next((_RADIOS[field.text.upper()] for field in fields if field.text.upper() in _RADIOS), "")
    least, most = PLAUSIBLE[kind]
    levels = [measured(field) for field in paths]
    told = tuple(level if level is not None and least <= level <= most else None for level in levels)
    return AntennaLevels(kind, told, radio) if any(field.text for field in paths) else None
