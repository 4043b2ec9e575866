"""One run of the self-test: every part in a worker of its own, so that a hung part costs only itself.

The slowest parts begin first and only so many run at once, because a small terminal has no memory for twenty
processes; a part that found no place within the run's budget did not run, and says so.
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from device.actions import Prompt
from device.evidence import CheckSpec, Evidence, Outcome
from device.loop import Loop
from device.selftest.person import NO, NOBODY, YES, PersonBeyondPipe
from device.selftest.sheet import Sheet
from device.worker import End, Ending, Report, Worker

BUDGET_S: Final = 5.0  # of the safe level; parts that wait for a person or move something have longer deadlines
_MOST_AT_ONCE: Final = 8
_LEAST_S: Final = 0.2  # less is no time for any part
_DETAIL: Final = {
    End.DONE: ("not_reported", "The check ended without a result for this fact."),
    End.DEADLINE: ("deadline", "The part did not finish in its time and its worker was ended."),
    End.CRASHED: ("crashed", "The check's worker broke"),
    End.CANCELLED: ("sale_running", "A sale began, so the check was stopped."),
}


@dataclass(frozen=True, slots=True)
class PartPlan:
    """One part's share of a run.

    ``disturbs``: it uses a line, a reader or the network, so never during a sale; ``required``, ``fitted``: the
    terminal's signed profile says that this part must be, is fitted. ``here``: instead of ``check`` in a worker, this
    is called in the service itself, where it must return at once; it reports the part's one evidence later, and bounds
    its own time. ``person``: it needs one, so only one such part runs at a time, and beyond the run's budget.
    """

    part: str
    facts: tuple[str, ...]
    deadline_s: float
    disturbs: bool
    check: Callable[[Sheet], None]
    required: bool = False
    fitted: bool = False
    here: Callable[[Callable[[Evidence], None]], None] | None = None
    person: bool = False


class SelftestRun:
    """Runs plans in parallel; evidence is handed on as it comes, ``on_end`` once after the last part.

    ``on_prompt``: how a person at the terminal is asked; None: nobody is there.
    """

    def __init__(
        self,
        loop: Loop,
        plans: Iterable[PartPlan],
        specs: Mapping[str, CheckSpec],
        on_evidence: Callable[[Evidence], None],
        on_end: Callable[[], None],
        on_prompt: Callable[[Prompt], None] | None = None,
        budget_s: float = BUDGET_S,
    ) -> None:
        self._loop = loop
        self._specs = specs
        self._on_evidence = on_evidence
        self._on_end = on_end
        self._on_prompt = on_prompt
        self._answers: dict[str, int] = {}  # where answers go, by part
        self._waiting = sorted(plans, key=lambda plan: -plan.deadline_s)
        self._total = len(self._waiting)
        self._until = 0.0
        self._budget_s = budget_s
        self._workers: dict[str, tuple[PartPlan, Worker]] = {}
        self._done = 0

    def start(self) -> None:
        """Start the first parts; without any part the run ends at once."""
        longest = max((plan.deadline_s for plan in self._waiting if not plan.person), default=0.0)
        self._until = time.monotonic() + max(self._budget_s, longest)
        if self._total == 0:
            self._loop.call_in(0, self._on_end)
        self._fill()

    def answer(self, check_id: str, seen: bool | None) -> bool:
        """What the person says to the prompt of this check, None: nothing; False where nobody waits for it."""
        fd = self._answers.get(check_id.partition(".")[0])
        if fd is None:
            return False
        with contextlib.suppress(BrokenPipeError):
            os.write(fd, {True: YES, False: NO, None: NOBODY}[seen])
        return True

    def yield_to_sale(self) -> None:
        """Stop every part that could disturb a sale; what it had not told becomes ``not_run``."""
        for plan in [plan for plan in self._waiting if plan.disturbs]:
            self._waiting.remove(plan)
            self._skip(plan, Ending(End.CANCELLED, 0.0))
        for plan, worker in list(self._workers.values()):
            if plan.disturbs:
                worker.cancel()

    def _fill(self) -> None:
        """Give the free places to the parts that wait; when time is up they are told as not run."""
        while len(self._workers) < _MOST_AT_ONCE and (plan := self._next()) is not None:
            self._waiting.remove(plan)
            left_s = plan.deadline_s if plan.person else self._until - time.monotonic()
            if left_s < _LEAST_S:
                self._skip(plan, None)
            elif plan.here is not None:
                self._ask_here(plan, plan.here)
            else:
                self._workers[plan.part] = (plan, self._worker(plan, min(plan.deadline_s, left_s)))

    def _next(self) -> PartPlan | None:
        """The first part that may begin now: a person can do one thing at a time."""
        occupied = any(plan.person for plan, _worker in self._workers.values())
        return next((plan for plan in self._waiting if not (plan.person and occupied)), None)

    def _ask_here(self, plan: PartPlan, ask: Callable[[Callable[[Evidence], None]], None]) -> None:
        def report(evidence: Evidence) -> None:
            self._on_evidence(evidence)
            self._part_ended()

        ask(report)

    def _skip(self, plan: PartPlan, ending: Ending | None) -> None:
        """End a part that never began; on the loop's next round, so that callers are not called back at once."""

        def end() -> None:
            for evidence in _unreported(plan.facts, ending, self._specs):
                self._on_evidence(evidence)
            self._part_ended()

        self._loop.call_in(0, end)

    def _part_ended(self) -> None:
        self._done += 1
        if self._done == self._total:
            self._on_end()
        else:
            self._fill()

    def _worker(self, plan: PartPlan, deadline_s: float) -> Worker:
        missing = dict.fromkeys(plan.facts)
        answers: int | None = None
        if plan.person and self._on_prompt is not None:
            answers, self._answers[plan.part] = os.pipe()

        def run(report: Report) -> None:
            required = (plan.part,) if plan.required else ()
            fitted = (plan.part,) if plan.fitted else ()
            last_s = time.monotonic()

            def tell(evidence: Evidence) -> None:
                """With the time since the part's last result, where the check took none itself."""
                nonlocal last_s
                last_s, took_s = time.monotonic(), time.monotonic() - last_s
                if evidence.took_ms is None and evidence.outcome is not Outcome.NOT_RUN:
                    evidence = dataclasses.replace(evidence, took_ms=round(took_s * 1000, 1))
                report(dataclasses.asdict(evidence))

            person = None if answers is None else PersonBeyondPipe(report, answers)
            plan.check(Sheet(self._specs, tell, required, fitted, person))

        def take(value: Any) -> None:
            prompt = _read_prompt(value, plan.part, self._specs)
            if prompt is not None and self._on_prompt is not None:
                self._on_prompt(prompt)
                return
            evidence = _read_evidence(value, plan.part, self._specs)
            if evidence is not None:
                missing.pop(evidence.id, None)
                self._on_evidence(evidence)

        def end(ending: Ending) -> None:
            for evidence in _unreported(tuple(missing), ending, self._specs):
                self._on_evidence(evidence)
            del self._workers[plan.part]
            if plan.part in self._answers:
                os.close(self._answers.pop(plan.part))
            self._part_ended()

        worker = Worker(self._loop, run, deadline_s, take, end, answers)
        if answers is not None:
            os.close(answers)
        return worker


