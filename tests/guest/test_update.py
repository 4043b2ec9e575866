"""A/B updates in the emulated terminal: a good one stays, a bad one is taken back, and the reason survives."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from guest.emulated import BOOT_S, STEP_S, Emulated

from tools.image.disk import Signer, build_bundle, build_slot
from tools.image.vm import Boot

HERE = "/var/lib/posmedic"


@pytest.fixture(scope="module")
def updated(image: Path, arch: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulated]:
    """A terminal that has three updates on its data partition: a good one, one that breaks a part, one that is dead."""
    work = tmp_path_factory.mktemp("u")
    signer = Signer(image / "keys" / "ca.pem", image / "keys" / "signer.pem", image / "keys" / "signer.key")
    package = next(image.parent.glob("posmedic_*.deb"))
    without_cards, dead = work / "3.ext4", work / "4.ext4"
    overlay = work / "overlay"
    (overlay / "etc/systemd/system").mkdir(parents=True)
    for unit in ("pcscd.service", "pcscd.socket"):
        (overlay / "etc/systemd/system" / unit).symlink_to("/dev/null")
    build_slot(arch, package, image, "3.0", without_cards, signer, overlay)
    build_slot(arch, package, image, "4.0", dead, signer)
    subprocess.run(["debugfs", "-w", "-R", "rm /usr/lib/systemd/systemd", str(dead)], check=True, capture_output=True)
    bundles = {"2.raucb": image / "update-2.0.raucb"}
    for version, disk in (("3.0", without_cards), ("4.0", dead)):
        bundles[f"{version[0]}.raucb"] = build_bundle(disk, version, work / f"{version}.raucb", signer)
    emulated = Emulated(image, arch, work / "disks", bundles)
    try:
        emulated.start()
        emulated.wait_for_log("gate stays=yes")
        emulated.vm_shell(f"chown -R posmedic:posmedic {HERE}; chmod 0700 {HERE}; systemctl restart posmedic")
        emulated.wait_for_log("selftest run=boot", count=2)
        yield emulated
    finally:
        emulated.stop()


def install(emulated: Emulated, name: str) -> None:
    code, told = emulated.vm_shell(f"posmedic update install {HERE}/{name} --lang en", STEP_S * 2)
    assert code == 0, told


def uptime(emulated: Emulated) -> float:
    """The guest's own clock, seconds since power on."""
    return float(emulated.vm_shell("cat /proc/uptime")[1].split()[0])


def restart(emulated: Emulated, *, wait: bool = True) -> str:
    """Reboot in order; the boot loader's choice of slot."""
    assert emulated.vm is not None
    emulated.vm.console.send(b"reboot\n")
    emulated.vm.wait_ended(STEP_S)
    emulated.stop()
    return emulated.start(wait=wait).slot


def test_a_good_update_is_started_proves_itself_and_is_marked_good(updated: Emulated, figures: list[str]) -> None:
    alone = uptime(updated)
    assert updated.vm_shell(f"rauc install {HERE}/2.raucb >/dev/null", STEP_S * 2)[0] == 0
    alone, began = uptime(updated) - alone, uptime(updated)
    install(updated, "2.raucb")
    took = uptime(updated) - began
    figures.append(f"update installed in {took:.1f} s, {took / alone:.2f}x rauc alone")
    assert restart(updated) == "B"
    updated.wait_for_log("gate stays=yes trial=yes")
    updated.vm_shell("systemctl start posmedic-mark-good; sync")
    assert Boot(updated.folder / "bootenv.img").read()["B_LEFT"] == "3"
    _, told = updated.vm_shell("posmedic update status --lang en")
    assert "Running: 2.0, slot B" in told
    assert "1.0 -> 2.0" in told
    assert "good: it passed what the version before had passed" in told


def test_an_update_that_breaks_a_required_check_is_taken_back_and_says_which(updated: Emulated) -> None:
    install(updated, "3.raucb")
    assert restart(updated, wait=False) == "A"
    assert updated.vm is not None
    updated.vm.wait_ended(BOOT_S * 2)  # the gate has it started again by itself
    updated.stop()
    assert updated.start().slot == "B"
    updated.wait_for_log("selftest run=boot")
    _, told = updated.vm_shell("posmedic update status --lang en")
    assert "2.0 -> 3.0" in told
    assert "the check smart_card.service was pass, then" in told
    reply = updated.ask("update status")
    assert "smart_card.service" in reply


def test_an_update_that_does_not_start_is_given_up_after_three_tries(updated: Emulated) -> None:
    updated.wait_for_log("gate stays=yes")
    updated.vm_shell("systemctl start posmedic-mark-good")
    install(updated, "4.raucb")
    slots = [restart(updated, wait=False)]
    for _ in range(3):
        assert updated.vm is not None
        updated.vm.wait_ended(BOOT_S)
        updated.stop()
        slots.append(updated.start(wait=len(slots) == 3).slot)
    assert slots == ["A", "A", "A", "B"]
    updated.wait_for_log("selftest run=boot")
    updated.wait_for_log("update ending=silent")
    _, told = updated.vm_shell("posmedic update status --lang en")
    assert "2.0 -> 4.0" in told
    assert "the new version never came to a self-test" in told
