"""How many inputs each target has had, kept over interruptions; void when the decoder's source has changed."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Final

from tools.fuzz.seeds import ROOT

FOLDER: Final = ROOT / "build" / "fuzz"


def source_hash() -> str:
    """A digest of all source and data that decoders are made of."""
    digest = hashlib.sha256()
    for folder in ("protocol", "device/decoding", "device/catalogue", "tools/fuzz"):
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix in (".py", ".toml"):
                digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()


def read_done(target: str, source: str) -> int:
    """Inputs tried so far with this very source; 0 if there is no valid ledger."""
    try:
        entry = json.loads(_path(target).read_text())
        return int(entry["done"]) if entry["source"] == source else 0
    except (OSError, ValueError, KeyError, TypeError):
        return 0


def write_done(target: str, source: str, done: int) -> None:
    """Keep the number; a half-written file never takes the place of a whole one."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    fresh = _path(target).with_suffix(".new")
    fresh.write_text(json.dumps({"target": target, "source": source, "done": done}))
    fresh.replace(_path(target))


def _path(target: str) -> Path:
    return FOLDER / f"{target}.json"
