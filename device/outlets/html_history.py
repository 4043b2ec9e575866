"""What the terminal remembers, in HTML: declines, the fault memory, and how the numbers went."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from device.evidence import Evidence, Outcome
from device.outlets.html_element import Html, element, joined
from device.outlets.html_selftest import outcome_mark, table
from device.outlets.plot import bounds_of, draw_trend, is_near
from device.outlets.report_facts import ReportFacts
from device.outlets.report_words import ReportWords, moment, number
from device.trend import Sample

_PERIODS = ("hour", "day")


def history_section(facts: ReportFacts, words: ReportWords) -> Html:
    """Declines by code, faults with their ageing, and what has never been tested."""
    history, units = facts.history, {item.id: item.unit for item in facts.evidence}
    codes, faults, untested = (history.get(key, ()) for key in ("codes", "faults", "untested"))
    told = []
    if history.get("kept", "ok") != "ok":
        told.append(element("p", element("b", words.word("not_kept")), ": ", words.sentence(str(history["kept"]))))
    if codes:
        heads = [words.word(key) for key in ("code", "counted", "first_seen", "last_seen")]
        body = element("tbody", *(_code(row, words) for row in codes))
        told += [element("h3", words.word("history_declines")), table(heads, body)]
    if faults:
        heads = [words.word(key) for key in ("check", "status", "counted", "first_seen", "last_seen")]
        body = element("tbody", *(_fault(row, units.get(row["id"], ""), words) for row in faults))
        told += [element("h3", words.word("history_faults")), table(heads, body)]
    if not codes and not faults:
        told.append(element("p", words.word("no_history")))
    if untested:
        names = words.word("comma").join(words.check(str(name)) for name in untested)
        told.append(element("p", element("b", words.word("never_tested")), f": {names}", class_="note"))
    return joined(*told)


def _code(row: Mapping[str, Any], words: ReportWords) -> Html:
    code = str(row["code"] or words.screen.word("no_code"))
    return element("tr", element("td", element("b", code)), element("td", f"{row['count']}×"), *_seen(row))


def _seen(row: Mapping[str, Any]) -> Sequence[Html]:
    return [element("td", moment(str(row[key])), class_="number") for key in ("first_seen", "last_seen")]


def _fault(row: Mapping[str, Any], unit: str, words: ReportWords) -> Html:
    outcome = Outcome(row.get("outcome", Outcome.FAIL)) if row["active"] else Outcome.PASS
    value = row.get("value")
    why = words.word("comma").join(
        filter(None, ("" if value is None else words.limit(str(value), unit), words.reason(str(row.get("reason", "")))))
    )
    also = _also(row, words)
    return element(
        "tr",
        element(
            "td",
            element("b", words.check(str(row["id"]))),
            *((element("div", why, class_="note"),) if why else ()),
            *((element("div", also, class_="note"),) if also else ()),
        ),
        element("td", element("span", words.status(row), class_=outcome.value)),
        element("td", words.times(row)),
        *_seen(row),
    )


def _also(row: Mapping[str, Any], words: ReportWords) -> str:
    """What else was wrong when the fault began, by its freeze frame."""
    frame = row.get("frame") or ()
    moved = words.word("clock_set_back") if str(row["first_seen"]) > str(row["last_seen"]) else ""
    wrong = [words.check(str(entry[0])) for entry in frame if entry[1] in ("fail", "error") and entry[0] != row["id"]]
    told = f"{words.word('at_that_time')}: {words.word('comma').join(wrong)}" if wrong else ""
    return words.word("comma").join(filter(None, (told, moved)))


def trends_section(facts: ReportFacts, words: ReportWords) -> Html:
    """A plot for every fact and period with a history; a fact that never changed is only told."""
    now = {item.id: item for item in facts.evidence}
    plots, steady = [], []
    for name, periods in facts.trends.items():
        item = now.get(name)
        known = [periods.get(period, ()) for period in _PERIODS]
        values = {value for samples in known for sample in samples for value in (sample.least, sample.most)}
        if len(values) == 1 and any(len(samples) > 1 for samples in known):
            unit = item.unit if item is not None else ""
            steady.append(f"{words.check(name)} {words.value(values.pop(), unit)}")
        else:
            plots += [_plot(name, samples, item, words) for samples in known if len(samples) > 1]
    told = [element("p", words.word("trends_note"), class_="note"), element("div", *plots, class_="plots")]
    rest = element("p", f"{words.word('steady')}: {words.word('comma').join(steady)}", class_="note")
    return joined(*(told if plots else [element("p", words.word("no_trends"))]), *([rest] if steady else []))


def _plot(name: str, samples: Sequence[Sample], item: Evidence | None, words: ReportWords) -> Html:
    unit, limit = (item.unit, item.limit) if item is not None else ("", "")
    least, most = min(sample.least for sample in samples), max(sample.most for sample in samples)
    period = words.word(samples[0].period)
    described = f"{words.check(name)}, {period}: {number(least)} .. {number(most)} {unit}"
    bounds = bounds_of(limit)
    outside = bool(bounds) and not any(is_near(bound, least, most) for bound in bounds)
    tail = f" ({words.word('limit_outside', limit=words.limit(limit, unit))})" if outside else ""
    mark = [" ", outcome_mark(item.outcome, words)] if item is not None and item.outcome is not Outcome.PASS else []
    return element(
        "figure",
        element("div", element("b", words.check(name)), f" {period}", *mark),
        draw_trend(samples, unit, limit, described),
        *((element("figcaption", tail.strip(" ()")),) if tail else ()),
    )
