"""A key ceremony for development: an authority, signers of bundles under it, a key for profiles and overlays.

Production keys belong into a token or HSM; the same commands sign with them through OpenSSL's PKCS#11 (RAUC's manual,
"PKCS#11 Support"). What is made here says "development" in its name, and the release checklist refuses it.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from device.app.overlays import NAMESPACE as OVERLAY
from device.drivers.profile_signature import NAMESPACE as PROFILE
from tools.vendor.certificate import check_key, read_certificate
from tools.vendor.programs import VendorError, run

DEVELOPMENT: Final = "development"
_AUTHORITY_DAYS: Final = 7300
_SIGNER_DAYS: Final = 730
_NEW_KEY: Final = {
    "P-256": ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"),
    "RSA-3072": ("-newkey", "rsa:3072"),
    "RSA-4096": ("-newkey", "rsa:4096"),
}
_AUTHORITY: Final = ("basicConstraints=critical,CA:TRUE,pathlen:0", "keyUsage=critical,keyCertSign,cRLSign")
_SIGNER: Final = (
    "basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\nauthorityKeyIdentifier=keyid\n"
)


@dataclass(frozen=True, slots=True)
class KeyFolder:
    """What a ceremony makes: ``ca.pem`` and ``signers`` go to terminals, every ``.key`` stays with the vendor."""

    folder: Path

    @property
    def authority(self) -> Path:
        """The terminals' trust anchor, ``[keyring] path=`` of RAUC's system.conf."""
        return self.folder / "ca.pem"

    @property
    def certificate(self) -> Path:
        """Who signs bundles."""
        return self.folder / "signer.pem"

    @property
    def key(self) -> Path:
        """The private key of the signer of bundles."""
        return self.folder / "signer.key"

    @property
    def content_key(self) -> Path:
        """The private key for profiles and overlays (OpenSSH)."""
        return self.folder / "content.key"

    @property
    def signers(self) -> Path:
        """OpenSSH allowed signers, ``[profile] signers`` and ``[overlay] signers`` of a terminal's settings."""
        return self.folder / "signers"


def make_keys(folder: Path, kind: str, vendor: str) -> KeyFolder:
    """The whole ceremony, into a folder that is not there yet. Raises :class:`VendorError`, and makes nothing then."""
    check_key(kind)
    if kind not in _NEW_KEY:
        raise VendorError(f"{kind} cannot be made here: take one of {', '.join(_NEW_KEY)}")
    if folder.exists():
        raise VendorError(f"{folder} is there already: terminals that trust its authority would be lost with it")
    mask = os.umask(0o077)
    try:
        folder.mkdir(parents=True)
        keys = KeyFolder(folder)
        _make_authority(keys, kind, vendor)
        make_signer(keys, kind, vendor)
        run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", f"{vendor} {DEVELOPMENT}", "-f", str(keys.content_key))
        public = Path(f"{keys.content_key}.pub").read_text().split()
        keys.signers.write_text(
            f'{vendor.replace(" ", "-")} namespaces="{PROFILE},{OVERLAY}" {public[0]} {public[1]}\n'
        )
    finally:
        os.umask(mask)
    return keys


def make_signer(keys: KeyFolder, kind: str, vendor: str) -> None:
    """A new signer of bundles under the authority of the folder, in the place of an older one. Raises VendorError."""
    check_key(kind)
    request, extensions = keys.folder / "signer.csr", keys.folder / "signer.ext"
    name = ("-subj", f"/O={_plain(vendor)}/CN={_plain(vendor)} {DEVELOPMENT} signer")
    run("openssl", "req", *_NEW_KEY[kind], "-noenc", *name, "-keyout", str(keys.key), "-out", str(request))
    extensions.write_text(_SIGNER)
    under = ("-CA", str(keys.authority), "-CAkey", str(keys.folder / "ca.key"), "-CAcreateserial")
    until = ("-days", str(_SIGNER_DAYS), "-extfile", str(extensions), "-out", str(keys.certificate))
    run("openssl", "x509", "-req", "-in", str(request), *under, *until)
    request.unlink()
    extensions.unlink()


def tell_keys(keys: KeyFolder) -> str:
    """The record of a ceremony, to be kept: who, which keys, until when, fingerprints, and what goes where."""
    lines = []
    for path in (keys.authority, keys.certificate):
        found = read_certificate(path.read_text())
        mark = run("openssl", "x509", "-in", str(path), "-noout", "-fingerprint", "-sha256").strip().partition("=")[2]
        lines += [f"{path.name}: {found.subject}, {found.key}, until {found.not_after:%Y-%m-%d}", f"  SHA-256 {mark}"]
    lines.append(f"{keys.signers.name}: {run('ssh-keygen', '-l', '-f', f'{keys.content_key}.pub').strip()}")
    return "\n".join([*lines, "To terminals: ca.pem, signers. Never out of this folder: every .key file."])


def _make_authority(keys: KeyFolder, kind: str, vendor: str) -> None:
    name = ("-subj", f"/O={_plain(vendor)}/CN={_plain(vendor)} {DEVELOPMENT} authority")
    extensions = [word for text in _AUTHORITY for word in ("-addext", text)]
    files = ("-keyout", str(keys.folder / "ca.key"), "-out", str(keys.authority))
    run("openssl", "req", "-x509", *_NEW_KEY[kind], "-noenc", "-days", str(_AUTHORITY_DAYS), *name, *extensions, *files)


def _plain(text: str) -> str:
    """As part of a distinguished name on OpenSSL's command line."""
    return text.replace("\\", "").replace("/", "-").replace("+", "-")
