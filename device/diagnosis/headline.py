"""Puts the lead into words: four lines, long and short, the customer's money, and whom to call."""

from __future__ import annotations

import dataclasses
import re
from dataclasses import dataclass
from typing import Any, Final

from device.diagnosis.codes import CodeRow
from device.diagnosis.crowd import Counts
from device.diagnosis.proof import Answer
from device.diagnosis.verdict import Addressee, CardCounts, Lines, Retry, Text, Verdict
from device.diagnosis.wording import Values, Wording
from device.evidence import FreezeFrame, TerminalProfile

_SPEAKABLE: Final = re.compile(r"[0-9A-Za-z]{1,4}")


@dataclass(frozen=True, slots=True)
class Lead:
    """What the four lines say, as keys of the texts ``happened``, ``who``, ``act`` and ``proof``."""

    verdict: Verdict
    addressee: Addressee
    retry: Retry
    happened: str
    who: str
    act: str
    proof: str
    row: CodeRow | None
    contradicts: tuple[str, ...]
    attempts: int
    cards: int
    kind: str = ""  # what the cards of an acceptance range have in common

    def with_(self, **changes: Any) -> Lead:
        """A copy with these fields changed."""
        return dataclasses.replace(self, **changes)


def shown_code(code: str | None) -> str:
    """A code as it may be shown: anything but one to four letters or digits becomes ``??``."""
    return code if code and _SPEAKABLE.fullmatch(code) else "??"


def lead_values(lead: Lead, frame: FreezeFrame, counts: Counts, wording: Wording) -> Values:
    """The placeholders of the headline texts."""
    return {
        "code": shown_code(frame.exchange.code),
        "host": frame.exchange.host[:20],
        "attempts": str(lead.attempts),
        "cards": str(lead.cards),
        "banks": str(counts.banks),
        "minutes": str(counts.minutes),
        "kind": wording.text(f"kind.{lead.kind}") if lead.kind else "",
        "meaning": lead.row.says if lead.row else "",
        "fields": wording.each(lambda language: _fields(lead.contradicts, language, wording)),
    }


def _fields(names: tuple[str, ...], language: str, wording: Wording) -> str:
    shown = [wording.fill(f"field.{name}", language, {}) for name in names[:2]]
    more = wording.fill("field.more", language, {}) if len(names) > 2 else ""
    return wording.fill("field.joint", language, {}).join(shown) + more


def write_headline(lead: Lead, form: str, values: Values, wording: Wording) -> Lines:
    """Four lines in the ``full`` or ``short`` form."""
    keys = (f"happened.{lead.happened}", f"who.{lead.who}", f"act.{lead.act}", f"proof.{lead.proof}")
    return wording.lines(keys, form, values)


def write_counts(counts: Counts, wording: Wording) -> CardCounts:
    """One card or many, in one line; the count of banks is left out where nobody told the banks."""

    def line(language: str) -> str:
        def number(name: str, count: int) -> str:
            form = "one" if count == 1 else "other"
            return wording.fill(f"count.{name}.{form}", language, {"count": str(count)})

        passed = number("passed", counts.approvals) if counts.approvals else wording.fill("count.none", language, {})
        words = {
            "cards": number("card", counts.cards),
            "banks": number("bank", counts.banks),
            "minutes": number("minute", counts.minutes),
            "passed": passed,
        }
        return wording.fill("count.line" if counts.banks else "count.line_without_banks", language, words)

    numbers = (counts.cards, counts.banks, counts.approvals, counts.minutes, counts.attempts)
    return CardCounts(*numbers, wording.each(line))


def write_charged(verdict: Verdict, row: CodeRow | None, answer: Answer, wording: Wording) -> Text:
    """Was the customer charged? Only a believable answer can say so."""
    if verdict is Verdict.NO_VERIFIED_RESPONSE or row is None:
        return wording.text("charged.unknown")
    key = f"{row.charged}_unverified" if row.charged in ("no", "yes", "part") and answer is not Answer.PROVED else ""
    return wording.text(f"charged.{key or row.charged}")


def write_customer(verdict: Verdict, row: CodeRow | None, wording: Wording) -> Text:
    """What the cardholder may be told; of a sale whose outcome the code leaves open, never that it was not paid."""
    if verdict is Verdict.NO_VERIFIED_RESPONSE or row is None or row.charged == "unknown":
        return wording.text(f"customer.{Verdict.NO_VERIFIED_RESPONSE}")
    return wording.text("customer.part" if row.charged == "part" else f"customer.{verdict}")


def write_contact(addressee: Addressee, profile: TerminalProfile, wording: Wording) -> Text:
    """Whom to call; the acquirer's hotline is always named when the profile knows it."""
    who = wording.text(f"contact.{addressee}")
    line = write_hotline(profile, wording)
    return {language: f"{who[language]}{_gap(language)}{line[language]}" for language in who}


def write_hotline(profile: TerminalProfile, wording: Wording) -> Text:
    """The acquirer's hotline, or where to find it."""
    values = {"acquirer": profile.acquirer, "hotline": profile.hotline}
    if not profile.hotline:
        return wording.text("contact.no_hotline")
    return wording.text("contact.hotline" if profile.acquirer else "contact.hotline_only", values)


def _gap(language: str) -> str:
    return "" if language.startswith("zh") else " "
