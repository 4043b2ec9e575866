"""Real RAUC on a machine without a boot loader: file-backed slots, a bus of its own, and the test plays the loader.

Needs root (loop devices), rauc and dbus-daemon. Only bundles of format plain can be installed here; verity is proved in
the emulated terminal. The custom backend keeps its state in files, as RAUC's manual describes such backends.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tools.image.disk import Signer, make_signer

if TYPE_CHECKING:
    import pytest

COMPATIBLE: Final = "posmedic test terminal"
SLOT_MIB: Final = 8
IMAGE_MIB: Final = 4
_TRIES: Final = 3
_BACKEND: Final = """#!/bin/bash
cd "{boot}"
case $1 in
  get-primary) for s in $(cat order); do [ "$(cat $s.left)" -gt 0 ] && {{ echo $s; exit 0; }}; done; exit 1 ;;
  set-primary)
    while [ -e hold ]; do sleep 0.05; done
    o=$2; for s in A B; do [ $s = "$2" ] || o="$o $s"; done; echo "$o" >order; echo 3 >"$2.left" ;;
  get-state) [ "$(cat "$2.left")" -gt 0 ] && echo good || echo bad ;;
  set-state) [ "$3" = good ] && echo 3 >"$2.left" || echo 0 >"$2.left" ;;
  get-current) cat current ;;
