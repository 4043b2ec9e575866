"""What can go wrong in the middle of an installation: nothing lost, the terminal starts, the reason known."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random

import pytest
from support.hal_library import LINUX, compile_library, compile_preload, compiler_missing
from support.rauc_system import SLOT_MIB, RaucSystem, make_bundle, why_not
from support.terminal import PATIENCE_S, Terminal, children_of, wait_until
from support.two_slots import TwoSlots

from device.app.boot_gate import BootGate, other_slots
from device.update.gate import GateRules
from device.update.rauc import Rauc
from device.update.records import Baseline, Ending, Records, Running

pytestmark = pytest.mark.skipif(bool(why_not()), reason=f"real RAUC {why_not()}")
needs_compiler = pytest.mark.skipif(compiler_missing() is not None, reason=str(compiler_missing()))
CONTENT = b"new system "
LONG = os.environ.get("HYPOTHESIS_PROFILE") == "long"
RANDOM_KILLS = 80 if LONG else 5
HOWS = ("before", "half") if LONG else ("half",)


@pytest.fixture(scope="module")
def bundle(system: RaucSystem) -> Path:
    return make_bundle(system.folder, system.signer, "2.0", content=CONTENT)


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return compile_preload(tmp_path_factory.mktemp("dying"), "dying")


@pytest.fixture
def slots(tmp_path: Path, system: RaucSystem, monkeypatch: pytest.MonkeyPatch) -> Iterator[TwoSlots]:
    system.reach(monkeypatch)
    system.reset()
    terminal = Terminal(tmp_path)
    configure(terminal, system)
    made = TwoSlots(terminal, system)
    forget(made)
    yield made
    terminal.remove()


def configure(terminal: Terminal, system: RaucSystem, more: str = "") -> None:
    terminal.configure(f'{more}\n[update]\nconfig = "{system.config}"\nformats = ["plain"]', language="en")


def records(slots: TwoSlots) -> Records:
    return Records(slots.terminal.state / "update")


def next_boot(slots: TwoSlots, boot_id: str) -> tuple[str, Ending | None]:
    """What the boot loader starts, and what that version tells of the update after its first self-test."""
    slot = slots.system.boot()
    told = records(slots)
    state = Rauc(slots.system.config).read_system()
    rows = [
        {"name": row.name, "booted": row.booted, "good": row.good, "version": row.version, "whole": row.whole}
        for row in state.slots
    ]
    gate = BootGate(told, lambda: GateRules({}), lambda _parts, done: done(()), boot_id)
    stays: list[bool] = []
    gate.judge(Running({"A": "1.0", "B": "2.0"}[slot], slot), (), other_slots({"slots": rows}), stays.append)
    assert stays == [True]
    assert told.damaged == []
    assert told.pending() is None
    verdict = told.verdict()
    return slot, None if verdict is None else verdict.ending


def check_after_kill(slots: TwoSlots, bundle: Path, boot_id: str, *, begun: bool) -> Ending | None:
    """The terminal starts, from a slot that is whole; it knows the reason; the same update can be made again."""
    system = slots.system
    system.wait_until_idle()
    if system.next_slot == "B":
        assert system.holds("B", CONTENT)
    slot, ending = next_boot(slots, boot_id)
    if slot == "B":
        assert ending is Ending.GOOD
    else:
        assert ending in ((Ending.INSTALL_FAILED, Ending.SILENT) if begun else (None, Ending.INSTALL_FAILED))
        answer = slots.install(bundle, "2.0")
        assert answer.get("installed"), answer
        assert (system.next_slot, system.holds("B", CONTENT)) == ("B", True)
    return ending


@needs_compiler
@pytest.mark.parametrize("how", HOWS)
def test_an_installation_that_is_killed_at_any_of_its_writes_leaves_a_terminal_that_starts_and_knows_why(
    how: str, slots: TwoSlots, bundle: Path, library: Path
) -> None:
    endings = []
    for at in range(1, 40):
        slots.system.reset()
        forget(slots)
        killed = killed_install(slots, bundle, library, at, how)
        begun = records(slots).pending() is not None
        endings.append(check_after_kill(slots, bundle, f"boot-{at}", begun=begun) if killed else Ending.GOOD)
        if not killed:
            break
    assert not killed  # every write was a place to die at
    assert len(endings) > 8
    assert {None, Ending.GOOD} < set(endings)


@needs_compiler
@pytest.mark.parametrize("how", HOWS)
def test_a_failed_installation_that_is_killed_while_it_is_written_down_is_told_all_the_same(
    how: str, slots: TwoSlots, bundle: Path, library: Path, tmp_path: Path
) -> None:
    large = make_bundle(tmp_path, slots.system.signer, "2.0", image_mib=SLOT_MIB + 1)
    failed = 0
    for at in range(5, 40):  # the first writes are those of the test before
        slots.system.reset()
        forget(slots)
        killed = killed_install(slots, large, library, at, how)
        assert slots.system.next_slot == "A"
        slot, ending = next_boot(slots, f"boot-{at}")
        assert (slot, ending) == ("A", Ending.INSTALL_FAILED)
        failed += killed
        if not killed:
            break
    assert not killed
    assert failed >= 4
    assert slots.install(bundle, "2.0").get("installed")


def install_line(slots: TwoSlots, bundle: Path, *more: str) -> list[str]:
    line = [*slots.terminal.inside, sys.executable, "-I", "-m", "device", "update", "install", str(bundle), *more]
    return [*line, "--settings", str(slots.terminal.settings)]


def forget(slots: TwoSlots) -> None:
    """As a terminal that has run its first version and never had an update."""
    for name in ("pending", "verdict"):
        (slots.terminal.state / "update" / f"{name}.json").unlink(missing_ok=True)
    records(slots).write(Baseline(Running("1.0", "A"), {}))


def killed_install(slots: TwoSlots, bundle: Path, library: Path, at: int, how: str) -> bool:
    """Install by the command alone; whether it was killed at its write number ``at``, together with its worker."""
    environment = {"LD_PRELOAD": str(library), "DYING_AT": str(at), "DYING_HOW": how}
    environment["DYING_UNDER"] = str(slots.terminal.state)
    line = install_line(slots, bundle, "--json")
    done = subprocess.run(line, env={**os.environ, **environment}, capture_output=True, check=False, timeout=60)
    if done.returncode >= 0:
        assert json.loads(done.stdout).get("refused", "slot_too_small") == "slot_too_small"
    return done.returncode < 0


def test_a_service_that_is_killed_at_a_random_moment_of_an_installation_loses_nothing(
    slots: TwoSlots, bundle: Path
) -> None:
    random = Random(3)  # noqa: S311  the same moments each time
    endings = set()
    for number in range(RANDOM_KILLS):
        slots.system.reset()
        forget(slots)
        with slots.terminal.running() as service:
            service.wait_for_line("selftest run=again")
            asked = subprocess.Popen(
                install_line(slots, bundle),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            service.wait_for_line(f"install={bundle.name}")
            time.sleep(random.random() * 0.6)  # the moment is what is drawn
            begun = records(slots).pending() is not None
            service.restart()
            asked.wait(PATIENCE_S)
            service.wait_for_line("selftest run=again", since=service.lines)
        endings.add(check_after_kill(slots, bundle, f"boot-{number}", begun=begun))
    assert endings <= {None, *Ending}


def test_rauc_itself_killed_while_it_copies_is_told_and_the_update_can_be_made_again(
    slots: TwoSlots, bundle: Path
) -> None:
    slots.system.hold.touch()
    with subprocess.Popen(install_line(slots, bundle), stderr=subprocess.PIPE) as asked:
        wait_until(lambda: records(slots).pending() is not None and slots.system.busy, PATIENCE_S, "the installation")
        slots.system.kill_service()
        assert asked.stderr is not None
        said = asked.stderr.read().decode()
    assert asked.returncode == 1
    assert "posmedic: RAUC" in said
    slots.system.hold.unlink()
    verdict = records(slots).verdict()
    assert verdict is not None
    assert (verdict.ending, verdict.target.version) == (Ending.INSTALL_FAILED, "2.0")
    assert slots.system.boot() == "A"
    assert slots.install(bundle, "2.0").get("installed")


def test_an_image_larger_than_the_slot_is_refused_with_its_reason(slots: TwoSlots, tmp_path: Path) -> None:
    large = make_bundle(tmp_path, slots.system.signer, "2.0", image_mib=SLOT_MIB + 1)
    answer = slots.install(large, "2.0")
    assert answer["refused"] == "slot_too_small", answer
    assert slots.system.next_slot == "A"
    text = slots.terminal.command("update", "status", "--lang", "en").stdout.decode()
    assert "not installed: nothing was changed over\n  The image is larger than the slot" in text


def test_while_rauc_is_at_one_installation_another_is_refused_and_the_first_stays_known(
    slots: TwoSlots, bundle: Path
) -> None:
    """Also when the service that had begun it was killed: RAUC goes on by itself."""
    slots.system.hold.touch()
    with slots.terminal.running() as service:
        service.wait_for_line("selftest run=again")
        with background_install(slots, bundle):
            wait_until(lambda: records(slots).pending() is not None and slots.system.busy, PATIENCE_S, "it")
            service.restart()
            wait_until(lambda: slots.install(bundle, "2.0")["refused"] == "under_way", PATIENCE_S, "the refusal")
            slots.system.hold.unlink()
            slots.system.wait_until_idle()
            wait_until(lambda: (found := records(slots).pending()) is not None and found.installed, PATIENCE_S, "that")
    assert next_boot(slots, "boot-2") == ("B", Ending.GOOD)


@contextmanager
def background_install(slots: TwoSlots, bundle: Path) -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen(install_line(slots, bundle, "--json"), stdout=subprocess.PIPE) as asked:
        try:
            yield asked
        finally:
            slots.system.hold.unlink(missing_ok=True)
            asked.communicate(timeout=PATIENCE_S)


def test_a_sale_that_begins_during_an_installation_is_answered_and_the_installation_ends_well(
    slots: TwoSlots, bundle: Path
) -> None:
    slots.system.hold.touch()
    with slots.terminal.running() as service, slots.terminal.client() as application:
        service.wait_for_line("selftest run=again")
        with background_install(slots, bundle) as asked:
            wait_until(lambda: records(slots).pending() is not None and slots.system.busy, PATIENCE_S, "it")
            at_it = [(pid, *children_of(pid)) for pid in children_of(service.pid)]
            ((worker, client),) = [pids for pids in at_it if len(pids) > 1]  # beside it, checks may run
            for pid in (worker, client):
                assert os.getpriority(os.PRIO_PROCESS, pid) >= 10
            application.hello("unionpay")
            application.say("busy")
            application.wait_for("ok", of="busy")
            fields = {"mti": "0210", "11": "000062", "39": "62", "41": "00000062", "42": "123456789012345"}
            application.say("exchange", id="1", fields=fields, mac="verified")
            assert application.wait_for("diagnosis", id="1", revision=1)["diagnosis"]["code"] == "62"
            status = service.ask("update", action="status")
            assert 0 < status["under_way"]["percent"] < 100
            slots.system.hold.unlink()
            answer = json.loads(asked.communicate(timeout=PATIENCE_S)[0])
            assert answer["installed"], answer
    assert slots.system.next_slot == "B"


@needs_compiler
def test_a_low_battery_refuses_an_update_unless_the_charger_is_connected(
    slots: TwoSlots, bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    supply = tmp_path / "root/sys/class/power_supply"
    monkeypatch.setenv("POSMEDIC_HAL_ROOT", str(tmp_path / "root"))
    values = {"bat": {"type": "Battery", "present": "1", "capacity": "90", "status": "Discharging"}}
    for name, files in (values | {"ac": {"type": "Mains", "online": "0"}}).items():
        (supply / name).mkdir(parents=True)
        for file, value in files.items():
            (supply / name / file).write_text(f"{value}\n")
    configure(slots.terminal, slots.system, f'[hal]\nlibrary = "{compile_library(LINUX, tmp_path)}"')
    with slots.terminal.running() as service:
        service.wait_for_line("selftest run=again")
        (supply / "bat/capacity").write_text("29\n")  # after the self-test at start: it is asked anew
        assert slots.install(bundle, "2.0")["refused"] == "battery_low"
        (supply / "ac/online").write_text("1\n")
        assert slots.install(bundle, "2.0").get("installed")


_ON_SMALL_DISK = 'mount -t tmpfs -o size=64k none $0 && cat /dev/zero >$0/fill 2>/dev/null; exec "$@"'


def test_a_full_disk_refuses_the_update_before_anything_is_begun(slots: TwoSlots, bundle: Path) -> None:
    terminal = slots.terminal
    terminal.inside = ["unshare", "-m", "sh", "-c", _ON_SMALL_DISK, str(terminal.state), *terminal.inside]
    answer = slots.install(bundle, "2.0")
    assert answer["refused"] == "no_records", answer
    assert slots.system.next_slot == "A"
    assert not slots.system.holds("B", CONTENT)
