"""The report: reads in both languages, lines up, and always ends by saying whether it is complete."""

import dataclasses
import re
import unicodedata
from datetime import UTC, datetime
from typing import Any

import pytest
from support.sample_diagnosis import sample_diagnosis
from support.sheet import KeptSheet

from device.evidence import Evidence, TerminalProfile
from device.outlets.report import pad, report_text, width_of, wrap
from device.settings import read_texts

PROFILE = TerminalProfile(
    verified=True,
    terminal_id="12345678",
    merchant_id="104110045112012",
    country="156",
    acquirer="示例支付",
    hotline="95500",
)
SEEN = {"first_seen": "2026-07-01T12:00:00+08:00", "last_seen": "2026-07-02T09:30:00+08:00"}
HISTORY = {
    "kept": "ok",
    "codes": [{"code": "62", "count": 3, **SEEN}, {"code": None, "count": 1, **SEEN}],
    "faults": [{"id": "modem.signal", "count": 4, "active": True, **SEEN}],
}


def evidence(*, good: bool = False) -> list[Evidence]:
    sheet = KeptSheet()
    sheet.measured("storage.free", 1234)
    sheet.measured("storage.writable", True)
    sheet.measured("modem.registration", "home")
    sheet.not_run("reader.answer", "not_fitted", "No card reader on a serial line is configured.")
    if not good:
        sheet.measured("modem.signal", -101, detail="The value is the rssi in dBm.")
        sheet.failed("network.dns", "no_such_name", "The name pos.example is not known.")
    return list(sheet.found.values())


def report(language: str, **changes: Any) -> str:
    values: dict[str, Any] = {
        "terminal": PROFILE,
        "evidence": evidence(),
        "diagnosis": sample_diagnosis(),
        "history": HISTORY,
        "texts": read_texts(language),
        "now": datetime(2026, 7, 2, 1, 30, tzinfo=UTC),
    } | changes
    return report_text(language=language, software="0.1.0", **values)


@pytest.mark.parametrize(
    ("language", "wanted"),
    [
        ("en", ["12345678", "示例支付 95500", "Card problem", "62-C4R7-9K", "FAIL        Name look-up", "-101 dBm",
                "the name is not known", "Move the terminal to a window", "not fitted", "3×", "still there"]),
        ("zh", ["12345678", "卡的问题", "请持卡人致电发卡行", "不正常      域名解析", "没有这个域名", "未安装", "本网",
                "4×", "仍存在"]),
    ],
)  # fmt: skip
def test_a_technician_finds_who_what_tested_found_and_remembered(language: str, wanted: list[str]) -> None:
    text = report(language)
    assert [part for part in wanted if part not in text] == []
    assert text.splitlines()[-1].startswith({"en": "END OF REPORT: complete", "zh": "报告结束：内容完整"}[language])


@pytest.mark.parametrize("language", ["zh", "en"])
def test_no_line_is_wider_than_the_page_and_the_columns_line_up(language: str) -> None:
    lines = report(language).splitlines()
    assert max(map(width_of, lines)) <= 98  # a closing mark may hang over by its own width
    table = lines[next(n for n, line in enumerate(lines) if "1234 MB" in line) :][:5]
    ages = [width_of(re.split(r"0 (?:s|秒)$", line)[0]) for line in table]
    assert len(set(ages)) == 1


def test_a_terminal_without_faults_gets_the_proof_of_what_was_tested() -> None:
    text = report("en", evidence=evidence(good=True))
    assert "No fault was found in 3 checks" in text
    assert "1 checks did not run; they prove nothing." in text


def test_a_report_with_faults_never_says_that_none_was_found() -> None:
    assert "No fault was found" not in report("en")


def test_nothing_tested_is_not_called_free_of_faults() -> None:
    sheet = KeptSheet()
    sheet.not_run("reader.answer", "not_fitted", "None.")
    assert "No fault was found" not in report("en", evidence=list(sheet.found.values()))
    assert "No self-test has been run." in report("en", evidence=[])


def test_an_empty_terminal_still_gets_a_complete_report() -> None:
    text = report("en", terminal=TerminalProfile(), evidence=[], diagnosis=None, history={})
    assert "this terminal has no profile" in text
    assert "No decline is remembered." in text
    assert text.splitlines()[-1] == "END OF REPORT: complete, 5 sections."


def test_a_section_that_breaks_costs_only_itself_and_the_end_says_so() -> None:
    text = report("en", history={"codes": [{"code": "62"}]})
    assert "This section could not be made (KeyError)." in text
    assert "FAIL        Name look-up" in text
    assert text.splitlines()[-1] == "END OF REPORT: 1 of 5 sections could not be made."


def test_even_without_any_words_the_report_ends() -> None:
    assert report("en", texts={}).splitlines()[-1] == "incomplete"


def test_a_store_that_keeps_nothing_is_told() -> None:
    text = report("en", history={"kept": "Storage is full: make room.", "codes": [], "faults": []})
    assert "Not kept across a restart" in text
    assert "Storage is full: make room." in text


@pytest.mark.parametrize(("age_s", "shown"), [(5, "5 s"), (130, "2 min"), (7300, "2 h"), (200000, "2 d")])
def test_ages_are_told_in_the_largest_whole_unit(age_s: float, shown: str) -> None:
    aged = [dataclasses.replace(item, age_s=age_s) for item in evidence()]
    assert f" {shown}\n" in report("en", evidence=aged)


def test_wrapping_loses_nothing_and_keeps_marks_off_line_starts() -> None:
    for text in (
        "请换一张卡，或请持卡人致电发卡行开通境外交易。" * 4,
        "Restart the router; if it stays, call. " * 6,
        "",
    ):
        lines = wrap(text, 30)
        assert "".join(lines).replace(" ", "") == text.replace(" ", "")
        assert not any(line[:1] in "，。" for line in lines if line)
        assert all(width_of(line) <= 32 for line in lines)


def test_widths_follow_the_unicode_tables() -> None:
    assert width_of("a中，é°") == 1 + 2 + 2 + 1 + 1
    assert width_of(unicodedata.normalize("NFD", "é")) == 1
    assert pad("中", 4) == "中  "
    assert pad("中中中", 4) == "中中中 "
