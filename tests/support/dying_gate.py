"""Run with ``dying.c`` preloaded: the boot gate and the boot's guard, killed at each of their writes.

After each kill the same is done again, as a service that is started again does. Prints one JSON object: ``writes`` that
were tried as places to die at, and ``wrong``, those after which the records were not what they are without a kill.
"""

from __future__ import annotations

import ctypes
import json
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from device.app.boot_gate import BootGate, OtherSlots
from device.commands.gate import _count_boot, _tell_silent
from device.evidence import Evidence, Outcome
from device.update.gate import Counts, GateRules
from device.update.records import Baseline, Pending, Records, Running

LIBRARY = ctypes.CDLL(os.environ["LD_PRELOAD"])
CHECK = "storage.writable"
OLD, NEW = Running("1.0", "A"), Running("2.0", "B")


def judge(folder: Path, running: Running, outcome: Outcome) -> None:
    evidence = [Evidence(CHECK, outcome)]
    gate = BootGate(
        Records(folder / "update"),
        lambda: GateRules({CHECK: Counts.ALWAYS}),
        lambda _parts, done: done(evidence),
        "boot-2",
    )
    gate.judge(running, evidence, OtherSlots(frozenset("AB")), lambda _stays: None)


def guard(folder: Path) -> None:
    records, baseline = Records(folder / "update"), Baseline(OLD, {CHECK: "pass"})
    _count_boot(records, baseline, NEW)
    _tell_silent(records, baseline, NEW, 90)


PHASES: dict[str, Callable[[Path], None]] = {
    "good": lambda folder: judge(folder, NEW, Outcome.PASS),
    "regressed": lambda folder: judge(folder, NEW, Outcome.FAIL),
    "told by the old": lambda folder: judge(folder, OLD, Outcome.PASS),
    "guard": guard,
}


def prepare(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    records = Records(folder / "update")
    records.write(Baseline(OLD, {CHECK: "pass"}))
    records.write(Pending(OLD, "2.0", "2026-11-25T10:00:00+00:00", "boot-1", True))


def in_child(phase: Callable[[Path], None], folder: Path, at: int) -> tuple[int, int]:
    """(status, writes) of the phase, armed to die at this write."""
    told, tell = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        LIBRARY.dying_arm(at, 1)
        phase(folder)
        seen = int(LIBRARY.dying_seen())
        LIBRARY.dying_arm(0, 0)
        os.write(tell, str(seen).encode())
        os._exit(0)
    os.close(tell)
    status = os.waitpid(pid, 0)[1]
    writes = os.read(told, 20)
    os.close(told)
    return status, int(writes or 0)


def state(folder: Path) -> Any:
    records = Records(folder / "update")
    verdict, pending = records.verdict(), records.pending()
    assert records.damaged == []
    told = None if verdict is None else (verdict.ending, verdict.target, verdict.check, verdict.detail, verdict.update)
    return told, records.baseline(), None if pending is None else (pending.version, pending.installed)


def main() -> None:
    folder, tried, wrong = Path(sys.argv[1]), 0, []
    for name, phase in PHASES.items():
        prepare(folder)
        _, writes = in_child(phase, folder, 0)
        wanted = state(folder)
        for at in range(1, writes + 1):
            prepare(folder)
            killed, _ = in_child(phase, folder, at)
            state(folder)
            in_child(phase, folder, 0)
            tried += 1
            if killed != 9 or state(folder) != wanted:
                wrong.append((name, at, killed))
    sys.stdout.write(json.dumps({"writes": tried, "wrong": wrong}) + "\n")


if __name__ == "__main__":
    main()
