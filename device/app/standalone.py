"""A self-test, history or report where no service runs: the same parts, opened by the command itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from device.actions import Progress, Prompt, SelftestResult
from device.app.catalogue import load_catalogue
from device.app.evidence_cache import EvidenceCache
from device.app.instance_lock import InstanceLock
from device.app.parts import PartPlans
from device.app.report_answers import audit_to_json, facts_to_json, last_to_json, trends_to_json
from device.app.selftest_run import SelftestRun
from device.app.selftests import result_of
from device.app.terminal import Terminal
from device.app.trend_watch import with_trend
from device.evidence import Evidence, Level, Outcome
from device.loop import Loop
from device.settings import Settings
from device.store.store import Store


class Standalone:
    """Holds the service's lock while it works, so that two never share a port. Raises AlreadyRunningError."""

    def __init__(self, settings: Settings) -> None:
        self._lock = InstanceLock(settings.service.run_dir)
        self._store = Store(settings.service.state_dir / "posmedic.db", anchor_path=settings.console_access.anchor)
        self._terminal = Terminal(settings.profile)
        self._plans = PartPlans(settings, self._terminal, self._store, None)
        self._catalogue = load_catalogue(settings.message_files)
        self._terminal.load(self._catalogue)
        self._cache = EvidenceCache()
        self._run: SelftestRun | None = None

    def selftest(
        self, level: Level, part: str | None, progress: Callable[[Progress], None], *, person: bool = False
    ) -> SelftestResult:
        """Run the checks up to ``level`` of one part or all; raises ValueError for an unknown part."""
        plans = [plan for plan in self._plans.up_to(level, self._catalogue) if part in (None, plan.part)]
        if not plans:
            known = ", ".join(plan.part for plan in self._plans.up_to(level, self._catalogue))
            raise ValueError(f"part {part!r} is not known; known are {known}")
        loop = Loop()
        collected: list[Evidence] = []
        ended: set[str] = set()
        total = len({fact for plan in plans for fact in plan.facts})

        def take(evidence: Evidence) -> None:
            if evidence.id == "profile.signature" and evidence.outcome is Outcome.PASS:
                self._terminal.mark_verified()
            spec = self._catalogue.checks.get(evidence.id)
            evidence = with_trend(evidence, spec, self._store.trends, datetime.now().astimezone())
            collected.append(evidence)
            ended.add(evidence.id)
            self._cache.note(evidence)
            progress(Progress(len(ended), total, evidence.id, (evidence,)))

        def prompt(asked: Prompt) -> None:
            progress(Progress(len(ended), total, asked.check, prompt=asked))

        specs = self._plans.specs(self._catalogue)
        self._run = SelftestRun(loop, plans, specs, take, loop.stop, prompt if person else None, self._plans.budget_s)
        self._run.start()
        loop.run()
        self._store.note_evidence(collected, self._cache.snapshot())
        self._store.settle()
        return result_of(collected, specs)

    def answer(self, check: str, *, seen: bool | None) -> bool:
        """What the person says to the prompt of this check; False where nobody waits for it."""
        return self._run is not None and self._run.answer(check, seen)

    def ask(self, command: str, args: Mapping[str, Any]) -> Any:
        """Answer what reports ask as the service does over ``control.sock``, and ``clear_faults``."""
        answers: Mapping[str, Callable[[], Any]] = {
            "clear_faults": lambda: {"cleared": self._store.clear_faults()},
            "history": lambda: self._store.history(self._catalogue.checks),
            "audit": lambda: audit_to_json(self._store),
            "facts": lambda: facts_to_json(self._terminal.profile(), self._cache.snapshot()),
            "last": lambda: last_to_json(self._store),
            "trends": lambda: trends_to_json(self._store.trends, args.get("check")),
        }
        return answers[command]()
