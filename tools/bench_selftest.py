"""The self-test's share of the benchmark: a safe run, its slowest check, a report, and what 1,000 runs leave behind.

Part times are those of the parts' own facts where they took one; everything runs in the real service on this machine.
"""

from __future__ import annotations

import statistics
import time
from pathlib import Path
from typing import Any, Final

from tools.simulate.running_service import RunningService

_TIMED: Final = 40
_SOAKED: Final = 1000
_SETTLED: Final = 20  # runs until caches, tables and the database's pages are there

Row = tuple[str, str, str]


def selftest_rows(service: RunningService) -> list[Row]:
    """Measure one running service without any part configured but what every machine has."""
    took_ms: list[float] = []
    facts: dict[str, list[float]] = {}
    for _ in range(_TIMED):
        began = time.perf_counter()
        result = service.ask("selftest", level="safe", part=None)
        took_ms.append((time.perf_counter() - began) * 1000)
        _collect(result, facts)
    report_ms = _report_ms(service)
    grown_kb = _grown_kb(service)
    slowest = max(facts, key=lambda fact: _p95(facts[fact]), default="")
    return [
        (
            "safe self-test, all parts",
            f"p50 {statistics.median(took_ms):.0f}, p95 {_p95(took_ms):.0f} ms",
            "<= 5000 ms",
        ),
        ("slowest timed check", f"{slowest} p95 {_p95(facts[slowest]):.0f} ms" if slowest else "none timed", ""),
        ("report as text", f"{report_ms:.0f} ms", ""),
        (f"RSS growth over {_SOAKED} self-tests", f"{grown_kb / 1000:.2f} MB", "<= 0.5 MB"),
    ]


def _collect(result: Any, facts: dict[str, list[float]]) -> None:
    for row in result["evidence"]:
        if row["took_ms"] is not None:
            facts.setdefault(row["id"], []).append(row["took_ms"])


def _report_ms(service: RunningService) -> float:
    began = time.perf_counter()
    service.ask("report", language="en")
    return (time.perf_counter() - began) * 1000


def _grown_kb(service: RunningService) -> int:
    """Resident memory after all runs less that after the first ones."""
    for _ in range(_SETTLED):
        service.ask("selftest", level="safe", part=None)
    before = _rss_kb(service.pid)
    for _ in range(_SOAKED):
        service.ask("selftest", level="safe", part=None)
    return _rss_kb(service.pid) - before


def _rss_kb(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS:"))


def _both(took_ms: list[float]) -> str:
    return f"p50 {statistics.median(took_ms):.0f}, p95 {_p95(took_ms):.0f} ms"


def _p95(values: list[float]) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * 0.95))]
