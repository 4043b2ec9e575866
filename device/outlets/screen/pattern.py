"""The test pattern: bars of the pure colours, a ramp of grey, fine lines, and a frame on the outermost pixels."""

from __future__ import annotations

from typing import Final

from PIL import Image, ImageDraw

from device.outlets.screen.panel import Panel

_BARS: Final = ("red", "lime", "blue", "white", "black")


def draw_pattern(panel: Panel) -> Image.Image:
    """Draw it for this panel. A dead line, a missing colour, a shifted or cut picture show at once."""
    width, height = panel.width, panel.height
    image = Image.new("RGB", (width, height), "black")
    draw = ImageDraw.Draw(image)
    half, fine = height // 2, height * 3 // 4
    for place, colour in enumerate(_BARS):
        draw.rectangle((width * place // len(_BARS), 0, width * (place + 1) // len(_BARS) - 1, half - 1), fill=colour)
    for column in range(width):
        grey = 255 * column // max(1, width - 1)
        draw.line((column, half, column, fine - 1), fill=(grey, grey, grey))
    for column in range(0, width, 2):
        draw.line((column, fine, column, height - 1), fill="white")
    draw.rectangle((0, 0, width - 1, height - 1), outline="white")
    return image
