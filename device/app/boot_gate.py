"""The boot gate at work: after the first self-test, may what runs here stay? Its verdict survives a rollback."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime

from device.app.journal import note
from device.evidence import Evidence
from device.update.gate import Counts, Regression, needs_another_run, outcomes_of, regressions, suspects
from device.update.records import Baseline, Ending, Pending, Records, Running, Verdict

Rerun = Callable[[Sequence[str], Callable[[Sequence[Evidence]], None]], None]


class BootGate:
    """Decides once a boot. ``rerun(parts, done)`` makes the safe checks of those parts again."""

    def __init__(
        self, records: Records, counts: Callable[[], Mapping[str, Counts]], rerun: Rerun, boot_id: str
    ) -> None:
        self._records = records
        self._counts = counts
        self._rerun = rerun
        self._boot_id = boot_id
        self._asked: list[Callable[[bool], None]] = []
        self._decided: bool | None = None

    @property
    def is_open(self) -> bool:
        """Whether it is still to be decided."""
        return self._decided is None

    def ask(self, done: Callable[[bool], None]) -> None:
        """Call ``done(may stay)`` as soon as it is decided."""
        if self._decided is None:
            self._asked.append(done)
        else:
            done(self._decided)

    def judge(self, running: Running, evidence: Sequence[Evidence], *, way_back: bool) -> None:
        """Judge what runs by its first self-test. ``way_back``: the other slot holds something that can be started."""
        baseline = self._records.baseline()
        if baseline is None or baseline.running.is_same(running):
            self._settle_pending(running)
            self._keep(running, evidence)
            return
        self._judge_run(baseline, running, [], evidence, way_back=way_back)

    def _judge_run(
        self,
        baseline: Baseline,
        running: Running,
        before: list[list[Regression]],
        evidence: Sequence[Evidence],
        *,
        way_back: bool,
    ) -> None:
        runs = [*before, suspects(baseline.outcomes, evidence, self._counts())]
        if needs_another_run(runs):
            parts = sorted({item.check.partition(".")[0] for run in runs for item in run})
            note("gate", run=len(runs), again=",".join(parts))
            self._rerun(parts, lambda found: self._judge_run(baseline, running, runs, found, way_back=way_back))
            return
        found = regressions(runs)
        if found and way_back:
            self._end(Ending.REGRESSED, baseline.running, running, found)
            self._conclude(stay=False)
        else:
            ending = Ending.REGRESSED if found else Ending.GOOD
            self._end(ending, baseline.running, running, found, "" if not found else "no_way_back")
            self._forget_pending()
            self._keep(running, evidence)

    def _settle_pending(self, running: Running) -> None:
        """Tell of an update that was under way when this version, the old one, was started again."""
        pending = self._records.pending()
        if pending is None or pending.boot == self._boot_id:
            return
        told = self._records.verdict()
        if told is None or told.at < pending.began:
            self._end_unheard(pending, running)
        self._forget_pending()

    def _end_unheard(self, pending: Pending, running: Running) -> None:
        target = Running(pending.version, "")
        if pending.version == running.version:
            self._end(Ending.GOOD, pending.source, running, [])
        elif pending.installed or pending.boots:
            self._end(Ending.SILENT, pending.source, target, [], f"boots={len(pending.boots)}")
        else:
            self._end(Ending.INSTALL_FAILED, pending.source, target, [], "interrupted")

    def _end(
        self, ending: Ending, source: Running, target: Running, found: Sequence[Regression], detail: str = ""
    ) -> None:
        first = found[0] if found else Regression("", "", "")
        at = datetime.now(UTC).isoformat(timespec="seconds")
        note("update", ending=ending, version=target.version, slot=target.slot, check=first.check, got=first.got)
        self._write(Verdict(ending, source, target, at, first.check, first.expected, first.got, detail))

    def _keep(self, running: Running, evidence: Sequence[Evidence]) -> None:
        """What runs is good: from now on it is what a newer version is measured against."""
        baseline = Baseline(running, outcomes_of(evidence))
        if baseline != self._records.baseline():
            self._write(baseline)
        self._conclude(stay=True)

    def _conclude(self, *, stay: bool) -> None:
        self._decided = stay
        asked, self._asked = self._asked, []
        for done in asked:
            done(stay)

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
