"""The bar of five moves at the foot of the panel, for a finger or as a reminder of the keys."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from device.outlets.screen.fonts import Measure
from device.outlets.screen.layout import Box, Pen
from device.outlets.screen.look import MOVES, Controls
from device.outlets.screen.palette import Ink
from device.outlets.screen.panel import Panel

_TOUCH_PARTS: Final = 7  # a finger needs a seventh of the short side, but no more than a line and a half of body type
_KEY_PARTS: Final = 12
_LEAST: Final = 9  # pixels; only the words of the bar are ever so small


def bar_height(panel: Panel, controls: Controls | None) -> int:
    """Pixels that the bar takes; a tiny panel has no room for one."""
    if controls is None or panel.is_tiny:
        return 0
    return max(36, panel.short_side // _TOUCH_PARTS) if controls.touch else max(20, panel.short_side // _KEY_PARTS)


def with_bar(
    boxes: Sequence[Box], words: Sequence[str], controls: Controls, panel: Panel, measure: Measure
) -> list[Box]:
    """The boxes of a page with the bar below them. ``words`` are the moves in the order of :data:`MOVES`."""
    pen = Pen(panel, measure)
    scale = pen.scale
    height = bar_height(panel, controls)
    top = panel.height - height
    pen.fill(0, top, panel.width, height, Ink.BAND)
    for number, word in enumerate(words):
        left, right = number * panel.width // len(MOVES), (number + 1) * panel.width // len(MOVES)
        if number:
            pen.fill(left, top + height // 6, 1, height * 2 // 3, Ink.ON_BAND)
        if not word:
            continue
        caption = controls.captions[number] if controls.captions else ""
        text = f"{caption} {word}".strip()
        room = right - left - 2 * max(2, scale.gap // 2)
        size = next((size for size in pen.sizes(scale.small, _LEAST) if measure.width(text, size) <= room), _LEAST)
        x = left + (right - left - measure.width(text, size)) // 2
        pen.text(text, x, top + (height - measure.line_height(size)) // 2, size, Ink.ON_BAND)
    return [*boxes, *pen.boxes]
