"""No English sentence stands in a Chinese report: every sentence of the code has its translation."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from support.detail_sentences import detail_sentences

from device.evidence import Evidence, Outcome
from device.outlets.detail_words import translate
from device.outlets.report_words import ReportWords
from device.settings import read_texts
from device.trend import Change

ZH = read_texts("zh")
PEERS = ("json_socket", "console_port")  # said to a program on the other side, never to a person
GENERAL = (
    "{} {} since {} (from {} to {}).",
    "{} by {} since {} (from {} to {}).",
    "{}: {} in a day, {} a day since {}.",
)


def test_every_sentence_that_evidence_can_hold_has_a_translation() -> None:
    missing = {
        f"{file}: {text}"
        for file, text in detail_sentences()
        if not any(peer in file for peer in PEERS) and text not in ZH["detail"] and text not in GENERAL
        if translate(re.sub(r"\{\w*\}", "x1", text), ZH) is None
    }
    assert sorted(missing) == []
    assert len(set(detail_sentences())) > 150  # the search does find them


def test_a_translation_has_each_value_once_and_no_english_word_that_is_no_name() -> None:
    for table in ("detail", "detail_value"):
        for english, told in ZH[table].items():
            places = sorted(re.findall(r"\{(\d*)\}", told))
            assert places == [str(number) for number in range(english.count("{}"))], english
            assert re.search(r"[一-鿿]|^\{", told), english


@pytest.mark.parametrize(
    ("english", "chinese"),
    [
        ("The name pos.example is not known.", "域名 pos.example 不存在。"),
        (
            "The terminal's profile requires this part. No modem is configured.",
            "终端档案要求有此部件。没有配置通信模块。",
        ),
        ("No such thing was ever said.", None),
        ("Signed by a. b.", "由 a. b 签名。"),
        ("", ""),
    ],
)
def test_sentences_are_translated_one_by_one_and_values_stay(english: str, chinese: str | None) -> None:
    assert (translate(english, ZH) if english else "") == chinese


MONDAY = datetime(2026, 11, 23, tzinfo=UTC)


@pytest.mark.parametrize(
    ("change", "unit", "difference", "english", "chinese"),
    [
        (
            *(Change(-71, -83, MONDAY, counter=False), "dBm", "dB"),
            "Fell by 12 dB since Monday, 2026-11-23 (from -71 to -83 dBm).",
            "自 2026-11-23（星期一） 以来下降 12 dB（由 -71 到 -83 dBm）。",
        ),
        (
            *(Change(40, 61.5, MONDAY, counter=False), "°C", ""),
            "Rose by 21.5 °C since Monday, 2026-11-23 (from 40 to 61.5 °C).",
            "自 2026-11-23（星期一） 以来上升 21.5 °C（由 40 到 61.5 °C）。",
        ),
        (
            *(Change(20, 41, MONDAY, counter=True), "", ""),
            "Doubled: 41 in a day, 20 a day since Monday, 2026-11-23.",
            "增加一倍：一天 41 次，自 2026-11-23（星期一） 起平均每天 20 次。",
        ),
        (
            *(Change(0, 41, MONDAY, counter=True), "", ""),
            "Grows now: 41 in a day, 0 a day since Monday, 2026-11-23.",
            "开始增长：一天 41 次，自 2026-11-23（星期一） 起平均每天 0 次。",
        ),
        (
            *(Change(10, 52, MONDAY, counter=True), "", ""),
            "Grows 5 times as fast: 52 in a day, 10 a day since Monday, 2026-11-23.",
            "增速为 5 倍：一天 52 次，自 2026-11-23（星期一） 起平均每天 10 次。",
        ),
    ],
)
def test_a_trend_is_told_with_its_unit_in_both_languages(
    change: Change, unit: str, difference: str, english: str, chinese: str
) -> None:
    assert change.told(unit, difference) == english
    assert translate(english, ZH) == chinese


def test_a_remark_without_translation_is_left_out_of_the_chinese_report_alone() -> None:
    item = Evidence("modem.signal", Outcome.FAIL, detail="Nobody has translated this.")
    assert ReportWords("zh", ZH).remark(item) == ""
    assert "Nobody" in ReportWords("en", read_texts("en")).remark(item)


def test_one_is_not_many() -> None:
    words = ReportWords("en", read_texts("en"))
    assert words.word("untested", count=1) == "1 check did not run; it proves nothing."
    assert words.word("untested", count=2).startswith("2 checks")
    assert words.word("faults", count=1, tested=9) == "1 check of 9 failed or is marginal."
