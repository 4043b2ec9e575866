"""Whether a decoder keeps what it has seen: its memory over many inputs, counted to the byte (tracemalloc).

A decoder may fill what it needs (a table that is read once, a frame that is not finished), but not go on growing, so
only what grows in every one of several windows counts. One stream is fed with all inputs and never closed.
"""

from __future__ import annotations

import gc
import tracemalloc
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from device.decoding.kinds import decoder_of, stream_of
from device.decoding.result import Direction
from device.decoding.tables import Tables
from tools.fuzz.mutate import Mutator
from tools.fuzz.rules import LawError
from tools.fuzz.seeds import seeds_of

_WINDOWS: Final = 3
_MOST_BYTES_AN_INPUT: Final = 16  # no Python object is smaller: one that is kept for each input shows
_MOST_BYTES_AT_ALL: Final = 2048  # the interpreter's own caches come and go
_MOST_INPUT: Final = 256


def check_growth(kind: str, tables: Tables, count: int) -> None:
    """Give ``count`` inputs to the decoder of a kind and to one stream of it; raise LawError if memory grows."""
    decode, opener = decoder_of(kind), stream_of(kind)
    ways: dict[str, Callable[[bytes, int], object]] = {"decoding": lambda data, _: decode(data, tables)}
    if opener is not None:
        stream = opener(tables)
        directions = tuple(Direction)
        ways["one stream"] = lambda data, number: stream.feed(data, directions[number // 8 % len(directions)])
    inputs = [data[:_MOST_INPUT] for data in Mutator(seeds_of(kind), (), count).inputs(max(1, count // _WINDOWS))]
    for name, take in ways.items():
        grown = least_growth(take, inputs)
        if grown > _MOST_BYTES_AT_ALL + _MOST_BYTES_AN_INPUT * len(inputs):
            raise LawError(f"{name} keeps {grown / len(inputs):.0f} bytes of memory for every input")


def least_growth(take: Callable[[bytes, int], object], inputs: Sequence[bytes]) -> int:
    """The least by which memory grew in one of the windows, each with all ``inputs``; one more goes before them."""
    return min(_growths(take, inputs))


def _growths(take: Callable[[bytes, int], object], inputs: Sequence[bytes]) -> Iterator[int]:
    tracemalloc.start()
    try:
        before = 0
        for window in range(_WINDOWS + 1):
            for number, data in enumerate(inputs):
                take(data, number)
            gc.collect()
            held = tracemalloc.get_traced_memory()[0]
            if window:
                yield held - before
            before = held
    finally:
        tracemalloc.stop()
