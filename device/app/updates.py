"""Firmware updates as the service sees them: what may be asked when, and the boot gate of a new version."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, Final

from device.actions import Progress
from device.app import update_task
from device.app.boot_gate import BootGate, Rerun, other_slots
from device.app.journal import note
from device.drivers.system import read_system_version
from device.evidence import Evidence
from device.loop import Loop
from device.settings_parts import UpdateSettings
from device.store.clock import SystemClock
from device.update.gate import GateRules
from device.update.records import Records, Running, Verdict
from device.worker import Ending, Report, Worker

_ASK_S: Final = 75.0  # three questions to RAUC
_INSTALL_S: Final = 1800.0
_ASK_AGAIN_S: Final = 5.0  # RAUC may come up later than we do
_MOST_ASKED: Final = 3
_BATTERY: Final = "power.battery"
_EXTERNAL: Final = "power.external"

Answer = Callable[[Mapping[str, Any]], None]


class Updates:
    """Asks RAUC in workers, one at a time. ``held_back()`` names a sale or unsent payments, "" if there are none.

    ``watch`` is told of an update that goes on or has ended: ``version`` and one of ``percent``, ``installed``,
    ``refused`` or ``ending`` (with ``check``, ``expected``, ``got``).
    """

    def __init__(
        self,
        loop: Loop,
        settings: UpdateSettings | None,
        state_dir: Path,
        held_back: Callable[[], str],
        evidence: Callable[[], Sequence[Evidence]],
        rules: Callable[[], GateRules],
        rerun: Rerun,
        *,
        log: Callable[..., None] = note,
    ) -> None:
        self._loop = loop
        self._settings = settings
        self._held_back = held_back
        self._evidence = evidence
        self._rerun = rerun
        self._log = log
        self.watch: Callable[[Mapping[str, Any]], None] = lambda _told: None
        self._boot_id = SystemClock().boot_id
        self.records = Records(state_dir / "update")
        self.running = Running(read_system_version() or "", "")
        self._gate = BootGate(self.records, rules, rerun, self._boot_id)
        self._stays: bool | None = None
        self._gate_waits: list[Callable[[bool], None]] = []
        self._system: Mapping[str, Any] = {}
        self._unanswered = ""  # why RAUC told no slots when it was asked last
        self._under_way: Mapping[str, Any] | None = None
        self._worker: Worker | None = None
        self._waiting: list[Callable[[], None]] = []

    @property
    def gate_open(self) -> bool:
        """Whether it is still to be decided if the version that runs may stay."""
        return self._settings is not None and self._stays is None

    def boot_done(self, evidence: Sequence[Evidence], asked: int = 1) -> None:
        """The first self-test of this boot has ended: judge what runs, once RAUC has told its slots."""

        def judge() -> None:
            busy = self._unanswered == "under_way" and asked * _ASK_AGAIN_S < _INSTALL_S
            if self._unanswered and (busy or asked < _MOST_ASKED):
                self._loop.call_in(_ASK_AGAIN_S, lambda: self.boot_done(evidence, asked + 1))
                return
            self._note_finished_install()
            before = self.records.verdict()

            def decided(stay: bool) -> None:
                self._tell_ending(before)
                self._gate_decided(stay)

            self._gate.judge(self.running, evidence, other_slots(self._system), decided)

        if self._settings is not None:
            self.refresh(judge)

    def ask_gate(self, done: Callable[[bool], None]) -> None:
        """Call ``done(may stay)`` once it is decided and, where it may not, the boot loader has been told."""
        if self._stays is None:
            self._gate_waits.append(done)
        else:
            done(self._stays)

    def refresh(self, done: Callable[[], None]) -> None:
        """Ask RAUC for the slots; without an updater or an answer they stay as they were known."""

        def told(answer: Mapping[str, Any]) -> None:
            self._unanswered = answer.get("refused", "")
            done()

        settings = self._settings
        if settings is None:
            done()
            return
        self._work(
            lambda report: update_task.report_system(settings, report),
            _ASK_S,
            lambda _step: None,
            told,
        )

    def status(self) -> Mapping[str, Any]:
        """What runs, what is under way, how the last update ended, and what RAUC told of the slots."""
        verdict, pending = self.records.verdict(), self.records.pending()
        return {
            "updater": "rauc" if self._settings is not None else "none",
            "running": asdict(self.running),
            "under_way": self._under_way,
            "pending": None if pending is None else asdict(pending),
            "last": None if verdict is None else asdict(verdict),
            "system": self._system or None,
            "gate": "open" if self.gate_open else "decided",
        }

    def verify(self, path: Path, done: Answer) -> None:
        """Check a bundle without changing anything."""
        settings = self._settings
        if settings is None or self._worker is not None:
            done({"refused": "no_updater" if settings is None else "under_way", "said": ""})
            return
        version = self.running.version
        self._work(
            lambda report: update_task.report_verify(settings, path, version, report), _ASK_S, lambda _step: None, done
        )

    def install(self, path: Path, progress: Callable[[Progress], None], done: Answer, *, gated: bool = True) -> None:
        """Have a bundle written to the slot that does not run, unless something speaks against it now.

        ``gated``: only once the version that runs has come through its first self-test.
        """
        settings, refused = self._settings, self._obstacle(gated=gated)
        if settings is None or refused:
            done({"refused": refused, "said": ""})
            return

        def step(told: Mapping[str, Any]) -> None:
            if "percent" in told:
                self._under_way = dict(told)
                self.watch({"version": path.name, "percent": told["percent"]})
                progress(Progress(int(told["percent"]), 100, str(told["text"])))

        def end(answer: Mapping[str, Any]) -> None:
            self._under_way = None
            self._log("update", bundle=path.name, refused=answer.get("refused", "no"))
            version = str(answer.get("bundle", {}).get("version", path.name))
            ending = {"refused": answer["refused"]} if "refused" in answer else {"installed": True}
            self.watch({"version": version, **ending})
            self.refresh(lambda: done(answer))

        def begin(_power: Sequence[Evidence]) -> None:
            self._under_way = None
            if refused := self.refusal(gated=gated):
                done({"refused": refused, "said": ""})
                return
            self._under_way = {"percent": 0, "text": path.name}
            self.watch({"version": path.name, "percent": 0})
            self._log("update", install=path.name)
            self._work(install, _INSTALL_S, step, end)

        def install(report: Report) -> None:
            update_task.report_install(settings, path, self.running, self._boot_id, self.records, report)

        self._under_way = {"percent": 0, "text": path.name}
        self._rerun(("power",), begin)  # what is known of the battery may be half an hour old

    def switch(self, done: Answer) -> None:
        """Have the slot that does not run started next, under the same conditions as an update."""
        settings, refused = self._settings, self.refusal()
        if settings is None or refused:
            done({"refused": refused, "said": ""})
            return
        self._work(lambda report: update_task.report_switch(settings, report), _ASK_S, lambda _step: None, done)

    def refusal(self, *, gated: bool = True) -> str:
        """Why no update may be installed just now, as a word of the texts; "" if one may."""
        if (obstacle := self._obstacle(gated=gated)) or self._settings is None:
            return obstacle
        known = {item.id: item.value for item in self._evidence()}
        charge = known.get(_BATTERY)
        low = isinstance(charge, int | float) and charge < self._settings.min_battery
        return "battery_low" if low and known.get(_EXTERNAL) != "yes" else ""

    def _obstacle(self, *, gated: bool) -> str:
        """Why no update may be installed, the battery apart, which must be asked."""
        if self._settings is None:
            return "no_updater"
        if self._worker is not None or self._under_way is not None:
            return "under_way"
        if held := self._held_back():
            return held
        return "gate_open" if gated and self.gate_open else ""

    def _note_finished_install(self) -> None:
        """RAUC goes on where this service was killed during an install: what it has finished is installed."""
        pending = self.records.pending()
        following = self._system.get("next", "")
        if pending is None or pending.boot != self._boot_id or pending.installed or following == self.running.slot:
            return
        if any(slot["name"] == following and slot["version"] == pending.version for slot in self._system["slots"]):
            with contextlib.suppress(OSError):
                self.records.write(replace(pending, installed=True))

    def _tell_ending(self, before: Verdict | None) -> None:
        """Tell how an update ended, if that came out in this boot."""
        verdict = self.records.verdict()
        if verdict is not None and verdict != before:
            found = {"check": verdict.check, "expected": verdict.expected, "got": verdict.got}
            self.watch({"version": verdict.target.version, "ending": verdict.ending, **found})

    def _gate_decided(self, stay: bool) -> None:
        def tell() -> None:
            self._stays = stay
            waits, self._gate_waits = self._gate_waits, []
            for wait in waits:
                wait(stay)

        def marked(answer: Mapping[str, Any]) -> None:
            self._log("update", marked_bad=answer.get("refused", "yes"))
            tell()

        settings = self._settings
        self._rerun(("update",), lambda _evidence: None)
        if stay or settings is None:
            tell()
        else:  # whoever waits restarts the terminal at once: the boot loader must know before
            self._work(lambda report: update_task.report_mark_bad(settings, report), _ASK_S, lambda _step: None, marked)

    def _work(
        self,
        task: Callable[[Report], None],
        deadline_s: float,
        on_step: Callable[[Mapping[str, Any]], None],
        done: Answer,
    ) -> None:
        """One worker at a time; ``done`` gets everything it told, or why it came to nothing."""
        if self._worker is not None:
            self._waiting.append(lambda: self._work(task, deadline_s, on_step, done))
            return
        told: dict[str, Any] = {}

        def step(value: Mapping[str, Any]) -> None:
            told.update(value)
            if "system" in value:
                self._system = value["system"]
                self.running = Running(self.running.version, self._system["booted"])
            on_step(value)

        def end(ending: Ending) -> None:
            self._worker = None
            if not told or ending.end != "done":
                told.setdefault("refused", "broke_off")
                told.setdefault("said", f"{ending.end} {ending.detail}".strip())
            done(told)
            if self._waiting and self._worker is None:
                self._waiting.pop(0)()

        self._worker = Worker(self._loop, task, deadline_s, step, end)
