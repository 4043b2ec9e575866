"""Issuer application data (tag 9F10): which public layout it has, how sure that is, and its card verification results.

Every scheme lays this object out in its own way and most details are not public, so a layout is only named where its
form fits, and it says whether the scheme confirms it. What no layout fits stays unread.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from protocol.emv_bits import BitMeaning, BitTable


class Sureness(StrEnum):
    """What a layout rests on."""

    CERTAIN = "certain"  # the form and the scheme, or a form that only this layout has
    LIKELY = "likely"  # the form alone: the scheme is not known
    POSSIBLE = "possible"  # several layouts have this form, and the scheme is not known


@dataclass(frozen=True, slots=True)
class IadLayout:
    """One layout: a bit table whose byte numbers count from the first byte of the value, and how to know it.

    The rows of its ``when`` must hold. ``own_form``: no other layout looks like it, whoever issued the card.
    """

    table: BitTable
    own_form: bool = False

    def fits(self, value: bytes) -> bool:
        """Has the value the length and the fixed bytes of this layout?"""
        return self.table.least <= len(value) <= self.table.most and self.table.holds(value)


@dataclass(frozen=True, slots=True)
class IadReading:
    """The layout that fits, how sure it is, and what it says.

    ``others`` are layouts that fit as well; then ``meanings`` are those that all of them share.
    """

    layout: IadLayout
    sureness: Sureness
    meanings: tuple[BitMeaning, ...]
    others: tuple[IadLayout, ...] = ()


def read_iad(value: bytes, layouts: Sequence[IadLayout], scheme: str | None = None) -> IadReading | None:
    """Read tag 9F10. None where no layout fits the form, or none of this scheme."""
    fitting = [layout for layout in layouts if layout.fits(value)]
    own = [layout for layout in fitting if layout.own_form or (scheme is not None and scheme in layout.table.schemes)]
    if own:
        return IadReading(own[0], Sureness.CERTAIN, own[0].table.explain(value))
    if scheme is not None or not fitting:
        return None
    first, *others = fitting
    meanings = first.table.explain(value)
    for other in others:
        shared = other.table.explain(value)
        meanings = tuple(meaning for meaning in meanings if meaning in shared)
    return IadReading(first, Sureness.POSSIBLE if others else Sureness.LIKELY, meanings, tuple(others))
