"""The foot of every page: was the customer charged, and whom to call."""

from __future__ import annotations

from device.outlets.screen.layout import PAGE_NUMBER, Pen
from device.outlets.screen.pages import Page
from device.outlets.screen.palette import Ink


def place_footer(pen: Pen, page: Page, *, large: bool = False) -> int:
    """Place the foot at the bottom of the panel; the y where it begins. ``large`` is for the first page."""
    panel, scale, measure = pen.panel, pen.scale, pen.measure
    size = scale.small if large else scale.least
    inner = panel.width - 2 * scale.margin
    number = measure.width(PAGE_NUMBER, scale.least)
    if _one_line(pen, page, size, bold=large):
        return panel.height - measure.line_height(size) - 3 * scale.gap
    tag = max(measure.width(page.charged_tag, size), measure.width(page.contact_tag, size)) + 2 * scale.gap
    room = inner - tag
    charged = pen.wrap(page.charged, room, size, bold=large)
    last_room = room - number - scale.gap
    contact = _wrap_last(pen, page.contact, room, last_room, size)
    line = measure.line_height(size)
    height = (len(charged) + len(contact)) * line + 3 * scale.gap
    top = panel.height - height
    pen.fill(0, top, panel.width, height, Ink.FOOT)
    pen.fill(0, top, panel.width, max(1, scale.gap // 3), Ink.RULE)
    y = top + scale.gap
    pen.text(page.charged_tag, scale.margin, y, size, Ink.MUTED)
    y = pen.lines(charged, scale.margin + tag, y, size, Ink.TEXT, bold=large) + scale.gap
    pen.text(page.contact_tag, scale.margin, y, size, Ink.MUTED)
    y = pen.lines(contact, scale.margin + tag, y, size, Ink.TEXT)
    y_number = y - measure.line_height(scale.least)
    pen.text(PAGE_NUMBER, panel.width - scale.margin - number, y_number, scale.least, Ink.MUTED)
    return top


def _one_line(pen: Pen, page: Page, size: int, *, bold: bool) -> bool:
    """Place everything on one line if it fits, as it does on most landscape panels."""
    panel, scale, measure = pen.panel, pen.scale, pen.measure
    parts = (
        (page.charged_tag, Ink.MUTED, False, scale.gap * 2),
        (page.charged, Ink.TEXT, bold, scale.margin * 2),
        (page.contact_tag, Ink.MUTED, False, scale.gap * 2),
        (page.contact, Ink.TEXT, False, scale.margin),
    )
    number = measure.width(PAGE_NUMBER, scale.least)
    needed = sum(measure.width(text, size, heavy) + gap for text, _, heavy, gap in parts)
    if needed + number + 2 * scale.margin > panel.width:
        return False
    line = measure.line_height(size)
    top = panel.height - line - 3 * scale.gap
    pen.fill(0, top, panel.width, panel.height - top, Ink.FOOT)
    pen.fill(0, top, panel.width, max(1, scale.gap // 3), Ink.RULE)
    x, y = scale.margin, top + 2 * scale.gap
    for text, ink, heavy, gap in parts:
        x += pen.text(text, x, y, size, ink, bold=heavy).width + gap
    y_number = y + line - measure.line_height(scale.least)
    pen.text(PAGE_NUMBER, panel.width - scale.margin - number, y_number, scale.least, Ink.MUTED)
    return True


def _wrap_last(pen: Pen, text: str, room: int, last_room: int, size: int) -> list[str]:
    """Wrap so that the last line leaves room for the page number."""
    lines = pen.wrap(text, room, size)
    if lines and pen.measure.width(lines[-1], size) > last_room:
        tail = pen.wrap(lines[-1], last_room, size)
        lines = [*lines[:-1], *tail]
    return lines or [""]
