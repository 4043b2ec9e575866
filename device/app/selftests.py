"""When self-tests run: at boot, every half hour, at night, after the daily reset, after a decline, on demand.

A terminal resets itself at least every 24 hours (PCI PTS POI). Most restart Linux with it: then the boot run is the one
after the reset. Where only the secure part resets, the payment application tells it.

While a sale runs nothing that could disturb it starts, and what is under way is stopped; it is made up for later.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from device.actions import Progress, Prompt, SelftestResult
from device.app.catalogue import Catalogue
from device.app.journal import note
from device.app.parts import PartPlans
from device.app.quiet_hour import QuietHour
from device.app.selftest_run import PartPlan, SelftestRun
from device.evidence import CheckSpec, Evidence, Level, Outcome
from device.loop import Loop

PERIOD_S: Final = 1800.0
_MAKE_UP_S: Final = 2.0
_AFTER_PAGE_S: Final = 0.4
_MOST_AFTER_QUIET: Final = 50  # declines, each with its sales
_HELD: Final = {
    "sale_running": "A sale runs, so this was not asked.",
    "offline_pending": "Unsent offline payments are waiting, so nothing but safe checks is made.",
}
_BAD: Final = (Outcome.FAIL, Outcome.MARGINAL)


@dataclass(slots=True)
class _Job:
    """One run in line. ``progress`` is told each check as it ends."""

    plans: Sequence[PartPlan]
    progress: Callable[[Progress], None]
    done: Callable[[list[Evidence]], None]
    name: str
    level: Level
    person: bool = False


class RunWatch(Protocol):
    """Who wants to know how every run goes; ``run`` is its name, like ``boot``."""

    def run_began(self, run: str, parts: Sequence[str], total: int) -> None:
        """A run of ``total`` checks of these parts begins."""

    def run_told(self, run: str, progress: Progress) -> None:
        """One more check has ended."""

    def run_ended(self, run: str) -> None:
        """The run has ended."""


class Selftests:
    """Runs one self-test at a time; requests wait in line."""

    def __init__(
        self,
        loop: Loop,
        catalogue: Callable[[], Catalogue],
        plans: PartPlans,
        on_evidence: Callable[[Evidence], Evidence],
        quiet_hour: QuietHour,
        held_back: Callable[[], str] = lambda: "",
        watchers: Sequence[RunWatch] = (),
    ) -> None:
        self._loop = loop
        self._catalogue = catalogue
        self._part_plans = plans
        self._on_evidence = on_evidence
        self._held_back = held_back
        self._waiting: list[_Job] = []
        self._after_quiet: list[Callable[[], None]] = []
        self._quiet_due = False
        self._run: SelftestRun | None = None
        self._sale_running = False
        self._owed: set[str] = set()
        self._quiet_hour = quiet_hour
        self._watchers = watchers

    def start_boot(self, done: Callable[[list[Evidence]], None]) -> None:
        """Run the safe level once and hand its evidence to ``done``, then again every half hour."""
        self._enqueue("boot", self._plans(Level.SAFE), on_done=done)
        self._loop.call_in(PERIOD_S, self._periodic)

    def run_after_reset(self) -> None:
        """Run the safe level: the terminal's secure part began anew while Linux ran on."""
        self._enqueue("reset", self._plans(Level.SAFE))

    def run_quiet(self, done: Callable[[], None]) -> None:
        """Run the safe checks that touch no reader, no line and no network: allowed right after a decline.

        One run at a time, which serves all who called before it began, so that a flood of declines makes no queue of
        runs. Where too many wait for the next one, the eldest is served with what is known now.
        """
        self._after_quiet.append(done)
        if len(self._after_quiet) > _MOST_AFTER_QUIET:
            self._after_quiet.pop(0)()
        self._prepare_quiet()

    def _prepare_quiet(self) -> None:
        if self._after_quiet and not self._quiet_due:
            self._quiet_due = True
            self._loop.call_in(_AFTER_PAGE_S, self._start_quiet)  # the page that a person waits for is drawn first

    def _start_quiet(self) -> None:
        def finish(_evidence: list[Evidence]) -> None:
            self._quiet_due = False
            for call in callers:
                call()
            self._prepare_quiet()

        callers, self._after_quiet = self._after_quiet, []
        quiet = [plan for plan in self._plans(Level.SAFE) if not plan.disturbs]
        self._enqueue("quiet", quiet, on_done=finish)

    def run_asked(
        self,
        level: Level,
        part: str | None,
        progress: Callable[[Progress], None],
        done: Callable[[SelftestResult], None],
        *,
        person: bool = False,
    ) -> None:
        """Run what a person asked for; raises ValueError for an unknown part. ``person``: somebody is there to help."""
        plans = [plan for plan in self._plans(level) if part in (None, plan.part)]
        if not plans:
            known = ", ".join(plan.part for plan in self._plans(level))
            raise ValueError(f"part {part!r} is not known; known are {known}")

        def finish(evidence: list[Evidence]) -> None:
            done(result_of(evidence, self._specs))

        self._enqueue("asked", plans, progress, finish, level, person=person)

    def answer(self, check: str, *, seen: bool | None) -> bool:
        """What the person says to the prompt of this check; False where nobody waits for it."""
        return self._run is not None and self._run.answer(check, seen)

    def run_again(self, parts: Sequence[str], done: Callable[[Sequence[Evidence]], None]) -> None:
        """Run the safe checks of these parts once more."""
        self._enqueue("again", [plan for plan in self._plans(Level.SAFE) if plan.part in parts], on_done=done)

    def sale_seen(self) -> None:
        """An exchange came, told by an application or not: the shop is busy."""
        self._quiet_hour.sale_seen()

    def sale_began(self) -> None:
        """Stop whatever could disturb the sale."""
        self._sale_running = True
        self._quiet_hour.sale_seen()
        if self._run is not None:
            self._run.yield_to_sale()

    def sale_ended(self) -> None:
        """Make up for what the sale had stopped, a moment later."""
        self._sale_running = False
        self._quiet_hour.sale_seen()
        if self._owed:
            self._loop.call_in(_MAKE_UP_S, self._make_up)

    @property
    def _specs(self) -> Mapping[str, CheckSpec]:
        return self._part_plans.specs(self._catalogue())

    def _plans(self, level: Level) -> list[PartPlan]:
        return self._part_plans.up_to(level, self._catalogue())

    def _periodic(self) -> None:
        if self._quiet_hour.is_due():
            plans = self._part_plans.up_to(Level.ACTIVE, self._catalogue(), noticed=False)
            self._enqueue("nightly", plans, on_done=self._quiet_hour.made, level=Level.ACTIVE)
        else:
            self._enqueue("periodic", self._plans(Level.SAFE))
        self._loop.call_in(PERIOD_S, self._periodic)

    def _make_up(self) -> None:
        if self._owed and not self._sale_running:
            owed, self._owed = self._owed, set()
            self._enqueue("made up", [plan for plan in self._plans(Level.SAFE) if plan.part in owed])

    def _enqueue(
        self,
        name: str,
        plans: Sequence[PartPlan],
        progress: Callable[[Progress], None] = lambda _progress: None,
        on_done: Callable[[list[Evidence]], None] = lambda _evidence: None,
        level: Level = Level.SAFE,
        *,
        person: bool = False,
    ) -> None:
        self._waiting.append(_Job(plans, progress, on_done, name, level, person))
        if self._run is None:
            self._start_next()

    def _start_next(self) -> None:
        self._run = None
        if not self._waiting:
            return
        job = self._waiting.pop(0)
        collected: list[Evidence] = []
        total = len({fact for plan in job.plans for fact in plan.facts})
        ended: set[str] = set()

        def take(evidence: Evidence) -> None:
            if evidence.reason not in _HELD and any(evidence.id == item.id for item in collected):
                return  # it was held back, and its part only says that it did not do it
            if evidence.reason == "sale_running":
                self._owed.add(evidence.part)
            evidence = self._on_evidence(evidence)
            collected.append(evidence)
            ended.add(evidence.id)
            progress = Progress(len(ended), max(total, len(ended)), evidence.id, (evidence,))
            job.progress(progress)
            for watcher in self._watchers:
                watcher.run_told(job.name, progress)

        def end() -> None:
            found = [evidence.id for evidence in collected if evidence.outcome in _BAD]
            note("selftest", run=job.name, checks=len(collected), found=",".join(found) or "nothing")
            self._run = None
            for watcher in self._watchers:
                watcher.run_ended(job.name)
            job.done(collected)
            if self._run is None:
                self._start_next()

        def prompt(asked: Prompt) -> None:
            job.progress(Progress(len(ended), total, asked.check, prompt=asked))

        for watcher in self._watchers:
            watcher.run_began(job.name, [plan.part for plan in job.plans], total)
        plans = self._without_held_back(job, take)
        allowed = [plan for plan in plans if not (self._sale_running and plan.disturbs)]
        for plan in plans:
            if plan not in allowed:
                for evidence in held_back(plan.facts, self._specs, "sale_running"):
                    take(evidence)
        on_prompt = prompt if job.person else None
        self._run = SelftestRun(self._loop, allowed, self._specs, take, end, on_prompt, self._part_plans.budget_s)
        self._run.start()

    def _without_held_back(self, job: _Job, take: Callable[[Evidence], None]) -> Sequence[PartPlan]:
        """The job's plans, or only their safe part while a sale runs or offline payments wait to be sent."""
        reason = self._held_back() if job.level is not Level.SAFE else ""
        if not reason:
            return job.plans
        specs = self._specs
        for plan in job.plans:
            above = [fact for fact in plan.facts if specs[fact].level is not Level.SAFE]
            for evidence in held_back(above, specs, reason):
                take(evidence)
        parts = {plan.part for plan in job.plans}
        return [plan for plan in self._plans(Level.SAFE) if plan.part in parts]


