"""Drawing: boxes to Pillow images. Called in a short-lived worker; Pillow is imported only here and in fonts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from PIL import Image, ImageDraw

from device.diagnosis.verdict import Diagnosis
from device.outlets.screen.controls import bar_height
from device.outlets.screen.fonts import Face, FontFile, FontMissingError, find_font
from device.outlets.screen.layout import Box, Kind
from device.outlets.screen.list_pages import QR_QUIET, qr_matrix
from device.outlets.screen.look import Look
from device.outlets.screen.pages import SIGNS, Mark
from device.outlets.screen.palette import Ink, Rgb, colours
from device.outlets.screen.panel import Panel
from device.outlets.screen.subjects import DeclineView, View
from device.outlets.screen.views import lay_out_view, view_text

FALLBACK_LANGUAGE: Final = "en"


@dataclass(frozen=True, slots=True)
class ScreenFinding:
    """What went wrong while drawing, to become evidence: ``screen.font`` and why, in one sentence."""

    id: str
    reason: str
    detail: str


@dataclass(frozen=True, slots=True)
class Drawn:
    """The images asked for, how many pages there are, what went wrong, and the same content as text.

    ``live`` are the pages (from 0) that change while a self-test or an update runs; ``bar`` is the height in pixels of
    the bar of moves at the foot.
    """

    images: tuple[Image.Image, ...]
    pages: int
    findings: tuple[ScreenFinding, ...]
    text: str
    live: tuple[int, ...] = ()
    bar: int = 0


def draw_view(
    view: View,
    texts: Mapping[str, Mapping[str, Any]],
    look: Look,
    panel: Panel,
    fonts: Sequence[FontFile],
    only_page: int | None = None,
) -> Drawn:
    """Draw every page, or ``only_page`` (from 0; beyond the last one means the last).

    ``texts`` maps language to its sections (``screen``, ``check``, ...). Without a font for the look's language it
    draws in English with Pillow's own font and returns a finding that names the package to install. A 1-bit panel gets
    mode ``1`` images, all others ``RGB``.
    """
    findings: tuple[ScreenFinding, ...] = ()
    try:
        face = Face(find_font(fonts, look.language, panel))
    except FontMissingError as error:
        findings = (ScreenFinding("screen.font", "font_missing", str(error)),)
        look, face = replace(look, language=FALLBACK_LANGUAGE), Face(None)
    screens, pages = lay_out_view(view, texts, look, panel, face)
    wanted = range(len(screens)) if only_page is None else [min(max(only_page, 0), len(screens) - 1)]
    images = tuple(_draw(screens[number], panel, face, colours(pages[number].tone, panel.bits)) for number in wanted)
    live = tuple(number for number, page in enumerate(pages) if page.live)
    text = view_text(view, texts[look.language], look)
    return Drawn(images, len(screens), findings, text, live, bar_height(panel, look.controls))


def draw_pages(
    diagnosis: Diagnosis,
    texts: Mapping[str, Mapping[str, Any]],
    language: str,
    panel: Panel,
    fonts: Sequence[FontFile],
    only_page: int | None = None,
) -> Drawn:
    """Draw a diagnosis for the clerk, without controls; see :func:`draw_view`."""
    return draw_view(DeclineView(diagnosis), texts, Look(language), panel, fonts, only_page)


def write_png(images: Sequence[Image.Image], folder: Path) -> list[Path]:
    """Write ``screen.png``, ``screen-2.png``... and remove further pages of an earlier drawing; the paths written."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for number, image in enumerate(images, 1):
        path = folder / ("screen.png" if number == 1 else f"screen-{number}.png")
        image.save(path, "PNG", compress_level=1)
        paths.append(path)
    for old in folder.glob("screen-*.png"):
        if old not in paths:
            old.unlink()
    return paths


