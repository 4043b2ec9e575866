"""A terminal with two slots on a machine without a boot loader: what each version sees when it is started.

A slot's version is told by ``/etc/os-release``, the boot by the kernel's random id, the slot by its command line: each
started version gets its own, bind-mounted in a mount namespace, so that the product runs unchanged.
"""

from __future__ import annotations

import json
import subprocess
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from support.rauc_system import RaucSystem
    from support.terminal import Terminal

_ENTER: Final = 'while [ "$1" != -- ]; do mount --bind "$1" "$2"; shift 2; done; shift; exec "$@"'


class TwoSlots:
    """The terminal's data partition is ``terminal.state``; ``versions`` tells what stands in each slot."""

    def __init__(self, terminal: Terminal, system: RaucSystem) -> None:
        self.terminal = terminal
        self.system = system
        self.versions = {"A": "1.0", "B": "none"}
        self._folder = terminal.folder / "booted"
        self._folder.mkdir()
        self._empty = self._folder / "empty"
        self._empty.mkdir()
        self.start_up("A")

    def reboot(self, *, without_fonts: bool = False) -> str:
        """Have the boot loader choose; what is started from now on is that slot's. Returns its name."""
        slot = self.system.boot()
        self.start_up(slot, without_fonts=without_fonts)
        return slot

    def start_up(self, slot: str, *, without_fonts: bool = False) -> None:
        """What is started from now on belongs to a new boot of this slot; ``without_fonts``: this version lost them."""
        seen = {
            "/etc/os-release": f'ID=test\nIMAGE_VERSION="{self.versions[slot]}"\n',
            "/proc/sys/kernel/random/boot_id": f"{uuid.uuid4()}\n",
            "/proc/cmdline": f"quiet rauc.slot={slot}\n",
        }
        mounts = [(self._empty, "/usr/share/fonts")] if without_fonts else []
        for number, (place, text) in enumerate(seen.items()):
            file = self._folder / str(number)
            file.write_text(text)
            mounts.append((file, place))
        words = [str(word) for mount in mounts for word in mount]
        self.terminal.inside = ["unshare", "-m", "sh", "-euc", _ENTER, "enter", *words, "--"]

    def mark_good(self) -> None:
        """What ``posmedic-mark-good.service`` does once the boot is complete."""
        subprocess.run(
            ["rauc", "-c", str(self.system.config), "status", "mark-good"], check=True, env=self.system.environment
        )

    def install(self, bundle: Path, version: str) -> dict[str, object]:
        """Through the running service or, without one, by the command alone."""
        done = self.terminal.command("update", "install", bundle, "--json")
        answer: dict[str, object] = json.loads(done.stdout)
        if answer.get("installed"):
            self.versions["B" if self.system.current == "A" else "A"] = version
        return answer
