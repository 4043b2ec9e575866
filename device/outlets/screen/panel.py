"""The panel as a value: how many pixels, how many bits each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

_TINY_WIDTH: Final = 200
_TINY_HEIGHT: Final = 150


@dataclass(frozen=True, slots=True)
class Panel:
    """A panel of ``width`` x ``height`` pixels; ``bits`` a pixel: 1 (two colours), 16 or 32."""

    width: int
    height: int
    bits: int = 32

    @property
    def is_tiny(self) -> bool:
        """Too small for the designed pages: text rows only, as on the 128x64 panels of PIN pads."""
        return self.width < _TINY_WIDTH or self.height < _TINY_HEIGHT

    @property
    def short_side(self) -> int:
        """The lesser of width and height, in pixels; type sizes follow from it."""
        return min(self.width, self.height)
