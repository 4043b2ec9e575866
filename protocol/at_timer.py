"""The timers of power saving mode, as eight binary digits: a unit of three bits and a number of five.

Sources: 3GPP TS 27.007, 7.38 and 10.1.22 (how +CPSMS and +CEREG write them), 3GPP TS 24.008, 10.5.7.4 (GPRS timer 2:
the active time, T3324) and 10.5.7.4a (GPRS timer 3: the periodic update, T3412 extended).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

_BITS: Final = re.compile(r"[01]{8}", re.ASCII)
_OFF: Final = 7
_TIMER_2: Final = {0: 2, 1: 60, 2: 360}
_TIMER_3: Final = {0: 600, 1: 3600, 2: 36_000, 3: 2, 4: 30, 5: 60, 6: 1_152_000}
_OTHER_UNIT_S: Final = 60  # timer 2: all other units count minutes; timer 3 has none


def parse_active_time(bits: str) -> int | None:
    """Seconds of ``00100100`` (240); None: switched off (``111...``) or no timer."""
    return _seconds(bits, _TIMER_2)


def parse_periodic_update(bits: str) -> int | None:
    """Seconds of ``01000111`` (252000); None: switched off (``111...``) or no timer."""
    return _seconds(bits, _TIMER_3)


def _seconds(bits: str, units: Mapping[int, int]) -> int | None:
    if not _BITS.fullmatch(bits):
        return None
    unit, number = int(bits[:3], 2), int(bits[3:], 2)
    return None if unit == _OFF else units.get(unit, _OTHER_UNIT_S) * number
