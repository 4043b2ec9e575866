"""What the service knows for a report, as the plain values that it hands over ``control.sock``. Nothing heavy here."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from typing import Any

from device import __version__
from device.evidence import Evidence, TerminalProfile
from device.store.store import Store
from device.store.trends import KEPT, Trends


def facts_to_json(terminal: TerminalProfile, evidence: Sequence[Evidence]) -> dict[str, Any]:
    """Who the terminal is and the newest evidence, as plain values."""
    return {
        "software": __version__,
        "terminal": dataclasses.asdict(terminal),
        "evidence": [dataclasses.asdict(item) for item in evidence],
    }


def last_to_json(store: Store) -> dict[str, Any] | None:
    """The last decline as plain values, or None."""
    newest = store.declines.last(1)
    if not newest:
        return None
    return {
        "at": newest[0].at.isoformat(timespec="seconds"),
        "frame": json.loads(newest[0].frame_json),
        "diagnosis": json.loads(newest[0].diagnosis_json),
        "before": store.declines.evidence_before(newest[0].number),
    }


def audit_to_json(store: Store) -> dict[str, Any]:
    """Every entry of the audit log, oldest first, and count and head as they are kept outside it."""
    anchor = store.audit.anchor()
    return {
        "entries": [dataclasses.asdict(entry) for entry in store.audit.entries()],
        "anchor": None if anchor is None else str(anchor),
    }


def trends_to_json(trends: Trends, check: str | None) -> dict[str, Any]:
    """One check's history by hour, day and month, oldest first; without ``check`` the ids that have one."""
    if check is None:
        return {"checks": list(trends.ids())}
    return {
        period: [
            {**dataclasses.asdict(sample), "start": sample.start.isoformat()}
            for sample in trends.samples(check, period)
        ]
        for period in KEPT
    }
