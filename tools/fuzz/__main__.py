"""Fuzz every decoder: ``python -m tools.fuzz [--seconds 5] [--runs N] [--target NAME] [--replay FILE]``.

One process a target, as many at a time as there are cores. An input that breaks a law is kept in
tests/corpus/crashes. With ``--runs`` the progress stays in build/fuzz, so that an interrupted run goes on where it was.
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

from device.decoding.kinds import KINDS
from device.decoding.tables import Tables
from tools.fuzz.laws import Laws
from tools.fuzz.ledger import FOLDER, read_done, source_hash
from tools.fuzz.seeds import ROOT

_CANNOT: Final = 2


def main() -> int:
    """Read the arguments and run the targets, or replay one input."""
    parser = argparse.ArgumentParser(prog="python -m tools.fuzz", description=__doc__)
    parser.add_argument("--seconds", type=float, default=5.0, help="time for each target (default 5)")
    parser.add_argument("--runs", type=int, default=0, help="inputs for each target, instead of a time")
    parser.add_argument("--target", choices=sorted(KINDS), help="this target only")
    parser.add_argument("--replay", type=Path, help="check one kept input again")
    wanted = parser.parse_args()
    if wanted.replay is not None:
        return _replay(wanted.replay)
    if find_spec("atheris") is None:
        print("Fuzzing needs atheris, which is not installed on this platform.", file=sys.stderr)
        return _CANNOT
    source = source_hash()
    kinds = [wanted.target] if wanted.target else list(KINDS)
    seconds = 0.0 if wanted.runs else wanted.seconds
    with ThreadPoolExecutor(os.cpu_count() or 1) as workers:
        codes = list(workers.map(lambda kind: _run(kind, seconds, wanted.runs, source), kinds))
    return 1 if any(codes) else 0


def _run(kind: str, seconds: float, runs: int, source: str) -> int:
    if runs and read_done(kind, source) >= runs:
        print(f"{kind}: {runs} inputs were tried before with this source")
        return 0
    command = [sys.executable, "-m", "tools.fuzz.target", kind, str(seconds), str(runs), source]
    FOLDER.mkdir(parents=True, exist_ok=True)
    log = FOLDER / f"{kind}.log"
    with log.open("wb") as errors:
        run = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=errors, check=False)
    print(
        run.stdout.decode("utf-8", "replace").strip() or f"{kind}: no result; see {log.relative_to(ROOT)}", flush=True
    )
    return run.returncode


def _replay(path: Path) -> int:
    kind = path.name.rpartition("-")[0]
    if kind not in KINDS:
        print(f"The name of {path.name} does not begin with a target.", file=sys.stderr)
        return _CANNOT
    Laws(kind, Tables()).check(path.read_bytes())
    print(f"{kind}: every law holds for {path.name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