def held_back(facts: Iterable[str], specs: Mapping[str, CheckSpec], reason: str) -> list[Evidence]:
    """Evidence of facts that were not asked for, because of a sale or of unsent payments."""
    return [
        Evidence(fact, Outcome.NOT_RUN, None, specs[fact].unit, str(specs[fact].limit), reason, _HELD[reason])
        for fact in facts
    ]


def result_of(evidence: Sequence[Evidence], specs: Mapping[str, CheckSpec]) -> SelftestResult:
    """The whole run, in the order of the catalogue: parts end in any order."""
    order = {check_id: place for place, check_id in enumerate(specs)}
    return SelftestResult(sorted(evidence, key=lambda item: order[item.id]), exit_code_of(evidence, specs))


def exit_code_of(evidence: Sequence[Evidence], specs: Mapping[str, CheckSpec]) -> int:
    """0: every required check ran and passed; 1: a check failed; 2: a required check could not run.

    A part that this terminal does not have (``not_fitted``) is not required of it.
    """
    if any(item.outcome is Outcome.FAIL for item in evidence):
        return 1
    missing = [item for item in evidence if item.outcome in (Outcome.NOT_RUN, Outcome.ERROR)]
    return 2 if any(specs[item.id].required and item.reason != "not_fitted" for item in missing) else 0
