"""The table of checks: complete, sourced, named in both languages, and mistakes in it are told with their line."""

import re
from pathlib import Path

import pytest

from device.diagnosis.facts import TESTED
from device.evidence import Level, Outcome
from device.selftest.check_table import parse_checks, parse_parts
from device.settings import read_catalogue, read_texts
from device.table import TableError, parse_toml

_DEVICE = Path(__file__).parents[2] / "device"


def test_every_fact_that_the_diagnosis_may_name_has_a_row() -> None:
    assert set(TESTED) <= set(parse_checks(read_catalogue("checks.toml")))


def test_every_row_tells_where_its_limit_comes_from() -> None:
    for spec in parse_checks(read_catalogue("checks.toml")).values():
        assert re.search(r"own judgement|\d", spec.source), spec.id


def test_all_parts_together_end_within_the_boot_selftest() -> None:
    parts = parse_parts(read_catalogue("checks.toml"))
    assert all(row.deadline_s < 5 for row in parts.values())
    assert [row.order for row in parts.values()] == sorted(row.order for row in parts.values())


def test_what_moves_something_or_needs_a_person_is_no_safe_check() -> None:
    checks = parse_checks(read_catalogue("checks.toml"))
    levels = {spec.id: spec.level for spec in checks.values() if spec.level is not Level.SAFE}
    card = ("start_time", "select", "answer_time", "line_errors")
    person = ("reader.swipe", "screen.pattern", "indicator.noticed", "contactless.tap", "keypad.pressed")
    assisted = (*(f"smart_card.{fact}" for fact in card), *person)
    active = ("clock.drift", "contactless.field", "printer.test_line", "host.echo", "modem.reattach", "indicator.flash")
    assert levels == {**dict.fromkeys(assisted, Level.ASSISTED), **dict.fromkeys(active, Level.ACTIVE)}


@pytest.mark.parametrize(
    ("fact", "value", "outcome"),
    [
        ("modem.signal", -95, Outcome.PASS),
        ("modem.signal", -96, Outcome.MARGINAL),
        ("modem.signal", -108, Outcome.FAIL),
        ("modem.sim", "SIM PIN", Outcome.FAIL),
        ("modem.registration", "roaming", Outcome.PASS),
        ("modem.registration", "denied", Outcome.FAIL),
        ("clock.host", 120, Outcome.PASS),
        ("clock.host", -121, Outcome.MARGINAL),
        ("clock.host", 3600, Outcome.FAIL),
        ("storage.free", 15, Outcome.FAIL),
        ("temperature.cpu", 86, Outcome.FAIL),
        ("temperature.cpu", -15, Outcome.MARGINAL),
        ("network.tls", "TLSv1.1", Outcome.FAIL),
        ("reader.status", "read_failed", Outcome.MARGINAL),
        ("reader.firmware", "V1.2", Outcome.PASS),
    ],
)
def test_limits_judge_values_at_their_edges(fact: str, value: float | str, outcome: Outcome) -> None:
    assert parse_checks(read_catalogue("checks.toml"))[fact].limit.judge(value) is outcome


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_check_part_and_outcome_has_its_words(language: str) -> None:
    texts, table = read_texts(language), read_catalogue("checks.toml")
    assert set(texts["check"]) == set(parse_checks(table))
    assert all(row["name"] and row["advice"] for row in texts["check"].values())
    asked = {check for check, row in texts["check"].items() if row.get("prompt")}
    assert asked == {
        *("reader.swipe", "screen.pattern", "indicator.noticed", "contactless.tap", "keypad.pressed"),
        "smart_card.select",
    }
    assert set(texts["part"]) == set(parse_parts(table))
    assert set(texts["outcome"]) == set(Outcome)


def test_both_languages_know_the_same_reasons_and_values() -> None:
    zh, en = read_texts("zh"), read_texts("en")
    assert set(zh["reason"]) == set(en["reason"])
    assert set(zh["value"]) == set(en["value"])
    assert set(zh["report"]) == set(en["report"])


def test_every_reason_written_in_a_check_has_its_words() -> None:
    used = set()
    for path in (*(_DEVICE / "selftest").glob("*.py"), *(_DEVICE / "drivers").glob("*.py"), _DEVICE / "app/parts.py"):
        source = path.read_text()
        used |= set(re.findall(r'(?:not_run|failed|broken)\([^,()]+(?:\([^)]*\))?, "([a-z_]+)"', source))
        used |= set(re.findall(r'NetworkError\("([a-z_]+)"', source))
        used |= set(re.findall(r'^    reason = "([a-z_]+)"', source, re.MULTILINE))
    assert len(used) > 20
    assert used <= set(read_texts("zh")["reason"]) | {"reason"}


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ('level = "often"', "level"),
        ('level = "safe"\npass_min = "low"', "pass_min"),
        ('level = "safe"\npass_mni = 3', "pass_mni"),
        ('level = "safe"\npass_min = 3\nmarginal_min = 4', "marginal_min"),
        ('level = "safe"\npass_max = 3\nmarginal_max = 3', "marginal_max"),
    ],
)
def test_a_mistake_in_a_row_is_told_with_its_key(row: str, told: str) -> None:
    text = f'[check."modem.signal"]\nsource = "test 1"\n{row}\n'
    with pytest.raises(TableError, match=told):
        parse_checks(parse_toml(text, "checks.toml"))


@pytest.mark.parametrize(
    "text",
    [
        '[part.modem]\ndeadline_s = 1\norder = 1\ndisturbs = true\n[check."reader.answer"]\nlevel = "safe"\n',
        '[part.modem]\ndeadline_s = 9\norder = 1\ndisturbs = true\n[check."modem.answer"]\nlevel = "safe"\n',
        "[part.modem]\ndeadline_s = 1\norder = 1\ndisturbs = true\n[check]\n",
    ],
)
def test_parts_and_checks_that_do_not_fit_together_are_refused(text: str) -> None:
    with pytest.raises(TableError):
        parse_parts(parse_toml(text, "checks.toml"))
