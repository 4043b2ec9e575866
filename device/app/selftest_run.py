"""One run of the self-test: every part in a worker of its own, so that a hung part costs only itself."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from device.evidence import CheckSpec, Evidence, Outcome
from device.loop import Loop
from device.selftest.sheet import Sheet
from device.worker import End, Ending, Report, Worker

_DETAIL: Final = {
    End.DONE: ("not_reported", "The check ended without a result for this fact."),
    End.DEADLINE: ("deadline", "The part did not finish in its time and its worker was ended."),
    End.CRASHED: ("crashed", "The check's worker broke"),
    End.CANCELLED: ("sale_running", "A sale began, so the check was stopped."),
}


@dataclass(frozen=True, slots=True)
class PartPlan:
    """One part's share of a run. ``disturbs``: it uses a line, a reader or the network, so never during a sale."""

    part: str
    facts: tuple[str, ...]
    deadline_s: float
    disturbs: bool
    check: Callable[[Sheet], None]


@dataclass(frozen=True, slots=True)
class PartDone:
    """Progress: this part has ended; ``done`` of ``total`` parts."""

    part: str
    done: int
    total: int
    took_s: float


class SelftestRun:
    """Runs plans in parallel; evidence is handed on as it comes, ``on_end`` once after the last part."""

    def __init__(
        self,
        loop: Loop,
        plans: Iterable[PartPlan],
        specs: Mapping[str, CheckSpec],
        on_evidence: Callable[[Evidence], None],
        on_part: Callable[[PartDone], None],
        on_end: Callable[[], None],
    ) -> None:
        self._loop = loop
        self._specs = specs
        self._on_evidence = on_evidence
        self._on_part = on_part
        self._on_end = on_end
        self._plans = list(plans)
        self._workers: dict[str, tuple[PartPlan, Worker]] = {}
        self._done = 0

    def start(self) -> None:
        """Start every part; without any part the run ends at once."""
        for plan in self._plans:
            self._workers[plan.part] = (plan, self._worker(plan))
        if not self._plans:
            self._loop.call_in(0, self._on_end)

    def yield_to_sale(self) -> None:
        """Stop every part that could disturb a sale; what it had not told becomes ``not_run``."""
        for plan, worker in list(self._workers.values()):
            if plan.disturbs:
                worker.cancel()

    def _worker(self, plan: PartPlan) -> Worker:
        missing = dict.fromkeys(plan.facts)

        def run(report: Report) -> None:
            plan.check(Sheet(self._specs, lambda evidence: report(dataclasses.asdict(evidence))))

        def take(value: Any) -> None:
            evidence = Evidence(**{**value, "outcome": Outcome(value["outcome"])})
            missing.pop(evidence.id, None)
            self._on_evidence(evidence)

        def end(ending: Ending) -> None:
            for evidence in _unreported(tuple(missing), ending, self._specs):
                self._on_evidence(evidence)
            del self._workers[plan.part]
            self._done += 1
            self._on_part(PartDone(plan.part, self._done, len(self._plans), ending.took_s))
            if not self._workers:
                self._on_end()

        return Worker(self._loop, run, plan.deadline_s, take, end)


def _unreported(facts: tuple[str, ...], ending: Ending, specs: Mapping[str, CheckSpec]) -> list[Evidence]:
    """What becomes of the facts a worker did not tell: the one it was at is an error, the later ones did not run."""
    reason, detail = _DETAIL[ending.end]
    detail = f"{detail} ({ending.detail})." if ending.detail else detail
    evidence = []
    for number, fact in enumerate(facts):
        broke = number == 0 and ending.end in (End.DEADLINE, End.CRASHED)
        outcome = Outcome.ERROR if broke else Outcome.NOT_RUN
        spec = specs[fact]
        evidence.append(Evidence(fact, outcome, None, spec.unit, str(spec.limit), reason, detail))
    return evidence
