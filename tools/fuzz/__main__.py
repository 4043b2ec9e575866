"""Fuzz every decoder: ``python -m tools.fuzz [--seconds 5 | --runs N] [--decoder NAME] [--replay FILE] [--keep]``.

A decoder is fuzzed as its parsers in protocol/ and as its kind of ``posmedic decode``, by two engines one after the
other: atheris, guided by coverage, for depth, then a plain mutator, ten times as quick, for quantity. Each decoder
gets --seconds, half for each engine; decoders run side by side on all cores, at low priority. So ``make fuzz`` takes
about a minute on two cores, start-up included.

With --runs each decoder gets that many inputs in all, shared among its targets so that a slow one does not hold up the
quick ones (the numbers are told at the end); one in a hundred comes from the guided engine. They are counted in
build/fuzz: an interrupted run goes on where it was, and a target starts anew when a module of its own has changed.

An input that breaks a law goes to tests/corpus/crashes; --replay checks it again. --keep puts the inputs of the guided
engine that reach something new into tests/corpus, where both engines begin.
Exit codes: 0 no law was broken, 1 one was, 2 it cannot run here.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from tools.fuzz.keep import keep_corpus
from tools.fuzz.ledger import FOLDER
from tools.fuzz.seeds import ROOT
from tools.fuzz.targets import DECODERS, targets_of

_CANNOT: Final = 2
_GUIDED_ONE_IN: Final = 100


def main() -> int:
    """Read the arguments and run the engines, or replay one input, or keep what was found."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.fuzz", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=5.0, help="time for each decoder (default 5)")
    parser.add_argument("--runs", type=int, default=0, help="inputs for each decoder, instead of a time")
    parser.add_argument("--decoder", choices=DECODERS, action="append", help="this one only; may be given again")
    parser.add_argument("--engine", choices=("guided", "plain"), help="this one only")
    parser.add_argument("--replay", type=Path, help="check one kept input again")
    parser.add_argument("--keep", action="store_true", help="choose inputs for tests/corpus and do nothing else")
    wanted = parser.parse_args()
    decoders = wanted.decoder or list(DECODERS)
    if wanted.replay is not None:
        return _replay(wanted.replay)
    if wanted.keep:
        for decoder in decoders:
            print(f"{decoder}: {keep_corpus(decoder)} inputs in tests/corpus")
        return 0
    engines = [wanted.engine] if wanted.engine else ["guided", "plain"]
    if "guided" in engines and find_spec("atheris") is None:
        print("atheris is not installed on this platform: the plain engine runs alone.", file=sys.stderr)
        engines.remove("guided")
    if not engines:
        return _CANNOT
    with ThreadPoolExecutor(os.cpu_count() or 1) as workers:
        codes = list(workers.map(lambda decoder: _run(decoder, engines, wanted.seconds, wanted.runs), decoders))
    return 1 if any(codes) else 0


def _run(decoder: str, engines: list[str], seconds: float, runs: int) -> int:
    """One engine after the other; what they print goes on, what libFuzzer says goes to a log."""
    code = 0
    FOLDER.mkdir(parents=True, exist_ok=True)
    for engine in engines:
        told = runs // _GUIDED_ONE_IN if engine == "guided" else runs
        seconds_each = 0.0 if runs else seconds / len(engines)
        log = FOLDER / f"{decoder}-{engine}.log"
        command = [sys.executable, "-m", f"tools.fuzz.{engine}", decoder, str(seconds_each), str(told)]
        with log.open("wb") as errors:
            run = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=errors, check=False)
        text = run.stdout.decode("utf-8", "replace").strip()
        print(text or f"{decoder} {engine}: no result; see {log.relative_to(ROOT)}", flush=True)
        code |= run.returncode
    return code


def _replay(path: Path) -> int:
    decoder = path.name.partition("-")[0]
    if decoder not in DECODERS:
        print(f"The name of {path.name} does not begin with a decoder.", file=sys.stderr)
        return _CANNOT
    for target in targets_of(decoder):
        target.check(path.read_bytes())
    print(f"{decoder}: every law holds for {path.name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
