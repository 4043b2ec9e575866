"""An emulated terminal for tests: fresh disks, the world around it played, and what its screen shows."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path
from typing import Any

from PIL import Image, ImageChops

from tools.image.bridge import Bridge
from tools.image.disk import Signer
from tools.image.line import Line
from tools.image.tree import ROOT
from tools.image.vm import Build, Kept, Terminal
from tools.simulate.modem import ModemBehaviour, SimulatedModem
from tools.simulate.reader import ReaderBehaviour, SimulatedReader
from tools.simulate.sale import link_frame, play_sale
from tools.simulate.scenario import read_scenario

BOOT_S = 900.0
STEP_S = 600.0


class Emulated:
    """Disks in ``folder``, from the image that ``make image`` built; started as often as a test wants."""

    def __init__(self, image: Path, arch: str, folder: Path, on_data: dict[str, Path] | None = None) -> None:
        self.build = Build(arch, image / "kernel" / "vmlinuz", image / "initrd")
        self.signer = Signer(image / "keys" / "ca.pem", image / "keys" / "signer.pem", image / "keys" / "signer.key")
        self.image, self.folder = image, folder
        folder.mkdir(parents=True, exist_ok=True)
        for slot in "AB":
            copy(image / "slot.ext4", folder / f"slot{slot}.img")
        (folder / "bootenv.img").write_bytes(bytes(4096))
        content = folder / "data"
        content.mkdir(exist_ok=True)
        for name, path in (on_data or {}).items():
            copy(path, content / name)
        words = ["mke2fs", "-q", "-t", "ext4", "-L", "data", "-d", str(content), str(folder / "data.img"), "768M"]
        subprocess.run(words, check=True, capture_output=True)
        self.vm: Terminal | None = None
        self.technician: Line | None = None
        self._around: list[Any] = []

    def start(self, *, wait: bool = True, layered: bool = False) -> Terminal:
        """Power on, with reader and modem on their lines."""
        vm = self._run(Terminal(self.build, self.folder, layered=layered))
        if wait:
            vm.wait_ready(BOOT_S)
            vm.log_in()
        return vm

    def resume(self, kept: Kept) -> Terminal:
        """Go on from a kept moment; what happened since is undone."""
        return self._run(Terminal(self.build, self.folder, layered=True, resume=kept))

    def _run(self, vm: Terminal) -> Terminal:
        self.vm = vm
        for name, peer in (("com0", SimulatedReader(ReaderBehaviour())), ("com1", SimulatedModem(ModemBehaviour()))):
            self._around += [Bridge(self.folder / name, peer.start()), peer]
        self.technician = vm.line("com3")
        return vm

    def stop(self) -> None:
        """Pull the plug."""
        self.technician = None
        if self.vm is not None:
            self.vm.power_off()
            self.vm = None
        for thing in self._around:
            thing.close() if isinstance(thing, Bridge) else thing.stop()
        self._around.clear()

    def wait_for_log(self, words: str, count: int = 1, timeout_s: float = STEP_S) -> str:
        """Wait until the service's log has ``words`` so often; the newest such line."""
        assert self.vm is not None
        until = time.monotonic() + timeout_s
        command = f"journalctl -u posmedic -u posmedic-selfcheck -o cat --no-pager | grep -F '{words}'"
        while True:
            _, found = self.vm.shell(command, STEP_S)
            lines = [line for line in found.splitlines() if words in line]
            if len(lines) >= count:
                return lines[-1]
            if time.monotonic() > until:
                _, log = self.vm.shell("journalctl -u posmedic -o cat --no-pager | tail -20", STEP_S)
                raise AssertionError(f"no log line with {words!r}; the log ends: {log}")
            time.sleep(2.0)  # the guest has one slow processor: asking costs it more than waiting costs us

    def vm_shell(self, command: str, timeout_s: float = STEP_S) -> tuple[int, str]:
        """One command as root in the guest; exit code and output."""
        assert self.vm is not None
        return self.vm.shell(command, timeout_s)

    def decline(self) -> None:
        """A sale passes on the line between the terminal and the host, which answers 62."""
        assert self.vm is not None
        scenario = read_scenario(ROOT / "tests" / "scenarios" / "tap_only.toml")
        frames = play_sale(scenario.steps[0], scenario.terminal)
        assert frames.response is not None
        host = self.vm.line("com2")
        host.send(link_frame(frames.request))
        host.send(link_frame(frames.response))

    def ask(self, command: str) -> str:
        """One command over the technician's line: everything of its reply."""
        assert self.technician is not None
        self.technician.take()
        self.technician.send(command.encode() + b"\r")
        reply = self.technician.expect(rb".*?(?:^|\n)(?:OK|ERROR)[^\n]*\n", STEP_S)
        return reply[0].decode().replace("\r", "")


def copy(source: Path, target: Path) -> None:
    """Copy a disk without its holes."""
    subprocess.run(["cp", "--sparse=always", "--reflink=auto", str(source), str(target)], check=True)


def unlike(one: Path, other: Image.Image) -> float:
    """Share of pixels that differ by more than the rounding of a panel's colours, 0 to 1."""
    with Image.open(one) as shown:
        difference = ImageChops.difference(shown.convert("RGB"), other.convert("RGB")).convert("L")
    return sum(difference.histogram()[24:]) / (difference.width * difference.height)
