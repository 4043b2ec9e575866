"""Makes inputs out of seeds, quickly and the same ones for the same number, so that a failure can be played again."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from typing import Final

_EDGES: Final = bytes((0x00, 0xFF, 0x7F, 0x80, 0x81, 0x02, 0x03, 0x10))
_LARGE_EVERY: Final = 16_384
_MOST_LARGE: Final = 65_536
_MOST_SMALL: Final = 512
_SPREAD: Final = 0x9E3779B97F4A7C15


class Mutator:
    """Inputs for one target. ``number`` and the seeds settle every input."""

    def __init__(self, seeds: Sequence[bytes], tokens: Sequence[bytes], number: int) -> None:
        self._seeds = seeds
        self._tokens = tokens or (b"\x00",)
        self._bits = random.Random(number * _SPREAD + 1).getrandbits  # noqa: S311  the same inputs on replay

    def inputs(self, count: int) -> Iterator[bytes]:
        """``count`` inputs: small ones, and now and then one of up to 64 KiB."""
        bits = self._bits
        for _ in range(count):
            dice = bits(64)
            if dice % _LARGE_EVERY == 0:
                yield self._large()
            else:
                yield self._small(dice >> 14)

    def _small(self, dice: int) -> bytes:
        """One seed with one to four changes; one in 32 is random bytes."""
        bits = self._bits
        if not dice & 31:
            return bits(8 * (size := 1 + (dice >> 5) % 48)).to_bytes(size, "big")
        seeds = self._seeds
        data = bytearray(seeds[(dice >> 5) % len(seeds)][:_MOST_SMALL])
        for _ in range((1, 1, 1, 1, 2, 2, 3, 4)[dice >> 40 & 7]):
            self._change(data, bits(48))
        return bytes(data)

    def _change(self, data: bytearray, dice: int) -> None:
        kind, value, rest = dice & 15, dice >> 4 & 0xFF, dice >> 12
        size = len(data)
        if not size:
            data += self._tokens[rest % len(self._tokens)]
            return
        at = rest % size
        if kind < 3:
            data[at] = value
        elif kind == 3:
            data[at] ^= 1 << (value & 7)
        elif kind == 4:
            data[at] = _EDGES[value & 7]
        elif kind == 5:
            data[at] = (data[at] + (1 if value & 1 else 255)) & 0xFF
        elif kind == 6:
            data.insert(at, value)
        elif kind < 10:
            self._cut(data, kind, at, value)
        else:
            self._put(data, kind, at, value)

    def _cut(self, data: bytearray, kind: int, at: int, value: int) -> None:
        """Take some out, take the end off, or go on with the end of another seed."""
        if kind == 7:
            del data[at : at + 1 + (value & 7)]
        elif kind == 8:
            del data[at:]
        else:
            other = self._seeds[value % len(self._seeds)]
            data[at:] = other[at % (len(other) + 1) :][:_MOST_SMALL]

    def _put(self, data: bytearray, kind: int, at: int, value: int) -> None:
        """Put a token in or over what is there; repeat a piece; a run of one byte; another seed behind."""
        if kind < 13:
            token = self._tokens[value % len(self._tokens)]
            data[at : at + len(token) if kind == 10 else at] = token
        elif kind == 13:
            data[at:at] = data[at : at + 1 + (value & 31)]
        elif kind == 14:
            data[at:at] = bytes((_EDGES[value & 7],)) * (1 + (value >> 3))
        else:
            data += self._seeds[value % len(self._seeds)][:_MOST_SMALL]

    def _large(self) -> bytes:
        """A changed seed over and over, or random bytes; 1 to 64 KiB."""
        bits = self._bits
        size = 1 << (10 + bits(8) % 7)
        if bits(2) == 0:
            return bits(8 * size).to_bytes(size, "big")
        piece = self._small(bits(50) | 1) or b"\x00"
        return (piece * (size // len(piece) + 1))[: min(size, _MOST_LARGE)]
