"""Which version of posmedic this is."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version


def software_version() -> str:
    """Return the installed version, or ``unpackaged`` where the distribution's data is missing."""
    try:
        return version("posmedic")
    except PackageNotFoundError:
        return "unpackaged"
