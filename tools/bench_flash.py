"""What an idle day writes to the flash: the real store, fed as the service feeds it, with the clock turned by hand.

    python -m tools.bench_flash

Bytes are those that the process hands to write(2) and pwrite(2) (``wchar`` of /proc/self/io, proc(5)): SQLite's log and
the moves into its file. What the file system and the flash add to that is theirs.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from device.app.evidence_cache import EvidenceCache
from device.evidence import CheckSpec, Evidence, Level, Outcome
from device.selftest.check_table import parse_checks
from device.settings import read_catalogue
from device.store.store import Store

Row = tuple[str, str, str]

_DAY_S: Final = 86400
_PERIOD_S: Final = 1800
_DAYS: Final = 3
_LASTING: Final = 5  # checks that fail all the time
_FLAPPING: Final = 1  # and one that fails every other time


@dataclass
class _Clock:
    boot_id: str = "bench"
    seconds: float = 1000.0

    def monotonic_s(self) -> float:
        return self.seconds

    def wall_s(self) -> float:
        return 1_782_000_000.0 + self.seconds


def flash_rows() -> list[Row]:
    """A day without any fault, and one with many."""
    quiet, faulty = _day_mb(lasting=0, flapping=0), _day_mb(_LASTING, _FLAPPING)
    return [
        ("flash written in an idle day", f"{quiet:.2f} MB", "<= 1 MB"),
        (f"the same with {_LASTING} lasting faults, {_FLAPPING} coming and going", f"{faulty:.2f} MB", ""),
    ]


def _day_mb(lasting: int, flapping: int) -> float:
    """Megabytes of the days after the first, in which what is new is written."""
    specs = parse_checks(read_catalogue("checks.toml"))
    checks = [spec for spec in specs.values() if spec.level is Level.SAFE]
    with tempfile.TemporaryDirectory(prefix="posmedic-flash-") as folder:
        clock, cache = _Clock(), EvidenceCache()
        store = Store(Path(folder) / "posmedic.db", clock)
        began = 0
        for number in range((_DAYS + 1) * _DAY_S // _PERIOD_S):
            if number == _DAY_S // _PERIOD_S:
                began = _written()
            for item in _run(checks, number, lasting, flapping):
                cache.note(item)
                store.note_evidence([item], cache.snapshot())
            clock.seconds += _PERIOD_S
        written = _written() - began
        store.close()
    return written / _DAYS / 1e6


def _run(checks: Sequence[CheckSpec], number: int, lasting: int, flapping: int) -> list[Evidence]:
    """Every safe check; those that are measured in numbers have another one each time."""
    found = []
    for place, spec in enumerate(checks):
        fails = place < lasting or (place < lasting + flapping and number % 2 == 0)
        measured = bool(spec.unit or spec.trend or spec.limit.pass_min is not None or spec.limit.pass_max is not None)
        value: float | str = round(100 + place + (number * 7919 + place) % 13 / 10, 1) if measured else "as ever"
        outcome = Outcome.FAIL if fails else Outcome.PASS
        found.append(Evidence(spec.id, outcome, value, spec.unit, str(spec.limit), took_ms=1.5))
    return found


def _written() -> int:
    lines = Path("/proc/self/io").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("wchar:"))


if __name__ == "__main__":
    for what, figure, target in flash_rows():
        print(f"{what}: {figure}  {target}".rstrip())
