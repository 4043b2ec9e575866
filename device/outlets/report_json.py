"""The report as plain values, for scripts."""

from __future__ import annotations

import dataclasses
from typing import Any

from device.diagnosis.diagnosis_json import diagnosis_to_json
from device.outlets.compare import comparison_json
from device.outlets.report_facts import ReportFacts


def report_json(facts: ReportFacts) -> dict[str, Any]:
    """Everything but the picture of the screen; keys only ever grow."""
    diagnosis, comparison = facts.diagnosis, facts.comparison
    return {
        "software": facts.software,
        "made": facts.made.isoformat(timespec="seconds"),
        "ticket": facts.ticket or None,
        "terminal": dataclasses.asdict(facts.terminal),
        "declined_at": facts.declined_at or None,
        "before": [dataclasses.asdict(item) for item in facts.before],
        "diagnosis": None if diagnosis is None else diagnosis_to_json(diagnosis),
        "evidence": [dataclasses.asdict(item) for item in facts.evidence],
        "history": dict(facts.history),
        "trends": {
            check: {
                period: [{**dataclasses.asdict(sample), "start": sample.start.isoformat()} for sample in samples]
                for period, samples in periods.items()
            }
            for check, periods in facts.trends.items()
        },
        "comparison": None if comparison is None else comparison_json(comparison),
        "broken": dict(facts.broken),
    }
