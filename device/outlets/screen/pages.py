"""A diagnosis as pages: which facts stand together and in which order. Pure; knows nothing of pixels or fonts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from device.diagnosis.verdict import Addressee, Cause, CauseState, Diagnosis, Finding, Retry, Verdict
from device.evidence import Outcome
from device.outlets.screen.panel import Panel
from device.outlets.screen.words import Words


class PageKind(StrEnum):
    """How a page is laid out."""

    SUMMARY = "summary"
    LIST = "list"
    CODE = "code"


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
_OUTCOME_MARKS: Final = {
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


@dataclass(frozen=True, slots=True)
class Page:
    """One logical page. The layout may need several screens for it.

    ``rows`` of a summary: (tag, text) of what / who / now / proved. ``short_rows`` are the lines for a tiny panel.
    """

    kind: PageKind
    title: str
    code: str
    verdict: Verdict
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


def pages_of(diagnosis: Diagnosis, texts: Mapping[str, Any], language: str, panel: Panel) -> list[Page]:
    """Split ``diagnosis`` into logical pages in ``language``.

    ``texts`` is that language's ``{"screen": ..., "check": ...}``. The first page alone says what happened, who acts,
    what to do now, what is proved, whether the customer was charged and whom to call.
    """
    return _Pages(diagnosis, Words(texts), language).all(panel)


class _Pages:
    def __init__(self, diagnosis: Diagnosis, words: Words, language: str) -> None:
        self._diagnosis = diagnosis
        self._words = words
        self._language = language

    def all(self, panel: Panel) -> list[Page]:
        word = self._words.word
        likely = [self._cause(cause) for cause in self._diagnosis.causes if cause.state in _LIKELY]
        others = [self._cause(cause) for cause in self._diagnosis.causes if cause.state not in _LIKELY]
        prevention = [Item(text[self._language], Mark.DOT) for text in self._diagnosis.prevention]
        pages = [self._summary()]
        if panel.is_tiny:
            pages.append(self._money())
        for title, items in (("causes_title", likely), ("answered_title", others)):
            if items:
                pages.append(self._page(PageKind.LIST, word(title), items=tuple(items)))
        pages.append(self._found())
        if prevention:
            pages.append(self._page(PageKind.LIST, word("prevention_title"), items=tuple(prevention)))
        pages.append(self._page(PageKind.CODE, word("code_title"), note=word("code_hint"), qr=self._qr()))
        return pages

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
        )

    def _found(self) -> Page:
        word = self._words.word
        findings = self._diagnosis.found_on_terminal
        if not findings:
            return self._page(PageKind.LIST, word("found_title"), items=(Item(word("found_none"), Mark.CHECK),))
        note = "may_be_the_cause" if self._diagnosis.verdict in _TERMINAL_VERDICTS else "not_the_cause"
        items = tuple(self._finding(finding) for finding in findings)
        return self._page(PageKind.LIST, word("found_title"), items=items, note=word(note))

    def _finding(self, finding: Finding) -> Item:
        words = self._words
        measured = [str(finding.value)] if finding.value is not None else []
        if finding.limit:
            measured.append(f"({words.word('limit')} {finding.limit})")
        name = words.evidence(f"{finding.part}.{finding.fact}")
        return Item(
            name[:1].upper() + name[1:],
            _OUTCOME_MARKS[finding.outcome],
            words.of("outcome", finding.outcome),
            (" ".join(measured),) if measured else (),
            finding.advice.get(self._language, ""),
        )

    def _qr(self) -> str:
        """Short code and response code, nothing else: a photo of the screen may go anywhere."""
        return " ".join(part for part in (self._diagnosis.short_code, self._diagnosis.code) if part)
