"""The condition language of ``causes.toml``: a dozen words, so that a rule reads like a sentence.

* ``exchange.mac is pass`` - a fact has this outcome; ``setup.* is fail`` - any fact of the part has it
* ``exchange.mac = bad`` - a fact has this value
* ``answer is proved`` | ``unproved`` | ``none`` - how far the response may be believed
* ``verdict is card`` - the verdict reached before the causes were asked
* ``code is restricted`` | ``approved`` | ``unknown`` - the code's row in the host's table; ``dated`` | ``keyed`` |
  ``versioned`` | ``chip`` - a wrong clock, key, version or chip reader can lead to it; ``code names it`` |
  ``code allows it`` - the row lists the cause in hand
* ``link is found`` - a row of the link table matched; ``not`` before any condition turns it round

All conditions of one rule must hold. The first rule that holds gives the cause's state.
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from device.diagnosis.codes import CodeRow
from device.diagnosis.proof import Answer
from device.diagnosis.verdict import CauseState, Verdict
from device.evidence import Evidence, Outcome

_GRAMMAR: Final = re.compile(r"(?P<no>not )?(?P<subject>[a-z_.*]+) (?P<verb>is|=|names|allows) (?P<wanted>\S+)")
_CODE_WORDS: Final = ("restricted", "approved", "unknown", "dated", "keyed", "versioned", "chip")


@dataclass(frozen=True, slots=True)
class Condition:
    """One parsed condition."""

    subject: str
    verb: str
    wanted: str
    negated: bool

    def __str__(self) -> str:
        return f"{'not ' if self.negated else ''}{self.subject} {self.verb} {self.wanted}"


@dataclass(frozen=True, slots=True)
class Rule:
    """If all of ``when`` hold, the cause has this state."""

    when: tuple[Condition, ...]
    state: CauseState
    because: tuple[str, ...]  # fact ids, ``part.* is outcome``, or ``link``
    advice: str


@dataclass(frozen=True, slots=True)
class LinkRow:
    """One way in which the path to the host can be broken, lowest layer first."""

    when: tuple[Condition, ...]
    act: str
    addressee: str

    @property
    def facts(self) -> tuple[str, ...]:
        """The facts the row rests on."""
        return tuple(condition.subject for condition in self.when if not condition.negated and "." in condition.subject)


@dataclass(frozen=True, slots=True)
class Case:
    """All that conditions may ask about."""

    facts: Mapping[str, Evidence]
    answer: Answer
    verdict: Verdict
    row: CodeRow | None
    link: LinkRow | None


def parse_condition(text: str, known: Collection[str]) -> Condition:
    """Parse one condition; ValueError says what does not fit. ``known`` are the fact ids that may be named."""
    match = _GRAMMAR.fullmatch(text)
    if match is None:
        raise ValueError(f"holds {text[:60]!r}, which is not a condition")
    condition = Condition(match["subject"], match["verb"], match["wanted"], match["no"] is not None)
    allowed = _allowed(condition, known)
    if allowed is not None and condition.wanted not in allowed:
        raise ValueError(f"holds {text[:60]!r}; the last word must be one of {', '.join(allowed)}")
    return condition


def _allowed(condition: Condition, known: Collection[str]) -> tuple[str, ...] | None:
    subject, verb = condition.subject, condition.verb
    if subject == "code" and verb in ("names", "allows"):
        return ("it",)
    if subject in ("code", "answer", "verdict", "link"):
        words = {"code": _CODE_WORDS, "answer": tuple(Answer), "verdict": tuple(Verdict), "link": ("found",)}
        return tuple(words[subject]) if verb == "is" else ()
    if not fnmatch.filter(known, subject):
        raise ValueError(f"names the unknown fact {subject[:40]!r}")
    if verb == "is":
        return tuple(Outcome)
    return None if verb == "=" else ()


def holds(condition: Condition, case: Case, cause_id: str) -> bool:
    """Does the condition hold for this cause?"""
    return _is_true(condition, case, cause_id) is not condition.negated


def _is_true(condition: Condition, case: Case, cause_id: str) -> bool:
    subject, wanted = condition.subject, condition.wanted
    if subject == "code":
        return _code_is(condition, case.row, cause_id)
    if subject in ("answer", "verdict", "link"):
        return {"answer": case.answer, "verdict": case.verdict, "link": "found" if case.link else ""}[subject] == wanted
    facts = _named(case.facts, subject)
    if condition.verb == "=":
        return any(str(fact.value) == wanted for fact in facts)
    return any(fact.outcome == wanted for fact in facts)


def _code_is(condition: Condition, row: CodeRow | None, cause_id: str) -> bool:
    if row is None:
        return condition.verb == "is" and condition.wanted == "unknown"
    if condition.verb != "is":
        return cause_id in (row.names if condition.verb == "names" else row.allows)
    words = {
        **{"restricted": row.restricted, "approved": row.approved, "unknown": False, "dated": row.check_clock},
        **{"keyed": row.check_keys, "versioned": row.check_versions, "chip": row.check_chip},
    }
    return words[condition.wanted]


def _named(facts: Mapping[str, Evidence], subject: str) -> list[Evidence]:
    if not subject.endswith("*"):
        return [facts[subject]] if subject in facts else []
    return [fact for fact_id, fact in facts.items() if fact_id.startswith(subject[:-1])]


def first_rule(rules: Iterable[Rule], case: Case, cause_id: str) -> Rule:
    """The first rule that holds; a loaded catalogue always ends with one that does."""
    return next(rule for rule in rules if all(holds(condition, case, cause_id) for condition in rule.when))


def find_link(rows: Iterable[LinkRow], facts: Mapping[str, Evidence]) -> LinkRow | None:
    """The first (lowest) broken layer, or None."""
    case = Case(facts, Answer.NONE, Verdict.NO_VERIFIED_RESPONSE, None, None)
    return next((row for row in rows if all(holds(condition, case, "") for condition in row.when)), None)


def facts_behind(rule: Rule, case: Case) -> tuple[str, ...]:
    """The ids a rule rests on: ``link`` and ``part.* is outcome`` become the facts they stand for."""
    ids: dict[str, None] = {}
    for entry in rule.because:
        if entry == "link":
            ids.update(dict.fromkeys(case.link.facts if case.link else ()))
            continue
        subject, _, outcome = entry.partition(" is ")
        for fact in _named(case.facts, subject):
            if not outcome or fact.outcome == outcome:
                ids[fact.id] = None
    return tuple(ids)
