"""What the kernel tells of memory and temperature, from its own files."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from device.digest import blake2s

_CPU_ZONES: Final = ("cpu", "soc", "x86_pkg", "core", "acpitz")  # words in the zones' types as drivers name them


class SystemFileError(Exception):
    """A file of the kernel is missing or does not say what it should; the text is one sentence."""


def read_available_mb(proc_root: Path) -> float:
    """Memory that programs can still get, in millions of bytes (MemAvailable, proc(5)). Raises SystemFileError."""
    path = proc_root / "meminfo"
    try:
        text = path.read_text(encoding="ascii", errors="replace")
    except OSError as error:
        raise SystemFileError(f"{path} cannot be read: {error.strerror}.") from error
    found = re.search(r"^MemAvailable:\s+([0-9]+) kB$", text, re.MULTILINE)
    if found is None:
        raise SystemFileError(f"{path} does not tell MemAvailable.")
    return int(found[1]) * 1024 / 1_000_000


def read_temperature(sys_root: Path) -> tuple[float, str] | None:
    """Hottest sensor of the processor in °C and its name; of any sensor if none is the processor's; None: no sensor.

    Linux Documentation/ABI/testing/sysfs-class-thermal: ``temp`` is in thousandths of a degree.
    """
    zones = [zone for path in sorted((sys_root / "class/thermal").glob("thermal_zone*")) if (zone := _read_zone(path))]
    own = [zone for zone in zones if any(word in zone[1].lower() for word in _CPU_ZONES)]
    return max(own or zones, default=None)


def _read_zone(path: Path) -> tuple[float, str] | None:
    """A sensor that is switched off answers with an error, or with a number that no machine survives."""
    try:
        degrees = int((path / "temp").read_text(encoding="ascii")) / 1000
        name = (path / "type").read_text(encoding="ascii", errors="replace").strip()
    except (OSError, ValueError):
        return None
    return (degrees, name) if -60 < degrees < 200 else None


def read_system_version(path: Path = Path("/etc/os-release")) -> str | None:
    """The system image's version: IMAGE_VERSION, else VERSION_ID of os-release(5); None where neither is told."""
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    for key in ("IMAGE_VERSION", "VERSION_ID"):
        found = re.search(rf"""^{key}=["']?([\w.~+-]{{1,40}})["']?$""", text, re.MULTILINE)
        if found is not None:
            return found[1]
    return None


def read_hardware_id(root: Path = Path("/")) -> str | None:
    """Serial number of the board as its device tree tells it, else a hash of machine-id(5), which is itself secret."""
    try:
        number = (root / "sys/firmware/devicetree/base/serial-number").read_text(encoding="ascii", errors="replace")
    except OSError:
        number = ""
    if number.strip("\0 \n"):
        return number.strip("\0 \n")
    try:
        machine = (root / "etc/machine-id").read_bytes().strip()
    except OSError:
        return None
    return f"m-{blake2s(machine, digest_size=8, person=b'posmedic').hexdigest()}" if machine else None
