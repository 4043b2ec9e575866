"""The versions' check: is what runs here what the signed profile of this terminal says?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from device.selftest.sheet import Sheet

_UNTOLD = {
    "system": "The system does not tell its version (/etc/os-release).",
    "application": "No payment application is connected, or it does not tell its version.",
}


@dataclass(frozen=True, slots=True)
class VersionsSetup:
    """``told``: what each says of itself; ``expected``: the profile's words. A name that is missing is not known."""

    told: Mapping[str, str]
    expected: Mapping[str, str]


def check_versions(setup: VersionsSetup, names: tuple[str, ...], sheet: Sheet) -> None:
    """Write ``versions.NAME`` for every name: it passes where it is exactly what the profile says."""
    for name in names:
        told = setup.told.get(name)
        if told is None:
            detail = _UNTOLD.get(name, "The payment application does not tell this version.")
            sheet.not_run(f"versions.{name}", "not_told", detail)
        else:
            sheet.compared(f"versions.{name}", told, setup.expected.get(name))
