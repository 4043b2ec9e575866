"""Run with ``dying.c`` preloaded: a store that is killed at each of its writes, one after the other.

Prints one JSON object: ``writes`` that were tried as places to die at, and ``wrong``, the places after which
the file did not hold exactly what had been acknowledged, or that and the one action under way.
"""

from __future__ import annotations

import ctypes
import json
import mmap
import os
import shutil
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from support.clocks import HandClock

from device.evidence import CardFacts, EntryMode, Evidence, Exchange, MacVerdict, Match, Outcome
from device.store.store import Store
from device.store.token_key import TokenKey

LIBRARY = ctypes.CDLL(os.environ["LD_PRELOAD"])
HOWS = {"before": 0, "half": 1}
FILLING = (10, 16)  # which of the actions only fill the log
CHECKS = ("reader.answer", "modem.signal", "storage.free")
SALE = Exchange("62", "unionpay", MacVerdict.VERIFIED, Match.MATCHED, EntryMode.CHIP, card=CardFacts("token-a"))
DIAGNOSIS = json.dumps({"code": "62", "host": "unionpay", "verdict": "card", "addressee": "issuer", "short_code": "x"})


def frame(outcome: str, filling: int = 0) -> str:
    row = {"id": "reader.answer", "outcome": outcome, "value": None, "reason": ""}
    return json.dumps({"evidence": [row], "filling": "x" * filling})


def reader(outcome: Outcome) -> Evidence:
    return Evidence("reader.answer", outcome, reason="no_answer")


def signal(dbm: float) -> Evidence:
    return Evidence("modem.signal", Outcome.PASS, dbm, "dBm")


class Story:
    """Everything a store does in its life, as actions of one transaction at most."""

    def __init__(self, folder: Path) -> None:
        self.clock = HandClock()
        self.store = Store(folder / "posmedic.db", self.clock)
        store, clock = self.store, self.clock
        filled = [lambda: store.declines.add(frame("pass", 120_000), DIAGNOSIS)] * 6  # the log is moved into the file
        self.actions: list[Callable[[], object]] = [
            lambda: store.add_exchange(SALE),
            lambda: store.declines.add(frame("pass"), DIAGNOSIS),
            lambda: store.declines.revise(1, frame("fail"), DIAGNOSIS),
            lambda: store.note_evidence([reader(Outcome.FAIL)], [signal(-71)]),
            lambda: store.note_evidence([signal(-70), reader(Outcome.FAIL)]),
            store.faults,
            lambda: clock.pass_s(3600),
            lambda: store.note_evidence([]),
            lambda: store.note_evidence([reader(Outcome.PASS)]),
            lambda: store.mark("night"),
            *filled,
            lambda: clock.pass_s(86400),
            lambda: store.note_evidence([signal(-82)]),
            lambda: TokenKey(folder / "token.key").current(in_use=False),
            store.clear_faults,
            lambda: store.add_exchange(SALE),
        ]


def told(folder: Path) -> Any:
    """Everything that the file gives back after a restart."""
    clock = HandClock(boot_id="boot-2", seconds=50.0, wall=HandClock().wall + 2 * 86400)
    store = Store(folder / "posmedic.db", clock)
    assert (store.degraded, store.set_aside) == (None, None), (store.degraded, store.set_aside)
    key = folder / "token.key"
    return {
        "history": store.history(CHECKS),
        "frames": [(decline.number, decline.frame_json) for decline in store.declines.last()],
        "before": store.declines.evidence_before(1),
        "sales": len(store.recent_sales(1e9)),
        "samples": {
            period: [str(sample) for sample in store.trends.samples("modem.signal", period)]
            for period in ("hour", "day", "month")
        },
        "night": store.seconds_since("night"),
        "key": len(key.read_bytes()) if key.exists() else None,
    }


def in_child(call: Callable[[], Any], answer: Path | None = None) -> int:
    """Run in a process of its own, because closing a database drops the locks of its whole process."""
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            found = call()
            if answer is not None:
                answer.write_text(json.dumps(found))
            code = 0
        finally:
            os._exit(code)
    return os.waitpid(pid, 0)[1]


def fresh(folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    return folder


def play(folder: Path, acknowledged: mmap.mmap, at: int, how: str, most: int | None = None) -> int:
    LIBRARY.dying_arm(at, HOWS[how])
    story = Story(folder)
    for number, action in enumerate(story.actions[:most]):
        action()
        acknowledged[0] = number + 1
    return int(LIBRARY.dying_seen())


def main() -> None:
    folder, how = Path(sys.argv[1]), sys.argv[2]
    acknowledged, answer = mmap.mmap(-1, 1), folder.with_suffix(".json")
    count = len(Story(fresh(folder)).actions)
    states = []
    for most in range(count + 1):
        fresh(folder)
        assert in_child(partial(play, folder, acknowledged, 0, how, most)) == 0
        assert in_child(lambda: told(folder), answer) == 0
        states.append(json.loads(answer.read_text()))
    fresh(folder)
    in_child(lambda: play(folder, acknowledged, 0, how), answer)
    writes, wrong = int(answer.read_text()), []
    at, tried = 1, 0
    while at <= writes:
        acknowledged[0] = 0
        fresh(folder)
        killed = in_child(partial(play, folder, acknowledged, at, how))
        answer.unlink(missing_ok=True)
        in_child(lambda: told(folder), answer)
        found = json.loads(answer.read_text()) if answer.exists() else "unreadable"
        done = acknowledged[0]
        if killed != 9 or found not in states[done : done + 2]:
            wrong.append((at, done, killed))
        tried += 1
        at += 7 if FILLING[0] <= done < FILLING[1] else 1  # pages of one kind in a row
    found = {"writes": tried, "wrong": wrong, "states": len({json.dumps(state) for state in states})}
    sys.stdout.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    main()
