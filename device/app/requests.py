"""What people and programs ask of the running service, answered from its state."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from device.actions import Progress, SelftestResult
from device.evidence import Level
from device.settings import LANGUAGES

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
        *,
        person: bool = False,
    ) -> None:
        """Run the checks up to ``level`` of one part or all; raises ValueError for an unknown part."""
        self._service.selftests.run_asked(level, part, progress, done, person=person)

    def answer(self, check: str, *, seen: bool | None) -> bool:
        """Hand on what the person answered."""
        return self._service.selftests.answer(check, seen=seen)

    def history(self) -> Mapping[str, Any]:
        """Declines and faults, newest first."""
        return self._service.store.history(self._service.catalogue.checks)

    def clear_faults(self) -> Mapping[str, Any]:
        """Forget every fault; tell how many."""
        return {"cleared": self._service.store.clear_faults()}

    def last(self) -> Mapping[str, Any] | None:
        """The last decline: when, frame, diagnosis, and what was known otherwise before."""
        from device.app.report_answers import last_to_json  # noqa: PLC0415  rare: not at start

        return last_to_json(self._service.store)

    def audit(self) -> Mapping[str, Any]:
        """The audit log and its anchor."""
        from device.app.report_answers import audit_to_json  # noqa: PLC0415

        return audit_to_json(self._service.store)

    def facts(self) -> Mapping[str, Any]:
        """Who the terminal is, and the newest evidence of every check."""
        from device.app.report_answers import facts_to_json  # noqa: PLC0415

        return facts_to_json(self._service.terminal.profile(), self._service.cache.snapshot())

    def trends(self, check: str | None) -> Mapping[str, Any]:
        """The samples of one check, or which checks have any."""
        from device.app.report_answers import trends_to_json  # noqa: PLC0415

        return trends_to_json(self._service.store.trends, check)

    def update_status(self) -> Mapping[str, Any]:
        """What runs, what is under way, how the last firmware update ended."""
        return self._service.updates.status()

    def update_verify(self, path: Path, done: Callable[[Mapping[str, Any]], None]) -> None:
        """Check a bundle."""
        self._service.updates.verify(path, done)

    def update_install(
        self, path: Path, progress: Callable[[Progress], None], done: Callable[[Mapping[str, Any]], None]
    ) -> None:
        """Have a bundle installed."""
        self._service.updates.install(path, progress, done)

    def gate(self, done: Callable[[bool], None]) -> None:
        """Tell whether the version that runs may stay, once that is known."""
        self._service.updates.ask_gate(done)

    def report(self, language: str) -> str:
        """The report of this terminal as text."""
        from device.app.reporting import write_report  # noqa: PLC0415  rare: not at start

        if language not in LANGUAGES:
            raise ValueError(f"there is no report in {language!r}; known languages are {', '.join(LANGUAGES)}")
        service = self._service
        return write_report(
            service.catalogue, service.terminal.profile(), service.cache.snapshot(), service.store, language
        )
