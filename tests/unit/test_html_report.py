"""The HTML report: whole, in both languages, nothing from outside as markup, nothing loaded, and it always ends."""

import base64
import dataclasses
import re
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.sample_diagnosis import sample_diagnosis
from support.sheet import KeptSheet

from device.app.screen_picture import draw_screen
from device.evidence import Evidence, Outcome, TerminalProfile
from device.outlets.compare import Run, compare
from device.outlets.html_element import Html, element, joined
from device.outlets.html_report import comparison_html, report_html
from device.outlets.report_facts import ReportFacts, ScreenPicture
from device.outlets.report_words import clean
from device.outlets.screen.palette import BANDS, contrast_ratio
from device.settings import ScreenSettings, read_texts
from device.trend import Sample

MADE = datetime(2026, 7, 2, 9, 30, tzinfo=UTC)
PROFILE = TerminalProfile(verified=True, terminal_id="12345678", country="156", acquirer="示例支付", hotline="95500")
SEEN = {"first_seen": "2026-07-01T12:00:00+08:00", "last_seen": "2026-07-02T09:30:00+08:00"}
FAULT = {
    **{"id": "modem.signal", "outcome": "fail", "value": "-101", "reason": "outside_limit", "count": 4, **SEEN},
    **{"active": True, "occurrences": 2, "aged": 0, "status": ["failed", "confirmed"]},
    **{"frame": [["network.dns", "fail", None, 3], ["storage.free", "pass", 12, 3]]},
}
HISTORY = {"kept": "ok", "codes": [{"code": "62", "count": 3, **SEEN}], "faults": [FAULT], "untested": ["tamper.latch"]}
HOSTILE = "\"><script>alert(1)</script><img src=x onerror=alert(1)>'&amp;</style></title>"
VOID = ("meta", "img", "br")


def samples(name: str = "modem.signal", period: str = "hour", values: tuple[float, ...] = (-80, -75, -96)) -> Any:
    step = timedelta(hours=1) if period == "hour" else timedelta(days=1)
    start = datetime(2026, 7, 1, tzinfo=UTC)
    return tuple(Sample(name, period, start + step * n, 2, v - 2, v + 2, v, v) for n, v in enumerate(values))


def evidence(*, good: bool = False) -> list[Evidence]:
    sheet = KeptSheet()
    sheet.measured("storage.free", 1234)
    sheet.measured("modem.registration", "home")
    sheet.not_run("reader.answer", "not_fitted", "No card reader on a serial line is configured.")
    if not good:
        sheet.measured("modem.signal", -101, detail="The value is the rssi in dBm.")
        sheet.failed("network.dns", "no_such_name", "The name pos.example is not known.")
    return list(sheet.found.values())


def facts(**changes: Any) -> ReportFacts:
    values: dict[str, Any] = {
        "software": "0.1.0",
        "made": MADE,
        "terminal": PROFILE,
        "evidence": evidence(),
        "diagnosis": sample_diagnosis(),
        "history": HISTORY,
        "trends": {"modem.signal": {"hour": samples(), "day": samples(period="day")}},
    }
    return ReportFacts(**(values | changes))


def report(language: str = "en", texts: Any = None, **changes: Any) -> str:
    return report_html(facts(**changes), language, read_texts(language) if texts is None else texts)


class Page(HTMLParser):
    """Tags that were opened with their attributes, and the text that a reader sees; refuses wrong nesting."""

    def __init__(self, source: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self._open: list[str] = []
        self.feed(source)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self._open:
            self.texts.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.texts).split())


def named(source: str, section: str) -> str:
    found = re.search(rf'<section id="{section}">(.*?)</section>', source, re.S)
    assert found is not None
    return Page(found[1]).text


@pytest.mark.parametrize(
    ("language", "wanted"),
    [
        ("en", ["12345678", "示例支付 95500", "Card problem", "62-C4R7-9K", "FAIL", "the name is not known", "-101 dBm",
                "Move the terminal to a window", "not fitted", "still there, confirmed", "failed 4×, began 2×",
                "Also wrong when it began: Name look-up",
                "-101 dBm, outside the limit Also", "memory was cleared", "by the hour", ">= -95 dBm"]),
        ("zh", ["12345678", "卡的问题", "不正常", "没有这个域名", "技术备注：域名 pos.example 不存在", "未安装",
                "仍存在，已多次确认", "失败 4 次，发生 2 次", "每小时", "检查结论", "报告结束：内容完整，共 7 节。"]),
    ],
)  # fmt: skip
def test_a_technician_finds_all_of_it_in_either_language(language: str, wanted: list[str]) -> None:
    page = Page(report(language))
    assert [part for part in wanted if part not in page.text] == []


