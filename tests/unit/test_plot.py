"""Trend plots: what was measured lies in the picture where it belongs, with its limit, units and times."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any
from xml.etree import ElementTree as Xml

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.outlets.plot import bounds_of, draw_trend, is_near, round_moments, runs_of, ticks_between
from device.trend import Sample


def samples(name: str = "modem.signal", period: str = "hour", values: tuple[float, ...] = (-80, -75, -96)) -> Any:
    step = timedelta(hours=1) if period == "hour" else timedelta(days=1)
    start = datetime(2026, 7, 1, tzinfo=UTC)
    return tuple(Sample(name, period, start + step * n, 2, v - 2, v + 2, v, v) for n, v in enumerate(values))


def plot(**changes: Any) -> Xml.Element:
    values: dict[str, Any] = {"samples": samples(), "unit": "dBm", "limit": ">= -95", "described": "told"} | changes
    return Xml.fromstring(draw_trend(**values))  # noqa: S314  our own


def of_class(root: Xml.Element, name: str) -> list[Xml.Element]:
    return [node for node in root.iter() if node.get("class") == name]


def test_a_plot_shows_band_mean_limit_units_and_times() -> None:
    root = plot()
    assert (len(of_class(root, "band")), len(of_class(root, "mean")), len(of_class(root, "limit"))) == (1, 1, 1)
    words = [node.text or "" for node in root.iter() if node.tag == "text"]
    assert "dBm" in words
    assert "-80" in words
    assert any(re.fullmatch(r"\d\d:\d\d", word) for word in words)
    assert [node.text for node in root.iter() if node.tag == "title"] == ["told"]


def test_the_limit_line_stands_where_its_value_is() -> None:
    root = plot()
    (limit,) = of_class(root, "limit")
    grid = {
        float(text.text or ""): float(text.get("y", "")) - 3
        for text in root.iter("text")
        if re.fullmatch(r"-?\d+", text.text or "")
    }
    (low, low_y), (high, high_y) = min(grid.items()), max(grid.items())
    expected = low_y + (-95 - low) / (high - low) * (high_y - low_y)
    assert float(limit.get("y1", "")) == pytest.approx(expected, abs=0.2)


@given(st.lists(st.floats(-1e7, 1e7), min_size=2, max_size=80), st.sampled_from(["hour", "day"]))
def test_every_point_of_any_history_lies_within_the_picture(values: list[float], period: str) -> None:
    root = plot(samples=samples(period=period, values=tuple(values)), limit="5 .. 60")
    for node in root.iter():
        for pair in node.get("points", "").split():
            x, y = map(float, pair.split(","))
            assert 46 <= x <= 352
            assert 17 <= y <= 131
        for text in ("x", "x1", "x2"):
            assert 0 <= float(node.get(text, "0")) <= 360


def test_a_pause_breaks_the_line() -> None:
    first, *_, last = samples(values=(1, 2, 3, 4, 5, 6))
    assert [len(run) for run in runs_of([first, last], timedelta(hours=1))] == [1, 1]
    assert len(of_class(plot(samples=[first, last]), "mean")) == 2


def test_a_limit_far_from_all_values_is_not_drawn() -> None:
    far = samples("network.dns", values=(20, 25, 30))
    assert of_class(plot(samples=far, limit="<= 500"), "limit") == []


@pytest.mark.parametrize(
    ("limit", "bounds"),
    [(">= -95", [-95]), ("<= 0.5", [0.5]), ("5 .. 60", [5, 60]), ("-10 .. 75", [-10, 75]), ("", []),
     ("home|roaming", []), (">= 1e+06", [1e6]), (">= -", []), ("1.2.3", [])],
)  # fmt: skip
def test_bounds_are_read_out_of_a_limit_in_symbols(limit: str, bounds: list[float]) -> None:
    assert bounds_of(limit) == bounds


@given(st.floats(-1e9, 1e9), st.floats(0, 1e9))
def test_ticks_enclose_the_values_in_few_even_steps(low: float, span: float) -> None:
    ticks = ticks_between(low, low + span)
    slack = 1e-6 * max(abs(low), span, 1)
    assert ticks[0] <= low + slack
    assert ticks[-1] >= low + span - slack
    assert 2 <= len(ticks) <= 8
    assert ticks == sorted(set(ticks))


@pytest.mark.parametrize(
    ("period", "days"), [("hour", 0.2), ("hour", 1), ("hour", 3), ("day", 2), ("day", 20), ("day", 62)]
)
def test_times_below_a_plot_are_few_and_round(period: str, days: float) -> None:
    first = datetime(2026, 7, 1, 5, tzinfo=UTC)
    moments = round_moments(first, first + timedelta(days=days), period)
    assert 1 <= len(moments) <= 5
    assert all(first <= moment <= first + timedelta(days=days) and moment.minute == 0 for moment in moments)


def test_a_limit_within_one_span_of_the_values_is_near() -> None:
    assert is_near(-95, -90, -70)
    assert not is_near(500, 20, 30)
