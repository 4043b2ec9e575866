"""Everything that a report shows, as one value: the same for every form of it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, TypeAlias

from device.diagnosis.verdict import Diagnosis
from device.evidence import Evidence, Outcome, TerminalProfile
from device.outlets.compare import Comparison
from device.trend import Sample

Trends: TypeAlias = Mapping[str, Mapping[str, Sequence[Sample]]]  # check id -> "hour" or "day" -> samples, oldest first

_WORTH: Final = (Outcome.FAIL, Outcome.ERROR, Outcome.MARGINAL)
SECTIONS: Final = ("who", "decline", "selftest", "found", "history", "trends", "comparison", "proof")
_MOST_TICKET: Final = 32
_PAN_LIKE: Final = re.compile(r"\d{12}|\d(?:[\W_]*\d){12}")


@dataclass(frozen=True, slots=True)
class ScreenPicture:
    """The screen as the cashier saw it: a PNG, or none and the key of the reason in the report's texts."""

    png: bytes = b""
    width: int = 0
    height: int = 0
    missing: str = "screen_none"


@dataclass(frozen=True, slots=True)
class ReportFacts:
    """``history`` is the store's; ``declined_at`` the wall clock of the last decline, ISO 8601 or "".

    ``before``: evidence of the moment of the decline that the test after it found otherwise. ``broken``: sections
    whose facts could not be had, with the name of the error.
    """

    software: str
    made: datetime
    terminal: TerminalProfile = field(default_factory=TerminalProfile)
    evidence: Sequence[Evidence] = ()
    diagnosis: Diagnosis | None = None
    declined_at: str = ""
    before: Sequence[Evidence] = ()
    history: Mapping[str, Any] = field(default_factory=dict)
    trends: Trends = field(default_factory=dict)
    ticket: str = ""
    comparison: Comparison | None = None
    screen: ScreenPicture = ScreenPicture()
    broken: Mapping[str, str] = field(default_factory=dict)


def sections_of(facts: ReportFacts) -> list[str]:
    """The sections of a report in their order; those that only some reports have are left out where they are empty."""
    wanted = {"trends": bool(facts.trends) or "trends" in facts.broken, "comparison": facts.comparison is not None}
    return [name for name in SECTIONS if wanted.get(name, True)]


def worst_first(evidence: Sequence[Evidence]) -> list[Evidence]:
    """What is worth a technician's attention: all that failed, broke or is marginal."""
    found = [item for item in evidence if item.outcome in _WORTH]
    return sorted(found, key=lambda item: _WORTH.index(item.outcome))


def count_untested(evidence: Sequence[Evidence]) -> int:
    """How many checks did not run."""
    return sum(item.outcome is Outcome.NOT_RUN for item in evidence)


def parse_ticket(text: str) -> str:
    """A ticket number as a person gave it, if it is short, printable and cannot be a card number.

    Raises ValueError with one sentence that does not repeat it. A card number has up to 19 digits (ISO/IEC 7812-1);
    twelve in a row are refused, and thirteen with nothing but spaces or marks between them.
    """
    ticket = text.strip()
    if not ticket or len(ticket) > _MOST_TICKET or not ticket.isprintable():
        raise ValueError(f"a ticket number has 1 to {_MOST_TICKET} printable signs")
    if _PAN_LIKE.search(ticket):
        raise ValueError("this ticket number has so many digits that it could be a card number")
    return ticket
