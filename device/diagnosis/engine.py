"""The engine: one freeze frame and the catalogue in, one diagnosis out. Pure: no clock, no files, no state."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from device.diagnosis.card import card_facts
from device.diagnosis.codes import CodeRow, CodeTable
from device.diagnosis.crowd import Crowd, Ruling
from device.diagnosis.doubts import Doubt, clear_doubts, usable
from device.diagnosis.headline import (
    Lead,
    lead_values,
    write_charged,
    write_contact,
    write_counts,
    write_customer,
    write_headline,
)
from device.diagnosis.knowledge import CauseRow, Knowledge
from device.diagnosis.lead import Scene, find_lead, keys_suspect
from device.diagnosis.proof import Answer, answer_of, exchange_facts
from device.diagnosis.rules import Case, LinkRow, Rule, facts_behind, find_link, first_rule
from device.diagnosis.setup import contradictions, setup_facts
from device.diagnosis.short_code import ShortCode, encode
from device.diagnosis.verdict import Cause, CauseState, Diagnosis, Finding, Note, Retry, Text, Verdict
from device.evidence import Evidence, FreezeFrame, Outcome, TerminalProfile

_STATE_ORDER: Final = (
    *(CauseState.SUPPORTED, CauseState.POSSIBLE, CauseState.UNLIKELY, CauseState.NOT_TESTED),
    *(CauseState.NOT_VISIBLE, CauseState.OTHER_CODE, CauseState.REFUTED),
)
_OUTCOME_ORDER: Final = (Outcome.FAIL, Outcome.ERROR, Outcome.MARGINAL)
_NOT_FOR_CUSTOMERS: Final = frozenset({"card_lost_stolen", "risk_control"})  # rule 6: never named as the reason
_FOUND_PARTS: Final = ("setup", "exchange")
_ALWAYS_PROVABLE: Final = ("exchange.response", "exchange.match", "exchange.format")


@dataclass(frozen=True, slots=True)
class Step:
    """One cause and the rule that decided it; for people who want to see the chain."""

    cause: str
    state: CauseState
    rule: Rule
    because: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Reasoning:
    """The chain that led to a diagnosis: the derived facts, the verdict's rule, one step for each cause."""

    facts: tuple[Evidence, ...]
    answer: Answer
    rule: str
    verdict: Verdict
    steps: tuple[Step, ...]
    kind: str = ""  # what the cards of an acceptance range have in common


def diagnose(frame: FreezeFrame, knowledge: Knowledge, told: Sequence[Doubt] = ()) -> Diagnosis:
    """The diagnosis of one exchange. The same frame and catalogue give the same diagnosis on any machine.

    ``told`` are doubts that the caller has already: parts that a recorded frame lacked, an overlay that was refused.
    """
    return _Engine(frame, knowledge, told).diagnosis()


def reason(frame: FreezeFrame, knowledge: Knowledge) -> Reasoning:
    """The chain behind :func:`diagnose`, rule by rule."""
    return _Engine(frame, knowledge).reasoning()


