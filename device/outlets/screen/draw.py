"""Drawing: boxes to Pillow images. Called in a short-lived worker; Pillow is imported only here and in fonts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from PIL import Image, ImageDraw

from device.diagnosis.verdict import Diagnosis
from device.outlets.screen.first_page import first_page
from device.outlets.screen.fonts import Face, FontFile, FontMissingError, Measure, find_font
from device.outlets.screen.layout import Box, Kind, number_pages
from device.outlets.screen.list_pages import QR_QUIET, code_page, list_pages, qr_matrix, rest_of_first
from device.outlets.screen.pages import SIGNS, Mark, Page, PageKind, pages_of
from device.outlets.screen.palette import Ink, Rgb, colours
from device.outlets.screen.panel import Panel
from device.outlets.screen.text_screen import screen_text
from device.outlets.screen.tiny_pages import tiny_pages

FALLBACK_LANGUAGE: Final = "en"


@dataclass(frozen=True, slots=True)
class ScreenFinding:
    """What went wrong while drawing, to become evidence: ``screen.font`` and why, in one sentence."""

    id: str
    reason: str
    detail: str


@dataclass(frozen=True, slots=True)
class Drawn:
    """The images asked for, how many pages there are, what went wrong, and the same content as text."""

    images: tuple[Image.Image, ...]
    pages: int
    findings: tuple[ScreenFinding, ...]
    text: str


def lay_out(pages: Sequence[Page], panel: Panel, measure: Measure) -> list[list[Box]]:
    """All screens for ``pages``, each a list of boxes in drawing order, with page numbers."""
    screens: list[list[Box]] = []
    money = 0  # the screen, from 1, on which a tiny panel says whether the customer was charged
    for page in pages:
        if panel.is_tiny:
            money = money or len(screens) + (page.kind is PageKind.SUMMARY and bool(screens))
            footer = page.tiny_footer.format(page=money)
            screens += tiny_pages(replace(page, tiny_footer=footer), panel, measure)
        elif page.kind is PageKind.SUMMARY:
            screens += _summary(page, panel, measure)
        elif page.kind is PageKind.LIST:
            screens += list_pages(page, panel, measure)
        else:
            screens.append(code_page(page, panel, measure))
    return number_pages(screens)


def _summary(page: Page, panel: Panel, measure: Measure) -> list[list[Box]]:
    boxes, rest = first_page(page, panel, measure)
    if not rest:
        return [boxes]
    more = Page(
        PageKind.LIST,
        page.more_title,
        page.code,
        page.verdict,
        page.charged,
        page.contact,
        page.charged_tag,
        page.contact_tag,
        items=rest_of_first(page, rest),
    )
    return [boxes, *list_pages(more, panel, measure)]


def draw_pages(
    diagnosis: Diagnosis,
    texts: Mapping[str, Mapping[str, Any]],
    language: str,
    panel: Panel,
    fonts: Sequence[FontFile],
    only_page: int | None = None,
) -> Drawn:
    """Draw every page, or ``only_page`` (from 0; beyond the last one means the last).

    ``texts`` maps language to ``{"screen": ..., "check": ...}``. Without a font for ``language`` it draws in English
    with Pillow's own font and returns a finding that names the package to install. A 1-bit panel gets mode ``1``
    images, all others ``RGB``.
    """
    findings: tuple[ScreenFinding, ...] = ()
    try:
        face = Face(find_font(fonts, language, panel))
    except FontMissingError as error:
        findings = (ScreenFinding("screen.font", "font_missing", str(error)),)
        language, face = FALLBACK_LANGUAGE, Face(None)
    pages = pages_of(diagnosis, texts[language], language, panel)
    screens = lay_out(pages, panel, face)
    wanted = screens if only_page is None else [screens[min(max(only_page, 0), len(screens) - 1)]]
    inks = colours(diagnosis.verdict, panel.bits)
    images = tuple(_draw(boxes, panel, face, inks) for boxes in wanted)
    return Drawn(images, len(screens), findings, screen_text(diagnosis, texts[language], language))


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
