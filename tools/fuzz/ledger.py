"""How many inputs each target has had, kept over interruptions; void when the modules it is made of have changed."""

from __future__ import annotations

import ast
import hashlib
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from tools.fuzz.seeds import ROOT

FOLDER: Final = ROOT / "build" / "fuzz"
_OURS: Final = ("protocol", "device")
_DATA: Final = "device.decoding.tables"  # reads every catalogue: its imports belong to no single decoder


class Ledger:
    """The numbers of one decoder: target -> inputs tried, by engine."""

    def __init__(self, decoder: str) -> None:
        self._path = FOLDER / f"{decoder}.json"
        self._entries: dict[str, dict[str, Any]] = {}
        try:
            told = json.loads(self._path.read_text())
            self._entries = {str(name): dict(entry) for name, entry in told.items() if isinstance(entry, dict)}
        except (OSError, ValueError, AttributeError):
            return

    def done(self, target: str, source: str, engine: str) -> int:
        """Inputs that this target has had from this engine with this very source."""
        entry = self._entries.get(target, {})
        return int(entry.get(engine, 0)) if entry.get("source") == source else 0

    def add(self, target: str, source: str, engine: str, count: int) -> None:
        """Note ``count`` inputs more."""
        entry = self._entries.get(target, {})
        if entry.get("source") != source:
            entry = {"source": source}
        self._entries[target] = entry | {engine: int(entry.get(engine, 0)) + count}

    def write(self) -> None:
        """Keep the numbers; a half-written file never takes the place of a whole one."""
        FOLDER.mkdir(parents=True, exist_ok=True)
        fresh = self._path.with_suffix(".new")
        fresh.write_text(json.dumps(self._entries, indent=1))
        fresh.replace(self._path)


def source_hash(modules: Sequence[str]) -> str:
    """A digest of the modules and of all of ours that they import, however far down."""
    digest = hashlib.sha256()
    for path in sorted(modules_of(modules)):
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()[:16]


def modules_of(modules: Sequence[str]) -> set[Path]:
    """The files of ``modules`` and of all of ours that they import."""
    found: set[Path] = set()
    waiting = list(modules)
    while waiting:
        path = ROOT.joinpath(*waiting.pop().split(".")).with_suffix(".py")
        if path not in found and path.is_file():
            found.add(path)
            waiting += _imports(path)
    return found


def _imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith(_OURS) and node.module != _DATA:
            yield node.module