class _Engine:
    def __init__(self, frame: FreezeFrame, knowledge: Knowledge, told: Sequence[Doubt] = ()) -> None:
        table = knowledge.table_of(frame.exchange.host)
        frame, doubts = clear_doubts(
            frame,
            same_host=not frame.profile.host or knowledge.table_of(frame.profile.host) is table,
            known_host=knowledge.find_table(frame.exchange.host) is not None,
            stale_s=knowledge.stale_s,
        )
        frame = dataclasses.replace(frame, profile=_with_host_facts(frame.profile, table))
        self._doubts = (*told, *doubts)
        overlay = frame.find("profile.overlay")
        if overlay is not None and overlay.outcome is Outcome.FAIL:
            self._doubts += (Doubt("overlay", overlay.id, overlay.detail),)
        self._frame = frame
        self._knowledge = knowledge
        self._row: CodeRow | None = table.find(frame.exchange.code)
        self._answer = answer_of(frame.exchange)
        self._crowd = Crowd(frame, table)
        derived = [
            *exchange_facts(frame, self._row),
            *card_facts(frame),
            *setup_facts(frame),
            *self._crowd.facts(),
        ]
        self._derived = {fact.id: fact for fact in derived}
        self._facts = usable(frame.evidence, knowledge.stale_s) | self._derived
        self._contradicts = contradictions(frame, self._derived)
        self._link: LinkRow | None = None
        if self._answer is Answer.NONE:
            self._link = find_link(knowledge.link, self._facts)
        self._ruling = self._rule()
        self._case = Case(self._facts, self._answer, self._ruling.verdict, self._row, self._link)

    def _rule(self) -> Ruling:
        """Rules 1 and 2 for 62 and its twins; any other code is judged by its row."""
        row = self._row
        if self._answer is Answer.NONE:
            return Ruling("1", Verdict.NO_VERIFIED_RESPONSE)
        if row is None:
            return Ruling("unknown code", Verdict.NOT_ENOUGH_DATA)
        if self._contradicts and (row.restricted or row.check_profile):
            return Ruling("2a", Verdict.TERMINAL_SETUP)
        if row.restricted:
            return self._crowd.ruling()
        return Ruling("code table", Verdict.LOCAL_ACTION if keys_suspect(row, self._facts) else row.verdict)

    def reasoning(self) -> Reasoning:
        steps = tuple(self._step(row) for row in self._knowledge.causes)
        facts = tuple(self._derived.values())
        return Reasoning(facts, self._answer, self._ruling.rule, self._ruling.verdict, steps, self._ruling.kind)

    def diagnosis(self) -> Diagnosis:
        frame, row, wording = self._frame, self._row, self._knowledge.wording
        scene = Scene(
            frame=frame,
            row=row,
            answer=self._answer,
            facts=self._facts,
            ruling=self._ruling,
            crowd=self._crowd,
            contradicts=self._contradicts,
            link=self._link,
        )
        lead = find_lead(scene)
        counts = self._crowd.counts()
        values = lead_values(lead, frame, counts, wording)
        found = self._found()
        first = f"{found[0].part}.{found[0].fact}" if found else ""
        trusted_row = row if self._answer is not Answer.NONE else None
        code_text = "code.unknown" if frame.exchange.code else "code.none"
        return Diagnosis(
            code=frame.exchange.code,
            host=frame.exchange.host,
            meaning=_meaning(row) if row else wording.text(code_text, values),
            verdict=lead.verdict,
            addressee=lead.addressee,
            headline=write_headline(lead, "full", values, wording),
            headline_short=write_headline(lead, "short", values, wording),
            customer_text=write_customer(lead.verdict, row, wording),
            charged=write_charged(lead.verdict, trusted_row, self._answer, wording),
            contact=write_contact(lead.addressee, frame.profile, wording),
            retry=lead.retry,
            proved=self._proved(),
            causes=self._causes(),
            found_on_terminal=found,
            prevention=tuple(wording.text(f"prevention.{name}") for name in wording.below("prevention")),
            short_code=encode(ShortCode(frame.exchange.code, lead.verdict, first, frame.software)),
            notes=self._notes(lead),
            counts=write_counts(counts, wording) if row is not None and row.restricted and counts.cards else None,
        )

    def _notes(self, lead: Lead) -> tuple[Note, ...]:
        """What was left out and why; and the retry guard where the headline has no room for it."""
        wording = self._knowledge.wording
        notes = [
            Note(doubt.place, wording.text(f"doubt.{doubt.key}", {"place": doubt.place, "value": doubt.value}))
            for doubt in self._doubts
        ]
        guarded = lead.act in ("stop_retry", "chip_once_again") or (lead.row is not None and lead.row.approved)
        if lead.attempts > 1 and lead.retry in (Retry.NO, Retry.AFTER_ACTION) and not guarded:
            notes.append(Note("history.attempts", wording.text("note.retry", {"attempts": str(lead.attempts)})))
        return tuple(notes)

    def _proved(self) -> tuple[str, ...]:
        """Only what follows from the exchange itself; without a verified MAC only what was seen on the wire."""
        if self._answer is Answer.NONE:
            return ()
        names = [name for name in self._derived if name.startswith("exchange.")]
        if self._answer is not Answer.PROVED:
            names = [name for name in names if name in _ALWAYS_PROVABLE]
        return tuple(name for name in names if self._derived[name].outcome is Outcome.PASS)

    # --- causes ---------------------------------------------------------------------------

    def _step(self, row: CauseRow) -> Step:
        rule = first_rule(row.rules, self._case, row.id)
        return Step(row.id, rule.state, rule, facts_behind(rule, self._case))

    def _causes(self) -> tuple[Cause, ...]:
        wording = self._knowledge.wording
        ranked = []
        for row in self._knowledge.causes:
            step = self._step(row)
            key = f"cause.{row.id}.{step.rule.advice}"
            key = key if key in wording else f"advice.{step.rule.advice}"
            advice = wording.text(key, {"usual": "/".join(row.usual_codes)})
            cause = Cause(row.id, step.state, row.usual_codes, step.because, advice)
            ranked.append((_STATE_ORDER.index(step.state), -row.weight, cause))
        ranked.sort(key=lambda item: item[:2])
        return tuple(cause for _, _, cause in ranked)

    # --- found on the terminal ------------------------------------------------------------

    def _found(self) -> tuple[Finding, ...]:
        """Failed, broken and marginal facts; what was not run is neither good nor bad and is not listed."""
        found = [fact for fact in self._derived.values() if fact.outcome is Outcome.FAIL and self._is_ours(fact)]
        tested = [fact for fact in self._frame.evidence if fact.id not in self._derived]
        bad = [fact for fact in tested if fact.outcome in _OUTCOME_ORDER]
        found += sorted(bad, key=lambda fact: _OUTCOME_ORDER.index(fact.outcome))
        advice = self._knowledge.wording.check_advice
        return tuple(Finding(f.part, f.fact, f.outcome, f.value, f.limit, advice(f.id), f.unit) for f in found)

    def _is_ours(self, fact: Evidence) -> bool:
        return fact.part in _FOUND_PARTS and fact.id != "exchange.response"


def _with_host_facts(profile: TerminalProfile, table: CodeTable) -> TerminalProfile:
    """What is known of the host, where the terminal's own profile is silent."""

    def either(own: bool | None, told: bool | None) -> bool | None:
        return told if own is None else own

    return dataclasses.replace(
        profile,
        signs_declines=either(profile.signs_declines, table.signs_declines),
        maps_codes=either(profile.maps_codes, table.maps_codes),
        stands_in=either(profile.stands_in, table.stands_in),
    )


def _meaning(row: CodeRow) -> Text:
    """The code's meaning, in neutral words where the reason is not for a cardholder's eyes (rule 6)."""
    return row.says if _NOT_FOR_CUSTOMERS & set(row.names) else row.meaning
