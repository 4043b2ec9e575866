"""The emulated terminal: QEMU with the slots' disks, a panel, serial lines to the outside, a watchdog.

The test plays the boot loader: it chooses the slot from the boot variables' disk, as RAUC's custom backend in the guest
writes them. Emulation is some 40 times slower than hardware: judge order and outcome, never seconds.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import socket
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tools.image.line import Line, LineError
from tools.image.qmp import Qmp, QmpError

LINES: Final = ("com0", "com1", "com2", "com3")  # /dev/ttyS0 to ttyS3: reader, modem, host tap, technician
_MACHINES: Final = {
    "arm64": ("qemu-system-aarch64", "-M", "virt", "-cpu", "cortex-a53"),
    "armhf": ("qemu-system-arm", "-M", "virt,highmem=off", "-cpu", "cortex-a15"),
    "amd64": ("qemu-system-x86_64", "-M", "q35", "-cpu", "qemu64"),
}
_DISKS: Final = ("slotA", "slotB", "bootenv", "data")
_VARIABLES: Final = re.compile(r"(\w+)='?([^'\n]*)'?\n")
_BOOT_BYTES: Final = 4096
_MEMORY_MIB: Final = 256
_PANEL: Final = (480, 800)
VPCD_PORT: Final = 35963


@dataclass(frozen=True, slots=True)
class Build:
    """What an emulated terminal is started from."""

    arch: str
    kernel: Path
    initrd: Path


@dataclass(frozen=True, slots=True)
class Kept:
    """A moment of a running terminal, memory and disks, to which it can be taken back; see :meth:`Terminal.keep`."""

    name: str
    slot: str


class Boot:
    """The boot loader's variables on their disk."""

    def __init__(self, disk: Path) -> None:
        self._disk = disk

    def read(self) -> dict[str, str]:
        """ORDER, A_LEFT, B_LEFT."""
        values = {"ORDER": "A B", "A_LEFT": "3", "B_LEFT": "3"}
        text = self._disk.read_bytes().rstrip(b"\0").decode("ascii", "replace")
        return {**values, **dict(_VARIABLES.findall(text))}

    def choose(self) -> str:
        """What a boot loader does: the first slot in order with tries left, and one try is spent. Raises LineError."""
        values = self.read()
        slot = next((name for name in values["ORDER"].split() if int(values[f"{name}_LEFT"]) > 0), None)
        if slot is None:  # both are given up: a loader with any sense starts the first of them all the same
            slot = values["ORDER"].split()[0]
        else:
            values[f"{slot}_LEFT"] = str(int(values[f"{slot}_LEFT"]) - 1)
        text = f"ORDER='{values['ORDER']}'\nA_LEFT={values['A_LEFT']}\nB_LEFT={values['B_LEFT']}\n"
        self._disk.write_bytes(text.encode().ljust(_BOOT_BYTES, b"\0"))
        return slot


