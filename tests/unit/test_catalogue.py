"""The catalogue of the diagnosis: complete, equal in both languages, fit for the panel, fit for a customer's eyes."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from support.frames import knowledge

from device.diagnosis.facts import TESTED
from device.diagnosis.knowledge import CAUSES, parse_knowledge
from device.diagnosis.verdict import Addressee, Verdict
from device.diagnosis.wording import columns
from device.settings import CATALOGUE, LANGUAGES, read_catalogue, read_texts
from device.table import Table, TableError, parse_toml

UNIONPAY = (
    "00 01 02 03 04 05 06 07 09 10 11 12 13 14 15 16 19 20 21 22 23 25 30 31 33 34 35 36 37 38 39 40 41 42 43 44 45 "
    "51 52 53 54 55 56 57 58 59 60 61 62 63 64 65 66 67 68 75 77 79 90 91 92 93 94 95 96 97 98 99 A0 A1 A2 A3 A4 A5 "
    "A6 A7 A8 B1 C1 D1 D2 D3 D4 D5 D6 D7 D8 D9 DA DB DC F1 F2 F3 F4 F5 N1 P1 Y1 Y3 Z1 Z3"
)
SHORT_COLUMNS = 16
FULL_COLUMNS = 60


def leaves(node: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    for key, value in node.items():
        if isinstance(value, dict):
            yield from leaves(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def words(language: str) -> dict[str, str]:
    return dict(leaves(dict(read_texts(language)["diagnosis"])))


def placeholders(text: str) -> set[str]:
    return set(re.findall(r"\{(\w+)\}", text))


# --- code tables ----------------------------------------------------------------------------


def test_the_unionpay_table_has_every_code_and_no_other() -> None:
    assert sorted(knowledge().hosts["unionpay"].rows) == sorted(UNIONPAY.split())


def test_62_is_set_by_switch_or_issuer_not_retried_and_sent_to_the_issuer() -> None:
    row = knowledge().hosts["unionpay"].rows["62"]
    assert (row.action_class, row.origin, row.addressee, row.retry) == ("C", "SI", "issuer", "no")
    assert row.restricted
    assert row.charged == "no"


def test_only_62_and_its_twins_are_restricted() -> None:
    restricted = {host: {c for c, row in table.rows.items() if row.restricted} for host, table in tables().items()}
    assert restricted == {
        "unionpay": {"36", "62"},
        "iso1987": {"36", "62", "104", "204", "1004", "2004"},
        "iso1993": {"104", "204"},
        "iso2003": {"1004", "2004"},
        "visa": {"36", "62"},
        "mastercard": {"36", "62"},
    }


def tables() -> Any:
    return knowledge().hosts


@pytest.mark.parametrize("host", sorted(knowledge().hosts))
def test_every_code_row_has_a_source_and_a_fitting_verdict(host: str) -> None:
    for row in tables()[host].rows.values():
        assert row.source
        assert row.approved == (row.verdict is Verdict.APPROVED)
        assert row.approved == (row.charged in ("yes", "part"))


@pytest.mark.parametrize("code", ["41", "43", "34", "59", "51", "37"])
def test_codes_not_for_a_customers_eyes_have_a_neutral_headline(code: str) -> None:
    row = tables()["unionpay"].rows[code]
    assert not re.search(r"余额|挂失|被盗|欺诈|丢失", row.says["zh"])
    assert not re.search(r"balance|lost|stolen|fraud|credit|security", row.says["en"])


# --- causes ---------------------------------------------------------------------------------


def test_every_cause_of_the_contract_has_a_row_with_a_source() -> None:
    rows = knowledge().causes
    assert sorted(row.id for row in rows) == sorted(CAUSES)
    assert all(row.source for row in rows)


def test_the_facts_that_rules_may_name_are_the_rows_of_the_checks() -> None:
    checks = tomllib.loads((CATALOGUE / "checks.toml").read_text())["check"]
    ids = set(checks) if isinstance(checks, dict) else {row["id"] for row in checks}
    assert set(TESTED) == ids


# --- words ----------------------------------------------------------------------------------


def test_both_languages_have_the_same_keys_and_placeholders() -> None:
    zh, en = words("zh"), words("en")
    assert zh.keys() == en.keys()
    assert {key: placeholders(text) for key, text in zh.items()} == {key: placeholders(t) for key, t in en.items()}


def test_every_verdict_and_addressee_has_its_words() -> None:
    wording = knowledge().wording
    for verdict in Verdict:
        wording.require(f"customer.{verdict}", "the customer")
        wording.require(f"verdict.{verdict}", "the outlets")
    for verdict in {row.verdict for table in tables().values() for row in table.rows.values() if not row.restricted}:
        wording.require(f"happened.row_{verdict}.full", "the headline")
    for addressee in Addressee:
        wording.require(f"who.{addressee}.full", "the headline")
        wording.require(f"contact.{addressee}", "the contact")


SAMPLE = {
    **{"code": "1004", "cards": "12", "attempts": "12", "usual": "30/A0/99", "acquirer": "A", "hotline": "400"},
    **{"banks": "12", "minutes": "30"},
}


@pytest.mark.parametrize("language", LANGUAGES)
def test_headline_lines_fit_their_panels(language: str) -> None:
    fields = "终端号、商户号等" if language == "zh" else "terminal number, merchant number and more"
    kind = max((words(language)[f"kind.{kind}"] for kind in ("foreign", "scheme", "bin_group")), key=columns)
    values = {**SAMPLE, "fields": fields, "meaning": "m" * 40, "host": "unionpay", "kind": kind}
    for key, text in words(language).items():
        if key.endswith(".short"):
            assert columns(text.format(**values)) <= SHORT_COLUMNS, (key, text)
        if key.endswith(".full"):
            most = FULL_COLUMNS + (24 if "{fields}" in text else 0)
            assert columns(text.format(**values)) <= most, (key, text)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_codes_headline_fits_the_panel(language: str) -> None:
    for table in tables().values():
        for row in table.rows.values():
            assert columns(f"{row.code} {row.says[language]}") <= FULL_COLUMNS, row.code


FORBIDDEN = {
    language: "|".join((*read_catalogue("forbidden_words.toml").texts(language), more))
    for language, more in {"zh": "盗", "en": r"pick.?up"}.items()
}


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_a_customer_may_see_is_neutral(language: str) -> None:
    for key, text in words(language).items():
        if key.startswith(("customer.", "happened.", "who.")) or (
            key.startswith("act.") and key != "act.check_clock.full"
        ):
            assert not re.search(FORBIDDEN[language], text, re.IGNORECASE), (key, text)


def test_chinese_texts_hold_no_english_sentence_and_english_ones_no_chinese() -> None:
    for key, text in words("zh").items():
        assert not re.search(r"[A-Za-z]{2,}[ ,]+[A-Za-z]{2,}", re.sub(r"\{\w+\}", "", text)), (key, text)
        assert re.search(r"[\u4e00-\u9fff]", text) or not re.sub(r"\{\w+\}|[ 、；“”：（）]", "", text), (key, text)
        assert not re.search(r"[\u4e00-\u9fff][,;:?!]", text), (key, text)
    for key, text in words("en").items():
        assert text.isascii(), (key, text)
    for table in tables().values():
        for row in table.rows.values():
            assert re.search(r"[\u4e00-\u9fff]", row.meaning["zh"])
            assert row.meaning["en"].isascii()


def test_nothing_prints_a_percentage() -> None:
    assert not any("%" in text or "％" in text for language in LANGUAGES for text in words(language).values())


# --- load errors ----------------------------------------------------------------------------

HOST = """name = { zh = "甲", en = "a" }
[[code]]
code = "62"
zh = "受限"
en = "restricted"
class = "C"
verdict = "card"
addressee = "issuer"
retry = "no"
act = "no_retry"
local = "no"
charged = "no"
restricted = true
source = "test"
"""


def load(
    causes: Callable[[str], str] = str, host: Callable[[str], str] = str, texts: Callable[[Any], None] | None = None
) -> None:
    everything: dict[str, Any] = {language: tomllib.loads(text(language)) for language in LANGUAGES}
    if texts is not None:
        texts(everything)
    cause_text = causes((CATALOGUE / "causes.toml").read_text())
    parse_knowledge(
        parse_toml(cause_text, "causes.toml"),
        {"unionpay": parse_toml(host(HOST), "unionpay.toml"), "iso1987": parse_toml(HOST, "iso1987.toml")},
        everything,
    )


def text(language: str) -> str:
    return (CATALOGUE / "texts" / language / "diagnosis.toml").read_text()


def test_the_small_host_table_loads() -> None:
    load()


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('state = "refuted"', 'state = "surely"', r"causes.toml.*line \d+: state must be one of"),
        ('id = "limits"', 'id = "balance"', r"line \d+: id balance stands here twice"),
        ('id = "limits"', 'id = "weather"', r"line \d+: id must be one of"),
        ('"exchange.host is pass"', '"exchange.hots is pass"', "unknown fact 'exchange.hots'"),
        ('"exchange.host is pass"', '"exchange.host is good"', "must be one of pass"),
        ('"exchange.host is pass"', '"exchange.host"', "not a condition"),
        ('advice = "country_first"', 'advice = "no_such_text"', "no_such_text"),
        ('because = ["history.approvals", "history.cards"] },', "because = [] },", "must name its evidence"),
        ('default_host = "unionpay"', 'default_host = "elsewhere"', "default_host must be one of"),
        ("gives_62 = true", "gives_62 = 1", "true or false"),
        ("weight = 95", "wight = 95", "weight is missing"),
    ],
)
def test_a_wrong_cause_is_refused_with_its_place(old: str, new: str, message: str) -> None:
    with pytest.raises(TableError, match=message):
        load(causes=lambda whole: whole.replace(old, new, 1))


def test_a_message_profile_is_served_by_a_table_that_is_there_and_not_by_two() -> None:
    with pytest.raises(TableError, match=r"\[serves\], line \d+: ebcdic must be one of"):
        load(causes=lambda whole: whole.replace('ebcdic = "iso1987"', 'ebcdic = "none"'))
    with pytest.raises(TableError, match="unionpay has a table of its own"):
        load(causes=lambda whole: whole.replace('ebcdic = "iso1987"', 'unionpay = "iso1987"'))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('verdict = "card"', 'verdict = "maybe"', r"unionpay.toml.*line 7: verdict must be one of"),
        ('en = "restricted"', "", "en is missing"),
        ('act = "no_retry"', 'act = "pray"', "act must be one of"),
        ('source = "test"', 'source = "test"\nnames = ["weather"]', "unknown cause 'weather'"),
        ('source = "test"', 'source = "test"\nsurprise = 1', "surprise is not known"),
        ("[[code]]", HOST[HOST.index("[[code]]") :] + "[[code]]", "62 stands here twice"),
    ],
)
def test_a_wrong_code_row_is_refused_with_its_place(old: str, new: str, message: str) -> None:
    with pytest.raises(TableError, match=message):
        load(host=lambda whole: whole.replace(old, new, 1))


def drop(language: str, *path: str) -> Callable[[Any], None]:
    def change(everything: Any) -> None:
        node = everything[language]["diagnosis"]
        for step in path[:-1]:
            node = node[step]
        del node[path[-1]]

    return change


def test_a_text_that_one_language_lacks_is_refused() -> None:
    with pytest.raises(TableError, match=r"texts/en: \[diagnosis\] has no act\.no_retry"):
        load(texts=drop("en", "act", "no_retry", "full"))


def test_a_text_that_every_language_lacks_is_refused() -> None:
    def change(everything: Any) -> None:
        drop("zh", "cause", "region", "supported")(everything)
        drop("en", "cause", "region", "supported")(everything)
        drop("zh", "cause", "region", "name")(everything)
        drop("en", "cause", "region", "name")(everything)

    with pytest.raises(TableError, match="region"):
        load(texts=change)


def test_placeholders_must_agree_between_the_languages() -> None:
    def change(everything: Any) -> None:
        everything["en"]["diagnosis"]["act"]["stop_retry"]["full"] = "Stop"

    with pytest.raises(TableError, match="other placeholders"):
        load(texts=change)


def test_the_installed_catalogue_loads_as_tables() -> None:
    assert isinstance(read_catalogue("causes.toml"), Table)
