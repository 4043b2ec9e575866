"""The gate's logic: what counts against a new version, and what never may."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.app.catalogue import load_catalogue
from device.evidence import Evidence, Outcome
from device.settings import read_catalogue
from device.table import TableError, parse_toml
from device.update.gate import (
    RUNS,
    Counts,
    Regression,
    clock_is_right,
    needs_another_run,
    outcomes_of,
    parse_gate,
    regressions,
    suspects,
)

RULES = parse_gate(read_catalogue("gate.toml"))
CHECKS = tuple(load_catalogue().checks)
OUTSIDE = tuple(check for check in CHECKS if RULES.counts_of(check) is Counts.BROKEN)
BAD = (Outcome.FAIL, Outcome.ERROR, Outcome.NOT_RUN)
RUN_LISTS = st.lists(st.lists(st.sampled_from("abcd"), unique=True), min_size=1, max_size=RUNS)


def suspect(check: str, outcome: Outcome, reason: str = "", *, clock_right: bool = True) -> list[Regression]:
    return suspects({check: "pass"}, [Evidence(check, outcome, reason=reason)], RULES, clock_right=clock_right)


def run(checks: Sequence[str]) -> list[Regression]:
    return [Regression(check, "pass", "fail: x") for check in checks]


def test_the_rules_name_only_checks_that_exist() -> None:
    assert set(RULES.counts) <= set(CHECKS)
    assert len(OUTSIDE) > len(CHECKS) * 0.8


@pytest.mark.parametrize(
    "part",
    ["modem", "network", "printer", "reader", "contactless", "host", "power", "keypad", "usb", "uart", "service"],
)
def test_nothing_that_the_outside_world_decides_is_gated_on(part: str) -> None:
    for check in CHECKS:
        if check.startswith(f"{part}."):
            for outcome in BAD:
                for reason in ("outside_limit", "no_answer", "no_sim", "no_paper", "not_fitted", "deadline", "no_card"):
                    assert suspect(check, outcome, reason) == []


@pytest.mark.parametrize("check", ["modem.sim", "reader.answer", "smart_card.present", "storage.writable"])
def test_a_check_whose_worker_breaks_counts_whatever_it_checks(check: str) -> None:
    assert suspect(check, Outcome.ERROR, "crashed") == [Regression(check, "pass", "error: crashed")]


def test_what_never_passed_is_not_held_against_a_new_version() -> None:
    assert suspects({}, [Evidence("storage.writable", Outcome.FAIL)], RULES, clock_right=True) == []
    assert outcomes_of([Evidence("storage.writable", Outcome.FAIL), Evidence("a.b", Outcome.NOT_RUN)]) == {}


@pytest.mark.parametrize("reason", ["sale_running", "offline_pending"])
def test_a_check_that_a_sale_held_back_says_nothing(reason: str) -> None:
    assert suspect("smart_card.service", Outcome.NOT_RUN, reason) == []
    assert suspect("smart_card.service", Outcome.NOT_RUN, "deadline") != []


def test_a_signature_with_dates_does_not_count_while_the_clock_stands_at_1970() -> None:
    assert suspect("profile.signature", Outcome.FAIL, "bad", clock_right=False) == []
    assert suspect("profile.signature", Outcome.FAIL, "bad") != []
    assert suspect("storage.writable", Outcome.FAIL, "read_only", clock_right=False) != []
    assert not clock_is_right([Evidence("clock.floor", Outcome.FAIL)])
    assert clock_is_right([Evidence("clock.floor", Outcome.PASS), Evidence("clock.drift", Outcome.FAIL)])


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('source = "x"\nheld = []\n[counts]\n"a.b" = "sometimes"', "must be one of"),
        ('source = "x"\n[counts]', "held"),
        ('source = "x"\nheld = []\nmore = 1\n[counts]', "more"),
    ],
)
def test_rules_with_a_mistake_are_refused(text: str, why: str) -> None:
    with pytest.raises(TableError, match=why):
        parse_gate(parse_toml(text, "gate.toml"))


@given(RUN_LISTS)
def test_only_what_is_bad_in_two_runs_is_a_regression(runs: list[list[str]]) -> None:
    found = {item.check for item in regressions([run(checks) for checks in runs])}
    assert found == {check for check in "abcd" if sum(check in checks for checks in runs) >= 2}


@given(RUN_LISTS)
def test_runs_end_as_soon_as_they_can_and_never_go_beyond_three(runs: list[list[str]]) -> None:
    made = [run(checks) for checks in runs]
    found = regressions(made)
    if len(made) == RUNS or found or not any(made):
        assert not needs_another_run(made)
    else:  # one more run could still make a regression of something
        assert needs_another_run(made)


@given(st.lists(st.tuples(st.sampled_from(CHECKS), st.sampled_from(tuple(Outcome)))))
def test_a_version_is_never_worse_than_itself(rows: list[tuple[str, Outcome]]) -> None:
    evidence = [Evidence(check, outcome) for check, outcome in dict(rows).items()]
    assert suspects(outcomes_of(evidence), evidence, RULES, clock_right=True) == []


def test_a_thousand_good_boots_with_parts_missing_at_random_are_all_good() -> None:
    """Each boot: any parts unplugged, empty, without network, held back by a sale, slow, with the clock anywhere."""
    random = Random(62)  # noqa: S311  the same boots each time
    reasons = ("not_fitted", "no_reader", "mute", "no_sim", "no_signal", "no_paper", "deadline", "no_route", "no_card")
    baseline = dict.fromkeys(CHECKS, "pass")
    missing = 0
    for _ in range(1000):
        clock_right = random.random() < 0.8
        runs = []
        for _again in range(RUNS):
            evidence = []
            for check in CHECKS:
                outside = RULES.counts_of(check) is Counts.BROKEN
                if outside and random.random() < 0.5:
                    missing += 1
                    evidence.append(Evidence(check, random.choice(BAD), reason=random.choice(reasons)))
                elif RULES.counts_of(check) is Counts.DATED and not clock_right:
                    evidence.append(Evidence(check, Outcome.FAIL, reason="bad"))
                elif not outside and random.random() < 0.2:
                    evidence.append(Evidence(check, Outcome.NOT_RUN, reason="sale_running"))
                else:
                    evidence.append(Evidence(check, random.choice((Outcome.PASS, Outcome.MARGINAL))))
            runs.append(suspects(baseline, evidence, RULES, clock_right=clock_right))
        assert regressions(runs) == []
    assert missing > 10_000