class Terminal:
    """One run of the emulated terminal. ``folder`` holds its disks (see :data:`_DISKS`) and takes sockets and logs.

    With ``layered`` it writes into layers over the disks (NAME.qcow2), in which moments can be kept; with ``resume`` it
    goes on from such a moment instead of being switched on. :func:`flatten` makes plain disks of what a run left.
    """

    def __init__(self, build: Build, folder: Path, *, layered: bool = False, resume: Kept | None = None) -> None:
        program = _MACHINES[build.arch][0]
        if shutil.which(program) is None or shutil.which("qemu-img") is None:
            raise LineError(
                "no emulator: apt-get install --no-install-recommends qemu-system-arm qemu-system-x86 qemu-utils"
            )
        self._folder = folder
        self.card_port = _free_port()  # where pcscd's virtual reader in the guest takes a card
        self.slot = Boot(folder / "bootenv.img").choose() if resume is None else resume.slot
        if layered and resume is None:
            for name in _DISKS:
                base = f"{folder}/{name}.img"
                _qemu_img("create", "-f", "qcow2", "-b", base, "-F", "raw", f"{folder}/{name}.qcow2")
        console = "ttyS0" if build.arch == "amd64" else "ttyAMA0"
        words = [
            *_MACHINES[build.arch],
            *("-accel", "tcg,thread=multi", "-m", str(_MEMORY_MIB), "-smp", "1", "-nodefaults", "-no-reboot"),
            *("-display", "none", "-kernel", str(build.kernel), "-initrd", str(build.initrd)),
            "-append",
            f"console={console} root=/dev/vd{self.slot.lower()} rw quiet audit=0 panic=1 "
            f"vt.global_cursor_default=0 net.ifnames=0 rauc.slot={self.slot}",
            *self._chardev("console", wait=True),
            *("-serial", "chardev:console", "-qmp", f"unix:{folder}/qmp,server=on,wait=off"),
            *("-device", f"virtio-gpu-pci,xres={_PANEL[0]},yres={_PANEL[1]}"),
            *("-device", "i6300esb", "-action", "watchdog=reset"),
        ]
        for name in LINES:
            words += self._chardev(name)
        lines = ",".join(f"chardev{place}={name}" for place, name in enumerate(LINES, 1))
        words += ["-device", f"pci-serial-4x,{lines}"]
        for name in _DISKS:
            file = f"format=qcow2,file={folder}/{name}.qcow2" if layered else f"format=raw,file={folder}/{name}.img"
            drive = f"if=none,id={name},{file},cache=writethrough"
            words += ["-drive", drive, "-device", f"virtio-blk-pci,drive={name},serial={name}"]
        forward = f"hostfwd=tcp:127.0.0.1:{self.card_port}-:{VPCD_PORT}"
        words += ["-netdev", f"user,id=lan,restrict=on,{forward}", "-device", "virtio-net-pci,netdev=lan,romfile="]
        if resume is not None:
            words += ["-loadvm", resume.name]
        self._errors = (folder / "qemu.err").open("wb")
        self._process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=self._errors, stderr=self._errors)
        self._count = 0
        self._lines: list[Line] = []
        self._qmp: Qmp | None = None
        try:
            self.console = self.line("console")
            self._qmp = Qmp(folder / "qmp")
        except (LineError, QmpError, OSError) as error:
            self.power_off()
            raise LineError(f"{error}; QEMU says: {(folder / 'qemu.err').read_text()[-400:]}") from error

    def line(self, name: str) -> Line:
        """One of :data:`LINES`, from outside; closed with the power."""
        self._lines.append(Line(self._folder / name, self._folder / f"{name}.log"))
        return self._lines[-1]

    def wait_ready(self, timeout_s: float = 600) -> float:
        """Wait until systemd has started everything; seconds since power on, by the guest's clock. Raises LineError."""
        return float(self.console.expect(rb"TERMINAL-READY ([0-9.]+)\r?\n", timeout_s)[1])

    def log_in(self, timeout_s: float = 300) -> None:
        """A root shell on the console, without echo and prompt."""
        self.console.send(b"\n")
        self.console.expect(rb"# ", timeout_s)
        self.console.send(
            b"stty -echo; export PS1= PS2= TERM=dumb; dmesg -n 1; bind 'set enable-bracketed-paste off'\n"
        )
        self.shell("true", timeout_s)
        self.shell("true", timeout_s)

    def shell(self, command: str, timeout_s: float = 300) -> tuple[int, str]:
        """Run one command in the guest; exit code and output. Raises LineError."""
        self._count += 1
        mark = f"{self._count}done"
        self.console.send(f"{command}\necho END''{mark}$?=\n".encode())
        text = self.console.read_until(f"END{mark}".encode(), timeout_s)
        code = self.console.read_until(b"=", timeout_s)
        return int(code), text.decode("utf-8", "replace").replace("\r", "")

    def screenshot(self, path: Path) -> None:
        """Write what the panel shows as PNG."""
        self._ask("screendump", filename=str(path), format="png")

    def keep(self, name: str) -> Kept:
        """Keep this moment, memory and disks, in the layers. Raises QmpError."""
        said = self._ask("human-monitor-command", **{"command-line": f"savevm {name}"})
        if said:
            raise QmpError(str(said).strip())
        return Kept(name, self.slot)

    def wait_ended(self, timeout_s: float) -> None:
        """Wait until the guest has restarted or switched itself off (QEMU ends then). Raises LineError."""
        try:
            self._process.wait(timeout_s)
        except subprocess.TimeoutExpired as error:
            raise LineError(f"the terminal still runs after {timeout_s:g} s") from error

    def power_off(self) -> None:
        """Pull the plug: nothing in the guest is told."""
        with contextlib.suppress(QmpError, OSError):
            self._ask("quit")
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._errors.close()
        for line in self._lines:
            line.close()
        if self._qmp is not None:
            self._qmp.close()

    def _ask(self, command: str, **arguments: object) -> object:
        return None if self._qmp is None else self._qmp.ask(command, **arguments)

    @property
    def rss_mib(self) -> int:
        """Memory of the emulator itself."""
        status = Path(f"/proc/{self._process.pid}/status").read_text()
        return int(re.findall(r"VmRSS:\s+(\d+)", status)[0]) // 1024

    def _chardev(self, name: str, *, wait: bool = False) -> list[str]:
        path = self._folder / name
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)  # noqa: PTH108
        return ["-chardev", f"socket,id={name},path={path},server=on,wait={'on' if wait else 'off'}"]


def flatten(folder: Path, target: Path) -> None:
    """Make plain disks in ``target`` of the layers that a run in ``folder`` left when its power went."""
    for name in _DISKS:
        _qemu_img("convert", "-O", "raw", f"{folder}/{name}.qcow2", f"{target}/{name}.img")


def _qemu_img(*words: str) -> None:
    subprocess.run(("qemu-img", *words), check=True, capture_output=True)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])
