"""Chooses the corpus of the repository: of what the guided engine found, the shortest inputs that reach new code."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from types import FrameType
from typing import Any, Final, TypeAlias

import protocol
from tools.fuzz.ledger import FOLDER
from tools.fuzz.rules import Target
from tools.fuzz.seeds import CORPUS, corpus_of
from tools.fuzz.targets import targets_of

_MOST_BYTES: Final = 256
_MOST_INPUTS: Final = 200
Step: TypeAlias = tuple[str, int, int]  # code, from line, to line


def keep_corpus(decoder: str) -> int:
    """Write ``tests/corpus/<decoder>.hex`` anew; how many inputs it has."""
    targets = targets_of(decoder)
    seeds = {seed for target in targets for seed in target.seeds}
    before = set(corpus_of(decoder))
    reached = {step for seed in seeds - before for step in _steps(targets, seed)}
    folder = FOLDER / "corpus" / decoder
    found = {path.read_bytes() for path in folder.iterdir()} if folder.is_dir() else set()
    kept: list[bytes] = []
    for data in sorted((found - seeds) | before, key=lambda one: (len(one), one)):
        if len(data) > _MOST_BYTES or len(kept) == _MOST_INPUTS:
            break
        fresh = _steps(targets, data) - reached
        if fresh:
            reached |= fresh
            kept.append(data)
    CORPUS.mkdir(parents=True, exist_ok=True)
    (CORPUS / f"{decoder}.hex").write_text("".join(f"{data.hex()}\n" for data in kept))
    return len(kept)


def _steps(targets: Sequence[Target], data: bytes) -> set[Step]:
    """Every step from line to line in protocol/ that the quick targets take with ``data``."""
    ours = str(Path(protocol.__file__).parent)
    steps: set[Step] = set()

    def on_call(frame: FrameType, _event: str, _arg: Any) -> Any:
        code = frame.f_code
        if not code.co_filename.startswith(ours):
            return None
        last = 0

        def on_line(frame: FrameType, event: str, _arg: Any) -> Any:
            nonlocal last
            if event == "line":
                steps.add((code.co_qualname, last, frame.f_lineno))
                last = frame.f_lineno
            return on_line

        return on_line

    sys.settrace(on_call)
    try:
        for target in targets:
            target.check(data)
    finally:
        sys.settrace(None)
    return steps
