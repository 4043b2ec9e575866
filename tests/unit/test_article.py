"""Every statement of the public articles about 62 is answered, in both languages, and none overclaims."""

from __future__ import annotations

import json

import pytest

from device.commands.article import KINDS, read_article
from device.commands.explain import explain_code
from device.diagnosis.facts import TESTED
from device.diagnosis.verdict import Addressee

TREATED = {  # what such articles treat, by kind
    "definition": {"meaning", "second_meaning"},
    "cause": {
        *("balance", "card_state", "merchant", "network", "maintenance", "limits", "risk", "terminal"),
        *("second_card", "second_system", "second_network", "second_setup"),
    },
    "solution": {
        *("solve_balance", "solve_card", "solve_merchant", "solve_network", "solve_maintenance", "solve_limits"),
        *("solve_risk", "solve_terminal", "second_solution"),
    },
    "check": {"check_card", "check_system", "check_network", "check_terminal"},
    "prevention": {
        *("maintain", "training", "link", "firmware", "risk_monitoring", "service", "remind", "contact", "backup"),
        "merchant_credit",
    },
    "effect": {"failed_sale", "experience", "loss"},
}


def test_every_statement_is_treated() -> None:
    items = read_article("62")
    assert {kind: {item.id for item in items if item.kind == kind} for kind in KINDS} == TREATED


def test_who_acts_and_the_checks_named_exist() -> None:
    for item in read_article("62"):
        assert item.who in {addressee.value for addressee in Addressee}, item.id
        assert set(item.checks) <= set(TESTED), item.id


def test_the_meaning_and_the_network_are_contradicted() -> None:
    judged = {item.id: item.judgement for item in read_article("62")}
    assert {judged[name] for name in ("meaning", "balance", "network", "maintenance", "limits", "terminal")} == {
        "wrong"
    }


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_long_page_ends_with_every_item_and_no_raw_id(language: str) -> None:
    code, page = explain_code("62", language=language, long=True)
    assert code == 0
    for item in read_article("62"):
        assert item.texts[language]["claim"] in page
        assert not any(check in page for check in item.checks)
    assert "%" not in page


def test_scripts_get_both_languages_and_other_codes_say_there_is_no_more() -> None:
    told = json.loads(explain_code("62", as_json=True, long=True)[1])
    assert {len(item["truth"]) for item in told["article"]} == {2}
    assert "no longer text" in explain_code("51", language="en", long=True)[1]
    assert "article" not in json.loads(explain_code("62", as_json=True)[1])
