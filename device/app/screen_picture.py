"""The last decline's first page as a picture for the report, drawn in the process that asks: never in the service."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

from device.diagnosis.verdict import Diagnosis
from device.outlets.report_facts import ScreenPicture
from device.outlets.screen.panel import Panel
from device.settings import ScreenSettings, read_catalogue


def draw_screen(
    screen: ScreenSettings,
    diagnosis: Diagnosis | None,
    texts: Mapping[str, Mapping[str, Mapping[str, Any]]],
    language: str,
) -> ScreenPicture:
    """Draw it as the panel of the settings showed it, or say why it cannot be drawn. ``language`` is the screen's."""
    if screen.kind in ("none", "text"):
        return ScreenPicture(missing="screen_none")
    if diagnosis is None:
        return ScreenPicture(missing="screen_no_decline")
    try:
        from device.outlets.screen.draw import draw_pages  # noqa: PLC0415  Pillow only where a picture is made
        from device.outlets.screen.fonts import parse_fonts  # noqa: PLC0415
    except ImportError:
        return ScreenPicture(missing="screen_no_library")
    try:
        if language not in diagnosis.headline:  # it was made before the terminal spoke this language
            language = next(iter(diagnosis.headline))
        fonts = parse_fonts(read_catalogue("fonts.toml"), screen.fonts)
        panel = Panel(screen.width, screen.height, screen.bits)
        (image,) = draw_pages(diagnosis, texts, language, panel, fonts, 0).images
        file = io.BytesIO()
        image.save(file, "PNG", optimize=True)
    except Exception:  # a picture less is no reason for a report less
        return ScreenPicture(missing="screen_broken")
    return ScreenPicture(file.getvalue(), image.width, image.height)
