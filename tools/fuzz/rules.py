"""The cheap laws that parsers of protocol/ are held to, thousands of times a second."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol, TypeAlias

from device.decoding.tables import Tables

Check: TypeAlias = Callable[[bytes], object]
WHOLE_SHARE: Final = 1000


class LawError(AssertionError):
    """A decoder broke a law; the text says which, without any of the input."""


@dataclass(frozen=True, slots=True, eq=False)
class Target:
    """One thing that is fuzzed: ``name``, what checks an input, and what inputs are made of.

    ``share`` of a thousand inputs for its decoder go to it, so that a slow one does not hold up the quick ones.
    ``modules``: where its code is; what they import counts too.
    """

    name: str
    check: Check
    share: int
    modules: tuple[str, ...]
    seeds: tuple[bytes, ...]
    tokens: tuple[bytes, ...] = ()


Make: TypeAlias = Callable[[Tables], tuple[Target, ...]]


class Deframer(Protocol):
    """Cuts a stream into items."""

    def feed(self, data: bytes) -> Sequence[Any]:
        """Take bytes and return items."""


def law(holds: object, breach: str) -> None:
    """Raise LawError with ``breach`` unless it ``holds``."""
    if not holds:
        raise LawError(breach)


def cut_of(data: bytes) -> int:
    """A place to cut ``data`` at: anywhere, but the same one each time."""
    return zlib.crc32(data) % (len(data) + 1)


def check_spans(spans: Iterable[tuple[int, int]], size: int) -> None:
    """Each (offset, length) lies in ``size`` bytes, and offsets never go back."""
    before = 0
    for offset, length in spans:
        if offset < before or length < 0 or offset + length > size:
            raise LawError(f"{length} bytes at {offset} are outside the {size} bytes of the data, or out of order")
        before = offset


def check_stream(
    data: bytes,
    open_deframer: Callable[[], Deframer],
    close: Callable[[Any], Sequence[Any]],
    span: Callable[[Any], int],
    *,
    in_order: bool = True,
) -> None:
    """Items lie inside ``data`` (in order), are no more than its bytes, and do not depend on where it is cut.

    Every second input is cut: that takes as long as all the rest.
    """
    deframer = open_deframer()
    items = [*deframer.feed(data), *close(deframer)]
    law(len(items) <= len(data), "there are more items than bytes")
    spans = [(item.offset, span(item)) for item in items]
    check_spans(spans if in_order else sorted(spans), len(data))
    at = cut_of(data)
    if at % 2:
        return
    deframer = open_deframer()
    cut = [*deframer.feed(data[:at]), *deframer.feed(data[at:]), *close(deframer)]
    law(cut == items, "the stream gives other items in two pieces than whole")
