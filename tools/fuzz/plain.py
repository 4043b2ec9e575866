"""The quick engine: ``python -m tools.fuzz.plain DECODER SECONDS RUNS [BATCH]``; started by ``tools.fuzz``.

Mutates seeds without looking at coverage, for quantity. Inputs come in numbered batches, each the same every time.
"""

from __future__ import annotations

import gc
import os
import sys
import time
import zlib
from collections.abc import Iterator
from itertools import islice
from typing import Final

from device.decoding.kinds import KINDS
from device.decoding.tables import Tables
from tools.fuzz.growth import check_growth
from tools.fuzz.guard import BrokenError, Memory, arm, check_group
from tools.fuzz.ledger import Ledger, source_hash
from tools.fuzz.mutate import Mutator
from tools.fuzz.report import keep, tell
from tools.fuzz.rules import WHOLE_SHARE, LawError, Target
from tools.fuzz.targets import targets_of

ENGINE: Final = "plain"
_GROUP: Final = 32
_NOTED_EVERY_S: Final = 5.0
_WARM_ROUNDS: Final = 50
_NICE: Final = 10
_LEAST_WATCHED: Final = 300  # inputs for which memory is counted to the byte, which makes decoding slow
_MOST_WATCHED: Final = 100_000


def batch(target: Target, number: int) -> Iterator[bytes]:
    """The inputs of one batch: as many as the target's share of a thousand."""
    return Mutator(target.seeds, target.tokens, zlib.crc32(target.name.encode()) << 40 | number).inputs(target.share)


class Plain:
    """Goes round the targets of a decoder, a batch each, until the time or the number of inputs is used up."""

    def __init__(self, decoder: str, runs: int) -> None:
        self._decoder = decoder
        self._rounds = -(-runs // WHOLE_SHARE)
        self._ledger = Ledger(decoder)
        self._sources = {target: source_hash(target.modules) for target in targets_of(decoder)}
        self._tried = dict.fromkeys(self._sources, 0)
        self.broken = False

    def run(self, seconds: float) -> None:
        """Check batches; a target that breaks a law is left out from then on. 0 seconds: only the number counts."""
        began = noted = time.monotonic()
        open_targets = list(self._sources)
        memory = None
        rounds = 0
        while open_targets and not (seconds and time.monotonic() - began > seconds):
            open_targets = [target for target in open_targets if self._round(target)]
            rounds += 1
            if rounds == _WARM_ROUNDS:
                gc.freeze()
                memory = Memory()
            if time.monotonic() - noted > _NOTED_EVERY_S:
                noted = time.monotonic()
                self._ledger.write()
                self._check_memory(memory)
        self._ledger.write()
        self._check_memory(memory)
        parts = ", ".join(f"{target.name} {count}" for target, count in self._tried.items())
        tell(self._decoder, ENGINE, sum(self._tried.values()), time.monotonic() - began, f" ({parts})")

    def _round(self, target: Target) -> bool:
        """One batch; False when the target needs no more."""
        source = self._sources[target]
        number = self._ledger.done(target.name, source, ENGINE) // target.share
        if self._rounds and number + self._ledger.done(target.name, source, "guided") // target.share >= self._rounds:
            return False
        inputs = batch(target, number)
        while group := list(islice(inputs, _GROUP)):
            try:
                check_group(target, group)
            except BrokenError as broken:
                keep(self._decoder, target.name, broken.data, f"{broken} (batch {number})")
                self.broken = True
                return False
        self._ledger.add(target.name, source, ENGINE, target.share)
        self._tried[target] += target.share
        return True

    def _check_memory(self, memory: Memory | None) -> None:
        try:
            if memory is not None:
                memory.check()
        except LawError as grown:
            print(f"{self._decoder}: {grown}", flush=True)
            self.broken = True


def main() -> int:
    """Fuzz one decoder."""
    decoder, seconds, runs = sys.argv[1], float(sys.argv[2]), int(sys.argv[3])
    os.nice(_NICE)
    arm()
    plain = Plain(decoder, runs)
    plain.run(seconds)
    return 1 if plain.broken or (decoder in KINDS and not _keeps_nothing(decoder, runs)) else 0


def _keeps_nothing(kind: str, runs: int) -> bool:
    count = min(runs, _MOST_WATCHED) if runs else _LEAST_WATCHED
    try:
        check_growth(kind, Tables(), count)
    except LawError as grown:
        print(f"{kind}: {grown}", flush=True)
        return False
    return True


if __name__ == "__main__":
    sys.exit(main())
