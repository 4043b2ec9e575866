"""When a numeric fact has changed enough to be told before it fails. Pure: samples and a rule in, a change out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Final

_RECENT: Final = timedelta(hours=24)
_BEFORE: Final = timedelta(days=8)
_LEAST_HOURS: Final = 3
_LEAST_DAYS: Final = 2


@dataclass(frozen=True, slots=True)
class Sample:
    """One hour, day or month of one fact; ``start`` in the terminal's zone; ``last`` is the newest value in it."""

    id: str
    period: str
    start: datetime
    count: int
    least: float
    most: float
    mean: float
    last: float


@dataclass(frozen=True, slots=True)
class TrendRule:
    """What counts as a change, in the fact's own unit.

    ``fall`` and ``rise``: the mean of the last day against the days before it. ``ratio``: of a counter, the growth
    within the last day against its mean daily growth before, if it grew by ``least`` at all.
    """

    fall: float | None = None
    rise: float | None = None
    ratio: float | None = None
    least: float = 0.0


@dataclass(frozen=True, slots=True)
class Change:
    """``before`` and ``now`` are means, or daily growths where ``counter``; ``since``: where the time before begins."""

    before: float
    now: float
    since: datetime
    counter: bool

    def __str__(self) -> str:
        """One sentence for the evidence's detail."""
        what = "Grew by" if self.counter else "Went"
        how = (
            f"{self.now:g} in a day, {self.before:g} a day before"
            if self.counter
            else f"from {self.before:g} to {self.now:g}"
        )
        return f"{what} {how} (compared with the days since {self.since:%Y-%m-%d})."


def find_change(rule: TrendRule, hours: Sequence[Sample], days: Sequence[Sample], now: datetime) -> Change | None:
    """The change that ``rule`` names, or None: also where either side has too few samples to compare.

    ``hours`` and ``days`` are oldest first. At least three hours of the last day and two earlier days are needed.
    """
    recent = [sample for sample in hours if now - _RECENT < sample.start <= now]
    before = [sample for sample in days if now - _BEFORE < sample.start <= now - _RECENT]
    if len(recent) < _LEAST_HOURS or len(before) < _LEAST_DAYS:
        return None
    if rule.ratio is not None:
        return _growth(rule, rule.ratio, recent, before)
    old = sum(sample.mean for sample in before) / len(before)
    new = sum(sample.mean for sample in recent) / len(recent)
    fell = rule.fall is not None and old - new >= rule.fall
    rose = rule.rise is not None and new - old >= rule.rise
    return Change(round(old, 1), round(new, 1), before[0].start, counter=False) if fell or rose else None


def _growth(rule: TrendRule, ratio: float, recent: Sequence[Sample], before: Sequence[Sample]) -> Change | None:
    """Growth of a counter; one that went back (a new part, a reset) tells nothing."""
    steps = [later.last - earlier.last for earlier, later in pairwise(before)]
    new = recent[-1].last - before[-1].last
    if new < 0 or any(step < 0 for step in steps):
        return None
    old = sum(steps) / len(steps)
    if new < max(rule.least, old * ratio) or new == 0:
        return None
    return Change(round(old, 1), round(new, 1), before[0].start, counter=True)
