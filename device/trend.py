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
_WEEKDAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


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
    within the last day against its mean daily growth before, if it grew by ``least`` at all. ``unit`` is that of a
    difference where it is not the fact's own: levels in dBm differ by dB.
    """

    fall: float | None = None
    rise: float | None = None
    ratio: float | None = None
    least: float = 0.0
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Change:
    """``before`` and ``now`` are values, or daily growths where ``counter``; ``since``: the day that ``before`` is of.

    Of a counter ``since`` is the first of the days that ``before`` is the mean of.
    """

    before: float
    now: float
    since: datetime
    counter: bool

    def told(self, unit: str, difference_unit: str = "") -> str:
        """One sentence for the evidence's detail: ``Fell by 12 dB since Monday, 2026-11-23 (from -71 to -83 dBm).``"""
        day = f"{_WEEKDAYS[self.since.weekday()]}, {self.since:%Y-%m-%d}"
        if self.counter:
            return f"{self._rate()}: {self.now:g} in a day, {self.before:g} a day since {day}."
        by = round(abs(self.now - self.before), 1)
        how = "Fell" if self.now < self.before else "Rose"
        amount, place = f"{by:g} {difference_unit or unit}".rstrip(), f"{self.now:g} {unit}".rstrip()
        return f"{how} by {amount} since {day} (from {self.before:g} to {place})."

    def _rate(self) -> str:
        if self.before <= 0:
            return "Grows now"
        times = self.now / self.before
        return "Doubled" if times < 3 else "Tripled" if times < 4 else f"Grows {times:.0f} times as fast"


def find_change(rule: TrendRule, hours: Sequence[Sample], days: Sequence[Sample], now: datetime) -> Change | None:
    """The change that ``rule`` names, or None: also where either side has too few samples to compare.

    ``hours`` and ``days`` are oldest first. At least three hours of the last day and two earlier days are needed.
    """
    recent = [sample for sample in hours if now - _RECENT < sample.start <= now]
    before = [sample for sample in days if now - _BEFORE < sample.start <= now - _RECENT]
    if len(recent) < _LEAST_HOURS or len(before) < _LEAST_DAYS:
        return None
    if rule.ratio is not None:
        return _growth(rule, rule.ratio, [hour for hour in hours if hour.start <= now - _RECENT], recent, before)
    old = sum(sample.mean for sample in before) / len(before)
    new = sum(sample.mean for sample in recent) / len(recent)
    fell = rule.fall is not None and old - new >= rule.fall
    rose = rule.rise is not None and new - old >= rule.rise
    if not (fell or rose):
        return None
    # the last day that was still as far from now as its fellows are on average
    then = next(day for day in reversed(before) if (day.mean >= old if fell else day.mean <= old))
    return Change(round(then.mean, 1), round(new, 1), then.start, counter=False)


def _growth(
    rule: TrendRule, ratio: float, earlier: Sequence[Sample], recent: Sequence[Sample], before: Sequence[Sample]
) -> Change | None:
    """Growth of a counter; one that went back (a new part, a reset) tells nothing."""
    steps = [later.last - earlier.last for earlier, later in pairwise(before)]
    new = recent[-1].last - (earlier or before)[-1].last
    if new < 0 or any(step < 0 for step in steps):
        return None
    old = sum(steps) / len(steps)
    if new < max(rule.least, old * ratio) or new == 0:
        return None
    return Change(round(old, 1), round(new, 1), before[0].start, counter=True)
