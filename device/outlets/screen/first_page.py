"""The first page: code in very big type, one word for its class, then what / who / now / proved."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from device.outlets.screen.fonts import Measure
from device.outlets.screen.footer import place_footer
from device.outlets.screen.layout import Box, Pen
from device.outlets.screen.pages import Page
from device.outlets.screen.palette import Ink
from device.outlets.screen.panel import Panel

_NOW_ROW: Final = 2
_PROVED_ROW: Final = 3


@dataclass(frozen=True, slots=True)
class _Row:
    """One row of the page: what it is, its lines, their size and its place in the order."""

    tag: str
    lines: tuple[str, ...]
    size: int
    number: int


def first_page(page: Page, panel: Panel, measure: Measure) -> tuple[list[Box], tuple[tuple[str, str], ...]]:
    """Boxes of the first page, and the rows that did not fit even in the smallest type."""
    pen = Pen(panel, measure)
    top = _band(pen, page)
    bottom = place_footer(pen, page, large=True)
    count = len(page.rows)
    while True:
        fitted = _fit(pen, page.rows[:count], bottom - top)
        if fitted is not None or count == 1:
            break
        count -= 1
    _rows(pen, fitted or [], top, bottom)
    return pen.boxes, page.rows[count:] if fitted is not None else page.rows


def _band(pen: Pen, page: Page) -> int:
    """The coloured band at the top; the y below it."""
    panel, scale, measure = pen.panel, pen.scale, pen.measure
    size = pen.largest(lambda size: measure.width(page.code, size, True) <= panel.width * 0.45, scale.code, scale.body)
    short = f"{page.short_code_tag} {page.short_code}"
    code_width = measure.width(page.code, size, True)
    x = scale.margin + code_width + 2 * scale.margin
    room = panel.width - x - scale.margin

    def fits(size: int) -> bool:
        return measure.width(page.title, size, True) <= room

    title_size = pen.largest(fits, max(scale.body, scale.code // 2), scale.least)
    title = pen.wrap(page.title, room, title_size, bold=True)
    sub_size = min(title_size, scale.body)
    subtitle = pen.wrap(page.subtitle, room, sub_size)
    code_line = pen.wrap(short, room, scale.least)
    words = len(title) * measure.line_height(title_size) + len(subtitle) * measure.line_height(sub_size)
    code_x = panel.width - scale.margin - measure.width(short, scale.least)
    beside = bool(subtitle) and x + measure.width(subtitle[-1], sub_size) + scale.margin <= code_x
    if not beside:
        words += len(code_line) * measure.line_height(scale.least)
    height = max(measure.line_height(size), words) + 2 * scale.gap
    pen.fill(0, 0, panel.width, height, Ink.BAND)
    pen.text(page.code, scale.margin, (height - measure.line_height(size)) // 2, size, Ink.ON_BAND, bold=True)
    pen.fill(x - scale.margin, scale.margin, max(1, scale.gap // 3), height - 2 * scale.margin, Ink.ON_BAND)
    y = (height - words) // 2
    y = pen.lines(title, x, y, title_size, Ink.ON_BAND, bold=True)
    y = pen.lines(subtitle, x, y, sub_size, Ink.ON_BAND)
    if beside:
        pen.text(short, code_x, y - measure.line_height(scale.least), scale.least, Ink.ON_BAND)
    else:
        pen.lines(code_line, x, y, scale.least, Ink.ON_BAND)
    return height


def _fit(pen: Pen, rows: tuple[tuple[str, str], ...], height: int) -> list[_Row] | None:
    """Rows in the largest type in which all of them fit into ``height``; None if they never do."""
    scale, measure = pen.scale, pen.measure
    most = max(scale.least, round(scale.body * 1.45))
    sizes = pen.sizes(most, scale.least)
    # four rows on one page are worth more than air between them: the last attempt is even and tight
    for size, even, gap in [
        *((size, False, scale.gap) for size in sizes),
        (sizes[-1], True, scale.gap),
        (sizes[-1], True, 1),
    ]:
        fitted = []
        for number, (tag, text) in enumerate(rows):
            own = size if even else _own_size(pen, number, size)
            fitted.append(_Row(tag, tuple(pen.wrap(text, _room(pen), own, bold=number == _NOW_ROW)), own, number))
        needed = sum(len(row.lines) * measure.line_height(row.size) for row in fitted)
        if needed + (len(rows) + 1) * gap <= height:
            return fitted
    return None


def _own_size(pen: Pen, row: int, size: int) -> int:
    """What to do now is read first and largest, what is proved last."""
    if pen.measure.grid > 1:
        return size
    return max(pen.scale.least, round(size * {_NOW_ROW: 1.2, _PROVED_ROW: 0.8}.get(row, 1.0)))


def _tag_width(pen: Pen) -> int:
    return pen.measure.width("Proved", pen.scale.least) + pen.scale.gap


def _room(pen: Pen) -> int:
    return pen.panel.width - 2 * pen.scale.margin - _tag_width(pen)


def _rows(pen: Pen, rows: list[_Row], top: int, bottom: int) -> None:
    """Place the rows with the room that is left shared out evenly between them."""
    scale, measure = pen.scale, pen.measure
    needed = sum(len(row.lines) * measure.line_height(row.size) for row in rows)
    space = min((bottom - top - needed) // (len(rows) + 1), 3 * scale.margin)
    x = scale.margin + _tag_width(pen)
    y = top + (bottom - top - needed - space * (len(rows) - 1)) // 2
    for row in rows:
        line = measure.line_height(row.size)
        now = row.number == _NOW_ROW
        if now:
            pad = min(space // 2, 2 * scale.gap)
            pen.fill(0, y - pad, pen.panel.width, len(row.lines) * line + 2 * pad, Ink.ACTION)
            pen.fill(0, y - pad, scale.gap, len(row.lines) * line + 2 * pad, Ink.ACCENT)
        tag_y = y + max(0, (line - measure.line_height(scale.least)) * 2 // 3)
        pen.text(row.tag, scale.margin, tag_y, scale.least, Ink.ON_ACTION if now else Ink.MUTED)
        ink = Ink.ON_ACTION if now else Ink.TEXT
        y = pen.lines(row.lines, x, y, row.size, ink, bold=now) + space
