"""Pages of items (causes, findings, prevention) and the page with short code and QR."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import segno

from device.outlets.screen.fonts import Measure
from device.outlets.screen.footer import place_footer
from device.outlets.screen.layout import Box, Kind, Pen
from device.outlets.screen.pages import Item, Mark, Page
from device.outlets.screen.palette import Ink
from device.outlets.screen.panel import Panel

_READABLE: Final = 4  # pixels a module: a large symbol takes the room it can get, so that a camera reads it
QR_QUIET: Final = 4  # modules, ISO/IEC 18004:2015, 6.3.8
MARK_INKS: Final = {Mark.ALERT: Ink.ALERT, Mark.QUESTION: Ink.ACCENT, Mark.CHECK: Ink.GOOD, Mark.DOT: Ink.ACCENT}


@dataclass(frozen=True, slots=True)
class _Line:
    """One line of an item: its text, type, and what stands before and after it."""

    text: str
    size: int
    ink: Ink
    bold: bool = False
    mark: Mark = Mark.NONE
    state: str = ""


def list_pages(page: Page, panel: Panel, measure: Measure) -> list[list[Box]]:
    """Items on as many screens as they need; an item is parted only if it alone is taller than a screen."""
    pen, top, bottom = start_page(page, panel, measure)
    screens = []
    y = _note(pen, page, top)
    fresh = True
    for item in page.items:
        lines = _lines(pen, item)
        height = sum(measure.line_height(line.size) for line in lines)
        if not fresh and y + height > bottom:
            screens.append(pen.boxes)
            pen, y, bottom = start_page(page, panel, measure)
        for number, line in enumerate(lines):
            if y + measure.line_height(line.size) > bottom:
                screens.append(pen.boxes)
                pen, y, bottom = start_page(page, panel, measure)
            y = _place(pen, line, y, first=number == 0)
        y += pen.scale.gap if item.compact else 2 * pen.scale.gap
        fresh = False
    return [*screens, pen.boxes]


def start_page(page: Page, panel: Panel, measure: Measure) -> tuple[Pen, int, int]:
    """Begin a screen with band and foot: pen, y below the band, y of the foot."""
    pen = Pen(panel, measure)
    scale = pen.scale
    bottom = place_footer(pen, page)
    code = measure.width(page.code, scale.body, True) if page.code else 0
    title = pen.wrap(page.title, panel.width - code - 3 * scale.margin, scale.body, bold=True)
    height = len(title) * measure.line_height(scale.body) + 2 * scale.gap
    pen.fill(0, 0, panel.width, height, Ink.BAND)
    pen.lines(title, scale.margin, scale.gap, scale.body, Ink.ON_BAND, bold=True)
    if page.code:
        pen.text(page.code, panel.width - scale.margin - code, scale.gap, scale.body, Ink.ON_BAND, bold=True)
    return pen, height + 2 * scale.gap, bottom - scale.gap


def _note(pen: Pen, page: Page, y: int) -> int:
    if not page.note or page.qr:
        return y
    lines = pen.wrap(page.note, pen.panel.width - 2 * pen.scale.margin, pen.scale.small)
    y = pen.lines(lines, pen.scale.margin, y, pen.scale.small, Ink.ACCENT) + pen.scale.gap
    return place_bar(pen, page, y)


def progress_figures(page: Page, done: int) -> str:
    """How far it is: in per cent where somebody measured them, else so many of so many."""
    total = page.bar[1] if page.bar is not None else 0
    return f"{done}%" if page.percent else f"{done}/{total}"


def place_bar(pen: Pen, page: Page, y: int) -> int:
    """How far it is, as a bar with its figures beside it; the y below. Nothing where nothing is under way."""
    if page.bar is None:
        return y
    done, total = page.bar
    scale, measure = pen.scale, pen.measure
    figures, widest = progress_figures(page, done), progress_figures(page, total)
    line = measure.line_height(scale.least)
    room = pen.panel.width - 3 * scale.margin - measure.width(widest, scale.least)
    height = max(4, line * 6 // 10)
    top = y + (line - height) // 2
    pen.fill(scale.margin, top, room, height, Ink.TRACK)
    if done:
        pen.fill(scale.margin, top, max(1, room * min(done, total) // max(1, total)), height, Ink.ACCENT)
    pen.text(figures, room + 2 * scale.margin, y, scale.least, Ink.TEXT)
    return y + line + scale.gap


def _side(pen: Pen) -> int:
    """Side of a mark's square."""
    return pen.measure.line_height(pen.scale.body) * 7 // 10


