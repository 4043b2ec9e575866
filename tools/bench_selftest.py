"""The self-test's share of the benchmark: a safe run, each check, reports, and what 1,000 runs leave behind.

    python -m tools.bench_selftest        this share alone

A check's time is what it took itself, else the time since its part's last result; all of it in the real service on this
machine.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Final

from tools.bench_flash import flash_rows
from tools.simulate.running_service import RunningService, serving

_TIMED: Final = 40
_SOAKED: Final = 1000
_SETTLED: Final = 20  # runs until caches, tables and the database's pages are there

Row = tuple[str, str, str]


def selftest_rows(service: RunningService, settings: Path) -> list[Row]:
    """Measure one running service without any part configured but what every machine has."""
    took_ms: list[float] = []
    facts: dict[str, list[float]] = {}
    for _ in range(_TIMED):
        began = time.perf_counter()
        result = service.ask("selftest", level="safe", part=None)
        took_ms.append((time.perf_counter() - began) * 1000)
        _collect(result, facts)
    reports = [
        ("report as text, in the service", f"{_report_ms(service):.0f} ms", ""),
        ("report as HTML, by the command", f"{_html_ms(settings):.0f} ms", ""),
    ]
    before, after = _rss_mb(service)
    return [
        (
            "safe self-test, all parts",
            f"p50 {statistics.median(took_ms):.0f}, p95 {_p95(took_ms):.0f} ms",
            "<= 5000 ms",
        ),
        *(
            (f"  {fact}, p95 of {len(times)}", f"{_p95(times):.1f} ms", "")
            for fact, times in sorted(facts.items(), key=lambda row: -_p95(row[1]))
        ),
        *reports,
        ("RSS before the self-tests", f"{before:.2f} MB", ""),
        (f"RSS after {_SOAKED} self-tests", f"{after:.2f} MB, grown by {after - before:.2f}", "<= 0.5 MB"),
    ]


def _collect(result: Any, facts: dict[str, list[float]]) -> None:
    for row in result["evidence"]:
        if row["took_ms"] is not None:
            facts.setdefault(row["id"], []).append(row["took_ms"])


def _report_ms(service: RunningService) -> float:
    began = time.perf_counter()
    service.ask("report", language="en")
    return (time.perf_counter() - began) * 1000


def _html_ms(settings: Path) -> float:
    """The whole command, as a technician waits for it."""
    words = [sys.executable, "-I", "-m", "device", "report", "--format", "html", "--settings", str(settings)]
    began = time.perf_counter()
    subprocess.run(words, stdout=subprocess.DEVNULL, check=True)
    return (time.perf_counter() - began) * 1000


def _rss_mb(service: RunningService) -> tuple[float, float]:
    """Resident memory after the first runs, and after a thousand more."""
    for _ in range(_SETTLED):
        service.ask("selftest", level="safe", part=None)
    before = service.rss_mb
    for _ in range(_SOAKED):
        service.ask("selftest", level="safe", part=None)
    return before, service.rss_mb


def _p95(values: list[float]) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * 0.95))]


def main() -> None:
    """Measure on a service of its own, and print."""
    with tempfile.TemporaryDirectory(prefix="posmedic-bench-") as name:
        folder = Path(name)
        screen = f'[screen]\nkind = "png"\npath = "{folder}/screen"\nsize = "480x800"\n'
        with serving(folder, screen) as service:
            rows = selftest_rows(service, folder / "settings.toml")
    for what, figure, target in [*rows, *flash_rows()]:
        print(f"{what:60} {figure:32} {target}".rstrip())


if __name__ == "__main__":
    main()
