"""The boot gate: may a new version stay? Only if nothing that passed before fails now. Pure; runs and records come in.

A new version is never judged by what the outside world does (SIM, signal, paper, cable, card, host, a part that was
unplugged): those checks count only where the check's own worker broke, which is the software's doing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from device.evidence import Evidence, Outcome
from device.table import Table

RUNS: Final = 3  # a check counts against the new version if it is bad in two of three runs
_BAD_RUNS: Final = 2
_BAD: Final = (Outcome.FAIL, Outcome.ERROR, Outcome.NOT_RUN)
_GOOD: Final = (Outcome.PASS, Outcome.MARGINAL)
_BROKEN: Final = "crashed"
_CLOCK: Final = "clock.floor"


class Counts(StrEnum):
    """What of a check counts at the gate."""

    ALWAYS = "always"  # it belongs to the terminal itself and cannot be taken away from outside
    DATED = "dated"  # as always, unless the clock is behind: then signatures with dates fail whatever the software does
    BROKEN = "broken"  # only if its worker broke


@dataclass(frozen=True, slots=True)
class GateRules:
    """How each check counts (others: :attr:`Counts.BROKEN`), and the ``held`` reasons why one was not made at all."""

    counts: Mapping[str, Counts]
    held: Collection[str] = ()

    def counts_of(self, check: str) -> Counts:
        """How this check counts."""
        return self.counts.get(check, Counts.BROKEN)


@dataclass(frozen=True, slots=True)
class Regression:
    """A check that passed under the old version and does not now."""

    check: str
    expected: str
    got: str


def parse_gate(table: Table) -> GateRules:
    """Read ``gate.toml``: ``held``, and ``[counts] "part.fact" = "always"``."""
    counts = table.table("counts")
    rows = {check: Counts(counts.choice(check, tuple(Counts))) for check in counts.keys()}  # noqa: SIM118
    held = table.texts("held")
    table.text("source")
    table.close()
    return GateRules(rows, held)


def outcomes_of(evidence: Iterable[Evidence]) -> dict[str, str]:
    """What a good version could do, for its baseline: every check that came to a result."""
    return {item.id: item.outcome.value for item in evidence if item.outcome in _GOOD}


def clock_is_right(evidence: Iterable[Evidence]) -> bool:
    """Whether nothing of this run says that the clock is behind."""
    return all(item.outcome in _GOOD for item in evidence if item.id == _CLOCK)


def suspects(
    baseline: Mapping[str, str], evidence: Iterable[Evidence], rules: GateRules, *, clock_right: bool
) -> list[Regression]:
    """Checks of one run that passed before and do not now, and that count."""
    found = []
    for item in evidence:
        before = baseline.get(item.id)
        if before is not None and _counts(item, rules, clock_right=clock_right):
            found.append(Regression(item.id, before, f"{item.outcome.value}: {item.reason or item.value}"))
    return found


def regressions(runs: Sequence[Sequence[Regression]]) -> list[Regression]:
    """What was bad in two of up to three runs, as the last of them told it; in the order of the first run."""
    last: dict[str, Regression] = {}
    times: dict[str, int] = {}
    for run in runs:
        for item in run:
            last[item.check] = item
            times[item.check] = times.get(item.check, 0) + 1
    return [item for check, item in last.items() if times[check] >= _BAD_RUNS]


def needs_another_run(runs: Sequence[Sequence[Regression]]) -> bool:
    """Whether a further run could still change what :func:`regressions` says."""
    if not runs or len(runs) >= RUNS:
        return not runs
    settled = {item.check for item in regressions(runs)}
    open_checks = {item.check for run in runs for item in run} - settled
    return bool(open_checks) and not settled


def _counts(item: Evidence, rules: GateRules, *, clock_right: bool) -> bool:
    if item.reason == _BROKEN:
        return True
    how = rules.counts_of(item.id)
    if how is Counts.BROKEN or item.reason in rules.held or (how is Counts.DATED and not clock_right):
        return False
    return item.outcome in _BAD
