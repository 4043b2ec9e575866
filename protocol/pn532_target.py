"""Cards that a PN532 lists: what kind each is, and how long its parts are.

Source: NXP UM0701-02, PN532 User Manual, 7.3.5 (InListPassiveTarget) and 7.3.13 (InAutoPoll): a target is its number
and what the card answered when it was woken up. Identifiers tell a cardholder apart: they stay out of every text form.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Final

MOST_TARGETS: Final = 2
_A_IDENTIFIERS: Final = (4, 7, 10)  # bytes, ISO/IEC 14443-3, 6.5.4
_SPEAKS_14443_4: Final = 0x20  # SEL_RES: an ATS can follow
_ATQB: Final = 0x50
_ATQB_SIZE: Final = 12
_POL_RES: Final = (18, 20)  # bytes, the length byte included; 20 with a system code
_FSC: Final = (16, 24, 32, 40, 48, 64, 96, 128, 256, 512, 1024, 2048, 4096)  # bytes; by FSCI, ISO/IEC 14443-4:2016


class Modulation(IntEnum):
    """BrTy: bit rate and modulation that were asked for."""

    TYPE_A = 0
    FELICA_212 = 1
    FELICA_424 = 2
    TYPE_B = 3
    JEWEL = 4


POLLED: Final = {  # types of InAutoPoll whose data have one of these forms
    **dict.fromkeys((0x00, 0x10, 0x20), Modulation.TYPE_A),
    **dict.fromkeys((0x01, 0x11), Modulation.FELICA_212),
    **dict.fromkeys((0x02, 0x12), Modulation.FELICA_424),
    **dict.fromkeys((0x03, 0x23), Modulation.TYPE_B),
    0x04: Modulation.JEWEL,
}


@dataclass(frozen=True, slots=True)
class FoundTarget:
    """A card. ``sens_res`` (ATQA, two bytes) and ``sel_res`` (SAK) tell its kind, None where it has none.

    ``identifier`` is UID, PUPI, IDm or Jewel id; ``rest`` what follows it: an ATS without its length, the rest of an
    ATQB with the answer to ATTRIB, or a FeliCa card's PMm and system code.
    """

    number: int
    modulation: Modulation
    sens_res: int | None = None
    sel_res: int | None = None
    identifier: bytes = field(default=b"", repr=False)
    rest: bytes = field(default=b"", repr=False)

    @property
    def frame_size(self) -> int | None:
        """The longest frame that a type A card takes, in bytes, as its ATS says; None without one."""
        if self.modulation is not Modulation.TYPE_A or not self.rest:
            return None
        fsci = self.rest[0] & 0x0F
        return _FSC[fsci] if fsci < len(_FSC) else _FSC[-1]

    @property
    def system_code(self) -> int | None:
        """The system that a FeliCa card answered for, if it told it."""
        felica = self.modulation in (Modulation.FELICA_212, Modulation.FELICA_424)
        return int.from_bytes(self.rest[8:10], "big") if felica and len(self.rest) == 10 else None


def parse_targets(data: bytes, count: int, modulation: Modulation | None) -> tuple[FoundTarget, ...]:
    """The ``count`` targets that ``data`` hold to the last byte; empty where they have another form.

    Where the modulation is not known (the question was not seen), the targets are told only if they have the form of
    just one.
    """
    kinds = [modulation] if modulation is not None else [Modulation.TYPE_A, Modulation.FELICA_212, Modulation.TYPE_B]
    fits = [found for kind in kinds if (found := _parse(data, count, kind))]
    return fits[0] if len(fits) == 1 else ()


def parse_polled(data: bytes, count: int) -> tuple[tuple[int, FoundTarget | None], ...]:
    """Type and target of each entry of InAutoPoll's answer (None: its data have another form); empty if cut."""
    found: list[tuple[int, FoundTarget | None]] = []
    at = 0
    for _target in range(count):
        kind, size = data[at : at + 2] if len(data) >= at + 2 else (0, len(data))
        if at + 2 + size > len(data):
            return ()
        targets = _parse(data[at + 2 : at + 2 + size], 1, POLLED[kind]) if kind in POLLED else ()
        found.append((kind, targets[0] if targets else None))
        at += 2 + size
    return tuple(found) if at == len(data) else ()


def _parse(data: bytes, count: int, modulation: Modulation) -> tuple[FoundTarget, ...]:
    """Try every length that the next target can have: whether an ATS follows is told nowhere."""
    if not 0 < count <= MOST_TARGETS:
        return ()
    for size in _READERS[modulation](data):
        if not 0 < size <= len(data):
            continue
        target = _target(data[:size], modulation)
        if count == 1:
            if size == len(data):
                return (target,)
        elif others := _parse(data[size:], count - 1, modulation):
            return (target, *others)
    return ()


def _sizes_a(data: bytes) -> tuple[int, ...]:
    if len(data) < 5 or data[4] not in _A_IDENTIFIERS:
        return ()
    bare = 5 + data[4]
    ats = data[bare] if len(data) > bare else 0
    return (bare + ats, bare) if data[3] & _SPEAKS_14443_4 and ats else (bare,)


def _sizes_b(data: bytes) -> tuple[int, ...]:
    whole = 1 + _ATQB_SIZE
    return (whole + 1 + data[whole],) if len(data) > whole and data[1] == _ATQB else ()


def _sizes_felica(data: bytes) -> tuple[int, ...]:
    return (1 + data[1],) if len(data) > 2 and data[1] in _POL_RES and data[2] == 1 else ()


def _sizes_jewel(_data: bytes) -> tuple[int, ...]:
    return (7,)


_READERS: Final[dict[Modulation, Callable[[bytes], tuple[int, ...]]]] = {
    Modulation.TYPE_A: _sizes_a,
    Modulation.FELICA_212: _sizes_felica,
    Modulation.FELICA_424: _sizes_felica,
    Modulation.TYPE_B: _sizes_b,
    Modulation.JEWEL: _sizes_jewel,
}


def _target(data: bytes, modulation: Modulation) -> FoundTarget:
    number = data[0]
    if modulation is Modulation.TYPE_A:
        end = 5 + data[4]
        sens_res, rest = int.from_bytes(data[1:3], "big"), data[end + 1 :]
        return FoundTarget(number, modulation, sens_res, data[3], data[5:end], rest)
    if modulation is Modulation.TYPE_B:
        return FoundTarget(number, modulation, identifier=data[2:6], rest=data[6:])
    if modulation is Modulation.JEWEL:
        return FoundTarget(number, modulation, int.from_bytes(data[1:3], "big"), identifier=data[3:7])
    return FoundTarget(number, modulation, identifier=data[3:11], rest=data[11:])
