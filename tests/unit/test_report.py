"""The report: reads in both languages, lines up, and always ends by saying whether it is complete."""

import dataclasses
import re
import unicodedata
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from support.sample_diagnosis import sample_diagnosis
from support.sheet import KeptSheet

from device.evidence import Evidence, Outcome, TerminalProfile
from device.outlets.compare import Run, compare
from device.outlets.fixed_type import pad, width_of, wrap
from device.outlets.report import history_text, report_text, selftest_text
from device.outlets.report_facts import ReportFacts, parse_ticket
from device.outlets.report_words import clean, number
from device.settings import read_texts
from device.trend import Sample

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


def report(language: str, texts: Any = None, **changes: Any) -> str:
    values: dict[str, Any] = {
        "software": "0.1.0",
        "terminal": PROFILE,
        "evidence": evidence(),
        "diagnosis": sample_diagnosis(),
        "history": HISTORY,
        "made": datetime(2026, 7, 2, 1, 30, tzinfo=UTC),
    } | changes
    return report_text(ReportFacts(**values), language, read_texts(language) if texts is None else texts)


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
    assert max(map(width_of, lines)) <= 102  # a closing mark may hang over by its own width
    table = lines[next(n for n, line in enumerate(lines) if "1234 MB" in line) :][:5]
    ages = [width_of(re.split(r"0 (?:s|秒)$", line)[0]) for line in table if re.search(r"0 (?:s|秒)$", line)]
    assert len(ages) >= 4
    assert len(set(ages)) == 1


def test_a_terminal_without_faults_gets_the_proof_of_what_was_tested() -> None:
    text = report("en", evidence=evidence(good=True))
    assert "No fault was found in 3 checks" in text
    assert re.search(r"Free storage +1234 MB +Storage writable +yes", text)
    assert "1 check did not run; it proves nothing." in text


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
    assert text.splitlines()[-1] == "END OF REPORT: complete, 6 sections."


def test_a_section_that_breaks_costs_only_itself_and_the_end_says_so() -> None:
    text = report("en", history={"codes": [{"code": "62"}]})
    assert "This section could not be made (KeyError)." in text
    assert "FAIL        Name look-up" in text
    assert text.splitlines()[-1] == "END OF REPORT: 1 of 6 sections could not be made."


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


def test_a_long_limit_or_name_goes_on_below_itself_and_pushes_nothing() -> None:
    sheet = KeptSheet()
    sheet.measured("storage.free", 1234)
    long = dataclasses.replace(
        *sheet.found.values(),
        id="network.tls",
        value="TLSv1.3 with a cipher suite of many words",
        limit="a|" * 40 + "b",
    )
    lines = selftest_text([*sheet.found.values(), long], "en", read_texts("en")).splitlines()
    head = next(line for line in lines if line.startswith("Result"))
    first = next(line for line in lines if "TLSv1.3" in line)
    for column in ("Check", "Value", "Limit"):
        assert first[head.index(column) - 1] == " "
        assert first[head.index(column)] != " "
    assert "0 s" in first[head.index("Age") :]
    assert max(map(width_of, lines)) <= 102


def test_a_chinese_report_says_reasons_in_chinese_and_no_sentence_in_english() -> None:
    text = report("zh")
    assert "没有这个域名" in text
    assert "技术备注：域名 pos.example 不存在。" in text
    sentences = re.findall(r"[A-Za-z]+(?: [a-z]+){2,}", text)
    assert sentences == []


@pytest.mark.parametrize(
    ("language", "wanted"),
    [("en", "At that moment      Signal FAIL -110 dBm"), ("zh", "拒付当时            信号强度 不正常 -110 dBm")],
)
def test_what_was_otherwise_at_the_decline_stands_beside_it(language: str, wanted: str) -> None:
    then = Evidence("modem.signal", Outcome.FAIL, -110, "dBm", ">= -95", "outside_limit")
    assert wanted in report(language, before=[then])
    assert wanted[:8] not in report(language)


@pytest.mark.parametrize(
    ("language", "wanted"),
    [
        ("en", "-83 dBm, fell by 12 dB since Monday, 2026-11-23 (from -71 to -83 dBm)"),
        ("zh", "-83 dBm，自 2026-11-23（星期一） 以来下降 12 dB（由 -71 到 -83 dBm）"),
    ],
)
def test_a_trend_is_a_finding_that_says_by_how_much_and_since_when(language: str, wanted: str) -> None:
    detail = "Fell by 12 dB since Monday, 2026-11-23 (from -71 to -83 dBm)."
    found = Evidence("modem.signal", Outcome.MARGINAL, -83, "dBm", ">= -95", "trend", detail)
    text = report(language, evidence=[found])
    assert re.sub(r"\s", "", wanted) in re.sub(r"\s", "", text)
    assert text.count("12 dB") == 1


