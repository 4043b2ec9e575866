"""Pages to boxes: every text measured before it is placed; nothing clipped, nothing overlapping."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import combinations
from typing import Final

from device.outlets.screen.fonts import Measure
from device.outlets.screen.pages import Mark
from device.outlets.screen.palette import Ink
from device.outlets.screen.panel import Panel
from device.outlets.screen.wrap import wrap

PAGE_NUMBER: Final = "88/88"  # the widest page number; replaced by the real one, once all pages are known


class LayoutError(Exception):
    """A box that leaves the panel or lies over another one: a mistake in a layout, found by a test."""


class Kind(StrEnum):
    """What a box holds. FILL is ground for others; all others must keep apart."""

    FILL = "fill"
    TEXT = "text"
    MARK = "mark"
    QR = "qr"


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle in pixels with what is drawn in it; ``size`` is the type size, or the QR module's side."""

    kind: Kind
    x: int
    y: int
    width: int
    height: int
    ink: Ink
    text: str = ""
    size: int = 0
    bold: bool = False
    mark: Mark = Mark.NONE


@dataclass(frozen=True, slots=True)
class Scale:
    """Type sizes and distances of a panel, in pixels."""

    code: int
    body: int
    small: int
    least: int
    margin: int
    gap: int


def scale_of(panel: Panel, measure: Measure) -> Scale:
    """Type sizes that follow from the panel's short side, each on the font's grid."""
    side = panel.short_side
    grid = measure.grid

    def sized(wanted: float, least: int) -> int:
        size = max(least, round(wanted))
        return max(grid, round(size / grid) * grid) if grid > 1 else size

    return Scale(
        code=sized(side * 0.2, 32),
        body=sized(side / 15, 14),
        small=sized(side / 21, 12),
        least=sized(side / 24, 12),
        margin=max(6, side // 30),
        gap=max(3, side // 60),
    )


class Pen:
    """Places boxes on one screen."""

    def __init__(self, panel: Panel, measure: Measure) -> None:
        self.panel = panel
        self.measure = measure
        self.scale = scale_of(panel, measure)
        self.boxes: list[Box] = []

    def fill(self, x: int, y: int, width: int, height: int, ink: Ink) -> None:
        """Colour a rectangle."""
        self.boxes.append(Box(Kind.FILL, x, y, width, height, ink))

    def text(self, text: str, x: int, y: int, size: int, ink: Ink, *, bold: bool = False) -> Box:
        """Place one line with its upper left corner at ``x``, ``y``."""
        width, height = self.measure.width(text, size, bold), self.measure.line_height(size)
        box = Box(Kind.TEXT, x, y, width, height, ink, text, size, bold)
        self.boxes.append(box)
        return box

    def lines(self, lines: Sequence[str], x: int, y: int, size: int, ink: Ink, *, bold: bool = False) -> int:
        """Place lines below each other; the y below the last one."""
        for line in lines:
            y += self.text(line, x, y, size, ink, bold=bold).height
        return y

    def mark(self, mark: Mark, x: int, y: int, side: int, ink: Ink) -> None:
        """Place a sign in a square."""
        self.boxes.append(Box(Kind.MARK, x, y, side, side, ink, mark=mark))

    def wrap(self, text: str, width: int, size: int, *, bold: bool = False) -> list[str]:
        """Lines of ``text`` that fit into ``width`` pixels at ``size``."""
        return wrap(text, width, lambda line: self.measure.width(line, size, bold))

    def sizes(self, most: int, least: int) -> list[int]:
        """Type sizes to try, largest first; few, since each must be opened and measured."""
        grid = self.measure.grid
        if grid > 1:
            return list(range(max(grid, most // grid * grid), max(grid, least // grid * grid) - 1, -grid))
        step = max(1, (most - least) // 7)
        return [*range(most, least, -step), least]

    def largest(self, fits: Callable[[int], bool], most: int, least: int) -> int:
        """The first size from ``most`` down for which ``fits``; ``least`` if none does."""
        return next((size for size in self.sizes(most, least) if fits(size)), self.sizes(least, least)[-1])


def number_pages(screens: Sequence[list[Box]]) -> list[list[Box]]:
    """Write the real page number into the room that was reserved for the widest one."""
    numbered = []
    for number, boxes in enumerate(screens, 1):
        text = f"{number}/{len(screens)}"
        numbered.append([replace(box, text=text) if box.text == PAGE_NUMBER else box for box in boxes])
    return numbered


def check_layout(boxes: Sequence[Box], panel: Panel) -> None:
    """Raise :class:`LayoutError` if a box leaves ``panel`` or two boxes with content overlap."""
    for box in boxes:
        inside = box.x >= 0 and box.y >= 0 and box.x + box.width <= panel.width and box.y + box.height <= panel.height
        if not inside or box.width <= 0 or box.height <= 0:
            raise LayoutError(f"outside of {panel.width}x{panel.height}: {box}")
    content = [box for box in boxes if box.kind is not Kind.FILL]
    for one, other in combinations(content, 2):
        if _overlap(one, other):
            raise LayoutError(f"overlap: {one} and {other}")


def _overlap(one: Box, other: Box) -> bool:
    beside = one.x + one.width <= other.x or other.x + other.width <= one.x
    return not beside and not (one.y + one.height <= other.y or other.y + other.height <= one.y)
