"""``posmedic diagnose``: the diagnosis of a recorded freeze frame, on any machine, without hardware."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

from device.diagnosis.diagnosis_json import diagnosis_to_json
from device.diagnosis.engine import Reasoning, diagnose, reason
from device.diagnosis.knowledge import Knowledge, parse_knowledge
from device.diagnosis.verdict import Diagnosis
from device.diagnosis.wording import columns
from device.evidence import Outcome
from device.freeze_frame import frame_from_json
from device.settings import LANGUAGES, read_catalogue, read_folder, read_text, read_texts
from device.table import TableError

_BAD_INPUT: Final = 2
_TITLES: Final = {
    "zh": ("是否扣款", "联系谁", "原因逐项判断", "本机发现", "（与本次被拒无关，除非上面另有说明）", "依据", "短码"),
    "en": (
        *("Was the customer charged", "Whom to call", "Every cause, answered", "Found on this terminal"),
        *("(did not cause this decline, unless said above)", "evidence", "Short code"),
    ),
}


def read_knowledge() -> Knowledge:
    """The installed catalogue of the diagnosis."""
    texts = {language: read_texts(language) for language in LANGUAGES}
    return parse_knowledge(read_catalogue("causes.toml"), read_folder("hosts"), texts)


def diagnose_file(path: Path, *, language: str = "zh", as_json: bool = False, explain: bool = False) -> tuple[int, str]:
    """Exit code and text: 0 and the diagnosis, or 2 and one sentence that says what is wrong with the file."""
    try:
        knowledge = read_knowledge()
        frame = frame_from_json(_read_json(path), path.name)
    except TableError as error:
        return _BAD_INPUT, str(error)
    diagnosis = diagnose(frame, knowledge)
    if as_json:
        return 0, json.dumps(diagnosis_to_json(diagnosis), ensure_ascii=False, indent=2)
    text = write_diagnosis(diagnosis, knowledge, language)
    if explain:
        text += "\n\n" + write_reasoning(reason(frame, knowledge))
    return 0, text


def _read_json(path: Path) -> object:
    try:
        return json.loads(read_text(path))
    except json.JSONDecodeError as error:
        raise TableError(f"{path}: is not JSON at line {error.lineno}, column {error.colno}") from error
    except RecursionError as error:
        raise TableError(f"{path}: is nested too deep to be a freeze frame") from error


def write_diagnosis(diagnosis: Diagnosis, knowledge: Knowledge, language: str) -> str:
    """The diagnosis as a page of text for a person."""
    wording = knowledge.wording
    charged, contact, causes, found, apart, evidence, short = _TITLES[language]
    lines = [*diagnosis.headline[language], ""]
    lines += [f"{charged}: {diagnosis.charged[language]}", f"{contact}: {diagnosis.contact[language]}", "", causes]
    for cause in diagnosis.causes:
        name = _padded(wording.text(f"cause.{cause.id}.name")[language], 26)
        state = _padded(wording.text(f"state.{cause.state}")[language], 14)
        lines.append(f"  {name} {state} {cause.advice[language]}")
        if cause.because:
            lines.append(f"  {' ' * 26} {_padded('', 14)} {evidence}: {', '.join(cause.because)}")
    if diagnosis.found_on_terminal:
        lines += ["", f"{found} {apart}"]
    for finding in diagnosis.found_on_terminal:
        value = "" if finding.value is None else f" = {finding.value}"
        limit = f" (limit {finding.limit})" if finding.limit else ""
        lines.append(f"  {finding.part}.{finding.fact} {finding.outcome}{value}{limit}: {finding.advice[language]}")
    lines += ["", f"{short}: {diagnosis.short_code}"]
    return "\n".join(lines)


def write_reasoning(chain: Reasoning) -> str:
    """The chain, rule by rule, in the catalogue's own words (the same in every language)."""
    lines = ["Facts derived from the exchange, the card, the set-up and the history"]
    for fact in chain.facts:
        value = "" if fact.value is None else f" = {fact.value}"
        why = f" ({fact.reason})" if fact.reason and fact.outcome is not Outcome.PASS else ""
        lines.append(f"  {fact.id:24} {fact.outcome:8}{value}{why}")
    lines += ["", f"The answer is {chain.answer}. Rule {chain.rule} gives the verdict {chain.verdict}.", ""]
    lines.append("First rule that held, for each cause")
    for step in chain.steps:
        when = " and ".join(str(condition) for condition in step.rule.when) or "nothing else held"
        because = ", ".join(step.because) or "-"
        lines.append(f"  {step.cause:20} {step.state:12} when {when}; because {because}")
    return "\n".join(lines)


def _padded(text: str, width: int) -> str:
    return text + " " * max(0, width - columns(text))
