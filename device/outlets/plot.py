"""How one fact went, as a small SVG: a band from least to most, the mean as a line, the limit dashed. Pure."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from device.outlets.html_element import Html, element, joined
from device.outlets.report_words import number
from device.trend import Sample

WIDTH: Final = 360
HEIGHT: Final = 150
_LEFT: Final = 46
_RIGHT: Final = 8
_TOP: Final = 18
_BOTTOM: Final = 20
_LENGTH: Final = {"hour": timedelta(hours=1), "day": timedelta(days=1)}
_GAP: Final = 1.6  # periods: a longer pause breaks the line, because nothing was measured there
_TIMES: Final = 4
_NEAR: Final = 1.0  # a limit farther off than so many spans of the values would flatten them, and is only told


@dataclass(frozen=True, slots=True)
class Frame:
    """From values and times to places in the picture."""

    first: datetime
    last: datetime
    low: float
    high: float

    def x(self, moment: datetime) -> float:
        """Place from the left."""
        share = (moment - self.first) / (self.last - self.first)
        return round(_LEFT + share * (WIDTH - _LEFT - _RIGHT), 1)

    def y(self, value: float) -> float:
        """Place from the top."""
        share = (value - self.low) / (self.high - self.low)
        return round(HEIGHT - _BOTTOM - share * (HEIGHT - _TOP - _BOTTOM), 1)


def draw_trend(samples: Sequence[Sample], unit: str, limit: str, described: str) -> Html:
    """Draw samples of one period, oldest first, at least two. ``limit`` is the passing range in symbols.

    ``described`` says the same in words, for those who do not see the picture.
    """
    period = _LENGTH[samples[0].period]
    least, most = min(sample.least for sample in samples), max(sample.most for sample in samples)
    bounds = [bound for bound in bounds_of(limit) if is_near(bound, least, most)]
    ticks = ticks_between(min([least, *bounds]), max([most, *bounds]))
    frame = Frame(samples[0].start, samples[-1].start + period, ticks[0], ticks[-1])
    return element(
        "svg",
        element("title", described),
        _grid(frame, ticks),
        element("text", unit, x=_LEFT - 5, y=9, class_="unit", text_anchor="end"),
        *(_run(run, period, frame) for run in runs_of(samples, period)),
        *(_limit(bound, frame) for bound in bounds),
        _times(frame, samples[0].period),
        viewBox=f"0 0 {WIDTH} {HEIGHT}",
        role="img",
        class_="plot",
    )


def bounds_of(limit: str) -> list[float]:
    """The numbers of a passing range: ``>= -95``, ``<= 120``, ``5 .. 60``; none for a list of words."""
    match = re.fullmatch(r"(?:[<>]= )?(-?[\d.e+-]+)(?: \.\. (-?[\d.e+-]+))?", limit)
    try:
        return [float(part) for part in match.groups() if part is not None] if match is not None else []
    except ValueError:
        return []


def is_near(bound: float, least: float, most: float) -> bool:
    """May the picture show this limit without flattening the values?"""
    span = max(most - least, abs(most) * 0.1, 1.0)
    return least - _NEAR * span <= bound <= most + _NEAR * span


def ticks_between(low: float, high: float) -> list[float]:
    """Three to six round values that enclose ``low`` to ``high``: steps of 1, 2 or 5 times a power of ten."""
    if high - low < 1e-9 * max(abs(low), abs(high), 1.0):
        low, high = low - max(abs(low) * 0.05, 1.0), high + max(abs(high) * 0.05, 1.0)
    rough = (high - low) / 4
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough * 0.999)
    begin, end = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [round(place * step, 10) for place in range(begin, max(end, begin + 1) + 1)]


def runs_of(samples: Sequence[Sample], period: timedelta) -> list[list[Sample]]:
    """The samples in runs without a pause."""
    runs: list[list[Sample]] = []
    for sample in samples:
        if runs and sample.start - runs[-1][-1].start <= period * _GAP:
            runs[-1].append(sample)
        else:
            runs.append([sample])
    return runs


def _grid(frame: Frame, ticks: Sequence[float]) -> Html:
    lines = []
    for tick in ticks:
        y = frame.y(tick)
        lines.append(element("line", x1=_LEFT, x2=WIDTH - _RIGHT, y1=y, y2=y, class_="grid"))
        lines.append(element("text", number(tick), x=_LEFT - 5, y=y + 3, text_anchor="end"))
    return joined(*lines)


def _run(run: Sequence[Sample], period: timedelta, frame: Frame) -> Html:
    """One run: the band and the mean; a run of one is a bar over its own hour or day."""
    if len(run) == 1:
        sample = run[0]
        left, right = frame.x(sample.start), frame.x(sample.start + period)
        middle = (left + right) / 2
        left, right = min(left, middle - 1), max(right, middle + 1)
        band = [(left, sample.most), (right, sample.most), (right, sample.least), (left, sample.least)]
        mean = [(left, sample.mean), (right, sample.mean)]
    else:
        places = [frame.x(sample.start + period / 2) for sample in run]
        upper = [(x, sample.most) for x, sample in zip(places, run, strict=True)]
        lower = [(x, sample.least) for x, sample in zip(places, run, strict=True)]
        band = [*upper, *reversed(lower)]
        mean = [(x, sample.mean) for x, sample in zip(places, run, strict=True)]
    write: Callable[[list[tuple[float, float]]], str] = lambda points: " ".join(  # noqa: E731
        f"{x:g},{frame.y(value):g}" for x, value in points
    )
    return joined(
        element("polygon", points=write(band), class_="band"), element("polyline", points=write(mean), class_="mean")
    )


def _limit(bound: float, frame: Frame) -> Html:
    y = frame.y(bound)
    return element("line", x1=_LEFT, x2=WIDTH - _RIGHT, y1=y, y2=y, class_="limit")


def _times(frame: Frame, period: str) -> Html:
    """Round times below: midnights where there are some, else every few hours; never too close together."""
    moments = round_moments(frame.first, frame.last, period)
    form = "%m-%d" if period == "day" or all(moment.hour == 0 for moment in moments) else "%H:%M"
    base = HEIGHT - _BOTTOM
    drawn = [element("line", x1=_LEFT, x2=WIDTH - _RIGHT, y1=base, y2=base, class_="axis")]
    for moment in moments:
        x = frame.x(moment)
        drawn.append(element("line", x1=x, x2=x, y1=base, y2=base + 4, class_="axis"))
        anchor = "end" if x > WIDTH - 24 else "middle"
        drawn.append(element("text", format(moment, form), x=x, y=base + 15, text_anchor=anchor))
    return joined(*drawn)


def round_moments(first: datetime, last: datetime, period: str) -> list[datetime]:
    """At most five round times within ``first`` to ``last``: hours, or midnights some days apart."""
    span_h = (last - first) / timedelta(hours=1)
    steps_h = (24, 48, 168, 336) if period == "day" else (1, 2, 4, 6, 12, 24)
    step_h = next((step for step in steps_h if span_h / step <= _TIMES), steps_h[-1])
    midnight = first.replace(hour=0, minute=0, second=0, microsecond=0)
    found: list[datetime] = []
    moment = midnight
    while moment <= last and len(found) <= 2 * _TIMES:
        if moment >= first:
            found.append(moment)
        moment += timedelta(hours=step_h)
    return found or [first]
