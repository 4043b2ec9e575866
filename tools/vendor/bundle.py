"""Update bundles by the real ``rauc``: built, signed anew, and read as a terminal would read them."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from device.outlets.update_text import refusal_text
from device.settings import read_texts
from device.update.bundle import BundleError, BundleInfo, parse_info, refusal_of
from device.update.version import parse_version
from tools.vendor.certificate import Certificate, check_key, read_certificate
from tools.vendor.programs import VendorError, run, run_freely

_MANIFEST: Final = """[update]
compatible={compatible}
version={version}
[bundle]
format=verity
[image.{slot}]
filename={name}
"""
_SIZE_BYTES: Final = 8  # a bundle ends with its signature (CMS) and the signature's size, big-endian: RAUC's manual
_CERTIFICATE: Final = re.compile(r"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Signing:
    """Who signs: a certificate and its private key (a file, or a ``pkcs11:`` address)."""

    certificate: Path
    key: str


@dataclass(frozen=True, slots=True)
class Inspected:
    """A bundle whose signature holds against the terminals' authority, and the certificate that it was signed with."""

    info: BundleInfo
    signer: Certificate
    size: int


def build_bundle(
    image: Path, bundle: Path, compatible: str, version: str, signing: Signing, slot: str = "rootfs", squash: str = ""
) -> None:
    """Sign ``image`` as a bundle of format verity, the only one that terminals take. Raises :class:`VendorError`.

    ``squash``: options of mksquashfs, where RAUC's usual ones do not suit.
    """
    _check_signing(signing)
    try:
        parse_version(version)
    except ValueError as error:
        raise VendorError(f"{error}; a terminal could not tell whether it is newer") from error
    if not image.is_file():
        raise VendorError(f"{image} is not there")
    if bundle.exists():
        raise VendorError(f"{bundle} is there already; a bundle that may be with customers is not overwritten")
    with tempfile.TemporaryDirectory(dir=bundle.parent) as folder:
        content = Path(folder) / "content"
        content.mkdir()
        name = f"{slot}{image.suffix or '.img'}"
        try:
            os.link(image, content / name)
        except OSError:
            shutil.copy(image, content / name)
        manifest = _MANIFEST.format(compatible=compatible, version=version, slot=slot, name=name)
        (content / "manifest.raucm").write_text(manifest)
        words = [f"--cert={signing.certificate}", f"--key={signing.key}"]
        words += [f"--mksquashfs-args={squash}"] if squash else []
        run("rauc", *words, "bundle", str(content), str(bundle))


def sign_bundle(bundle: Path, out: Path, authority: Path, signing: Signing) -> None:
    """Sign again what ``authority`` vouches for, e.g. a tested bundle with the key of releases. Raises VendorError."""
    _check_signing(signing)
    if out.exists():
        raise VendorError(f"{out} is there already; a bundle that may be with customers is not overwritten")
    inspect_bundle(bundle, authority)
    words = (f"--cert={signing.certificate}", f"--key={signing.key}", f"--keyring={authority}", "--no-verify")
    run("rauc", *words, "resign", str(bundle), str(out))


def inspect_bundle(bundle: Path, authority: Path) -> Inspected:
    """Read a bundle as a terminal does that trusts ``authority``. Raises :class:`VendorError` where it would refuse."""
    if not bundle.is_file():
        raise VendorError(f"{bundle} is not there")
    words = ("rauc", f"--keyring={authority}", "info")
    told = run_freely(*words, "--output-format=json", str(bundle))
    try:
        if told.returncode != 0:
            raise refusal_of(told.stderr)
        info = parse_info(told.stdout.strip().splitlines()[-1], run(*words, str(bundle)))
    except BundleError as error:
        why = refusal_text({"refused": error.reason, "said": error.said}, read_texts("en"))
        raise VendorError(f"a terminal would refuse {bundle.name}: {why}") from error
    return Inspected(info, _signer_of(bundle, info), bundle.stat().st_size)


def _signer_of(bundle: Path, info: BundleInfo) -> Certificate:
    data = bundle.read_bytes()[-(1 << 16) :]
    size = int.from_bytes(data[-_SIZE_BYTES:], "big")
    with tempfile.NamedTemporaryFile() as file:
        file.write(data[-_SIZE_BYTES - size : -_SIZE_BYTES])
        file.flush()
        listed = run("openssl", "pkcs7", "-inform", "DER", "-in", file.name, "-print_certs")
    certificates = [read_certificate(pem) for pem in _CERTIFICATE.findall(listed)]
    wanted = re.sub(r"\s*=\s*", "=", info.signer)
    for found in certificates:
        if re.sub(r"\s*=\s*", "=", found.subject) == wanted:
            return found
    raise VendorError(f"{bundle.name} does not carry the certificate of its signer {info.signer}")


def _check_signing(signing: Signing) -> None:
    if not signing.certificate.is_file():
        raise VendorError(
            f"{signing.certificate} is not there: python -m tools.vendor keys makes a set for development"
        )
    check_key(read_certificate(signing.certificate.read_text()).key)
