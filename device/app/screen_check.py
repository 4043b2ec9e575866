"""The screen's check: a panel, a font, a backlight; and with a person the test pattern. Runs in a worker."""

from __future__ import annotations

from pathlib import Path

from device.selftest.sheet import Sheet
from device.settings import ScreenSettings, read_catalogue

_FACTS = ("screen.font", "screen.panel", "screen.backlight")


def check_pattern(screen: ScreenSettings, sheet: Sheet, *, may_draw: bool) -> None:
    """Show the test pattern, ask whether it is whole, and put back what was there before.

    Writes screen.pattern: ``yes`` or ``no``. A PNG screen gets it as ``pattern.png``.
    """
    fact = "screen.pattern"
    if screen.kind in ("none", "text"):
        sheet.not_run(fact, "not_fitted", "There is no panel for pictures.")
    elif sheet.person is None:
        sheet.not_run(fact, "nobody", "Nobody is there to look: run the assisted test at the terminal.")
    elif not may_draw:
        sheet.not_run(fact, "no_grant", "The payment application has the panel and has not granted it.")
    elif screen.kind == "png":
        _ask_picture(screen, sheet)
    else:
        _ask_panel(screen, sheet)


def _ask_picture(screen: ScreenSettings, sheet: Sheet) -> None:
    from device.outlets.screen.panel import Panel  # noqa: PLC0415  Pillow only in the worker
    from device.outlets.screen.pattern import draw_pattern  # noqa: PLC0415
    from device.selftest.assisted import write_answer  # noqa: PLC0415

    folder = screen.path or Path()
    folder.mkdir(parents=True, exist_ok=True)
    draw_pattern(Panel(screen.width, screen.height, screen.bits)).save(folder / "pattern.png", "PNG")
    write_answer("screen.pattern", sheet)


def _ask_panel(screen: ScreenSettings, sheet: Sheet) -> None:
    from device.app.drawing import geometry_of  # noqa: PLC0415
    from device.outlets.screen.panel import Panel  # noqa: PLC0415
    from device.outlets.screen.pattern import draw_pattern  # noqa: PLC0415
    from device.outlets.screen.pixels import write_framebuffer  # noqa: PLC0415
    from device.selftest.assisted import write_answer  # noqa: PLC0415
    from native.framebuffer import Framebuffer, FramebufferError  # noqa: PLC0415

    try:
        with Framebuffer(screen.path or Path(), geometry_of(screen)) as target:
            visible, before = target.geometry, target.read()
            try:
                write_framebuffer(draw_pattern(Panel(visible.width, visible.height, visible.bits)), target)
                write_answer("screen.pattern", sheet)
            finally:
                target.write(before)
    except FramebufferError as error:
        sheet.failed("screen.pattern", "no_panel", f"{error}.")


def check_screen(screen: ScreenSettings, language: str, sheet: Sheet) -> None:
    """Is there a panel that can be opened, and a font for the language? Nothing is drawn."""
    if screen.kind == "none":
        for fact in _FACTS:
            sheet.not_run(fact, "not_fitted", "No screen is configured.")
        return
    _check_font(screen, language, sheet)
    _check_panel(screen, sheet)
    _check_backlight(sheet)


def _check_backlight(sheet: Sheet) -> None:
    from device.drivers.board import read_backlight_percent  # noqa: PLC0415

    found = read_backlight_percent(Path("/sys"))
    if found is None:
        sheet.not_run("screen.backlight", "not_supported", "The kernel shows no backlight.")
    else:
        sheet.measured("screen.backlight", found)


def _check_panel(screen: ScreenSettings, sheet: Sheet) -> None:
    from native.framebuffer import Framebuffer, FramebufferError  # noqa: PLC0415

    size = f"{screen.width}x{screen.height}"
    if screen.kind == "framebuffer" and screen.path is not None:
        try:
            with Framebuffer(screen.path) as panel:
                size = f"{panel.geometry.width}x{panel.geometry.height}"
        except FramebufferError as error:
            sheet.failed("screen.panel", "no_panel", f"{error}.")
            return
    sheet.measured("screen.panel", size)


def _check_font(screen: ScreenSettings, language: str, sheet: Sheet) -> None:
    from device.outlets.screen.fonts import FontMissingError, find_font, parse_fonts  # noqa: PLC0415
    from device.outlets.screen.panel import Panel  # noqa: PLC0415

    fonts = parse_fonts(read_catalogue("fonts.toml"), screen.fonts)
    try:
        font = find_font(fonts, language, Panel(screen.width, screen.height, screen.bits))
    except FontMissingError as error:
        sheet.failed("screen.font", "font_missing", f"{error}.")
        return
    sheet.measured("screen.font", font.path.rpartition("/")[2])
