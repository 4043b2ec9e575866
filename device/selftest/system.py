"""The checks of memory and temperature."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from device.drivers.system import SystemFileError, read_available_mb, read_temperature
from device.selftest.sheet import Sheet


@dataclass(frozen=True, slots=True)
class SystemSetup:
    """Where the kernel's files are."""

    proc_root: Path = Path("/proc")
    sys_root: Path = Path("/sys")


def check_memory(setup: SystemSetup, sheet: Sheet) -> None:
    """Write memory.available (MB) on the sheet."""
    try:
        sheet.measured("memory.available", round(read_available_mb(setup.proc_root)))
    except SystemFileError as error:
        sheet.broken("memory.available", "unreadable", str(error))


def check_temperature(setup: SystemSetup, sheet: Sheet) -> None:
    """Write temperature.cpu (°C) on the sheet."""
    found = read_temperature(setup.sys_root)
    if found is None:
        sheet.not_run("temperature.cpu", "no_sensor", "The kernel offers no temperature sensor.")
    else:
        sheet.measured("temperature.cpu", round(found[0]), detail=f"Sensor {found[1]}.")
