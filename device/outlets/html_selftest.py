"""The self-test in HTML: the table, what was found, two runs side by side, and the proof."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Final

from device.evidence import Evidence, Outcome
from device.outlets.compare import Change, Comparison, Kind
from device.outlets.html_element import Html, element, joined
from device.outlets.report import run_head, side_told
from device.outlets.report_facts import count_untested, worst_first
from device.outlets.report_words import ReportWords

_SIGNS: Final = {Outcome.PASS: "+", Outcome.MARGINAL: "?", Outcome.FAIL: "!", Outcome.ERROR: "!", Outcome.NOT_RUN: "-"}


def outcome_mark(outcome: Outcome, words: ReportWords) -> Html:
    """An outcome as sign, word and colour: any one of them is enough."""
    sign = element("i", element("b", _SIGNS[outcome]), aria_hidden="true")
    return element("span", sign, words.outcome(outcome), class_=f"outcome {outcome.value}")


def table(heads: Sequence[str], *lines: Html) -> Html:
    """A table whose head is repeated on every sheet of paper."""
    head = element("thead", element("tr", *(element("th", text, scope="col") for text in heads)))
    return element("table", head, *lines)


def selftest_section(evidence: Sequence[Evidence], words: ReportWords) -> Html:
    """Every check that ran, part by part; those that did not below, by their reason."""
    if not evidence:
        return element("p", words.word("no_selftest"))
    ran = [item for item in evidence if item.outcome is not Outcome.NOT_RUN]
    parts = [
        element("tbody", _part_head(part, words), *(_row(item, words) for item in items), class_="part")
        for part, items in itertools.groupby(ran, key=lambda item: item.part)
    ]
    heads = [words.word(key) for key in ("check", "outcome", "value", "limit", "age")]
    return joined(table(heads, *parts) if ran else Html(), _not_run(evidence, words))


def _part_head(part: str, words: ReportWords) -> Html:
    return element("tr", element("th", words.part(part), colspan="5", scope="rowgroup"))


def _row(item: Evidence, words: ReportWords) -> Html:
    reason = words.reason(item.reason) if item.reason and item.value is not None else ""
    return element(
        "tr",
        element("td", words.check(item.id)),
        element("td", outcome_mark(item.outcome, words)),
        element(
            "td",
            words.told(item),
            *((" ", element("span", f"({reason})", class_="note")) if reason else ()),
            class_="value",
        ),
        element("td", words.limit(item.limit, item.unit)),
        element("td", words.age(item.age_s), class_="age"),
    )


def _not_run(evidence: Sequence[Evidence], words: ReportWords) -> Html:
    by_reason: dict[str, list[str]] = {}
    for item in evidence:
        if item.outcome is Outcome.NOT_RUN:
            by_reason.setdefault(words.reason(item.reason), []).append(words.check(item.id))
    if not by_reason:
        return Html()
    comma = words.word("comma")
    pairs = [(element("dt", reason), element("dd", comma.join(names))) for reason, names in by_reason.items()]
    mark = outcome_mark(Outcome.NOT_RUN, words)
    head = element("h3", words.word("not_run_title"), " ", mark)
    return joined(head, element("dl", *(child for pair in pairs for child in pair)))


def found_section(evidence: Sequence[Evidence], words: ReportWords) -> Html:
    """What is wrong, the worst first, and what to do about it."""
    bad = worst_first(evidence)
    if not bad:
        return element("p", words.word("found_none"))
    return joined(*(_finding(item, words) for item in bad))


def _finding(item: Evidence, words: ReportWords) -> Html:
    limit = f" ({words.word('limit_is', limit=words.limit(item.limit, item.unit))})" if item.limit else ""
    told = words.why(item) + limit
    advice, remark = words.advice(item.id), words.remark(item)
    return element(
        "div",
        element("p", outcome_mark(item.outcome, words), " ", element("b", words.check(item.id)), f": {told}"),
        *((element("p", advice),) if advice else ()),
        *((element("p", remark, class_="note"),) if remark else ()),
        class_=f"found {item.outcome.value}",
    )


def comparison_section(comparison: Comparison | None, words: ReportWords) -> Html:
    """What differs between two runs, the worst first."""
    if comparison is None:
        return Html()
    pairs = [(words.word(key), run_head(getattr(comparison, key))) for key in ("before", "after")]
    head = element("dl", *(child for a, b in pairs for child in (element("dt", a), element("dd", b))))
    other = Html() if comparison.same_terminal else element("p", element("b", words.word("other_terminal")))
    bodies = [
        element("tbody", _kind_head(kind, len(changes), words), *(_change(change, words) for change in changes))
        for kind in Kind
        if kind is not Kind.SAME and (changes := comparison.of(kind))
    ]
    heads = [words.word(key) for key in ("check", "before", "after")]
    same = element("p", words.word("unchanged", count=len(comparison.of(Kind.SAME))))
    return joined(head, other, table(heads, *bodies) if bodies else element("p", words.word("no_change")), same)


def _kind_head(kind: Kind, count: int, words: ReportWords) -> Html:
    return element("tr", element("th", f"{words.word(f'kind_{kind}')} ({count})", colspan="3", scope="rowgroup"))


def _change(change: Change, words: ReportWords) -> Html:
    return element(
        "tr",
        element("td", words.check(change.id)),
        element("td", _side(change.before, change, "before", words), class_="value"),
        element("td", _side(change.after, change, "after", words), class_="value"),
    )


def _side(item: Evidence | None, change: Change, side: str, words: ReportWords) -> Html:
    if item is None:
        return joined(side_told(words, change, side))
    return joined(outcome_mark(item.outcome, words), " ", words.told(item))


def conclusion(evidence: Sequence[Evidence], words: ReportWords) -> tuple[Outcome, str]:
    """The worst outcome, and in one sentence whether a fault was found; nothing tested is never called good."""
    bad, tested = worst_first(evidence), len(evidence) - count_untested(evidence)
    if bad:
        return bad[0].outcome, words.word("faults", count=len(bad), tested=tested)
    if tested:
        return Outcome.PASS, words.word("no_fault", count=tested)
    return Outcome.NOT_RUN, words.word("no_selftest")


def proof_section(evidence: Sequence[Evidence], words: ReportWords) -> Html:
    """The statement a technician signs: no fault found, with every value that was measured; or the list of faults."""
    bad, untested = worst_first(evidence), count_untested(evidence)
    good = [item for item in evidence if item.outcome is Outcome.PASS]
    outcome, said = conclusion(evidence, words)
    lines = [element("p", outcome_mark(item.outcome, words), " ", words.check(item.id)) for item in bad]
    rest = element("p", words.word("untested", count=untested)) if untested else Html()
    box = element("div", element("p", said), *lines, rest, class_=f"proof {outcome.value}")
    values = [element("li", f"{words.check(item.id)}: ", element("b", words.told(item))) for item in good]
    listed = joined(element("h3", words.word("tested_good")), element("ul", *values, class_="values"))
    return joined(box, listed if values else Html())