@pytest.mark.parametrize("language", ["zh", "en"])
def test_nothing_is_loaded_and_no_script_runs(language: str) -> None:
    source = report(language, screen=ScreenPicture(b"\x89PNG", 320, 240))
    page = Page(source)
    assert {tag for tag, _ in page.tags} & {"script", "link", "iframe", "object", "embed", "form", "base"} == set()
    for _, attributes in page.tags:
        assert not any(name.startswith("on") for name in attributes)
        for name in ("src", "href", "srcset", "xlink:href", "action"):
            assert (attributes.get(name) or "data:image/png;base64,").startswith("data:image/png;base64,")
    assert not re.search(r"url\(|@import|https?:", source)
    policy = [attributes["content"] for tag, attributes in page.tags if attributes.get("http-equiv")]
    assert policy == ["default-src 'none'; style-src 'unsafe-inline'; img-src data:"]


def hostile_facts() -> dict[str, Any]:
    """Everything that may come from outside says something that would be markup."""
    item = Evidence("modem.signal", Outcome.FAIL, HOSTILE, HOSTILE, HOSTILE, HOSTILE, HOSTILE)
    unknown = Evidence(f"modem.{HOSTILE}", Outcome.PASS, HOSTILE)
    skipped = Evidence(f"{HOSTILE}.x", Outcome.NOT_RUN, reason=HOSTILE)
    bad = [item, unknown, skipped]
    fault = {**FAULT, "id": HOSTILE, "value": HOSTILE, "reason": HOSTILE, "frame": [[HOSTILE, "fail", HOSTILE, 1]]}
    diagnosis = sample_diagnosis(
        **{"code": HOSTILE, "short_code": HOSTILE, "host": HOSTILE, "meaning": {"zh": HOSTILE, "en": HOSTILE}},
        contact={"zh": HOSTILE, "en": HOSTILE},
    )
    return {
        "software": HOSTILE,
        "ticket": HOSTILE,
        "terminal": TerminalProfile(terminal_id=HOSTILE, merchant_id=HOSTILE, acquirer=HOSTILE, hotline=HOSTILE),
        "evidence": bad,
        "diagnosis": diagnosis,
        "declined_at": HOSTILE,
        "history": {"kept": HOSTILE, "codes": [{"code": HOSTILE, "count": HOSTILE, **SEEN, "last_seen": HOSTILE}],
                    "faults": [fault], "untested": [HOSTILE]},
        "trends": {HOSTILE: {"hour": samples(HOSTILE)}, "modem.signal": {"hour": samples()}},
        "comparison": compare(Run(HOSTILE, HOSTILE, HOSTILE, HOSTILE, ()), Run(HOSTILE, HOSTILE, "x", HOSTILE, bad)),
    }  # fmt: skip


@pytest.mark.parametrize("language", ["zh", "en"])
def test_what_comes_from_outside_is_text_and_never_markup(language: str) -> None:
    source = report(language, **hostile_facts())
    page = Page(source)
    assert [attributes for tag, attributes in page.tags if tag in ("script", "img") or "onerror" in attributes] == []
    assert len([tag for tag, _ in page.tags if tag in ("style", "title")]) == 2 + source.count("<svg")
    assert page.text.count("<script>alert(1)</script>") > 20
    assert "could not be made" not in page.text
    assert "无法生成" not in page.text


def test_the_page_of_two_saved_runs_escapes_too() -> None:
    source = comparison_html(hostile_facts()["comparison"], "en", read_texts("en"))
    assert "<script" not in source
    assert "Newly tested (2)" in Page(source).text


@given(st.text(max_size=60))
def test_any_text_is_the_same_text_again_but_for_signs_that_print_nothing(text: str) -> None:
    source = element("p", text, title=text)
    page = Page(source)
    ((tag, attributes),) = page.tags
    assert (tag, attributes) == ("p", {"title": clean(text)})
    printable = "".join(char for char in text if char.isprintable() and not char.isspace())
    seen = "".join(page.texts).replace("\ufffd", "").replace(" ", "")
    assert re.sub(r"\s|\ufffd", "", seen) == printable.replace("\ufffd", "")


def test_only_elements_are_taken_as_markup() -> None:
    assert joined("<b>", element("b", "x")) == "&lt;b&gt;<b>x</b>"
    assert isinstance(element("b"), Html)


def test_outcomes_are_told_by_word_and_sign_not_by_colour_alone() -> None:
    source = report()
    for outcome, word in (("fail", "FAIL"), ("marginal", "marginal"), ("pass", "pass")):
        assert re.search(rf'<span class="outcome {outcome}"><i aria-hidden="true"><b>.</b></i>{word}</span>', source)


def test_colours_of_words_stand_out_from_the_paper() -> None:
    style = re.search(r"<style>(.*?)</style>", report(), re.S)
    assert style is not None
    found = re.findall(r"\.(pass|marginal|fail|error|not_run) { color: #(\w{6})", style[1])
    assert len(found) == 5
    for _, colour in found:
        red, green, blue = bytes.fromhex(colour)
        assert contrast_ratio((red, green, blue), (255, 255, 255)) >= 4.5
    assert all(contrast_ratio(band, (255, 255, 255)) >= 4.5 for band in BANDS.values())


