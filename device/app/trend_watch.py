"""Turns a pass into a marginal result where the fact has changed much against the days before."""

from __future__ import annotations

import dataclasses
from datetime import datetime

from device.evidence import CheckSpec, Evidence, Outcome
from device.store.trends import Trends
from device.trend import find_change


def with_trend(evidence: Evidence, spec: CheckSpec | None, trends: Trends, now: datetime) -> Evidence:
    """The evidence as it is, or marginal with the reason ``trend`` and the change in its detail."""
    if evidence.outcome is not Outcome.PASS or spec is None or spec.trend is None:
        return evidence
    hours, days = trends.samples(evidence.id, "hour"), trends.samples(evidence.id, "day")
    change = find_change(spec.trend, hours, days, now)
    if change is None:
        return evidence
    detail = f"{evidence.detail} {change.told(spec.unit, spec.trend.unit)}".strip()
    return dataclasses.replace(evidence, outcome=Outcome.MARGINAL, reason="trend", detail=detail)
