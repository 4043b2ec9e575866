"""The public JSON form of a diagnosis (``diagnosis.json``)."""

from __future__ import annotations

from typing import Any

from device.diagnosis.verdict import CardCounts, Diagnosis


def diagnosis_to_json(diagnosis: Diagnosis) -> dict[str, Any]:
    """Plain dictionaries, lists and texts; keys are public interface and only ever grow."""
    return {
        "code": diagnosis.code,
        "host": diagnosis.host,
        "meaning": dict(diagnosis.meaning),
        "verdict": diagnosis.verdict.value,
        "addressee": diagnosis.addressee.value,
        "headline": {language: list(lines) for language, lines in diagnosis.headline.items()},
        "headline_short": {language: list(lines) for language, lines in diagnosis.headline_short.items()},
        "customer_text": dict(diagnosis.customer_text),
        "charged": dict(diagnosis.charged),
        "contact": dict(diagnosis.contact),
        "retry": diagnosis.retry.value,
        "proved": list(diagnosis.proved),
        "causes": [
            {
                "id": cause.id,
                "state": cause.state.value,
                "usual_codes": list(cause.usual_codes),
                "because": list(cause.because),
                "advice": dict(cause.advice),
            }
            for cause in diagnosis.causes
        ],
        "found_on_terminal": [
            {
                "part": finding.part,
                "fact": finding.fact,
                "outcome": finding.outcome.value,
                "value": finding.value,
                "limit": finding.limit,
                "unit": finding.unit,
                "advice": dict(finding.advice),
            }
            for finding in diagnosis.found_on_terminal
        ],
        "prevention": [dict(text) for text in diagnosis.prevention],
        "short_code": diagnosis.short_code,
        "counts": None if diagnosis.counts is None else _plain(diagnosis.counts),
        "notes": [{"place": note.place, "text": dict(note.text)} for note in diagnosis.notes],
    }


def _plain(counts: CardCounts) -> dict[str, Any]:
    numbers = {name: getattr(counts, name) for name in ("cards", "banks", "approvals", "minutes", "attempts")}
    return {**numbers, "text": dict(counts.text)}
