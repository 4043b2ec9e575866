"""How worn the flash below a folder is, and how it is mounted.

eMMC tells its wear in the extended CSD register (JEDEC JESD84-B51: DEVICE_LIFE_TIME_EST_TYP_A and _B, PRE_EOL_INFO);
Linux shows them as ``life_time`` and ``pre_eol_info`` of the device (Documentation/driver-api/mmc/mmc-dev-attrs.rst).
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_STEP_PERCENT: Final = 10  # one step of DEVICE_LIFE_TIME_EST
_EXCEEDED: Final = 11
_PRE_EOL: Final = {1: "normal", 2: "warning", 3: "urgent"}
_READ_ONLY: Final = os.ST_RDONLY


@dataclass(frozen=True, slots=True)
class FlashWear:
    """``used_percent`` is the upper end of the device's own ten-percent step (110: beyond its rated life)."""

    used_percent: int | None
    pre_eol: str | None


def read_mount(folder: Path) -> str:
    """``read_write`` or ``read_only``. Raises OSError."""
    return "read_only" if os.statvfs(folder).f_flag & _READ_ONLY else "read_write"


def read_wear(folder: Path, sys_root: Path) -> FlashWear | None:
    """Wear of the eMMC that holds ``folder``; None where it lies on something that tells none. Raises OSError."""
    device = folder.stat().st_dev
    block = sys_root / "dev/block" / f"{os.major(device)}:{os.minor(device)}"
    for place in (block, block.resolve().parent):  # a partition's files are those of the disk above it
        wear = _wear_of(place / "device")
        if wear is not None:
            return wear
    return None


def _wear_of(device: Path) -> FlashWear | None:
    steps = [step for word in _words(device / "life_time") if 0 < (step := _number(word)) <= _EXCEEDED]
    pre_eol = next(
        (_PRE_EOL[code] for word in _words(device / "pre_eol_info") if (code := _number(word)) in _PRE_EOL), None
    )
    if not steps and pre_eol is None:
        return None
    return FlashWear(max(steps) * _STEP_PERCENT if steps else None, pre_eol)


def _words(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="ascii", errors="replace").split()[:4]
    except OSError:
        return []


def _number(word: str) -> int:
    try:
        return int(word, 16)
    except ValueError:
        return 0
