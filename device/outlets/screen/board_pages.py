"""Self-test, firmware update and challenge as pages: what stands on them, without pixels."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from device.evidence import Outcome
from device.outlets.screen.pages import OUTCOME_MARKS, Item, Mark, Page, PageKind, live_item
from device.outlets.screen.palette import Tone
from device.outlets.screen.subjects import ChallengeView, SelftestView, UpdatePhase, UpdateView
from device.outlets.screen.words import Words

_ENDED_BADLY: Final = (Outcome.FAIL, Outcome.ERROR)


def selftest_pages(view: SelftestView, texts: Mapping[str, Any], language: str) -> list[Page]:
    """How far the self-test is and what each part came to; then what is not in order, and what to do about it."""
    words = Words(texts)
    running = view.running
    items = tuple(live_item(evidence, words) for evidence in running.bad)
    note = _summary(view, words) if view.ended else words.word("selftest_running")
    cells = tuple(_cell(view, part, words) for part in view.parts)
    if view.ended:  # in place while it runs, but in the end what is wrong comes first
        cells = tuple(sorted(cells, key=lambda cell: cell.mark not in (Mark.ALERT, Mark.QUESTION)))
    tone, contact = _tone(view), view.contact.get(language, "")
    board = _board(
        words.word("selftest_title"),
        tone,
        contact,
        words,
        note=note,
        bar=None if view.ended else (running.done, running.total),
        cells=cells,
        short_rows=(note, *(f"! {item.title}" for item in items), *([contact] if view.ended and items else [])),
        live=not view.ended,
    )
    if not items:
        return [board]
    title = words.word("found_title")
    found = _board(title, tone, contact, words, kind=PageKind.LIST, items=items, live=board.live)
    return [board, found]


def update_pages(view: UpdateView, texts: Mapping[str, Any], language: str) -> list[Page]:
    """How far the update is, or how it ended."""
    words = Words(texts)
    writing = view.phase is UpdatePhase.WRITING
    lines = {
        UpdatePhase.WRITING: lambda: words.word("update_writing"),
        UpdatePhase.INSTALLED: lambda: words.outside("update", "installed"),
        UpdatePhase.REFUSED: lambda: words.outside("refusals", view.reason),
        UpdatePhase.ENDED: lambda: words.outside("update_ending", view.reason),
    }
    note = _begun(lines[view.phase]())
    name = "update_bundle" if view.phase in (UpdatePhase.WRITING, UpdatePhase.REFUSED) else "update_version"
    details = [f"{words.word(name)} {view.version}"] if view.version else []
    if view.check:
        outcomes = {key: words.of("outcome", value) for key, value in (("expected", view.expected), ("got", view.got))}
        details.append(_begun(words.outside("update", "check").format(check=words.evidence(view.check), **outcomes)))
    tone = Tone.NEUTRAL if writing else Tone.GOOD if view.good else Tone.BAD
    board = _board(
        words.word("update_title"),
        tone,
        view.contact.get(language, ""),
        words,
        note=note,
        bar=(view.percent, 100) if writing else None,
        percent=writing,
        items=tuple(Item(text) for text in details),
        short_rows=(note, *details, *([] if view.good else [view.contact.get(language, "")])),
        live=writing,
    )
    return [board]


def challenge_pages(view: ChallengeView, texts: Mapping[str, Any]) -> list[Page]:
    """The text to sign as a QR symbol; beside it the role and the counter, by which both ends know it again."""
    words = Words(texts)
    return [
        _board(
            words.word("sign_in_title"),
            Tone.NEUTRAL,
            "",
            words,
            kind=PageKind.CODE,
            note=words.word("sign_in_hint"),
            short_code=f"{view.role} {view.counter}",
            short_code_tag=words.word("sign_in_title"),
            qr=view.text,
        )
    ]


def _begun(text: str) -> str:
    """A text with a capital letter, where the language has such: it stands on its own here."""
    return text[:1].upper() + text[1:]


def _board(
    title: str, tone: Tone, contact: str, words: Words, *, kind: PageKind = PageKind.BOARD, **parts: Any
) -> Page:
    return Page(
        kind,
        title,
        "",
        tone,
        charged="",
        contact=contact,
        charged_tag="",
        contact_tag=words.word("contact") if contact else "",
        colon=words.word("colon"),
        comma=words.word("comma"),
        **parts,
    )


def _tone(view: SelftestView) -> Tone:
    outcomes = {evidence.outcome for evidence in view.running.bad}
    if outcomes & set(_ENDED_BADLY):
        return Tone.BAD
    return Tone.GOOD if view.ended and not outcomes else Tone.NEUTRAL


def _summary(view: SelftestView, words: Words) -> str:
    """How many checks passed, were not in order, were not made; what was not made says nothing."""
    evidence = view.running.evidence
    bad = len(view.running.bad)
    not_run = sum(item.outcome is Outcome.NOT_RUN for item in evidence)
    counts = {"checks_passed": len(evidence) - bad - not_run, "checks_bad": bad, "checks_not_run": not_run}
    return words.word("comma_between").join(words.counted(key, count) for key, count in counts.items() if count)


def _cell(view: SelftestView, part: str, words: Words) -> Item:
    outcome = view.outcome_of(part)
    return Item(words.part(part), Mark.WAIT if outcome is None else OUTCOME_MARKS[outcome])
