"""Bytes to begin with: every recording of a kind, and the corpus of inputs that once broke something."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parents[2]
RECORDINGS: Final = ROOT / "tests" / "recordings"
CORPUS: Final = ROOT / "tests" / "corpus"
CRASHES: Final = CORPUS / "crashes"
PAN: Final = "6200009876543212"  # synthetic; no run of its digits turns up by chance
PLANTED: Final = (PAN.encode(), bytes.fromhex(PAN), b";" + PAN.encode() + b"=3112", bytes.fromhex("5A08" + PAN))
_KEYS: Final = ("wire", "hex", "bytes", "data", "stream", "text")
_MOST_SEED: Final = 4096


def seeds_of(kind: str) -> tuple[bytes, ...]:
    """All seeds of a kind, and what has a card number planted in it; never empty."""
    found = list(dict.fromkeys(seed[:_MOST_SEED] for seed in _recorded(kind)))
    planted = [seed[: len(seed) // 2] + card + seed[len(seed) // 2 :] for seed in found[:4] for card in PLANTED[:2]]
    return (*found, *planted, *PLANTED, b"")


def corpus_of(decoder: str) -> tuple[bytes, ...]:
    """Inputs found by coverage and kept: ``tests/corpus/<decoder>.hex``, one a line; none if there is no such file."""
    path = CORPUS / f"{decoder}.hex"
    return tuple(bytes.fromhex(line) for line in path.read_text().splitlines()) if path.is_file() else ()


def _recorded(kind: str) -> Iterator[bytes]:
    for path in sorted((RECORDINGS / kind).rglob("*")):
        if path.suffix == ".json":
            yield from _bytes_in(json.loads(path.read_text()))
        elif path.suffix == ".toml":
            yield from _bytes_in(tomllib.loads(path.read_text()))
        elif path.is_file():
            yield path.read_bytes()
    for path in sorted(CRASHES.glob(f"{kind}-*")):
        yield path.read_bytes()


def _bytes_in(value: Any) -> Iterator[bytes]:
    """Hexadecimal texts, or else plain texts, under the keys that recordings use, however deep."""
    if isinstance(value, list):
        for item in value:
            yield from _bytes_in(item)
    elif isinstance(value, dict):
        for key, item in value.items():
            if key in _KEYS and isinstance(item, str):
                yield _bytes_of(item)
            elif isinstance(item, dict | list):
                yield from _bytes_in(item)


def _bytes_of(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError:
        return text.encode("utf-8", "surrogateescape")
