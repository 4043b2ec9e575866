"""The chain behind a diagnosis, rule by rule, in the reader's language: ``posmedic diagnose --explain``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from device.diagnosis.engine import Reasoning, Step
from device.diagnosis.rules import Condition
from device.diagnosis.verdict import Note
from device.diagnosis.wording import Wording
from device.evidence import Evidence, Outcome

_COUNTED: Final = "history"  # the part whose facts are numbers of cards and tries, not passed or failed
_RULE_2: Final = ("2a", "2b", "2c", "2d", "2e")


@dataclass(frozen=True, slots=True)
class ReasoningWriter:
    """Writes a chain in one language; ``checks`` are the self-test's names (section ``check`` of the texts)."""

    wording: Wording
    language: str
    checks: Mapping[str, Mapping[str, Any]]

    def write(self, chain: Reasoning, notes: Sequence[Note] = ()) -> str:
        """Facts, the verdict's rules in their order, the rule that decided each cause, and what was left out."""
        lines = [self._say("title.facts"), *(self._fact(fact) for fact in chain.facts)]
        lines += ["", self._say("title.rules"), *self._rules(chain)]
        lines += ["", self._say("title.causes"), *(line for step in chain.steps for line in self._step(step))]
        lines += ["", self._say("title.notes"), *(f"  {note.place}: {note.text[self.language]}" for note in notes)]
        return "\n".join(lines if notes else [*lines, f"  {self._say('line.none')}"])

    def _say(self, key: str, **values: str) -> str:
        return self.wording.fill(f"explain.{key}", self.language, values)

    def _word(self, section: str, key: str) -> str:
        """A word of a section, or the key itself where it is newer than the texts."""
        name = f"explain.{section}.{key}"
        return self.wording.fill(name, self.language, {}) if name in self.wording else key

    def _name(self, fact_id: str) -> str:
        if f"fact.{fact_id}" in self.wording:
            return self.wording.fill(f"fact.{fact_id}", self.language, {})
        return str(self.checks.get(fact_id, {}).get("name", fact_id))

    def _fact(self, fact: Evidence) -> str:
        told = self._word("outcome", fact.outcome)
        if fact.value is not None:
            told = str(fact.value) if fact.part == _COUNTED else f"{told} = {fact.value}"
        if fact.reason and fact.outcome is not Outcome.PASS:
            reasons = " + ".join(self._word("reason", part) for part in fact.reason.split("+"))
            told = self._say("line.because_of", what=told, value=reasons)
        return f"  {fact.id:24} {self._say('line.colon', what=self._name(fact.id), value=told)}"

    def _rules(self, chain: Reasoning) -> Iterator[str]:
        believed = chain.rule != "1"
        held = {True: self._say("line.holds"), False: self._say("line.not")}
        answer = self._say("line.answer", what=self._word("answer", chain.answer))
        yield f"  {self._say('rule.1')} {held[believed]} ({answer})"
        for rule in _RULE_2[: _RULE_2.index(chain.rule) + 1] if chain.rule in _RULE_2 else ():
            yield f"  {self._say(f'rule.{rule}')} {held[rule == chain.rule]}"
        if believed and chain.rule not in _RULE_2:
            yield f"  {self._say(f'rule.{chain.rule}')}"
        verdict = self.wording.fill(f"verdict.{chain.verdict}", self.language, {})
        if chain.kind:
            kind = self.wording.fill(f"kind.{chain.kind}", self.language, {})
            verdict = self._say("line.because_of", what=verdict, value=kind)
        yield f"  {self._say('line.verdict', what=f'{verdict} ({chain.verdict})')}"

    def _step(self, step: Step) -> Iterator[str]:
        name = self.wording.fill(f"cause.{step.cause}.name", self.language, {})
        state = self.wording.fill(f"state.{step.state}", self.language, {})
        yield f"  {self._say('line.colon', what=f'{name} ({step.cause})', value=f'{state} ({step.state})')}"
        joint = self._say("line.joint")
        when = joint.join(self._condition(condition) for condition in step.rule.when)
        yield f"    {self._say('line.when', what=when or self._say('line.otherwise'))}"
        because = joint.join(f"{self._name(fact)} ({fact})" for fact in step.because)
        yield f"    {self._say('line.because', what=because or self._say('line.none'))}"

    def _condition(self, condition: Condition) -> str:
        text = self._plain(condition)
        return self._say("line.condition_not", what=text) if condition.negated else text

    def _plain(self, condition: Condition) -> str:
        subject, wanted = condition.subject, condition.wanted
        if subject == "code":
            return self._say(f"code.{condition.verb if condition.verb != 'is' else wanted}")
        if subject == "answer":
            return self._say("line.answer_is", what=self._word("answer", wanted))
        if subject == "verdict":
            return self._say("line.verdict_is", what=self.wording.fill(f"verdict.{wanted}", self.language, {}))
        return self._say("line.link") if subject == "link" else self._of_fact(condition)

    def _of_fact(self, condition: Condition) -> str:
        name, wanted = self._name(condition.subject), condition.wanted
        if condition.verb != "is":
            return self._say("line.equals", what=name, value=wanted)
        if condition.subject.startswith(f"{_COUNTED}."):
            return self._say("line.count", what=name, value=self._word("grade", wanted))
        return self._say("line.is", what=name, value=self._word("outcome", wanted))
