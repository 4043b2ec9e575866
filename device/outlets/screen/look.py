"""How a view is shown: language, to whom, and by which controls a person turns its pages. Light: no layout, no font."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from device.outlets.screen.panel import Panel

MOVES: Final = ("back", "next", "language", "customer", "dismiss")


@dataclass(frozen=True, slots=True)
class Controls:
    """A bar of :data:`MOVES` at the foot: for a finger (``touch``), or keys with their ``captions`` in that order."""

    touch: bool
    captions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Look:
    """How a view is to be shown: in which language, to the ``customer`` or to the clerk, with which controls."""

    language: str
    customer: bool = False
    controls: Controls | None = None


def move_at(x: int, y: int, panel: Panel, bar: int) -> str:
    """What a touch at this pixel means: a move of the bar, or back on the left third of the page and next elsewhere."""
    if bar and y >= panel.height - bar:
        return MOVES[min(max(x, 0) * len(MOVES) // panel.width, len(MOVES) - 1)]
    return "back" if x * 3 < panel.width else "next"
