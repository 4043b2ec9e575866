"""The boot gate at work: after the first self-test, may what runs here stay? Its verdict survives a rollback."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from device.app.journal import note
from device.drivers.clock import SOFTWARE_FLOOR
from device.evidence import Evidence
from device.update.gate import (
    GateRules,
    Regression,
    clock_is_right,
    needs_another_run,
    outcomes_of,
    regressions,
    suspects,
)
from device.update.records import Baseline, Ending, Pending, Records, Running, Verdict

Rerun = Callable[[Sequence[str], Callable[[Sequence[Evidence]], None]], None]
_NO_WAY_BACK = "no_way_back"


def time_of_verdict() -> str:
    """Now, in ISO 8601; "" while the clock is behind this software, because then nobody knows."""
    now = datetime.now(UTC)
    return now.isoformat(timespec="seconds") if now >= SOFTWARE_FLOOR else ""


@dataclass(frozen=True, slots=True)
class OtherSlots:
    """The slots that do not run: which of them the boot loader would start, and the versions RAUC wrote whole."""

    good: frozenset[str] = frozenset()
    whole: frozenset[str] = frozenset()


@dataclass(slots=True)
class _Trial:
    """A new version that is being judged."""

    baseline: Baseline
    running: Running
    way_back: bool
    clock_right: bool
    runs: list[list[Regression]] = field(default_factory=list)


class BootGate:
    """Decides once a boot. ``rerun(parts, done)`` makes the safe checks of those parts again."""

    def __init__(self, records: Records, rules: Callable[[], GateRules], rerun: Rerun, boot_id: str) -> None:
        self._records = records
        self._rules = rules
        self._rerun = rerun
        self._boot_id = boot_id

    def judge(
        self, running: Running, evidence: Sequence[Evidence], others: OtherSlots, decided: Callable[[bool], None]
    ) -> None:
        """Judge what runs by its first self-test; ``decided(may stay)`` is called once."""
        baseline = self._records.baseline()
        if baseline is None or baseline.running.is_same(running):
            self._settle_pending(running, others)
            self._keep(running, evidence)
            decided(True)
            return
        before = baseline.running.slot
        way_back = before in others.good if before else bool(others.good)
        trial = _Trial(baseline, running, way_back, clock_is_right(evidence))
        self._judge_run(trial, evidence, evidence, decided)

    def _judge_run(
        self,
        trial: _Trial,
        first: Sequence[Evidence],
        evidence: Sequence[Evidence],
        decided: Callable[[bool], None],
    ) -> None:
        rules, baseline = self._rules(), trial.baseline.outcomes
        trial.runs.append(suspects(baseline, evidence, rules, clock_right=trial.clock_right))
        if needs_another_run(trial.runs):
            parts = sorted({item.check.partition(".")[0] for run in trial.runs for item in run})
            note("gate", run=len(trial.runs), again=",".join(parts))
            self._rerun(parts, lambda found: self._judge_run(trial, first, found, decided))
            return
        found = regressions(trial.runs)
        source, running = trial.baseline.running, trial.running
        if found and trial.way_back:
            self._end(Ending.REGRESSED, source, running, found)
            decided(False)
            return
        self._end(Ending.REGRESSED if found else Ending.GOOD, source, running, found, _NO_WAY_BACK if found else "")
        self._keep(running, first)
        self._forget_pending()  # last: it tells a service that is started again which update the verdict is of
        decided(True)

    def _settle_pending(self, running: Running, others: OtherSlots) -> None:
        """Tell of an update that was under way when this version was started again."""
        pending = self._records.pending()
        if pending is None or pending.boot == self._boot_id:
            return
        told = self._records.verdict()
        if told is None or told.update != pending.id:
            self._end_unheard(pending, running, others)
        self._forget_pending()

    def _end_unheard(self, pending: Pending, running: Running, others: OtherSlots) -> None:
        came_back = bool(running.slot) and running.slot == pending.source.slot
        target = Running(pending.version, "")
        if pending.version == running.version and not came_back:
            self._end(Ending.GOOD, pending.source, running, [])
        elif pending.installed or pending.boots or pending.version in others.whole:
            self._end(Ending.SILENT, pending.source, target, [], "never_started" if not pending.boots else "no_answer")
        else:
            self._end(Ending.INSTALL_FAILED, pending.source, target, [], "interrupted")

    def _end(
        self, ending: Ending, source: Running, target: Running, found: Sequence[Regression], detail: str = ""
    ) -> None:
        first = found[0] if found else Regression("", "", "")
        note("update", ending=ending, version=target.version, slot=target.slot, check=first.check, got=first.got)
        pending = self._records.pending()
        update = "" if pending is None else pending.id
        at = time_of_verdict()
        self._write(Verdict(ending, source, target, at, first.check, first.expected, first.got, detail, update))

    def _keep(self, running: Running, evidence: Sequence[Evidence]) -> None:
        """What runs is good: from now on it is what a newer version is measured against."""
        baseline = Baseline(running, outcomes_of(evidence))
        if baseline != self._records.baseline():
            self._write(baseline)

    def _write(self, record: Baseline | Verdict) -> None:
        try:
            self._records.write(record)
        except OSError as error:
            note("update", unwritten=type(record).__name__, why=error.strerror or "unknown")

    def _forget_pending(self) -> None:
        try:
            self._records.forget_pending()
        except OSError as error:
            note("update", unwritten="Pending", why=error.strerror or "unknown")


def other_slots(system: Mapping[str, object]) -> OtherSlots:
    """From what :func:`device.app.update_task.report_system` told; nothing where RAUC told nothing."""
    slots = system.get("slots", ())
    rows = [slot for slot in slots if not slot["booted"]] if isinstance(slots, list) else []
    return OtherSlots(
        frozenset(slot["name"] for slot in rows if slot["good"]),
        frozenset(slot["version"] for slot in rows if slot["whole"] and slot["version"]),
    )
