"""What every decoder owes to bad input: a result, told as far as it came, and never card data."""

from __future__ import annotations

import random
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import protocol
from device.decoding.kinds import KINDS
from device.decoding.result import Outcome
from device.decoding.tables import Tables
from tools.fuzz.laws import Laws
from tools.fuzz.seeds import CRASHES, seeds_of

TABLES = Tables()
MOST_CUTS = 300
MOST_CORRUPTIONS = 300
LARGE = 65_536


@cache
def laws_of(kind: str) -> Laws:
    return Laws(kind, TABLES)


def some(count: int, most: int) -> list[int]:
    """All positions of a short seed; of a long one as many as fit, spread evenly."""
    return sorted({index * count // min(count, most) for index in range(min(count, most))})


@pytest.mark.parametrize("kind", KINDS)
def test_every_prefix_of_a_recording_gives_a_result(kind: str) -> None:
    for seed in seeds_of(kind):
        for end in some(len(seed), MOST_CUTS):
            decoded = laws_of(kind).check(seed[:end])
            assert decoded.outcome in Outcome


@pytest.mark.parametrize("kind", KINDS)
def test_a_wrong_byte_anywhere_gives_a_result(kind: str) -> None:
    dice = random.Random(kind)  # noqa: S311  the same lies each time
    for seed in seeds_of(kind)[:20]:
        for at in some(len(seed), MOST_CORRUPTIONS):
            wrong = dice.choice((0x00, 0xFF, 0x80, 0x7F, 0x02, seed[at] ^ 1, seed[at] ^ 0x80))
            decoded = laws_of(kind).check(seed[:at] + bytes((wrong,)) + seed[at + 1 :])
            assert decoded.outcome in Outcome


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=40)
@given(data=st.binary(max_size=300))
def test_random_bytes_give_a_result(kind: str, data: bytes) -> None:
    assert laws_of(kind).check(data).outcome in Outcome


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("fill", ["00", "ff", "02", "random"])
def test_64_kib_of_lies_give_a_result(kind: str, fill: str) -> None:
    lies = random.Random(1).randbytes(LARGE)  # noqa: S311  the same lies each time
    data = lies if fill == "random" else bytes.fromhex(fill) * LARGE
    assert laws_of(kind).check(data).outcome in Outcome


@pytest.mark.parametrize("path", sorted(p for p in CRASHES.iterdir() if p.suffix == ""), ids=lambda path: path.name)
def test_what_once_broke_a_decoder_does_so_no_more(path: Path) -> None:
    if path.name == ".gitkeep":
        pytest.skip("no input has broken a decoder so far")
    assert laws_of(path.name.rpartition("-")[0]).check(path.read_bytes()).outcome in Outcome


def test_importing_protocol_does_not_load_construct() -> None:
    folder = Path(protocol.__file__).parent
    names = [f"protocol.{path.stem}" for path in sorted(folder.glob("*.py")) if path.stem != "__init__"]
    program = f"import sys, {', '.join(names)}; print('construct' in sys.modules)"
    told = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=folder.parent
    )
    assert told.stdout.strip() == "False"