def test_the_ticket_stands_on_the_report() -> None:
    assert re.search(r"Ticket +INC-204711", report("en", ticket="INC-204711"))
    assert "Ticket" not in report("en")


@pytest.mark.parametrize("ticket", ["INC-204711", " 42 ", "工单 2026/11-3", "A" * 32, "20261123-0001"])
def test_a_ticket_number_is_taken_as_it_is(ticket: str) -> None:
    assert parse_ticket(ticket) == ticket.strip()


@pytest.mark.parametrize(
    "ticket",
    [
        *("", "  ", "A" * 33, "a\x1bb", "a\nb", "a\u202eb"),
        *(
            "6200000000000005",
            "x6200000000000005y",
            "6200 0000 0000 0005",
            "6200-0000-0000-0005",
            "6.2.0_0 0/00000000005",
        ),
        *("400000000000", "６２０００００００００００００５"),
    ],
)
def test_what_is_no_ticket_number_or_could_be_a_card_number_is_refused_without_repeating_it(ticket: str) -> None:
    with pytest.raises(ValueError, match="ticket number") as caught:
        parse_ticket(ticket)
    assert not ticket.strip() or ticket.strip() not in str(caught.value)


def test_terminal_escapes_and_turned_writing_never_reach_the_reader() -> None:
    told = dataclasses.replace(evidence()[-1], detail="a\x1b[2Jb\u202ec\x00\nd")
    text = report("en", evidence=[told], terminal=dataclasses.replace(PROFILE, acquirer="\x1b]0;x\x07"))
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f\u202e]", text)
    assert clean("a\u3000中 b") == "a 中 b"


def test_a_fault_tells_its_ageing_its_status_and_what_was_never_tested() -> None:
    old = {"occurrences": 3, "aged": 7, "status": ["failed", "confirmed"]}
    history = {"codes": [], "faults": [{**HISTORY["faults"][0], **old}], "untested": ["power.battery"]}  # type: ignore[dict-item]
    text = history_text(history, "en", read_texts("en"))
    for part in ("still there, confirmed", "failed 4×, began 3×", "7 days or starts", "memory was cleared: Battery"):
        assert part in " ".join(text.split())


def test_a_history_that_could_not_be_had_costs_only_its_section() -> None:
    text = report("en", broken={"history": "ServiceError"})
    assert "This section could not be made (ServiceError)." in text
    assert text.splitlines()[-1] == "END OF REPORT: 1 of 6 sections could not be made."


def test_trends_are_told_as_a_line_a_period() -> None:
    start = datetime(2026, 7, 1, tzinfo=UTC)
    hours = [Sample("modem.signal", "hour", start + timedelta(hours=n), 2, -80 - n, -70, -75, -75) for n in range(3)]
    text = report("en", trends={"modem.signal": {"hour": hours, "day": ()}})
    assert "-82 .. -70 dBm (mean -75)" in text
    assert "by the hour since 07-01 00:00" in text


def test_before_and_after_stand_side_by_side() -> None:
    before, after = (Run("2026-07-01T08:00:00+08:00", "0.1.0", name, "safe", items) for name, items in (
        ("1", evidence(good=True)), ("2", evidence())))  # fmt: skip
    text = report("en", comparison=compare(before, after))
    assert re.search(r"Newly tested \(2\):\n +Signal", text)
    assert "two self-tests are of different terminals" in text


@pytest.mark.parametrize(
    ("value", "shown"), [(5, "5"), (46.0, "46"), (12.3456, "12.35"), (-0.5, "-0.5"), (1234.5678, "1235"),
                         (10**9, "1000000000"), (1e12, "1000000000000"), (0.0001, "0.0001")],
)  # fmt: skip
def test_numbers_have_no_exponent_and_no_false_digits(value: float, shown: str) -> None:
    assert number(value) == shown


def test_both_languages_have_the_same_words_with_the_same_places() -> None:
    def places(language: str) -> dict[str, list[str]]:
        return {key: sorted(re.findall(r"{(\w+)}", text)) for key, text in read_texts(language)["report"].items()}

    assert places("zh") == places("en")
