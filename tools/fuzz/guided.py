"""The thorough engine: ``python -m tools.fuzz.guided DECODER SECONDS RUNS``; started by ``tools.fuzz``.

atheris looks at which lines of protocol/ an input reaches, and goes on from inputs that reach new ones.
"""

from __future__ import annotations

import hashlib
import os
import sys
import time
from typing import Final

import atheris  # type: ignore[import-untyped]

with atheris.instrument_imports(include=["protocol"]):
    from tools.fuzz.targets import targets_of

from tools.fuzz.ledger import FOLDER, Ledger, source_hash
from tools.fuzz.report import keep, tell
from tools.fuzz.rules import Target

ENGINE: Final = "guided"
_MOST_BYTES: Final = 512  # short inputs are tried more often; long ones are the other engine's part
_FULL_SHARE: Final = 200  # of a thousand: a target with less gets fewer inputs in proportion
_NICE: Final = 10


class Guided:
    """Gives inputs to the targets of the decoder, to slow ones fewer; keeps the one that breaks a law."""

    def __init__(self, decoder: str, seconds: float, runs: int) -> None:
        with atheris.instrument_imports(include=["protocol"]):
            self.targets = targets_of(decoder)
        self._decoder = decoder
        self._runs = runs
        self._tried = 0
        self._began = time.monotonic()
        self._until = self._began + seconds if seconds else float("inf")

    def check(self, data: bytes) -> None:
        """What atheris calls for every input."""
        if (self._runs and self._tried >= self._runs) or time.monotonic() > self._until:
            self._end(0)
        self._tried += 1
        for target in self.targets:
            if self._tried % _every(target) == 0:
                try:
                    target.check(data)
                except Exception as broken:
                    keep(self._decoder, target.name, data, f"{type(broken).__name__}: {broken}")
                    self._end(1)

    def _end(self, code: int) -> None:
        """Leave at once: atheris has no other way out of its loop."""
        if code == 0:
            self._note()
        tell(self._decoder, ENGINE, self._tried, time.monotonic() - self._began)
        os._exit(code)

    def _note(self) -> None:
        ledger = Ledger(self._decoder)
        for target in self.targets:
            ledger.add(target.name, source_hash(target.modules), ENGINE, self._tried // _every(target))
        ledger.write()


def _every(target: Target) -> int:
    """The target gets one input of so many."""
    return max(1, _FULL_SHARE // target.share)


def main() -> None:
    """Fuzz until the time or the number of inputs is used up, or a law is broken."""
    decoder, seconds, runs = sys.argv[1], float(sys.argv[2]), int(sys.argv[3])
    os.nice(_NICE)
    guided = Guided(decoder, seconds, runs)
    corpus = FOLDER / "corpus" / decoder
    corpus.mkdir(parents=True, exist_ok=True)
    for seed in {seed for target in guided.targets for seed in target.seeds}:
        (corpus / hashlib.sha256(seed).hexdigest()[:16]).write_bytes(seed)
    options = [f"-max_len={_MOST_BYTES}", "-timeout=60", "-rss_limit_mb=1024", "-print_final_stats=0", "-verbosity=0"]
    atheris.Setup([sys.argv[0], *options, str(corpus)], guided.check)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