def _lines(pen: Pen, item: Item) -> list[_Line]:
    """Break an item into lines; title and state share a line where they fit."""
    scale, measure = pen.scale, pen.measure
    size = _title_size(pen, item)
    room = pen.panel.width - 2 * scale.margin - _side(pen) - scale.gap
    ink = MARK_INKS.get(item.mark, Ink.MUTED)
    state_room = measure.width(item.state, scale.small, True) + 2 * scale.gap if item.state else 0
    one_line = measure.width(item.title, size, True) + state_room <= room
    bold = bool(item.state)
    titles = pen.wrap(item.title, room, size, bold=bold)
    lines = [_Line(text, size, Ink.TEXT, bold) for text in titles]
    lines[0] = _Line(titles[0], size, Ink.TEXT, bold, item.mark, item.state if one_line else "")
    if item.state and not one_line:
        lines += [_Line(text, scale.small, ink, True) for text in pen.wrap(item.state, room, scale.small, bold=True)]
    detail_size = scale.least if item.compact else scale.small
    for detail in item.details:
        lines += [_Line(text, detail_size, Ink.MUTED) for text in pen.wrap(detail, room, detail_size)]
    return lines + [_Line(text, scale.small, Ink.TEXT) for text in pen.wrap(item.advice, room, scale.small)]


def _title_size(pen: Pen, item: Item) -> int:
    scale = pen.scale
    return (scale.body + scale.small) // 2 if item.compact and pen.measure.grid == 1 else scale.body


def _place(pen: Pen, line: _Line, y: int, *, first: bool) -> int:
    scale, measure = pen.scale, pen.measure
    side = _side(pen)
    height = measure.line_height(line.size)
    if first and line.mark is not Mark.NONE:
        pen.mark(line.mark, scale.margin, y + (height - side) // 2, side, MARK_INKS.get(line.mark, Ink.MUTED))
    pen.text(line.text, scale.margin + side + scale.gap, y, line.size, line.ink, bold=line.bold)
    if line.state:
        width = measure.width(line.state, scale.small, True)
        lower = y + (height - measure.line_height(scale.small)) * 2 // 3
        ink = MARK_INKS.get(line.mark, Ink.MUTED)
        pen.text(line.state, pen.panel.width - scale.margin - width, lower, scale.small, ink, bold=True)
    return y + height


@functools.lru_cache(maxsize=4)
def qr_matrix(content: str) -> tuple[bytearray, ...]:
    """The QR symbol of ``content`` without quiet zone: 1 is dark (ISO/IEC 18004:2015, level M)."""
    return segno.make_qr(content, error="m", boost_error=False).matrix


def code_page(page: Page, panel: Panel, measure: Measure) -> list[Box]:
    """Short code in big type, its QR symbol, and what to do with them."""
    pen, top, bottom = start_page(page, panel, measure)
    scale = pen.scale
    side = len(qr_matrix(page.qr)) + 2 * QR_QUIET
    landscape = panel.width > panel.height
    inner = panel.width - 2 * scale.margin
    room = (inner - scale.margin) // 2 if landscape else inner
    size = pen.largest(lambda size: measure.width(page.short_code, size, True) <= room, scale.code, scale.least)
    short = pen.wrap(page.short_code, room, size, bold=True)
    hint = pen.wrap(page.note, room, scale.small)
    words = len(short) * measure.line_height(size) + scale.gap + len(hint) * measure.line_height(scale.small)
    height = bottom - top
    module = min((room if landscape else inner) // side, (height if landscape else height - words - scale.gap) // side)
    module = min(module, max(_READABLE, panel.short_side * 6 // 10 // side))
    free = height - (words if landscape else words + module * side + scale.gap)
    y, x = top + max(0, free // 2), scale.margin + (room + scale.margin if landscape else 0)
    y = pen.lines(short, x, y, size, Ink.TEXT, bold=True) + scale.gap
    y = pen.lines(hint, x, y, scale.small, Ink.MUTED) + scale.gap
    if module > 0:
        qr_x = scale.margin + (room - module * side) // 2 if landscape else (panel.width - module * side) // 2
        place_qr(pen, page.qr, qr_x, top + (height - module * side) // 2 if landscape else y, module)
    return pen.boxes


def place_qr(pen: Pen, content: str, x: int, y: int, module: int) -> None:
    """Place the symbol with its quiet zone; ``module`` is the side of one module in pixels."""
    side = (len(qr_matrix(content)) + 2 * QR_QUIET) * module
    pen.boxes.append(Box(Kind.QR, x, y, side, side, Ink.TEXT, content, module))


def rest_of_first(page: Page, rows: Sequence[tuple[str, str]]) -> tuple[Item, ...]:
    """Headline rows that found no room on the first page, as items of a list page."""
    return tuple(Item(f"{tag}: {text}", Mark.DOT) for tag, text in rows)
