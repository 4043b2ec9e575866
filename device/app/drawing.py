"""What the drawing worker does: pages of a view to the panel that the settings name."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from device.app.display import Picture
from device.outlets.screen.panel import Panel
from device.outlets.screen.subjects import ChallengeView, DeclineView, SelftestView, UpdateView, View
from device.settings import ScreenSettings, read_catalogue
from device.worker import Report, give_way

if TYPE_CHECKING:
    from device.outlets.screen.draw import Drawn
    from native.framebuffer import Geometry


class Drawing:
    """One picture on its way to one kind of screen; built and used only inside the worker."""

    def __init__(
        self,
        screen: ScreenSettings,
        texts: Mapping[str, Mapping[str, Mapping[str, Any]]],
        report: Report,
    ) -> None:
        self._screen = screen
        self._texts = texts
        self._report = report
        self._began = time.monotonic()

    def draw(self, picture: Picture) -> None:
        """Draw the asked page first and at once, then what else the kind of screen wants.

        Reports ``{"page", "pages", "live", "panel", "bar", "took_ms"}`` when the panel shows the page, then any
        finding.
        """
        view = picture.view
        if not isinstance(view, DeclineView):
            give_way()
        if view is None:
            self._clear()
        else:
            kinds = {"png": self._png, "framebuffer": self._framebuffer, "text": self._text}
            kinds[self._screen.kind](picture, view)

    def _pages(self, picture: Picture, view: View, panel: Panel, only_page: int | None) -> Drawn:
        from device.outlets.screen.draw import draw_view  # noqa: PLC0415  Pillow only in the worker
        from device.outlets.screen.fonts import parse_fonts  # noqa: PLC0415

        fonts = parse_fonts(read_catalogue("fonts.toml"), self._screen.fonts)
        return draw_view(view, self._texts, picture.look, panel, fonts, only_page)

    def _shown(self, picture: Picture, drawn: Drawn, panel: Panel) -> None:
        took_ms = round((time.monotonic() - self._began) * 1000)
        told = {"page": min(picture.page + 1, drawn.pages), "pages": drawn.pages, "live": drawn.live}
        self._report({**told, "panel": (panel.width, panel.height), "bar": drawn.bar, "took_ms": took_ms})
        for finding in drawn.findings:
            self._report({"finding": finding.id, "reason": finding.reason, "detail": finding.detail})

    def _png(self, picture: Picture, view: View) -> None:
        """A decline as ``screen.png`` with all its pages, anything else as one picture of its own."""
        from device.outlets.screen.draw import write_png  # noqa: PLC0415

        folder = self._screen.path or Path()
        folder.mkdir(parents=True, exist_ok=True)
        panel = Panel(self._screen.width, self._screen.height, self._screen.bits)
        first = self._pages(picture, view, panel, picture.page)
        name = _FILES[type(view)]
        fresh = folder / f".{name}.new"
        first.images[0].save(fresh, "PNG", compress_level=1)
        fresh.replace(folder / f"{name}.png")
        self._shown(picture, first, panel)
        if picture.page == 0 and name == "screen":
            write_png(self._pages(picture, view, panel, None).images, folder)
            _replace(folder / "screen.txt", first.text.encode())

    def _framebuffer(self, picture: Picture, view: View) -> None:
        from device.outlets.screen.pixels import write_framebuffer  # noqa: PLC0415
        from native.framebuffer import Framebuffer  # noqa: PLC0415

        with Framebuffer(self._screen.path or Path(), geometry_of(self._screen)) as target:
            visible = target.geometry  # the device knows its size better than the settings
            panel = Panel(visible.width, visible.height, visible.bits)
            drawn = self._pages(picture, view, panel, picture.page)
            write_framebuffer(drawn.images[0], target)
        self._shown(picture, drawn, panel)

    def _clear(self) -> None:
        """Leave a panel of our own dark; files and text keep what they have."""
        if self._screen.kind != "framebuffer":
            return
        from native.framebuffer import Framebuffer  # noqa: PLC0415

        with Framebuffer(self._screen.path or Path(), geometry_of(self._screen)) as target:
            target.write(bytes(target.geometry.row_bytes * target.geometry.height))

    def _text(self, picture: Picture, view: View) -> None:
        """Text is told once: a self-test or an update when it has ended."""
        panel = Panel(self._screen.width, self._screen.height, self._screen.bits)
        drawn = self._pages(picture, view, panel, 0)
        if not (drawn.live and not isinstance(view, DeclineView)):
            if self._screen.path is None:
                sys.stdout.write(drawn.text + "\n")
            else:
                _replace(self._screen.path, drawn.text.encode())
        self._shown(picture, drawn, panel)


_FILES: Final[Mapping[type[View], str]] = {
    DeclineView: "screen",
    SelftestView: "selftest",
    UpdateView: "update",
    ChallengeView: "challenge",
}


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