def test_a_terminal_without_faults_gets_the_proof_with_every_value() -> None:
    proof = named(report(evidence=evidence(good=True)), "proof")
    assert "No fault was found in 2 checks." in proof
    assert "Free storage: 1234 MB" in proof
    assert "1 check did not run; it proves nothing." in proof


def test_with_faults_the_proof_is_their_list_the_worst_first() -> None:
    source = report()
    proof = named(source, "proof")
    assert "No fault" not in Page(source).text
    assert proof.index("Name look-up") < proof.index("Signal")
    assert "2 of 4 checks failed or are marginal." in proof


def test_nothing_tested_is_not_called_free_of_faults() -> None:
    skipped = [Evidence("reader.answer", Outcome.NOT_RUN, reason="not_fitted")]
    for found in ([], skipped):
        assert "No fault" not in Page(report(evidence=found)).text


def test_an_empty_terminal_still_gets_a_complete_report() -> None:
    text = Page(report_html(ReportFacts("0.1.0", MADE), "en", read_texts("en"))).text
    for part in ("no profile", "No decline is remembered.", "No self-test has been run.", "Nothing is remembered."):
        assert part in text
    assert "END OF REPORT: complete, 6 sections." in text


BROKEN: list[tuple[str, dict[str, Any]]] = [
    ("history", {"history": {"codes": [{"code": "62"}]}}),
    ("trends", {"trends": {"modem.signal": {"hour": (None, None)}}}),
    ("decline", {"diagnosis": dataclasses.replace(sample_diagnosis(), meaning={})}),
    ("comparison", {"comparison": object()}),
    ("history", {"broken": {"history": "ServiceError"}, "history": {}}),
]


@pytest.mark.parametrize(("section", "change"), BROKEN)
def test_a_section_that_breaks_costs_only_itself_and_the_end_says_so(section: str, change: dict[str, Any]) -> None:
    source = report(**change)
    assert "This section could not be made (" in named(source, section)
    text = Page(source).text
    assert text.count("could not be made (") == 1
    assert "1 of " in text[text.index("END OF REPORT") :]


def test_even_without_any_words_the_report_ends() -> None:
    assert Page(report(texts={})).text.endswith("incomplete")


# --- the screen -------------------------------------------------------------------------------------------------------


def texts() -> dict[str, Any]:
    return {language: read_texts(language) for language in ("zh", "en")}


@pytest.mark.parametrize("size", [(320, 240, 32), (128, 64, 1)])
def test_the_screen_is_drawn_as_the_panel_showed_it(size: tuple[int, int, int]) -> None:
    width, height, bits = size
    picture = draw_screen(ScreenSettings("png", None, width, height, bits, ()), sample_diagnosis(), texts(), "en")
    assert (picture.width, picture.height, picture.png[:4]) == (width, height, b"\x89PNG")
    source = report(screen=picture)
    embedded = re.search(r'src="data:image/png;base64,([^"]+)"', source)
    assert embedded is not None
    assert base64.b64decode(embedded[1]) == picture.png
    assert ('class="tiny"' in source) is (bits == 1)


@pytest.mark.parametrize(
    ("kind", "diagnosis", "reason"),
    [
        ("none", sample_diagnosis(), "has no screen"),
        ("text", sample_diagnosis(), "has no screen"),
        ("png", None, "No decline is remembered"),
        ("png", object(), "could not be made"),
    ],
)
def test_a_screen_that_cannot_be_drawn_is_left_out_with_the_reason(kind: str, diagnosis: Any, reason: str) -> None:
    picture = draw_screen(ScreenSettings(kind, None, 320, 240, 32, ()), diagnosis, texts(), "en")
    assert picture.png == b""
    assert reason in read_texts("en")["report"][picture.missing]
    assert read_texts("en")["report"][picture.missing] in Page(report(screen=picture)).text


def test_a_value_that_never_changed_is_told_and_not_plotted() -> None:
    flat = tuple(dataclasses.replace(item, least=7, most=7, mean=7, last=7) for item in samples())
    source = report(trends={"storage.free": {"hour": flat, "day": flat}})
    assert "<svg" not in source
    assert "Never changed: Free storage 7 MB" in named(source, "trends")


def test_one_value_alone_is_no_trend_and_not_called_steady() -> None:
    alone = samples(values=(1,))[0]
    flat = dataclasses.replace(alone, least=1, most=1)
    assert "Never changed" not in report(trends={"modem.signal": {"hour": (flat,), "day": ()}})
    assert "No trend yet" in named(report(trends={"modem.signal": {"hour": samples(values=(1,)), "day": ()}}), "trends")


def test_a_limit_that_the_plot_cannot_show_is_told_below_it() -> None:
    far = samples("network.dns", values=(20, 25, 30))
    slow = Evidence("network.dns", Outcome.PASS, 25, "ms", "<= 500")
    text = named(report(evidence=[slow], trends={"network.dns": {"hour": far}}), "trends")
    assert "limit <= 500 ms: outside the plot" in text
