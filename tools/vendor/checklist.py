"""May this bundle go to customers? Each point is tried with the real thing; one that was not tried is no pass."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Final

from device import __version__
from device.app.catalogue import load_catalogue
from device.app.overlays import NAMESPACE as OVERLAY
from device.app.overlays import build_knowledge
from device.app.terminal import known_names
from device.drivers.profile_signature import NAMESPACE as PROFILE
from device.drivers.profile_signature import Signature, read_signature
from device.settings import read_text
from device.table import TableError, parse_toml
from device.terminal_profile import read_terminal_file
from device.update.bundle import BundleError
from device.update.refusal import Requirements, check_bundle
from device.update.version import parse_version
from tools.vendor.bundle import Inspected, inspect_bundle
from tools.vendor.certificate import check_key
from tools.vendor.keys import DEVELOPMENT
from tools.vendor.programs import VendorError, run
from tools.vendor.sbom import product_version

MOST_EXPOSURE: Final = 1.3
_LEAST_DAYS: Final = 90  # a bundle that lies in a technician's bag must still be taken


class Verdict(StrEnum):
    """How a point ended; ``LEFT`` was not given and so not tried."""

    PASS = "pass"  # noqa: S105  no password
    FAIL = "FAIL"
    LEFT = "not tried"


@dataclass(frozen=True, slots=True)
class Release:
    """What is to go out. ``after`` is the version that the customers run; None: that point is not tried."""

    bundle: Path
    authority: Path
    compatible: str
    after: str | None = None
    sbom: Path | None = None
    unit: Path | None = None
    profile: Path | None = None
    overlay: Path | None = None
    signers: Path | None = None


@dataclass(frozen=True, slots=True)
class Point:
    """One line of the list."""

    name: str
    verdict: Verdict
    said: str


def check_release(release: Release, now: datetime | None = None) -> Iterator[Point]:
    """Each point in turn, as soon as it is known."""
    now = now or datetime.now(UTC)
    found: list[Inspected] = []

    def signature() -> str:
        found.append(inspect_bundle(release.bundle, release.authority))
        return f"{found[0].info.signer}, {found[0].size / 1e6:.1f} MB"

    yield _tried("signature, as a terminal checks it", signature)
    on_bundle: dict[str, Callable[[Inspected], str]] = {
        "kind of the signer's key": _tell_key,
        "a key of releases, not of development": _tell_owner,
        f"signer valid for {_LEAST_DAYS} days": lambda bundle: _tell_days(bundle, now),
        "format and compatible": lambda bundle: _tell_fit(bundle, release.compatible),
    }
    for name, tell in on_bundle.items():
        yield _tried(name, partial(tell, found[0])) if found else _left(name, "there is no good signature")
    newer = "newer than what customers run"
    if found and release.after is not None:
        yield _tried(newer, lambda: _tell_newer(found[0], release.after or ""))
    else:
        yield _left(newer, "--after VERSION" if found else "there is no good signature")
    yield _of_file("bill of materials", release.sbom, "--sbom", _tell_sbom)
    yield _of_file(f"exposure of the service at most {MOST_EXPOSURE}", release.unit, "--unit", _tell_exposure)
    yield _of_file(
        "terminal's profile", release.profile, "--profile", lambda path: _tell_profile(path, release.signers)
    )
    yield _of_file("knowledge overlay", release.overlay, "--overlay", lambda path: _tell_overlay(path, release.signers))


def _tried(name: str, tell: Callable[[], str]) -> Point:
    try:
        return Point(name, Verdict.PASS, tell())
    except (VendorError, BundleError, TableError) as error:
        return Point(name, Verdict.FAIL, str(error))


def _left(name: str, why: str) -> Point:
    return Point(name, Verdict.LEFT, why)


def _of_file(name: str, path: Path | None, option: str, tell: Callable[[Path], str]) -> Point:
    if path is None:
        return _left(name, f"{option} FILE")
    if not path.is_file():
        return Point(name, Verdict.FAIL, f"{path} is not there")
    return _tried(name, lambda: tell(path))


def _tell_key(bundle: Inspected) -> str:
    check_key(bundle.signer.key)
    return bundle.signer.key


def _tell_owner(bundle: Inspected) -> str:
    if DEVELOPMENT in bundle.info.signer:
        raise VendorError(f"{bundle.info.signer} is of development; sign it anew: python -m tools.vendor sign")
    return bundle.info.signer


def _tell_days(bundle: Inspected, now: datetime) -> str:
    if bundle.signer.not_after < now + timedelta(days=_LEAST_DAYS):
        raise VendorError(f"it ends on {bundle.signer.not_after:%Y-%m-%d}; no terminal takes the bundle after that")
    return f"until {bundle.signer.not_after:%Y-%m-%d}"


def _tell_fit(bundle: Inspected, compatible: str) -> str:
    check_bundle(bundle.info, Requirements(compatible, "0", ("verity",)))
    return f"{bundle.info.format}, {bundle.info.compatible}"


def _tell_newer(bundle: Inspected, after: str) -> str:
    try:
        newer = parse_version(bundle.info.version) > parse_version(after)
    except ValueError as error:
        raise VendorError(str(error)) from error
    if not newer:
        raise VendorError(f"{bundle.info.version} is not newer than {after}")
    return f"{bundle.info.version} after {after}"


def _tell_sbom(path: Path) -> str:
    version = product_version(path.read_text())
    if version != __version__:
        raise VendorError(f"it tells of posmedic {version}; this is {__version__}")
    return f"of posmedic {version}"


def _tell_exposure(path: Path) -> str:
    told = run("systemd-analyze", "security", "--offline=true", "--no-pager", str(path.absolute()))
    exposure = float(told.rpartition("Overall exposure level for")[2].partition(":")[2].split()[0])
    if exposure > MOST_EXPOSURE:
        raise VendorError(f"{exposure}, by systemd-analyze security")
    return str(exposure)


def _tell_profile(path: Path, signers: Path | None) -> str:
    read_terminal_file(path, known_names(load_catalogue()))
    return _tell_signature(path, signers, PROFILE)


def _tell_overlay(path: Path, signers: Path | None) -> str:
    build_knowledge((parse_toml(read_text(path), path.name),))
    return _tell_signature(path, signers, OVERLAY)


def _tell_signature(path: Path, signers: Path | None, namespace: str) -> str:
    found = read_signature(path.read_bytes(), Path(f"{path}.sig"), signers, namespace)
    if found.signature is not Signature.GOOD:
        raise VendorError(f"signature {found.signature.value} by {signers or 'nobody: --signers FILE'}")
    return f"signed by {found.signer}"