def _draw(boxes: Sequence[Box], panel: Panel, face: Face, inks: Mapping[Ink, Rgb]) -> Image.Image:
    image = Image.new("RGB", (panel.width, panel.height), inks[Ink.GROUND])
    pen = ImageDraw.Draw(image)
    if panel.bits == 1 or face.grid > 1:
        pen.fontmode = "1"
    for box in boxes:
        colour = inks[box.ink]
        if box.kind is Kind.FILL:
            _fill(pen, box, colour, panel)
        elif box.kind is Kind.TEXT:
            stroke = face.stroke(box.size, box.bold)
            at = (box.x + stroke, box.y)
            pen.text(at, box.text, colour, face.at(box.size), stroke_width=stroke)
        elif box.kind is Kind.MARK:
            _mark(pen, box, colour, inks[Ink.PAPER], face)
        else:
            _qr(pen, box, inks)
    return image.convert("1", dither=Image.Dither.NONE) if panel.bits == 1 else image


def _fill(pen: ImageDraw.ImageDraw, box: Box, colour: Rgb, panel: Panel) -> None:
    area = (box.x, box.y, box.x + box.width - 1, box.y + box.height - 1)
    pen.rectangle(area, fill=colour)
    if panel.bits == 1 and box.ink is Ink.ACTION:
        pen.rectangle(area, outline=(0, 0, 0))


def _mark(pen: ImageDraw.ImageDraw, box: Box, colour: Rgb, paper: Rgb, face: Face) -> None:
    """A sign in a square: shape and colour say the same. Strong signs stand in a filled disc, weak ones are strokes."""
    x, y, side = box.x, box.y, box.width
    stroke = max(2, side // 9)
    strong = box.mark in (Mark.ALERT, Mark.QUESTION, Mark.CHECK)
    if box.mark is Mark.DOT:
        pen.ellipse((x + side * 0.36, y + side * 0.36, x + side * 0.64, y + side * 0.64), fill=colour)
    elif box.mark is Mark.WAIT:
        pen.ellipse((x + side * 0.4, y + side * 0.4, x + side * 0.6, y + side * 0.6), outline=colour)
    elif box.mark is Mark.RING:
        pen.ellipse((x + side * 0.2, y + side * 0.2, x + side * 0.8, y + side * 0.8), outline=colour, width=stroke)
    elif strong:
        pen.ellipse((x, y, x + side - 1, y + side - 1), fill=colour)
    if box.mark in (Mark.ALERT, Mark.QUESTION):
        font = face.at(max(face.grid, side * 4 // 5 // face.grid * face.grid))
        left, top, right, bottom = font.getbbox(SIGNS[box.mark])
        at = (x + round((side - left - right) / 2), y + round((side - top - bottom) / 2))
        pen.text(at, SIGNS[box.mark], paper, font)
    for line in _STROKES.get(box.mark, ()):
        points = [(x + px * (side - 1), y + py * (side - 1)) for px, py in line]
        pen.line(points, fill=paper if strong else colour, width=stroke, joint="curve")


_STROKES: Final[Mapping[Mark, Sequence[Sequence[tuple[float, float]]]]] = {
    Mark.DASH: (((0.2, 0.5), (0.8, 0.5)),),
    Mark.CROSS: (((0.24, 0.24), (0.76, 0.76)), ((0.76, 0.24), (0.24, 0.76))),
    Mark.CHECK: (((0.26, 0.52), (0.44, 0.7), (0.74, 0.32)),),
    Mark.OTHER: (((0.16, 0.36), (0.84, 0.36)), ((0.16, 0.66), (0.84, 0.66)), ((0.66, 0.14), (0.34, 0.88))),
}


def _qr(pen: ImageDraw.ImageDraw, box: Box, inks: Mapping[Ink, Rgb]) -> None:
    pen.rectangle((box.x, box.y, box.x + box.width - 1, box.y + box.height - 1), fill=inks[Ink.PAPER])
    module = box.size
    for row, line in enumerate(qr_matrix(box.text), QR_QUIET):
        for column, dark in enumerate(line, QR_QUIET):
            if dark:
                x, y = box.x + column * module, box.y + row * module
                pen.rectangle((x, y, x + module - 1, y + module - 1), fill=(0, 0, 0))