esac
"""
_CONFIG: Final = """[system]
compatible={compatible}
bootloader=custom
bundle-formats=plain verity
statusfile={folder}/status
mountprefix={folder}/mnt
[handlers]
bootloader-custom-backend={folder}/backend
[keyring]
path={ca}
[slot.rootfs.0]
device={A}
type=raw
bootname=A
[slot.rootfs.1]
device={B}
type=raw
bootname=B
"""


def why_not() -> str:
    """Why RAUC cannot be tried here, "" if it can."""
    missing = [name for name in ("rauc", "dbus-daemon", "losetup", "mksquashfs") if shutil.which(name) is None]
    if missing:
        return f"needs {', '.join(missing)}: apt-get install rauc dbus squashfs-tools"
    return "" if os.geteuid() == 0 else "needs root for loop devices"


class RaucSystem:
    """One terminal's updater. ``environment`` is what a process needs to reach it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.config = folder / "system.conf"
        self.signer = make_signer(folder / "keys")
        (folder / "mnt").mkdir()
        boot = folder / "boot"
        boot.mkdir()
        self._devices = {slot: self._make_slot(slot) for slot in "AB"}
        for slot in "AB":
            (boot / f"{slot}.left").write_text(f"{_TRIES}\n")
        (boot / "order").write_text("A B\n")
        (boot / "current").write_text("A\n")
        backend = folder / "backend"
        backend.write_text(_BACKEND.format(boot=boot))
        backend.chmod(0o755)
        self.config.write_text(_CONFIG.format(compatible=COMPATIBLE, folder=folder, ca=self.signer.ca, **self._devices))
        self._boot = boot
        address = f"unix:path={folder}/bus"
        self._bus = subprocess.Popen(
            ["dbus-daemon", "--session", "--nofork", f"--address={address}"], stderr=subprocess.DEVNULL
        )
        self.environment = {
            **os.environ,
            "DBUS_SESSION_BUS_ADDRESS": address,
            "DBUS_STARTER_BUS_TYPE": "session",
            "LC_ALL": "C",
        }
        self._log = (folder / "rauc.log").open("ab")
        self._service: subprocess.Popen[bytes] | None = None
        self.boot()

    def reach(self, world: pytest.MonkeyPatch) -> None:
        """What is started from now on asks this updater."""
        for name in ("DBUS_SESSION_BUS_ADDRESS", "DBUS_STARTER_BUS_TYPE", "LC_ALL"):
            world.setenv(name, self.environment[name])

    def _make_slot(self, slot: str) -> str:
        """A device of fixed size: a plain file would grow under too large an image."""
        image = self.folder / f"slot{slot}.img"
        with image.open("wb") as file:
            file.truncate(SLOT_MIB << 20)
        made = subprocess.run(["losetup", "-f", "--show", str(image)], capture_output=True, text=True, check=True)
        return made.stdout.strip()

    def boot(self) -> str:
        """Start anew as a boot loader does: the first slot with tries left, one try spent; returns its name."""
        self.stop_service()
        order = (self._boot / "order").read_text().split()
        slot = next((name for name in order if self.tries(name) > 0), order[0])
        (self._boot / f"{slot}.left").write_text(f"{max(self.tries(slot) - 1, 0)}\n")
        (self._boot / "current").write_text(slot + "\n")
        self._service = subprocess.Popen(
            ["rauc", "-c", str(self.config), f"--override-boot-slot={slot}", "service"],
            env=self.environment,
            stdout=self._log,
            stderr=self._log,
        )
        for _ in range(100):
            if self.rauc("status").returncode == 0:
                return slot
            time.sleep(0.05)  # the service appears on the bus by itself and tells nobody
        raise RuntimeError(f"rauc does not start; see {self.folder / 'rauc.log'}")

    def reset(self) -> None:
        """As from the factory: both slots can be started, A is next, RAUC remembers nothing."""
        self.stop_service()
        (self.folder / "status").unlink(missing_ok=True)
        for slot in "AB":
            (self._boot / f"{slot}.left").write_text(f"{_TRIES}\n")
            with Path(self._devices[slot]).open("wb") as device:
                device.write(bytes(1 << 20))
                os.fsync(device.fileno())
        (self._boot / "order").write_text("A B\n")
        self.hold.unlink(missing_ok=True)
        self.boot()

    @property
    def hold(self) -> Path:
        """While this file is there, RAUC waits before it changes over to the slot it has written."""
        return self._boot / "hold"

    def wait_until_idle(self) -> None:
        """Until RAUC, which goes on by itself, is done."""
        until = time.monotonic() + 60
        while self.busy:
            if time.monotonic() > until:
                raise RuntimeError(f"rauc does not come to an end; see {self.folder / 'rauc.log'}")
            time.sleep(0.02)  # it tells nobody but its own client

    def mark(self, slot: str, state: str) -> None:
        """Set a slot's state behind RAUC's back, as a boot loader or a worn flash might."""
        (self._boot / f"{slot}.left").write_text(f"{_TRIES if state == 'good' else 0}\n")

    @property
    def busy(self) -> bool:
        """Whether RAUC is at an installation."""
        words = ["dbus-send", "--session", "--print-reply=literal", "--dest=de.pengutronix.rauc", "/"]
        words += ["org.freedesktop.DBus.Properties.Get", "string:de.pengutronix.rauc.Installer", "string:Operation"]
        told = subprocess.run(words, env=self.environment, capture_output=True, text=True, check=False, timeout=60)
        return "idle" not in told.stdout

    def holds(self, slot: str, bundle_content: bytes) -> bool:
        """Whether the image whose repeated content this is stands in the slot, whole."""
        image = (bundle_content * (1 << 20))[: IMAGE_MIB << 20]
        with Path(self._devices[slot]).open("rb") as device:
            return device.read(len(image)) == image

    def tries(self, slot: str) -> int:
        """How often the slot may still be started without being marked good."""
        return int((self._boot / f"{slot}.left").read_text())

    @property
    def next_slot(self) -> str:
        """The slot that the boot loader would choose."""
        return next((name for name in (self._boot / "order").read_text().split() if self.tries(name) > 0), "none")

    @property
    def current(self) -> str:
        """The slot that runs."""
        return (self._boot / "current").read_text().strip()

    def rauc(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run ``rauc``."""
        command = ["rauc", "-c", str(self.config), *words]
        return subprocess.run(command, env=self.environment, capture_output=True, text=True, check=False, timeout=60)

    def kill_service(self) -> None:
        """As a crash of the updater would: nothing is told."""
        if self._service is not None:
            self._service.kill()
            self._service.wait()

    def stop_service(self) -> None:
        """End the updater in order."""
        if self._service is not None:
            self._service.terminate()
            self._service.wait()

    def close(self) -> None:
        """End everything, and leave no loop device behind."""
        self.stop_service()
        self._bus.terminate()
        self._bus.wait()
        self._log.close()
        subprocess.run(["umount", "-l", str(self.folder / "mnt" / "bundle")], capture_output=True, check=False)
        listed = subprocess.run(
            ["losetup", "-n", "-O", "NAME,BACK-FILE", "-a"], capture_output=True, text=True, check=True
        )
        for line in listed.stdout.splitlines():
            device, _, backing = line.strip().partition(" ")
            if backing.strip().startswith(str(self.folder)):
                subprocess.run(["losetup", "-d", device], check=False)


def make_bundle(
    folder: Path,
    signer: Signer,
    version: str = "2.0",
    compatible: str = COMPATIBLE,
    bundle_format: str = "plain",
    content: bytes = b"new system ",
    image_mib: int = IMAGE_MIB,
) -> Path:
    """A signed bundle whose image is ``content``, repeated."""
    work = folder / f"content-{version}-{bundle_format}"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    (work / "rootfs.img").write_bytes((content * (image_mib << 20))[: image_mib << 20])
    manifest = f"[update]\ncompatible={compatible}\nversion={version}\n[bundle]\nformat={bundle_format}\n"
    (work / "manifest.raucm").write_text(f"{manifest}[image.rootfs]\nfilename=rootfs.img\n")
    bundle = folder / f"update-{version}-{bundle_format}.raucb"
    bundle.unlink(missing_ok=True)
    words = ["rauc", f"--cert={signer.certificate}", f"--key={signer.key}", "bundle", str(work), str(bundle)]
    subprocess.run(words, check=True, capture_output=True)
    shutil.rmtree(work)
    return bundle
