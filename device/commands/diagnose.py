"""``posmedic diagnose``: the diagnosis of a recorded freeze frame, on any machine, without hardware."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

from device.app.overlays import checked_knowledge
from device.commands.reasoning import ReasoningWriter
from device.diagnosis.diagnosis_json import diagnosis_to_json
from device.diagnosis.doubts import Doubt
from device.diagnosis.engine import Reasoning, diagnose, reason
from device.diagnosis.knowledge import Knowledge
from device.diagnosis.verdict import Diagnosis, Text
from device.diagnosis.wording import columns
from device.freeze_frame import absent_parts, frame_from_json
from device.settings import OverlaySettings, read_text, read_texts
from device.table import TableError

_BAD_INPUT: Final = 2
_NO_OVERLAY: Final = OverlaySettings()
_TITLES: Final = {
    "zh": (
        *("是否扣款", "联系谁", "原因逐项判断", "本机发现", "（与本次被拒无关，除非上面另有说明）", "依据", "短码"),
        *("一张卡还是多张卡", "请注意"),
    ),
    "en": (
        *("Was the customer charged", "Whom to call", "Every cause, answered", "Found on this terminal"),
        *(
            "(did not cause this decline, unless said above)",
            "evidence",
            "Short code",
            "One card or many",
            "Please note",
        ),
    ),
}


def diagnose_file(
    path: Path,
    *,
    language: str = "zh",
    as_json: bool = False,
    explain: bool = False,
    overlay: OverlaySettings = _NO_OVERLAY,
) -> tuple[int, str]:
    """Exit code and text: 0 and the diagnosis, or 2 and one sentence that says what is wrong with the file.

    An ``overlay`` that is refused leaves the built-in knowledge, and a note says so.
    """
    try:
        knowledge, refused = checked_knowledge(overlay)
        values = _read_json(path)
        frame = frame_from_json(values, path.name)
    except TableError as error:
        return _BAD_INPUT, str(error)
    told = [Doubt("absent", place) for place in absent_parts(values)]
    told += [Doubt("overlay", "overlay", refused)] if refused else []
    diagnosis = diagnose(frame, knowledge, told)
    chain = reason(frame, knowledge) if explain else None
    if as_json:
        reasoning = {} if chain is None else {"reasoning": _write_chain(chain, diagnosis, knowledge)}
        return 0, json.dumps({**diagnosis_to_json(diagnosis), **reasoning}, ensure_ascii=False, indent=2)
    text = write_diagnosis(diagnosis, knowledge, language)
    if chain is not None:
        text += "\n\n" + _write_chain(chain, diagnosis, knowledge)[language]
    return 0, text


def _write_chain(chain: Reasoning, diagnosis: Diagnosis, knowledge: Knowledge) -> Text:
    """The chain, rule by rule, in every language."""
    return {
        language: ReasoningWriter(knowledge.wording, language, read_texts(language)["check"]).write(
            chain, diagnosis.notes
        )
        for language in knowledge.wording.languages
    }


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
    charged, contact, causes, found, apart, evidence, short, crowd, mind = _TITLES[language]
    lines = [*diagnosis.headline[language], ""]
    lines += [_colon(language, charged, diagnosis.charged[language])]
    lines += [_colon(language, contact, diagnosis.contact[language])]
    if diagnosis.counts is not None:
        lines.append(_colon(language, crowd, diagnosis.counts.text[language]))
    lines += ["", causes]
    for cause in diagnosis.causes:
        name = _padded(wording.text(f"cause.{cause.id}.name")[language], 26)
        state = _padded(wording.text(f"state.{cause.state}")[language], 14)
        lines.append(f"  {name} {state} {cause.advice[language]}")
        if cause.because:
            lines.append(f"  {' ' * 26} {_padded('', 14)} {_colon(language, evidence, ', '.join(cause.because))}")
    if diagnosis.found_on_terminal:
        lines += ["", f"{found} {apart}"]
    for finding in diagnosis.found_on_terminal:
        value = "" if finding.value is None else f" = {finding.value}"
        limit = f" (limit {finding.limit})" if finding.limit else ""
        lines.append(f"  {finding.part}.{finding.fact} {finding.outcome}{value}{limit}: {finding.advice[language]}")
    if diagnosis.notes:
        lines += ["", mind, *(f"  {_colon(language, note.place, note.text[language])}" for note in diagnosis.notes)]
    lines += ["", _colon(language, short, diagnosis.short_code)]
    return "\n".join(lines)


def _colon(language: str, name: str, text: str) -> str:
    return f"{name}：{text}" if language == "zh" else f"{name}: {text}"


def _padded(text: str, width: int) -> str:
    return text + " " * max(0, width - columns(text))
