"""What people and programs ask of the running service, answered from its state."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from device.actions import Progress, SelftestResult
from device.evidence import Level

if TYPE_CHECKING:
    from device.app.service import Service


class Requests:
    """Implements :class:`device.actions.Actions` for one running service."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._started = time.monotonic()

    def status(self) -> Mapping[str, Any]:
        """Version, uptime in seconds, who is connected, and what does not work and why."""
        service = self._service
        return {
            "version": service.version,
            "uptime_s": round(time.monotonic() - self._started, 1),
            "applications": [session.application for session in service.sessions],
            "sale_running": any(session.busy for session in service.sessions),
            "problems": service.problems(),
            "wakeups": service.loop.wakeups,
        }

    def selftest(
        self,
        level: Level,
        part: str | None,
        progress: Callable[[Progress], None],
        done: Callable[[SelftestResult], None],
    ) -> None:
        """Run the checks up to ``level`` of one part or all; raises ValueError for an unknown part."""
        self._service.selftests.run_asked(level, part, progress, done)

    def history(self) -> Mapping[str, Any]:
        """Declines and faults, newest first."""
        return self._service.store.history(self._service.catalogue.checks)

    def last(self) -> Mapping[str, Any] | None:
        """The last decline: frame and diagnosis."""
        newest = self._service.store.declines(1)
        if not newest:
            return None
        return {"frame": json.loads(newest[0].frame_json), "diagnosis": json.loads(newest[0].diagnosis_json)}

    def report(self, language: str) -> str:
        """The report of this terminal as text."""
        from device.app.reporting import write_report  # noqa: PLC0415  rare: not at start

        service = self._service
        return write_report(
            service.catalogue, service.terminal.profile(), service.cache.snapshot(), service.store, language
        )
