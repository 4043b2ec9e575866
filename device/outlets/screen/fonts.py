"""Font files: which one this machine has for a language and a panel, and measuring text with it.

Pillow is imported only when a face is opened: the resident service never loads it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

from device.outlets.screen.panel import Panel
from device.table import Table

if TYPE_CHECKING:
    from PIL import ImageFont

_BOLD_FROM: Final = 32
_DEEP: Final = "gjpqy"
_KINDS: Final = ("outline", "bitmap")


class FontMissingError(Exception):
    """No font file for this language is on this machine; the text names the package to install."""


@dataclass(frozen=True, slots=True)
class FontFile:
    """One row of ``fonts.toml``. ``pixels`` is a bitmap font's own size (0: outline), ``face`` an index."""

    path: str
    package: str
    languages: tuple[str, ...]
    pixels: int = 0
    face: int = 0


def parse_fonts(table: Table, first: Sequence[str] = ()) -> tuple[FontFile, ...]:
    """Read ``fonts.toml``; ``first`` are paths of the settings, which come before all rows.

    Of a font that no row knows it is taken that it has every language.
    """
    rows = []
    for row in table.tables("font", most=100):
        kind = row.choice("kind", _KINDS)
        pixels = row.whole("pixels", least=8, most=64) if kind == "bitmap" else 0
        row.text("source")
        rows.append(
            FontFile(
                row.text("path"), row.text("package"), row.texts("languages"), pixels, row.whole("face", 0, most=64)
            )
        )
        row.close()
    table.close()
    languages = tuple(dict.fromkeys(language for row in rows for language in row.languages))
    known = {row.path: row for row in rows}
    own = [known.get(path, FontFile(path, "", languages)) for path in first]
    return (*own, *rows)


def find_font(fonts: Sequence[FontFile], language: str, panel: Panel) -> FontFile:
    """Choose the first file that exists: bitmap fonts before outlines on a 1-bit panel, after them on others.

    Raises :class:`FontMissingError`.
    """
    fitting = [font for font in fonts if language in font.languages]
    wants_bitmap = panel.bits == 1 or panel.is_tiny
    fitting.sort(key=lambda font: bool(font.pixels) is not wants_bitmap)
    for font in fitting:
        if Path(font.path).is_file():
            return font
    package = next((font.package for font in fitting if font.package), "with a font for this language")
    raise FontMissingError(f"no font for language {language} was found: install the package {package}")


class Measure(Protocol):
    """What the layout needs to know of a face."""

    grid: int

    def width(self, text: str, size: int, bold: bool = False) -> int:
        """Pixels from the pen's start to the end of the text's ink or advance, whichever is more."""

    def line_height(self, size: int) -> int:
        """Pixels from the top of the tallest to the bottom of the deepest glyph of a line."""


class Face:
    """An opened font. ``grid`` is the size that type sizes must be a multiple of (1 for outlines)."""

    def __init__(self, font: FontFile | None) -> None:
        self._file = font
        self.grid = (font.pixels or 1) if font is not None else 1
        self._sizes: dict[int, ImageFont.FreeTypeFont | ImageFont.ImageFont] = {}
        self._widths: dict[tuple[str, int, bool], int] = {}

    def at(self, size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
        """The Pillow font at ``size`` pixels an em."""
        if size not in self._sizes:
            self._sizes[size] = self._open(size)
        return self._sizes[size]

    def _open(self, size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
        from PIL import ImageFont  # noqa: PLC0415 - see the module's text

        if self._file is not None:
            return ImageFont.truetype(self._file.path, size, self._file.face, layout_engine=ImageFont.Layout.BASIC)
        try:
            return ImageFont.load_default(size)
        except TypeError:  # before Pillow 10.1 it has one size only
            return ImageFont.load_default()

    def stroke(self, size: int, bold: bool) -> int:
        """Extra pixels around each glyph that make the type bold; small type stays as it is."""
        return max(1, size // 40) if bold and size >= _BOLD_FROM and self.grid == 1 and self._file is not None else 0

    def width(self, text: str, size: int, bold: bool = False) -> int:
        """See :class:`Measure`."""
        key = (text, size, bold)
        if key not in self._widths:
            font = self.at(size)
            stroke = self.stroke(size, bold)
            ink_end = font.getbbox(text)[2]  # an italic or an f may reach beyond its advance
            self._widths[key] = math.ceil(max(font.getlength(text), ink_end)) + 2 * stroke
        return self._widths[key]

    def line_height(self, size: int) -> int:
        """See :class:`Measure`."""
        font = self.at(size)
        metrics = getattr(font, "getmetrics", None)
        if metrics is None or self.grid > 1:
            return size
        ascent, descent = metrics()
        deepest = font.getbbox(_DEEP)[3]  # by a dot more than the font itself says, in some
        return int(max(ascent + descent, deepest))
