"""Two self-tests side by side: what got better or worse is named so, and what did not run proves nothing."""

import dataclasses
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.evidence import Evidence, Outcome
from device.outlets.compare import Kind, Run, compare, comparison_json, run_from_json, run_to_json
from device.outlets.report import comparison_text
from device.settings import read_texts
from device.table import TableError

WHEN = "2026-07-01T08:00:00+08:00"
SIGNAL = Evidence("modem.signal", Outcome.PASS, -71, "dBm", ">= -95", age_s=3.5, took_ms=12.25)


def run(*evidence: Evidence, terminal_id: str = "12345678") -> Run:
    return Run(WHEN, "0.1.0", terminal_id, "safe", evidence)


def kind(before: Evidence | None, after: Evidence | None) -> Kind:
    sides = [run(*filter(None, (item,))) for item in (before, after)]
    (change,) = compare(*sides).changes
    return change.kind


def signal(outcome: str, value: int | None = -71, reason: str = "") -> Evidence:
    return dataclasses.replace(SIGNAL, outcome=Outcome(outcome), value=value, reason=reason)


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("pass", "marginal", Kind.WORSE),
        ("pass", "fail", Kind.WORSE),
        ("marginal", "fail", Kind.WORSE),
        ("pass", "error", Kind.WORSE),
        ("fail", "pass", Kind.BETTER),
        ("error", "pass", Kind.BETTER),
        ("marginal", "pass", Kind.BETTER),
        ("fail", "error", Kind.CHANGED),
        ("pass", "not_run", Kind.UNTESTED),
        ("fail", "not_run", Kind.UNTESTED),
        ("not_run", "pass", Kind.NEW),
        ("not_run", "fail", Kind.NEW),
        ("not_run", "not_run", Kind.SAME),
        ("pass", "pass", Kind.SAME),
    ],
)
def test_each_pair_of_outcomes_has_its_kind(before: str, after: str, expected: Kind) -> None:
    assert kind(signal(before), signal(after)) is expected


def test_a_fault_that_is_no_longer_tested_is_never_called_better() -> None:
    assert kind(signal("fail"), signal("not_run", None, "not_fitted")) is Kind.UNTESTED
    assert kind(signal("fail"), None) is Kind.UNTESTED


def test_another_value_or_reason_with_the_same_outcome_is_a_change() -> None:
    assert kind(signal("pass", -71), signal("pass", -80)) is Kind.CHANGED
    assert kind(signal("fail", None, "refused"), signal("fail", None, "no_answer")) is Kind.CHANGED


def test_age_and_time_taken_are_no_change() -> None:
    assert kind(SIGNAL, dataclasses.replace(SIGNAL, age_s=900.0, took_ms=80.0)) is Kind.SAME


def test_a_fact_that_only_one_run_has_is_new_or_untested() -> None:
    assert kind(None, SIGNAL) is Kind.NEW
    assert kind(None, signal("not_run", None)) is Kind.SAME


def test_the_worst_changes_come_first() -> None:
    def item(name: str, outcome: str) -> Evidence:
        return Evidence(name, Outcome(outcome))

    before = run(*(item(f"a.{n}", o) for n, o in enumerate(("pass", "fail", "pass", "not_run", "pass"))))
    after = run(*(item(f"a.{n}", o) for n, o in enumerate(("pass", "pass", "not_run", "pass", "fail"))))
    order = [change.kind for change in compare(before, after).changes]
    assert order == [Kind.WORSE, Kind.UNTESTED, Kind.BETTER, Kind.NEW, Kind.SAME]


@pytest.mark.parametrize(("one", "other", "same"), [("1", "1", True), ("1", "2", False), ("", "2", True)])
def test_runs_of_different_terminals_are_told(one: str, other: str, same: bool) -> None:
    comparison = compare(run(terminal_id=one), run(terminal_id=other))
    assert comparison.same_terminal is same
    for language in ("zh", "en"):
        texts = read_texts(language)
        assert (texts["report"]["other_terminal"] in comparison_text(comparison, language, texts)) is not same


def test_the_json_counts_every_kind_and_keeps_both_sides() -> None:
    told = comparison_json(compare(run(SIGNAL), run(signal("fail", -120, "outside_limit"))))
    assert json.loads(json.dumps(told)) == told
    assert told["counts"] == {"worse": 1, "untested": 0, "better": 0, "new": 0, "changed": 0, "same": 0}
    (change,) = told["changes"]
    assert (change["id"], change["before"]["value"], change["after"]["value"]) == ("modem.signal", -71, -120)
    assert "evidence" not in told["before"]


EVIDENCE = st.builds(
    Evidence,
    id=st.from_regex(r"[a-z_]{1,9}\.[a-z_]{1,9}", fullmatch=True),
    outcome=st.sampled_from(Outcome),
    value=st.none() | st.booleans() | st.integers(-(10**9), 10**9) | st.floats(-1e9, 1e9) | st.text(max_size=20),
    unit=st.text(max_size=5),
    limit=st.text(max_size=20),
    reason=st.text(max_size=20),
    detail=st.text(max_size=50),
    age_s=st.floats(0, 1e6),
    took_ms=st.none() | st.floats(0, 1e6),
)


@given(st.lists(EVIDENCE, max_size=5))
def test_a_saved_run_is_read_back_as_it_was(evidence: list[Evidence]) -> None:
    saved = run(*evidence)
    assert run_from_json(json.loads(json.dumps(run_to_json(saved))), "before.json") == saved


@given(st.lists(EVIDENCE, max_size=5), st.lists(EVIDENCE, max_size=5))
def test_every_fact_of_either_run_is_told_once_and_turning_them_round_turns_the_kinds(
    first: list[Evidence], second: list[Evidence]
) -> None:
    turned = {Kind.WORSE: Kind.BETTER, Kind.BETTER: Kind.WORSE, Kind.NEW: Kind.UNTESTED, Kind.UNTESTED: Kind.NEW}
    there = {change.id: change.kind for change in compare(run(*first), run(*second)).changes}
    back = {change.id: change.kind for change in compare(run(*second), run(*first)).changes}
    assert set(there) == {item.id for item in (*first, *second)}
    assert back == {name: turned.get(found, found) for name, found in there.items()}


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"v": 2}, "version 1"),
        ({"v": None}, "whole number"),
        ({"made": 5}, "made must be text"),
        ({"evidence": "x"}, "list of tables"),
        ({"evidence": [{}]}, "is missing"),
        ({"evidence": [{"id": "a.b", "outcome": "great"}]}, "outcome must be one of"),
        ({"more": 1}, "more is not known here"),
    ],
)
def test_a_file_that_does_not_fit_is_refused_with_its_name_and_place(change: dict[str, object], why: str) -> None:
    with pytest.raises(TableError, match=why) as caught:
        run_from_json({**run_to_json(run(SIGNAL)), **change}, "before.json")
    assert "before.json" in str(caught.value)


@pytest.mark.parametrize("values", [None, [], "run", 5])
def test_what_is_no_object_is_refused(values: object) -> None:
    with pytest.raises(TableError, match="selftest --save"):
        run_from_json(values, "before.json")
