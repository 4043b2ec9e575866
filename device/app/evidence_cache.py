"""The newest evidence of every fact, with its age by the monotonic clock."""

from __future__ import annotations

import dataclasses
import time

from device.evidence import Evidence, Outcome


class EvidenceCache:
    """Keeps one evidence a fact. A check that a sale stopped does not wipe out an older result."""

    def __init__(self) -> None:
        self._held: dict[str, tuple[Evidence, float]] = {}

    def note(self, evidence: Evidence) -> None:
        """Keep this evidence as the newest of its fact."""
        if evidence.outcome is Outcome.NOT_RUN and evidence.reason == "sale_running" and evidence.id in self._held:
            return
        self._held[evidence.id] = (evidence, time.monotonic())

    def snapshot(self) -> tuple[Evidence, ...]:
        """All evidence, each with its age now, ordered by id."""
        now = time.monotonic()
        return tuple(
            dataclasses.replace(evidence, age_s=round(evidence.age_s + now - noted, 1))
            for _, (evidence, noted) in sorted(self._held.items())
        )
