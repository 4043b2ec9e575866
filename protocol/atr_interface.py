"""What the interface bytes of an answer to reset say (ISO/IEC 7816-3:2006, clause 8.3, and 10.2, 11.4 for T=0, T=1).

TAi, TBi and TCi with i > 2 belong to the protocol that TD(i-1) names; T=15 marks bytes that hold for all protocols.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from protocol.atr import Atr

_FI: Final = (372, 372, 558, 744, 1116, 1488, 1860, 0, 0, 512, 768, 1024, 1536, 2048, 0, 0)
_F_MAX_MHZ: Final = (4, 5, 6, 8, 12, 16, 20, 0, 0, 5, 7.5, 10, 15, 20, 0, 0)
_DI: Final = (0, 1, 2, 4, 8, 16, 32, 64, 12, 20, 0, 0, 0, 0, 0, 0)
_CLOCK_STOP: Final = ("clock_stop_no", "clock_stop_low", "clock_stop_high", "clock_stop_any")
_CLASSES: Final = ("A", "B", "C")  # 5 V, 3 V, 1.8 V
_GLOBAL: Final = 15

Figures = Mapping[str, int | float | str]


@dataclass(frozen=True, slots=True)
class InterfaceMeaning:
    """One thing that a byte says: ``word`` names the sentence, ``figures`` are the numbers in it."""

    name: str
    offset: int
    value: int
    word: str
    figures: Figures = field(default_factory=dict)


def explain_interface(atr: Atr) -> tuple[InterfaceMeaning, ...]:
    """Everything that the interface bytes of a parsed ATR say, in the order of the bytes; never raises."""
    return tuple(
        InterfaceMeaning(name, atr.offsets.get(name, 0), value, word, figures)
        for name, value in atr.interface.items()
        for word, figures in _explain(name, value, atr)
    )


def _explain(name: str, value: int, atr: Atr) -> Iterator[tuple[str, Figures]]:
    letter, level = name[1], int(name[2:])
    if letter == "D":
        protocol = value & 0x0F
        yield ("global_follows", {}) if protocol == _GLOBAL else ("offers", {"protocol": protocol})
    elif level <= 2:
        yield _early(name, value)
    else:
        protocol = atr.interface.get(f"TD{level - 1}", 0) & 0x0F
        if any(_protocol_at(atr, earlier) == protocol for earlier in range(3, level)):
            yield "unknown", {}  # the standard gives a meaning to the first of each protocol only
        elif protocol == _GLOBAL:
            yield from _for_all(letter, value)
        elif protocol == 1:
            yield _for_blocks(letter, value)
        else:
            yield "unknown", {}


def _protocol_at(atr: Atr, level: int) -> int | None:
    """The protocol of the bytes of a level that has any of TA, TB, TC; else None."""
    if not any(f"T{letter}{level}" in atr.interface for letter in "ABC"):
        return None
    return atr.interface.get(f"TD{level - 1}", 0) & 0x0F


def _early(name: str, value: int) -> tuple[str, Figures]:
    high, low = value >> 4, value & 0x0F
    if name == "TA1":
        if not _FI[high] or not _DI[low]:
            return "rates_reserved", {}
        return "rates", {"fi": _FI[high], "di": _DI[low], "f_max_mhz": _F_MAX_MHZ[high]}
    if name == "TC1":
        return ("guard_least", {}) if value == 0xFF else ("guard", {"etu": value})
    if name == "TA2":
        mode = "mode_fixed" if value & 0x80 else "mode_changeable"
        return mode + ("_implicit" if value & 0x10 else ""), {"protocol": low}
    if name == "TC2":
        return ("waiting", {"wi": value}) if value else ("reserved", {})
    return "voltage", {}  # TB1, TB2: deprecated, to be ignored


def _for_all(letter: str, value: int) -> Iterator[tuple[str, Figures]]:
    if letter == "A":
        yield _CLOCK_STOP[value >> 6], {}
        classes = [name for bit, name in enumerate(_CLASSES) if value >> bit & 1]
        known = classes and not value & 0x38 and classes != ["A", "C"]
        yield ("classes", {"classes": " ".join(classes)}) if known else ("reserved", {})
    elif letter == "B":
        yield ("spu_none" if value == 0 else "spu_proprietary" if value & 0x80 else "spu_standard"), {}
    else:
        yield "unknown", {}


def _for_blocks(letter: str, value: int) -> tuple[str, Figures]:
    if letter == "A":
        return ("reserved", {}) if value in (0x00, 0xFF) else ("ifsc", {"length": value})
    if letter == "B":
        bwi, cwi = value >> 4, value & 0x0F
        return ("reserved", {}) if bwi > 9 else ("block_waiting", {"bwi": bwi, "cwi": cwi})
    if value & 0xFE:
        return "reserved", {}
    return "crc" if value else "lrc", {}
