"""What the drawing worker does: pages of a diagnosis to the panel that the settings name."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from device.app.display import Picture
from device.outlets.screen.panel import Panel
from device.settings import ScreenSettings, read_catalogue
from device.worker import Report

if TYPE_CHECKING:
    from device.outlets.screen.draw import Drawn
    from native.framebuffer import Geometry


class Drawing:
    """One picture on its way to one kind of screen; built and used only inside the worker."""

    def __init__(
        self,
        screen: ScreenSettings,
        texts: Mapping[str, Mapping[str, Mapping[str, Any]]],
        language: str,
        report: Report,
    ) -> None:
        self._screen = screen
        self._texts = texts
        self._language = language
        self._report = report
        self._began = time.monotonic()

    def draw(self, picture: Picture) -> None:
        """Draw the asked page first and at once, then what else the kind of screen wants.

        Reports ``{"page", "pages", "took_ms"}`` when the panel shows the page, then any finding.
        """
        kinds = {"png": self._png, "framebuffer": self._framebuffer, "text": self._text}
        kinds[self._screen.kind](picture)

    def _pages(self, picture: Picture, panel: Panel, only_page: int | None) -> Drawn:
        from device.outlets.screen.draw import draw_pages  # noqa: PLC0415  Pillow only in the worker
        from device.outlets.screen.fonts import parse_fonts  # noqa: PLC0415

        fonts = parse_fonts(read_catalogue("fonts.toml"), self._screen.fonts)
        return draw_pages(picture.diagnosis, self._texts, self._language, panel, fonts, only_page)

    def _shown(self, picture: Picture, drawn: Drawn) -> None:
        took_ms = round((time.monotonic() - self._began) * 1000)
        self._report({"page": picture.page + 1, "pages": drawn.pages, "took_ms": took_ms})
        for finding in drawn.findings:
            self._report({"finding": finding.id, "reason": finding.reason, "detail": finding.detail})

    def _png(self, picture: Picture) -> None:
        from device.outlets.screen.draw import write_png  # noqa: PLC0415

        folder = self._screen.path or Path()
        folder.mkdir(parents=True, exist_ok=True)
        panel = Panel(self._screen.width, self._screen.height, self._screen.bits)
        first = self._pages(picture, panel, picture.page)
        fresh = folder / ".screen.new"
        first.images[0].save(fresh, "PNG", compress_level=1)
        fresh.replace(folder / "screen.png")
        self._shown(picture, first)
        if picture.page == 0:
            write_png(self._pages(picture, panel, None).images, folder)
            _replace(folder / "screen.txt", first.text.encode())

    def _framebuffer(self, picture: Picture) -> None:
        from device.outlets.screen.pixels import write_framebuffer  # noqa: PLC0415
        from native.framebuffer import Framebuffer  # noqa: PLC0415

        with Framebuffer(self._screen.path or Path(), geometry_of(self._screen)) as target:
            visible = target.geometry  # the device knows its size better than the settings
            drawn = self._pages(picture, Panel(visible.width, visible.height, visible.bits), picture.page)
            write_framebuffer(drawn.images[0], target)
        self._shown(picture, drawn)

    def _text(self, picture: Picture) -> None:
        drawn = self._pages(picture, Panel(self._screen.width, self._screen.height, self._screen.bits), 0)
        if self._screen.path is None:
            sys.stdout.write(drawn.text + "\n")
        else:
            _replace(self._screen.path, drawn.text.encode())
        self._shown(picture, drawn)


def geometry_of(screen: ScreenSettings) -> Geometry:
    """Geometry of a panel that cannot be asked, as the settings describe it."""
    from native.framebuffer import Geometry, rgb565  # noqa: PLC0415

    if screen.bits == 16:
        return rgb565(screen.width, screen.height)
    return Geometry(screen.width, screen.height, screen.bits, (screen.width * screen.bits + 7) // 8)


def _replace(path: Path, content: bytes) -> None:
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    fresh.write_bytes(content)
    fresh.replace(path)
