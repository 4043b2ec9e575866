"""Whether a bundle may be installed here and now."""

from __future__ import annotations

from dataclasses import dataclass

from device.update.bundle import BundleError, BundleInfo
from device.update.version import parse_version


@dataclass(frozen=True, slots=True)
class Requirements:
    """What this terminal takes: its compatible text, the version that runs, the formats it accepts."""

    compatible: str
    version: str
    formats: tuple[str, ...]


def check_bundle(bundle: BundleInfo, needs: Requirements) -> None:
    """Raise :class:`BundleError` if the bundle is for other terminals, in a refused format, or older than what runs.

    RAUC checks compatible and signature itself; the version it can only check from 1.11 on (min-bundle-version).
    """
    if bundle.format not in needs.formats:
        raise BundleError("wrong_format", f"{bundle.format}; taken is {', '.join(needs.formats)}")
    if bundle.compatible != needs.compatible:
        raise BundleError("wrong_compatible", f"{bundle.compatible}; this terminal is {needs.compatible}")
    try:
        offered, running = parse_version(bundle.version), parse_version(needs.version)
    except ValueError as error:
        raise BundleError("version_unreadable", str(error)) from error
    if offered < running:
        raise BundleError("downgrade", f"{bundle.version}; running is {needs.version}")
