"""The power goes at a random moment of an installation, of marking the slot good, of writing a decline.

One boot serves many cuts: the terminal is taken back to the same kept moment, goes on from there, and QEMU ends without
a word to the guest. POSMEDIC_CUTS cuts of each kind (3). The disks of each are looked at from outside; the first of
each kind, and every tenth, is started again. What QEMU was given is on the disk, so a drive that loses what was not
flushed is not tried here.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

import pytest
from guest.emulated import STEP_S, Emulated
from guest.wreck import Wreck

from tools.image.vm import Kept

CUTS = int(os.environ.get("POSMEDIC_CUTS", "3"))
STARTED_AGAIN = 10  # each so many
HERE = "/var/lib/posmedic"
ONE_TRY_SPENT = "ORDER='A B'\\nA_LEFT=2\\nB_LEFT=3\\n"


class Resumed:
    """The terminal at one kept moment: a decline is stored, an update lies ready, its slot has spent a try."""

    def __init__(self, emulated: Emulated, kept: Kept, folder: Path) -> None:
        self.emulated, self.kept, self._folder = emulated, kept, folder
        self.random = Random(int(os.environ.get("POSMEDIC_SEED", "1")))  # noqa: S311  repeatable, not secret

    def took_s(self, begin: Callable[[Emulated], None], wait: Callable[[Emulated], None]) -> float:
        """How long the step takes without a cut."""
        self.emulated.resume(self.kept)
        began = time.monotonic()
        begin(self.emulated)
        wait(self.emulated)
        took = time.monotonic() - began
        self.emulated.stop()
        return took

    def cut(self, begin: Callable[[Emulated], None], most_s: float) -> Wreck:
        """Begin the step, and pull the plug at a random moment of ``most_s`` seconds."""
        self.emulated.resume(self.kept)
        begin(self.emulated)
        time.sleep(self.random.uniform(0.0, most_s))
        self.emulated.stop()
        return Wreck(self.emulated.folder, self._folder)


@pytest.fixture(scope="module")
def resumed(image: Path, arch: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Resumed]:
    work = tmp_path_factory.mktemp("c")
    emulated = Emulated(image, arch, work / "d", {"2.raucb": image / "update-2.0.raucb"})
    try:
        vm = emulated.start(layered=True)
        emulated.wait_for_log("gate stays=yes")
        emulated.vm_shell(f"chown -R posmedic:posmedic {HERE}; chmod 0700 {HERE}; systemctl restart posmedic")
        emulated.wait_for_log("selftest run=boot", count=2)
        emulated.decline()
        emulated.wait_for_log("selftest run=quiet")
        disk = "/dev/disk/by-id/virtio-bootenv"
        emulated.vm_shell(f'printf "{ONE_TRY_SPENT}" | dd of={disk} bs=4096 count=1 conv=sync,fsync; sync')
        kept = vm.keep("ready")
        emulated.stop()
        yield Resumed(emulated, kept, work / "wreck")
    finally:
        emulated.stop()


def typed(command: str) -> Callable[[Emulated], None]:
    """Type ``command`` on the console, which tells of its end."""

    def begin(emulated: Emulated) -> None:
        assert emulated.vm is not None
        emulated.vm.console.send(f"{command}; echo END''ED$?=\n".encode())

    return begin


def ended(emulated: Emulated) -> None:
    """Wait for the end of what was typed."""
    assert emulated.vm is not None
    assert emulated.vm.console.expect(rb"ENDED(\d+)=", STEP_S * 2)[1] == b"0"


def try_cuts(
    resumed: Resumed,
    kind: str,
    figures: list[str],
    begin: Callable[[Emulated], None],
    wait: Callable[[Emulated], None],
    look: Callable[[Wreck], str],
) -> None:
    """Cut as often as is asked for; ``look`` judges what is left and names how far the step had come."""
    took = resumed.took_s(begin, wait)
    seen: dict[str, int] = {}
    started = 0
    for number in range(CUTS):
        wreck = resumed.cut(begin, took * 1.05)
        came_to = look(wreck)
        assert wreck.records().damaged == []
        assert wreck.declines() >= 1
        seen[came_to] = seen.get(came_to, 0) + 1
        if number % STARTED_AGAIN == 0:
            assert "Running:" in wreck.start(resumed.emulated.build)
            started += 1
    figures.append(f"power cuts in {kind}: {CUTS} within {took:.1f} s, {seen}; {started} started again, 0 lost")


def test_power_cut_while_an_update_is_written(resumed: Resumed, image: Path, figures: list[str]) -> None:
    def look(wreck: Wreck) -> str:
        if wreck.next_slot == "B":
            assert wreck.slot_is("B", image / "next.ext4")
            assert wreck.records().pending() is not None
            return "new slot next"
        return "old slot next" if wreck.records().pending() is None else "old slot next, update known"

    begin = typed(f"posmedic update install {HERE}/2.raucb --lang en")
    try_cuts(resumed, "an installation", figures, begin, ended, look)


def test_power_cut_while_a_slot_is_marked_good(resumed: Resumed, figures: list[str]) -> None:
    def look(wreck: Wreck) -> str:
        assert (wreck.boot["ORDER"], wreck.boot["B_LEFT"]) == ("A B", "3")
        assert wreck.boot["A_LEFT"] in ("2", "3")
        return "marked" if wreck.boot["A_LEFT"] == "3" else "not yet"

    try_cuts(resumed, "marking good", figures, typed("rauc status mark-good"), ended, look)


def test_power_cut_while_a_decline_is_stored(resumed: Resumed, figures: list[str]) -> None:
    def stored(emulated: Emulated) -> None:
        emulated.wait_for_log("selftest run=quiet", count=2)

    def look(wreck: Wreck) -> str:
        return f"{wreck.declines()} declines"

    try_cuts(resumed, "storing a decline", figures, Emulated.decline, stored, look)