def _read_prompt(value: Any, part: str, specs: Mapping[str, CheckSpec]) -> Prompt | None:
    """What a worker reported, if it is a prompt of its own part."""
    if not isinstance(value, dict) or value.keys() != {"prompt", "wait_s", "confirm"}:
        return None
    check_id = str(value["prompt"])
    own = check_id in specs and check_id.partition(".")[0] == part
    return Prompt(check_id, float(value["wait_s"]), bool(value["confirm"])) if own else None


def _read_evidence(value: Any, part: str, specs: Mapping[str, CheckSpec]) -> Evidence | None:
    """What a worker reported, if it is evidence of its own part: a foreign library may have written it."""
    try:
        evidence = Evidence(**{**value, "outcome": Outcome(value["outcome"])})
    except (TypeError, KeyError, ValueError):
        return None
    return evidence if evidence.id in specs and evidence.part == part else None


def _unreported(facts: tuple[str, ...], ending: Ending | None, specs: Mapping[str, CheckSpec]) -> list[Evidence]:
    """What becomes of the facts a worker did not tell: the one it was at is an error, the later ones did not run."""
    reason, detail = (
        ("budget", "The run's time was up before this part's turn.") if ending is None else _DETAIL[ending.end]
    )
    detail = f"{detail} ({ending.detail})." if ending is not None and ending.detail else detail
    evidence = []
    for number, fact in enumerate(facts):
        broke = ending is not None and number == 0 and ending.end in (End.DEADLINE, End.CRASHED)
        outcome = Outcome.ERROR if broke else Outcome.NOT_RUN
        spec = specs[fact]
        evidence.append(Evidence(fact, outcome, None, spec.unit, str(spec.limit), reason, detail))
    return evidence
