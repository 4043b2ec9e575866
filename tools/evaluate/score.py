"""Compares what a judge says with the labels, and counts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from tools.evaluate.baselines import Answer
from tools.evaluate.label import NOT_REFUTED, Label
from tools.evaluate.scenarios import Scenario


@dataclass(frozen=True, slots=True)
class Disagreement:
    """One answer that the label does not allow. ``place`` is "verdict", "addressee" or a cause's id."""

    scenario: str
    place: str
    said: str | None
    allowed: tuple[str, ...]


@dataclass(slots=True)
class Count:
    """Right answers of all."""

    right: int = 0
    all: int = 0

    def add(self, right: bool) -> None:
        """Count one answer."""
        self.right += right
        self.all += 1

    @property
    def share(self) -> float:
        """0 to 1; 1 where nothing was asked."""
        return self.right / self.all if self.all else 1.0


@dataclass(slots=True)
class Score:
    """A judge's figures over all scenarios.

    ``definite_verdict`` and ``definite`` count where the text allows one answer alone. ``false_refuted`` and
    ``false_supported`` count states against the label; ``truth_refuted`` counts injected causes that were refuted.
    """

    verdict: Count = field(default_factory=Count)
    definite_verdict: Count = field(default_factory=Count)
    addressee: Count = field(default_factory=Count)
    retry: Count = field(default_factory=Count)
    states: Count = field(default_factory=Count)
    definite: Count = field(default_factory=Count)
    false_refuted: int = 0
    false_supported: int = 0
    truth_refuted: int = 0
    disagreements: list[Disagreement] = field(default_factory=list)


def score(judged: Iterator[tuple[Scenario, Label, Answer]]) -> Score:
    """Count every answer of one judge."""
    total = Score()
    for scenario, label, answer in judged:
        _compare(total.verdict, total, scenario, "verdict", answer.verdict, label.verdict)
        if len(label.verdict) == 1:
            total.definite_verdict.add(answer.verdict in label.verdict)
        _compare(total.addressee, total, scenario, "addressee", answer.addressee, label.addressee)
        if label.retry:
            _compare(total.retry, total, scenario, "retry", answer.retry, label.retry)
        for cause, allowed in label.causes.items():
            said = answer.causes.get(cause)
            _compare(total.states, total, scenario, cause, said, allowed)
            if len(allowed) == 1:
                total.definite.add(said in allowed)
        for cause, allowed in label.guarded.items():
            if cause in answer.causes and answer.causes[cause] not in allowed:
                total.disagreements.append(Disagreement(scenario.id, cause, answer.causes[cause], allowed))
        for cause, allowed in (*label.causes.items(), *label.guarded.items()):
            said = answer.causes.get(cause)
            total.false_refuted += said == "refuted" and said not in allowed
            total.false_supported += said == "supported" and said not in allowed
        for cause in scenario.truth:
            if answer.causes.get(cause) == "refuted":
                total.truth_refuted += 1
                total.disagreements.append(Disagreement(scenario.id, f"{cause} (injected)", "refuted", NOT_REFUTED))
    return total


def _compare(
    count: Count, total: Score, scenario: Scenario, place: str, said: str | None, allowed: tuple[str, ...]
) -> None:
    count.add(said in allowed)
    if said not in allowed:
        total.disagreements.append(Disagreement(scenario.id, place, said, allowed))
