"""One target in one process: ``python -m tools.fuzz.target KIND SECONDS RUNS SOURCE``; started by ``tools.fuzz``."""

from __future__ import annotations

import hashlib
import os
import sys
import time
from pathlib import Path
from typing import Final

import atheris  # type: ignore[import-untyped]

with atheris.instrument_imports(include=["protocol", "device.decoding"]):
    from device.decoding.kinds import decoder_of
    from device.decoding.tables import Tables
    from tools.fuzz.laws import Laws

from tools.fuzz.ledger import FOLDER, read_done, write_done
from tools.fuzz.seeds import CRASHES, ROOT, seeds_of

_NOTED_EVERY: Final = 4096
_MOST_BYTES: Final = 512  # short inputs are tried more often; long ones are the unit tests' part
_LARGE_EVERY: Final = 20_000
_LARGE_COPIES: Final = 64


class Target:
    """Counts inputs, checks each, and keeps the one that breaks a law."""

    def __init__(self, kind: str, seconds: float, runs: int, source: str) -> None:
        with atheris.instrument_imports(include=["protocol", "device.decoding"]):
            decoder_of(kind)
        self._kind = kind
        self._source = source
        self._runs = runs
        self._done = self._before = read_done(kind, source) if runs else 0
        self._laws = Laws(kind, Tables())
        self._began = time.monotonic()
        self._until = self._began + seconds if seconds else float("inf")

    def check(self, data: bytes) -> None:
        """What atheris calls for every input."""
        self._done += 1
        if self._done % _NOTED_EVERY == 0:
            self._note()
        if (self._runs and self._done > self._runs) or time.monotonic() > self._until:
            self._end(0)
        large = data * _LARGE_COPIES if self._done % _LARGE_EVERY == 0 else data
        try:
            self._laws.check(large)
        except Exception as broken:
            self._keep(large, broken)

    def _keep(self, data: bytes, broken: Exception) -> None:
        CRASHES.mkdir(parents=True, exist_ok=True)
        path = CRASHES / f"{self._kind}-{hashlib.sha256(data).hexdigest()[:12]}"
        path.write_bytes(data)
        replay = f"python -m tools.fuzz --replay {path.relative_to(ROOT)}"
        print(f"{self._kind}: {type(broken).__name__}: {broken}; {replay}", flush=True)
        self._end(1)

    def _note(self) -> None:
        if self._runs:
            write_done(self._kind, self._source, min(self._done, self._runs))

    def _end(self, code: int) -> None:
        """Leave at once: atheris has no other way out of its loop."""
        if code == 0:
            self._note()
        tried = self._done - self._before
        rate = tried / max(time.monotonic() - self._began, 1e-3)
        print(f"{self._kind}: {tried} inputs, {rate:.0f} a second", flush=True)
        os._exit(code)


def main() -> None:
    """Fuzz until the time or the number of inputs is used up, or a law is broken."""
    kind, seconds, runs, source = sys.argv[1], float(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
    corpus = FOLDER / "corpus" / kind
    corpus.mkdir(parents=True, exist_ok=True)
    for seed in seeds_of(kind):
        Path(corpus / hashlib.sha256(seed).hexdigest()[:16]).write_bytes(seed)
    target = Target(kind, seconds, runs, source)
    options = [f"-max_len={_MOST_BYTES}", "-timeout=60", "-rss_limit_mb=1024", "-print_final_stats=0", "-verbosity=0"]
    atheris.Setup([sys.argv[0], *options, str(corpus)], target.check)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
