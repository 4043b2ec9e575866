"""The report of this terminal as one HTML file: nothing is loaded, no script runs, and on paper it is A4.

Each section catches its own failure and says so, and the last line always tells whether the report is complete.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from device.diagnosis.verdict import CauseState, Diagnosis
from device.evidence import TerminalProfile
from device.outlets.compare import Comparison
from device.outlets.html_element import Html, element, joined
from device.outlets.html_history import history_section, trends_section
from device.outlets.html_selftest import (
    comparison_section,
    conclusion,
    found_section,
    proof_section,
    selftest_section,
    table,
)
from device.outlets.html_style import STYLE
from device.outlets.report import who_rows
from device.outlets.report_facts import ReportFacts, ScreenPicture, sections_of
from device.outlets.report_words import ReportWords, moment
from device.outlets.screen.palette import BANDS

_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
_TAGS: Final = {"zh": "zh-CN", "en": "en"}
_RANKED: Final = (CauseState.SUPPORTED, CauseState.POSSIBLE, CauseState.UNLIKELY)
_TINY: Final = 200  # pixels: narrower screens are shown larger than they are


def report_html(facts: ReportFacts, language: str, texts: Mapping[str, Any]) -> str:
    """Return the report in one language; ``texts`` are the catalogue's. Never raises; everything is escaped."""
    words = ReportWords(language, texts)
    sections: Mapping[str, Callable[[], Html]] = {
        "who": lambda: _who(facts, words),
        "decline": lambda: _decline(facts, words),
        "selftest": lambda: selftest_section(facts.evidence, words),
        "found": lambda: found_section(facts.evidence, words),
        "history": lambda: history_section(facts, words),
        "trends": lambda: trends_section(facts, words),
        "comparison": lambda: comparison_section(facts.comparison, words),
        "proof": lambda: proof_section(facts.evidence, words),
    }
    wanted = sections_of(facts)
    told, failed = [], 0
    for name in wanted:
        error, content = facts.broken.get(name, ""), Html()
        try:
            content = sections[name]() if not error else content
        except Exception as found:
            error = type(found).__name__
        if error:
            failed += 1
            content = element("p", words.word("broken", error=error), class_="broken")
        heading = Html() if name == "who" else element("h2", words.word(name))
        told.append(element("section", heading, content, id=name))
    ending = words.word("incomplete" if failed else "complete", sections=len(wanted), failed=failed)
    header = _header(facts, words)
    return _page(words, facts.made.strftime("%Y-%m-%d"), header, *told, _foot(words, ending))


def _header(facts: ReportFacts, words: ReportWords) -> Html:
    """Title, time, and the conclusion: it stands at the top for those in a hurry, and in full at the end."""
    outcome, said = conclusion(facts.evidence, words)
    return element(
        "header",
        element("h1", words.word("title")),
        element("p", f"{words.word('made')} {facts.made:%Y-%m-%d %H:%M:%S %z}"),
        element("p", said, class_=f"result {outcome.value}"),
    )


def comparison_html(comparison: Comparison, language: str, texts: Mapping[str, Any]) -> str:
    """Return two saved runs side by side as a page of their own."""
    words = ReportWords(language, texts)
    header = element("header", element("h1", words.word("comparison")))
    return _page(words, "", header, element("section", comparison_section(comparison, words)))


def _page(words: ReportWords, day: str, *content: Html) -> str:
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=_POLICY),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("title", f"posmedic {words.word('title')} {day}"),
        element("style", Html(STYLE)),
    )
    page = element("html", head, element("body", *content), lang=_TAGS.get(words.language, words.language))
    return f"<!DOCTYPE html>\n{page}\n"


def _rows(pairs: Sequence[tuple[str, str]], class_: str = "") -> Html:
    """Labels and their texts."""
    told = (child for label, text in pairs for child in (element("dt", label), element("dd", text)))
    return element("dl", *told, **({"class_": class_} if class_ else {}))


def _who(facts: ReportFacts, words: ReportWords) -> Html:
    pairs = [(words.word("software"), f"posmedic {facts.software}")]
    if facts.ticket:
        pairs.append((words.word("ticket"), facts.ticket))
    if facts.terminal == TerminalProfile():
        pairs.append((words.word("terminal"), words.word("no_profile")))
    else:
        pairs += [(words.word(key), text) for key, text in who_rows(facts.terminal)]
        pairs.append((words.word("signature"), words.word("verified" if facts.terminal.verified else "unverified")))
    return _rows(pairs, "wide")


def _decline(facts: ReportFacts, words: ReportWords) -> Html:
    diagnosis = facts.diagnosis
    if diagnosis is None:
        return element("p", words.word("no_decline"))
    return joined(
        _verdict(diagnosis, words),
        element("div", _told(diagnosis, facts, words), _screen(facts.screen, words), class_="beside"),
        _causes(diagnosis, words),
    )


def _verdict(diagnosis: Diagnosis, words: ReportWords) -> Html:
    red, green, blue = BANDS[diagnosis.verdict]
    return element(
        "div",
        element("b", diagnosis.code or words.screen.word("no_code")),
        element("span", diagnosis.meaning[words.language]),
        element("b", words.screen.of("verdict", diagnosis.verdict)),
        element("span", words.word("short_code"), " ", element("code", diagnosis.short_code)),
        class_="verdict",
        style=f"--band: rgb({red},{green},{blue})",
    )


def _told(diagnosis: Diagnosis, facts: ReportFacts, words: ReportWords) -> Html:
    labels = [words.screen.word(key) for key in ("what", "who", "now", "proved")]
    pairs = list(zip(labels, diagnosis.headline[words.language], strict=True))
    pairs.append((words.screen.word("charged"), diagnosis.charged[words.language]))
    pairs.append((words.screen.word("contact"), diagnosis.contact[words.language]))
    if facts.declined_at:
        pairs.insert(0, (words.word("when"), moment(facts.declined_at)))
    if facts.before:
        pairs.append((words.word("at_decline"), words.otherwise(facts.before)))
    return _rows(pairs)


def _screen(screen: ScreenPicture, words: ReportWords) -> Html:
    if not screen.png:
        return element("p", words.word(screen.missing), class_="note screen")
    source = "data:image/png;base64," + base64.b64encode(screen.png).decode()
    size = {"width": str(screen.width), "height": str(screen.height)}
    tiny = {"class_": "tiny"} if screen.width < _TINY else {}
    picture = element("img", src=source, alt=words.word("screen"), **size, **tiny)
    return element("figure", picture, element("figcaption", words.word("screen")), class_="screen")


def _causes(diagnosis: Diagnosis, words: ReportWords) -> Html:
    lines = []
    for cause in diagnosis.causes:
        because = words.word("comma").join(words.screen.evidence(name) for name in cause.because)
        advice = cause.advice[words.language] if cause.state in _RANKED else ""
        cells = [element("td", because), element("td", advice)] if advice else [element("td", because, colspan="2")]
        state = element("td", words.screen.of("state", cause.state), class_="state")
        lines.append(element("tr", state, element("td", words.screen.of("cause", cause.id)), *cells))
    heads = (words.word(key) for key in ("state", "cause", "evidence", "advice"))
    return joined(
        element("h3", words.word("causes")),
        table(list(heads), element("tbody", *lines)),
    )


def _foot(words: ReportWords, ending: str) -> Html:
    signs = (element("span", words.word(key)) for key in ("technician", "date"))
    return element(
        "footer",
        element("p", words.word("privacy")),
        element("div", *signs, class_="sign"),
        element("p", element("b", ending), id="ending"),
    )
