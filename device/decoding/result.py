"""The result of decoding, the same for every kind: how far it came, what backs it, and rows that may be shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Final, Protocol, TypeAlias

Row: TypeAlias = dict[str, Any]
HIDDEN: Final = "hidden"


class Outcome(IntEnum):
    """How far decoding came; also the command's exit code."""

    WHOLE = 0
    PARTIAL = 1
    NOT_THAT_KIND = 2


class Backing(IntEnum):
    """What shows that the bytes are of this kind, from nothing to a check value over them that holds."""

    NOTHING = 0
    SHAPE = 1  # they look like it: a first byte, a word
    STRUCTURE = 2  # lengths inside lead exactly to the last byte
    CHECKED = 3  # a CRC, LRC or check byte holds


class Direction(IntEnum):
    """Which way a piece of a log went, seen from the terminal; UNKNOWN where the log does not say."""

    UNKNOWN = 0
    SENT = 1
    RECEIVED = 2


@dataclass(frozen=True, slots=True)
class Decoded:
    """What came of it. Nothing in ``result`` may be card data.

    ``result`` is what ``--json`` prints: plain values, lists and mappings; a text in two languages is a mapping of
    ``zh`` and ``en``.
    """

    outcome: Outcome
    result: Row
    backing: Backing = Backing.NOTHING


class Stream(Protocol):
    """A decoder that keeps what the next piece needs (an unfinished frame, what was asked) and no more than that."""

    def feed(self, data: bytes, direction: Direction = Direction.UNKNOWN) -> Sequence[Row]:
        """Take the next bytes of the line and return what became certain with them."""

    def close(self) -> Sequence[Row]:
        """The line has ended: what is left."""


class Session(Protocol):
    """A decoder of whole pieces, in which one piece tells how the next is to be read."""

    def decode(self, data: bytes, direction: Direction = Direction.UNKNOWN) -> Decoded:
        """Decode the next piece."""


def hidden(size: int, unit: str = "bytes") -> str:
    """What stands in the place of a value that is not shown: ``(hidden, 17 bytes)``."""
    return f"({HIDDEN}, {size} {unit})"
