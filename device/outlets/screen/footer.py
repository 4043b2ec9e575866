"""The foot of every page: was the customer charged, and whom to call."""

from __future__ import annotations

from typing import TypeAlias

from device.outlets.screen.layout import PAGE_NUMBER, Pen
from device.outlets.screen.pages import Page
from device.outlets.screen.palette import Ink

_Row: TypeAlias = tuple[str, list[str], bool]  # tag, lines, bold


def place_footer(pen: Pen, page: Page, *, large: bool = False) -> int:
    """Place the foot at the bottom of the panel; the y where it begins. ``large`` is for the first page.

    A page that judges no sale says nothing of money, one for the cardholder names no one to call; the page number
    stands in every foot.
    """
    panel, scale, measure = pen.panel, pen.scale, pen.measure
    size = scale.small if large else scale.least
    if _one_line(pen, page, size, bold=large):
        return panel.height - measure.line_height(size) - 3 * scale.gap
    beside = _rows_beside(pen, page, size, bold=large)
    before = _rows_before(pen, page, size)
    tag, rows = min((beside, before), key=lambda option: sum(len(lines) for _, lines, _ in option[1]))
    line = measure.line_height(size)
    height = sum(len(lines) for _, lines, _ in rows) * line + (len(rows) + 1) * scale.gap
    top = panel.height - height
    pen.fill(0, top, panel.width, height, Ink.FOOT)
    pen.fill(0, top, panel.width, max(1, scale.gap // 3), Ink.RULE)
    y = top
    for word, lines, bold in rows:
        y += scale.gap
        if word:
            pen.text(word, scale.margin, y, size, Ink.MUTED)
        y = pen.lines(lines, scale.margin + tag, y, size, Ink.TEXT, bold=bold)
    y_number = y - measure.line_height(scale.least)
    number = measure.width(PAGE_NUMBER, scale.least)
    pen.text(PAGE_NUMBER, panel.width - scale.margin - number, y_number, scale.least, Ink.MUTED)
    return top


def _told(page: Page, *, bold: bool) -> list[tuple[str, str, bool]]:
    """Tag, text, bold of what this page's foot says."""
    rows = [(page.charged_tag, page.charged, bold), (page.contact_tag, page.contact, False)]
    return [row for row in rows if row[1]]


def _rows_beside(pen: Pen, page: Page, size: int, *, bold: bool) -> tuple[int, list[_Row]]:
    """Tags in a column of their own: its width, and the rows."""
    scale, measure = pen.scale, pen.measure
    told = _told(page, bold=bold)
    tag = max((measure.width(word, size) for word, _, _ in told), default=0) + 2 * scale.gap
    room = pen.panel.width - 2 * scale.margin - tag
    return tag, _wrapped(pen, told, room, size)


def _rows_before(pen: Pen, page: Page, size: int) -> tuple[int, list[_Row]]:
    """Tags as the first words of their text: less tidy, but shorter on a narrow panel."""
    told = [("", f"{tag} · {text}", False) for tag, text, _ in _told(page, bold=False)]
    return 0, _wrapped(pen, told, pen.panel.width - 2 * pen.scale.margin, size)


def _wrapped(pen: Pen, told: list[tuple[str, str, bool]], room: int, size: int) -> list[_Row]:
    rows = [(tag, pen.wrap(text, room, size, bold=bold), bold) for tag, text, bold in told[:-1]]
    tag, text, bold = told[-1] if told else ("", "", False)
    return [*rows, (tag, _wrap_last(pen, text, room, size, bold=bold), bold)]


def _one_line(pen: Pen, page: Page, size: int, *, bold: bool) -> bool:
    """Place everything on one line if it fits, as it does on most landscape panels."""
    panel, scale, measure = pen.panel, pen.scale, pen.measure
    parts = []
    for tag, text, heavy in _told(page, bold=bold):
        parts += [(tag, Ink.MUTED, False, scale.gap * 2), (text, Ink.TEXT, heavy, scale.margin * 2)]
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


def _wrap_last(pen: Pen, text: str, room: int, size: int, *, bold: bool = False) -> list[str]:
    """Wrap so that the last line leaves room for the page number."""
    last_room = room - pen.measure.width(PAGE_NUMBER, pen.scale.least) - pen.scale.gap
    lines = pen.wrap(text, room, size, bold=bold)
    if lines and pen.measure.width(lines[-1], size, bold) > last_room:
        lines = [*lines[:-1], *pen.wrap(lines[-1], last_room, size, bold=bold)]
    return lines
