"""The emulated terminal's disks: a root file system with the product, kernel, the next version as a signed bundle."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tools.vendor import bundle as vendor_bundle
from tools.vendor.bundle import Signing
from tools.vendor.keys import KeyFolder, make_keys
from tools.vendor.programs import VendorError

HERE: Final = Path(__file__).resolve().parent
COMPATIBLE: Final = "posmedic demo terminal"
_TOOLS: Final = {  # program -> Debian package
    "mmdebstrap": "mmdebstrap",
    "arch-test": "arch-test",
    "qemu-aarch64-static": "qemu-user-static",
    "mke2fs": "e2fsprogs",
    "depmod": "kmod",
    "cpio": "cpio",
    "rauc": "rauc",
    "mksquashfs": "squashfs-tools",
    "openssl": "openssl",
}
_QUICK: Final = "-comp gzip -Xcompression-level 1"  # emulation takes the time that a small bundle would save


class DiskError(Exception):
    """The disk cannot be built here; the text is one sentence."""


@dataclass(frozen=True, slots=True)
class Signer:
    """A development key ceremony's outcome: the terminal's trust anchor, and who signs bundles."""

    ca: Path
    certificate: Path
    key: Path


def build_disk(arch: str, package: Path, out: Path) -> None:
    """Build slot, kernel, initramfs and the bundle of the next version below ``out/arch``. Raises DiskError."""
    check_tools()
    folder = out / arch
    folder.mkdir(parents=True, exist_ok=True)
    base = build_base(arch, folder)
    signer = make_signer(folder / "keys")
    build_slot(arch, package, folder, "1.0", folder / "slot.ext4", signer)
    build_slot(arch, package, folder, "2.0", folder / "next.ext4", signer)
    bundle = build_bundle(folder / "next.ext4", "2.0", folder / "update-2.0.raucb", signer)
    print(f"image: from {base}; all with their versions: {write_inputs(folder).relative_to(out)}")
    for path in (folder / "slot.ext4", folder / "kernel" / "vmlinuz", folder / "initrd", bundle):
        used = path.stat().st_blocks * 512 / 1e6
        print(f"image: {path.relative_to(out)} {used:.0f} MB on the disk")


def build_base(arch: str, folder: Path) -> str:
    """Root file system and kernel, unless they are there; returns in one line what they are. Raises DiskError."""
    tar, kernel = folder / "rootfs.tar", folder / "kernel"
    for path, script in ((tar, "rootfs.sh"), (kernel / "version", "kernel.sh")):
        if not path.exists():
            began = time.monotonic()
            _run(str(HERE / script), arch, str(tar if script == "rootfs.sh" else kernel))
            print(f"image: {script} took {time.monotonic() - began:.0f} s", flush=True)
    packages = len((HERE / "packages.txt").read_text().split("\n"))
    return f"Debian 12 {arch}, {(kernel / 'package').read_text().strip()}, {packages} named packages (packages.txt)"


def write_inputs(folder: Path) -> Path:
    """List what the image was made of: every Debian package with its version, kernel, busybox, and their hashes."""
    packages = _output("tar", "-xOf", str(folder / "rootfs.tar"), "./usr/share/packages.txt")
    files = (folder / "rootfs.tar", folder / "kernel" / "vmlinuz", folder / "kernel" / "busybox")
    hashes = (f"sha256 {hashlib.sha256(path.read_bytes()).hexdigest()} {path.relative_to(folder)}\n" for path in files)
    inputs = folder / "inputs.txt"
    inputs.write_text(f"{(folder / 'kernel' / 'package').read_text()}{''.join(hashes)}{packages}")
    return inputs


def build_slot(
    arch: str, package: Path, folder: Path, version: str, image: Path, signer: Signer, overlay: Path | None = None
) -> None:
    """One slot's file system with ``package`` installed; ``overlay`` is laid over it last. Raises DiskError."""
    words = [arch, *map(str, (folder / "rootfs.tar", folder / "kernel", package, image, folder / "initrd"))]
    _run(str(HERE / "disk.sh"), *words, version, str(signer.ca), "352", str(overlay or ""))


def build_bundle(image: Path, version: str, bundle: Path, signer: Signer, compatible: str = COMPATIBLE) -> Path:
    """Sign ``image`` as an update of the emulated terminal. Raises DiskError."""
    bundle.unlink(missing_ok=True)
    try:
        signing = Signing(signer.certificate, str(signer.key))
        vendor_bundle.build_bundle(image, bundle, compatible, version, signing, squash=_QUICK)
    except VendorError as error:
        raise DiskError(str(error)) from error
    return bundle


def make_signer(folder: Path) -> Signer:
    """The keys of a development ceremony; made once. Raises DiskError."""
    keys = KeyFolder(folder)
    if not keys.certificate.exists():
        try:
            make_keys(folder, "P-256", "posmedic")
        except VendorError as error:
            raise DiskError(str(error)) from error
    return Signer(keys.authority, keys.certificate, keys.key)


def check_tools() -> None:
    """Raise DiskError where programs are missing, with the command that brings them."""
    if os.geteuid() != 0:
        raise DiskError("a root file system can only be made as root")
    missing = sorted({package for program, package in _TOOLS.items() if shutil.which(program) is None})
    if missing:
        raise DiskError(f"programs are missing: apt-get install --no-install-recommends {' '.join(missing)}")


def _run(*words: str) -> None:
    _output(*words)


def _output(*words: str) -> str:
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        last = (done.stderr or done.stdout).strip().splitlines()[-1:] or ["no reason given"]
        raise DiskError(f"{Path(words[0]).name} failed: {last[0]}")
    return done.stdout
