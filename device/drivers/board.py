"""What the kernel tells of the board: load, uptime, last reset, watchdog, USB devices; all from its own files."""

from __future__ import annotations

import os
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

_CARD_RESET: Final = 0x20  # WDIOF_CARDRESET, Linux include/uapi/linux/watchdog.h
_OVERHEAT: Final = 0x01  # WDIOF_OVERHEAT
_HUB_CLASS: Final = "09"  # USB class codes, usb.org
_PANIC_FILES: Final = ("dmesg-*", "console-*")


class BoardError(Exception):
    """A file of the kernel is missing or does not say what it should; the text is one sentence."""


class ResetReason(StrEnum):
    """Why the board started last, as far as anything kept it."""

    WATCHDOG = "watchdog"
    OVERHEATED = "overheated"
    PANIC = "panic"
    NOT_TOLD = "not_told"


@dataclass(frozen=True, slots=True)
class Watchdog:
    """The first hardware watchdog: armed, its time-out in seconds, and its driver's name."""

    armed: bool
    timeout_s: int | None
    name: str


def read_load(proc_root: Path) -> float:
    """Processes that ran or waited for the disk, over the last minute, per processor (proc(5), loadavg)."""
    path = proc_root / "loadavg"
    try:
        return float(path.read_text(encoding="ascii").split()[0]) / (os.cpu_count() or 1)
    except (OSError, ValueError, IndexError) as error:
        raise BoardError(f"{path} does not tell the load.") from error


def read_uptime_h(proc_root: Path) -> float:
    """Hours since the start (proc(5), uptime). Raises BoardError."""
    path = proc_root / "uptime"
    try:
        return float(path.read_text(encoding="ascii").split()[0]) / 3600
    except (OSError, ValueError, IndexError) as error:
        raise BoardError(f"{path} does not tell the uptime.") from error


def read_reset_reason(sys_root: Path) -> ResetReason:
    """What the watchdog's boot status and the kernel's crash store say of the last start.

    Linux Documentation/watchdog/watchdog-api.rst (bootstatus) and Documentation/admin-guide/pstore-blk.rst.
    """
    status = _number(sys_root / "class/watchdog/watchdog0/bootstatus") or 0
    if status & _CARD_RESET:
        return ResetReason.WATCHDOG
    if status & _OVERHEAT:
        return ResetReason.OVERHEATED
    kept = sys_root / "fs/pstore"
    if any(next(kept.glob(pattern), None) for pattern in _PANIC_FILES):
        return ResetReason.PANIC
    return ResetReason.NOT_TOLD


def read_watchdog(sys_root: Path) -> Watchdog | None:
    """The first watchdog, or None where the board has none (Documentation/ABI/testing/sysfs-class-watchdog)."""
    folder = sys_root / "class/watchdog/watchdog0"
    if not folder.is_dir():
        return None
    return Watchdog(_text(folder / "state") == "active", _number(folder / "timeout"), _text(folder / "identity"))


def read_usb_devices(sys_root: Path) -> tuple[str, ...] | None:
    """``vendor:product`` in hex of every USB device that is no hub, in order; None without a USB host."""
    folder = sys_root / "bus/usb/devices"
    if not folder.is_dir():
        return None
    found = []
    for device in sorted(folder.iterdir()):
        vendor, product = _text(device / "idVendor"), _text(device / "idProduct")
        if vendor and product and _text(device / "bDeviceClass") != _HUB_CLASS:
            found.append(f"{vendor}:{product}")
    return tuple(found)


def read_backlight_percent(sys_root: Path) -> int | None:
    """Brightness of the first backlight, in percent of its most (Documentation/ABI/stable/sysfs-class-backlight)."""
    for folder in sorted((sys_root / "class/backlight").glob("*")):
        now, most = _number(folder / "actual_brightness"), _number(folder / "max_brightness")
        if now is not None and most:
            return round(100 * now / most)
    return None


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii", errors="replace").strip()[:64]
    except OSError:
        return ""


def _number(path: Path) -> int | None:
    try:
        return int(_text(path), 0)
    except ValueError:
        return None
