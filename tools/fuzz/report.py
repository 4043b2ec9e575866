"""What an engine leaves behind: the input that broke a law, and one line of numbers."""

from __future__ import annotations

import hashlib

from tools.fuzz.seeds import CRASHES, ROOT


def keep(decoder: str, target: str, data: bytes, broken: str) -> None:
    """Write the input into the corpus of crashes and say what broke and how to see it again."""
    CRASHES.mkdir(parents=True, exist_ok=True)
    path = CRASHES / f"{decoder}-{hashlib.sha256(data).hexdigest()[:12]}"
    path.write_bytes(data)
    print(f"{decoder}, {target}: {broken}; again: python -m tools.fuzz --replay {path.relative_to(ROOT)}", flush=True)


def tell(decoder: str, engine: str, tried: int, seconds: float, parts: str = "") -> None:
    """How many inputs there were, and how quick."""
    print(f"{decoder} {engine}: {tried} inputs, {tried / max(seconds, 1e-3):.0f} a second{parts}", flush=True)
