"""What every decoder owes to bad input: a result, told as far as it came, and never card data."""

from __future__ import annotations

import random
import subprocess
import sys
from functools import cache
from pathlib import Path
from types import FrameType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import protocol
from device.decoding.kinds import KINDS, decoder_of
from device.decoding.result import Outcome
from device.decoding.tables import Tables
from tools.fuzz.growth import check_growth
from tools.fuzz.laws import Laws
from tools.fuzz.seeds import CRASHES, seeds_of
from tools.fuzz.targets import DECODERS, targets_of

TABLES = Tables()
MOST_CUTS = 300
MOST_CORRUPTIONS = 300
MOST_SEED = 160  # bytes; longer recordings have their turn as kinds
MOST_SEEDS = 8
LARGE = 65_536
FLOOD = 2048
MOST_WATCHED = 300  # counting every byte of memory makes decoding ten times as slow; fuzzing watches more
FILLS = ("00", "ff", "02", "random", "head")
MOST_STEPS_A_BYTE = 80
MOST_GROWTH = 5  # four times the bytes take not much more than four times the work
STEPS_OF_A_SEARCH = 250_000  # a length that happens to fit makes a decoder look for more


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


def wrong_bytes(seed: bytes, at: int, dice: random.Random) -> tuple[int, ...]:
    """Values that a byte should not have, in a new order each time: edges, control characters, one bit, any."""
    values = {0x00, 0xFF, 0x80, 0x7F, 0x02, 0x0F, seed[at] ^ 1, seed[at] ^ 0x80, seed[at] ^ 0x10, dice.randrange(256)}
    return tuple(dice.sample(sorted(values - {seed[at]}), k=7))


@pytest.mark.parametrize("kind", KINDS)
def test_a_wrong_byte_anywhere_gives_a_result(kind: str) -> None:
    dice = random.Random(kind)  # noqa: S311  the same lies each time
    for seed in seeds_of(kind)[:20]:
        values = min(7, max(1, 250 // max(1, len(seed))))  # a long seed has a wrong value a position, a short one seven
        for at in some(len(seed), MOST_CORRUPTIONS):
            for wrong in wrong_bytes(seed, at, dice)[:values]:
                decoded = laws_of(kind).check(seed[:at] + bytes((wrong,)) + seed[at + 1 :])
                assert decoded.outcome in Outcome


@pytest.mark.parametrize("decoder", DECODERS)
def test_parsers_bear_seven_wrong_values_of_every_byte(decoder: str) -> None:
    """The quick parsers below the kinds: rules of tools.fuzz, which raise where one is broken."""
    dice = random.Random(decoder)  # noqa: S311  the same lies each time
    tried = 0
    for target in targets_of(decoder):
        seeds = [seed for seed in target.seeds if len(seed) <= MOST_SEED][:MOST_SEEDS] if target.share > 10 else []
        for seed in seeds:
            for at in range(len(seed)):
                for wrong in wrong_bytes(seed, at, dice):
                    target.check(seed[:at] + bytes((wrong,)) + seed[at + 1 :])
                    tried += 1
    assert tried > MOST_SEEDS


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=settings().max_examples * 2 // 5)  # fewer than elsewhere: there are many kinds
@given(data=st.binary(max_size=300))
def test_random_bytes_give_a_result(kind: str, data: bytes) -> None:
    assert laws_of(kind).check(data).outcome in Outcome


def lies(kind: str, fill: str, size: int) -> bytes:
    """So many bytes of one value, of no meaning, or of a good beginning over and over."""
    if fill == "random":
        return random.Random(1).randbytes(size)  # noqa: S311  the same lies each time
    head = max(seeds_of(kind)[:3], key=len)[:64] if fill == "head" else bytes.fromhex(fill)
    return (head * (size // len(head) + 1))[:size]


def steps_of(kind: str, data: bytes) -> int:
    """Calls and returns while decoding: work that is the same on every machine."""
    steps = 0

    def count(_frame: FrameType, _event: str, _arg: object) -> None:
        nonlocal steps
        steps += 1

    decode = decoder_of(kind)
    sys.setprofile(count)
    try:
        decode(data, TABLES)
    finally:
        sys.setprofile(None)
    return steps


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("fill", FILLS)
def test_64_kib_of_lies_give_a_result(kind: str, fill: str) -> None:
    assert laws_of(kind).check(lies(kind, fill, LARGE)).outcome in Outcome


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("fill", FILLS)
def test_64_kib_of_lies_take_work_in_proportion(kind: str, fill: str) -> None:
    decoder_of(kind)(b"", TABLES)  # whatever is read once
    small, large = steps_of(kind, lies(kind, fill, LARGE // 4)), steps_of(kind, lies(kind, fill, LARGE))
    assert large <= MOST_STEPS_A_BYTE * LARGE
    assert large <= MOST_GROWTH * small + STEPS_OF_A_SEARCH


@pytest.mark.parametrize("fill", ["12", "5a086200009876543202"])
def test_a_line_full_of_printer_statuses_takes_no_more_work_than_any_other(fill: str) -> None:
    decoder_of("escpos")(b"", TABLES)
    assert steps_of("escpos", lies("escpos", fill, FLOOD)) <= MOST_STEPS_A_BYTE * FLOOD


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("fill", ["02", "0f", "16", "00ff", "0306", "5003", "020f"])
def test_a_flood_of_false_starts_keeps_the_laws(kind: str, fill: str) -> None:
    assert laws_of(kind).check(lies(kind, fill, FLOOD)).outcome in Outcome


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_is_kept_from_input_to_input(kind: str) -> None:
    check_growth(kind, TABLES, MOST_WATCHED)


def test_what_once_broke_a_decoder_does_so_no_more() -> None:
    for path in sorted(CRASHES.iterdir()):
        if path.name != ".gitkeep":
            targets = targets_of(path.name.partition("-")[0])
            assert targets
            for target in targets:
                target.check(path.read_bytes())


def test_importing_protocol_does_not_load_construct() -> None:
    folder = Path(protocol.__file__).parent
    names = [f"protocol.{path.stem}" for path in sorted(folder.glob("*.py")) if path.stem != "__init__"]
    program = f"import sys, {', '.join(names)}; print('construct' in sys.modules)"
    told = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=folder.parent
    )
    assert told.stdout.strip() == "False"
