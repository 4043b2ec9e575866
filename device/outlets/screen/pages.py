"""A diagnosis as pages: which facts stand together and in which order. Pure; knows nothing of pixels or fonts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from device.diagnosis.verdict import Addressee, Cause, CauseState, Diagnosis, Finding, Retry, Verdict
from device.evidence import Evidence, Outcome, Value
from device.outlets.screen.palette import Tone
from device.outlets.screen.panel import Panel
from device.outlets.screen.subjects import Running
from device.outlets.screen.words import Words


class PageKind(StrEnum):
    """How a page is laid out."""

    SUMMARY = "summary"
    LIST = "list"
    CODE = "code"
    CUSTOMER = "customer"
    BOARD = "board"


class Mark(StrEnum):
    """A small sign before a line: its shape says the same as its colour."""

    NONE = "none"
    ALERT = "alert"
    QUESTION = "question"
    DASH = "dash"
    CROSS = "cross"
    CHECK = "check"
    OTHER = "other"
    DOT = "dot"
    RING = "ring"
    WAIT = "wait"


SIGNS: Final[Mapping[Mark, str]] = {
    Mark.NONE: "",
    Mark.ALERT: "!",
    Mark.QUESTION: "?",
    Mark.DASH: "-",
    Mark.CROSS: "x",
    Mark.CHECK: "+",
    Mark.OTHER: "#",
    Mark.DOT: "*",
    Mark.RING: "o",
    Mark.WAIT: ".",
}

_STATE_MARKS: Final = {
    CauseState.SUPPORTED: Mark.ALERT,
    CauseState.POSSIBLE: Mark.QUESTION,
    CauseState.UNLIKELY: Mark.DASH,
    CauseState.REFUTED: Mark.CROSS,
    CauseState.OTHER_CODE: Mark.OTHER,
    CauseState.NOT_VISIBLE: Mark.RING,
    CauseState.NOT_TESTED: Mark.DASH,
}
OUTCOME_MARKS: Final = {
    Outcome.PASS: Mark.CHECK,
    Outcome.MARGINAL: Mark.QUESTION,
    Outcome.FAIL: Mark.ALERT,
    Outcome.ERROR: Mark.ALERT,
    Outcome.NOT_RUN: Mark.DASH,
}
_LIKELY: Final = (CauseState.SUPPORTED, CauseState.POSSIBLE)
_TERMINAL_VERDICTS: Final = (Verdict.TERMINAL_SETUP, Verdict.LOCAL_ACTION, Verdict.NO_VERIFIED_RESPONSE)


@dataclass(frozen=True, slots=True)
class Item:
    """One idea: a title with a mark and a word for its state, and detail lines below it.

    A ``compact`` item is an answer rather than a question: small, so that many stand on one screen.
    """

    title: str
    mark: Mark = Mark.NONE
    state: str = ""
    details: tuple[str, ...] = ()
    advice: str = ""
    compact: bool = False
    short: str = ""  # the title for a tiny panel, where it has a shorter one


@dataclass(frozen=True, slots=True)
class Page:
    """One logical page. The layout may need several screens for it.

    ``rows`` of a summary: (tag, text) of what / who / now / proved. ``short_rows`` are the lines for a tiny panel.
    """

    kind: PageKind
    title: str
    code: str
    tone: Verdict | Tone
    charged: str
    contact: str
    charged_tag: str
    contact_tag: str
    subtitle: str = ""
    rows: tuple[tuple[str, str], ...] = ()
    short_rows: tuple[str, ...] = ()
    items: tuple[Item, ...] = ()
    note: str = ""
    short_code: str = ""
    short_code_tag: str = ""
    qr: str = ""
    tiny_footer: str = ""
    more_title: str = field(default="")
    bar: tuple[int, int] | None = None  # done and total of what is under way
    percent: bool = False  # the steps of the bar are parts of a hundred
    cells: tuple[Item, ...] = ()  # of a board: one word each, side by side
    tiny_note: str = ""
    colon: str = ""
    comma: str = ""
    live: bool = False  # it changes while the self-test runs


def pages_of(
    diagnosis: Diagnosis, texts: Mapping[str, Any], language: str, panel: Panel, running: Running | None = None
) -> list[Page]:
    """Split ``diagnosis`` into logical pages in ``language``.

    ``texts`` is that language's ``{"screen": ..., "check": ...}``. The first page alone says what happened, who acts,
    what to do now, what is proved, whether the customer was charged and whom to call. ``running`` is the self-test
    that began after the decline: the page of what was found on this terminal fills with it.
    """
    return _Pages(diagnosis, Words(texts), language, running).all(panel)


def customer_page(diagnosis: Diagnosis, texts: Mapping[str, Any], language: str) -> Page:
    """What may be shown to the cardholder, and nothing else: neither code nor cause."""
    word = Words(texts).word
    return Page(
        PageKind.CUSTOMER,
        word("customer_title"),
        "",
        Tone.NEUTRAL,
        diagnosis.charged[language],
        "",
        word("charged"),
        "",
        note=diagnosis.customer_text[language],
        short_rows=(diagnosis.customer_text[language],),
    )


def measured(value: Value, unit: str, limit: str, words: Words) -> tuple[str, ...]:
    """A value with its unit and the limit it was held against, as one line; no line without a value or a limit."""
    shown = []
    if value is not None and value != "":
        number = f"{value:g}" if isinstance(value, float) else words.yes_no(value)
        shown.append(f"{number} {unit}".strip())
    if limit:
        shown.append(f"({words.word('limit')} {limit})")
    return (" ".join(shown),) if shown else ()


class _Pages:
    def __init__(self, diagnosis: Diagnosis, words: Words, language: str, running: Running | None) -> None:
        self._diagnosis = diagnosis
        self._words = words
        self._language = language
        self._running = running

    def all(self, panel: Panel) -> list[Page]:
        word = self._words.word
        likely = [self._cause(cause) for cause in self._diagnosis.causes if cause.state in _LIKELY]
        others = [self._cause(cause) for cause in self._diagnosis.causes if cause.state not in _LIKELY]
        prevention = [Item(text[self._language], Mark.DOT) for text in self._diagnosis.prevention]
        pages = [self._summary()]
        if panel.is_tiny:
            pages.append(self._money())
        together = (("causes_title", likely + others),) if panel.is_tiny else ()
        for title, items in together or (("causes_title", likely), ("answered_title", others)):
            if items:
                pages.append(self._page(PageKind.LIST, word(title), items=tuple(items), **self._counts(title)))
        pages.append(self._found())
        if prevention:
            pages.append(self._page(PageKind.LIST, word("prevention_title"), items=tuple(prevention)))
        pages.append(self._page(PageKind.CODE, word("code_title"), note=word("code_hint"), qr=self._qr()))
        return pages

    def _counts(self, title: str) -> dict[str, str]:
        """One card or many, above the causes that it speaks for or against."""
        counts = self._diagnosis.counts
        if counts is None or title != "causes_title":
            return {}
        return {"note": counts.text[self._language], "tiny_note": counts.text[self._language]}

    def _page(self, kind: PageKind, title: str, **parts: Any) -> Page:
        diagnosis, word = self._diagnosis, self._words.word
        return Page(
            kind,
            title,
            diagnosis.code or word("no_code"),
            diagnosis.verdict,
            diagnosis.charged[self._language],
            diagnosis.contact[self._language],
            word("charged"),
            word("contact"),
            short_code=diagnosis.short_code,
            short_code_tag=word("short_code"),
            tiny_footer=word("tiny_footer"),
            more_title=word("more_title"),
            colon=word("colon"),
            comma=word("comma"),
            **parts,
        )

    def _summary(self) -> Page:
        diagnosis, words = self._diagnosis, self._words
        tags = [words.word(key) for key in ("what", "who", "now", "proved")]
        silent = diagnosis.code is None and diagnosis.verdict is Verdict.NO_VERIFIED_RESPONSE
        # rule 2e always sends the cardholder to the issuer: another addressee means a code that nobody knows
        unknown = diagnosis.verdict is Verdict.NOT_ENOUGH_DATA and diagnosis.addressee is not Addressee.ISSUER
        approved = diagnosis.verdict is Verdict.APPROVED and diagnosis.retry is Retry.NO
        return self._page(
            PageKind.SUMMARY,
            words.of("verdict", "no_response" if silent else "unknown_code" if unknown else diagnosis.verdict),
            subtitle="" if approved else words.of("retry", diagnosis.retry),
            rows=tuple(zip(tags, diagnosis.headline[self._language], strict=True)),
            short_rows=tuple(diagnosis.headline_short[self._language]),
        )

    def _money(self) -> Page:
        """Charged and contact as a page of their own, for panels without room for a footer."""
        lines = [self._diagnosis.charged[self._language], self._diagnosis.contact[self._language]]
        return self._page(PageKind.SUMMARY, self._words.word("charged"), short_rows=tuple(lines))

    def _cause(self, cause: Cause) -> Item:
        words, likely, details = self._words, cause.state in _LIKELY, []
        comma = words.word("comma")
        if cause.usual_codes and cause.state is CauseState.OTHER_CODE:
            details.append(words.word("usual_codes") + comma.join(cause.usual_codes))
        elif cause.because:
            details.append(words.word("because") + comma.join(words.evidence(name) for name in cause.because))
        return Item(
            words.of("cause", cause.id),
            _STATE_MARKS[cause.state],
            words.of("state", cause.state),
            tuple(details),
            cause.advice.get(self._language, "") if likely else "",
            compact=not likely,
            short=words.of("cause_short", cause.id),
        )

    def _found(self) -> Page:
        word, running = self._words.word, self._running
        findings = self._diagnosis.found_on_terminal
        known = {(finding.part, finding.fact) for finding in findings}
        fresh = [] if running is None else [item for item in running.bad if (item.part, item.fact) not in known]
        items = (*(self._finding(finding) for finding in findings), *(live_item(item, self._words) for item in fresh))
        live = {} if running is None else {"bar": (running.done, running.total), "live": True}
        key = "may_be_the_cause" if self._diagnosis.verdict in _TERMINAL_VERDICTS else "not_the_cause"
        key = "selftest_running" if running is not None else key if items else ""
        if not items and running is None:
            items = (Item(word("found_none"), Mark.CHECK),)
        notes = {"note": word(key), "tiny_note": word(f"{key}_tiny")} if key else {}
        return self._page(PageKind.LIST, word("found_title"), items=items, **notes, **live)

    def _finding(self, finding: Finding) -> Item:
        words = self._words
        name = words.evidence(f"{finding.part}.{finding.fact}")
        return Item(
            name[:1].upper() + name[1:],
            OUTCOME_MARKS[finding.outcome],
            words.of("outcome", finding.outcome),
            measured(finding.value, finding.unit, finding.limit, words),
            finding.advice.get(self._language, ""),
        )

    def _qr(self) -> str:
        """Short code and response code, nothing else: a photo of the screen may go anywhere."""
        return " ".join(part for part in (self._diagnosis.short_code, self._diagnosis.code) if part)


def live_item(evidence: Evidence, words: Words) -> Item:
    """One check that is not in order, as it was told."""
    name = words.evidence(evidence.id)
    return Item(
        name[:1].upper() + name[1:],
        OUTCOME_MARKS[evidence.outcome],
        words.of("outcome", evidence.outcome),
        measured(evidence.value, evidence.unit, evidence.limit, words),
        words.advice(evidence.id),
    )
