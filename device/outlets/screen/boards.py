"""Layout of boards (self-test, update) and of the page for the cardholder."""

from __future__ import annotations

from device.outlets.screen.fonts import Measure
from device.outlets.screen.layout import Box, Pen
from device.outlets.screen.list_pages import MARK_INKS, place_bar, start_page
from device.outlets.screen.pages import Item, Page
from device.outlets.screen.palette import Ink
from device.outlets.screen.panel import Panel


def board_pages(page: Page, panel: Panel, measure: Measure) -> list[list[Box]]:
    """A board's note and bar above its cells and lines; what finds no room goes on further screens."""
    screens: list[list[Box]] = []
    cells, items = page.cells, page.items
    while not screens or cells or items:
        pen, top, bottom = start_page(page, panel, measure)
        y = _note(pen, page, top, bottom) if not screens else top
        cells = cells[_cells(pen, cells, y, bottom) :]
        if not cells:
            items = items[_items(pen, items, y, bottom) :]
        screens.append(pen.boxes)
    return screens


def _note(pen: Pen, page: Page, y: int, bottom: int) -> int:
    """The note in the largest type that leaves room for the rest, then the bar; the y below."""
    scale, measure = pen.scale, pen.measure
    room = pen.panel.width - 2 * scale.margin
    rest = measure.line_height(scale.small) * (6 if page.cells else 2 * len(page.items))

    def fits(size: int) -> bool:
        return len(pen.wrap(page.note, room, size, bold=True)) * measure.line_height(size) <= bottom - y - rest

    size = pen.largest(fits, scale.body if page.cells else round(scale.body * 1.5), scale.least)
    y = pen.lines(pen.wrap(page.note, room, size, bold=True), scale.margin, y, size, Ink.TEXT, bold=True) + scale.gap
    return place_bar(pen, page, y)


def _cells(pen: Pen, cells: tuple[Item, ...], top: int, bottom: int) -> int:
    """Place the cells down the columns, in the largest type in which all have room; how many were placed."""
    if not cells:
        return 0
    scale, measure = pen.scale, pen.measure
    height = bottom - top

    def fits(size: int) -> bool:
        return -(-len(cells) // len(_columns(pen, cells, size))) * _cell_height(pen, size) <= height

    size = pen.largest(fits, scale.body, scale.least)
    widths, side = _columns(pen, cells, size), _side(pen, size)
    rows = max(1, min(height // _cell_height(pen, size), -(-len(cells) // len(widths))))
    if rows * len(widths) < len(cells):  # not all have room: other cells stand in the columns of those that have
        fewer = _columns(pen, cells[: rows * len(widths)], size)
        widths = fewer if len(fewer) == len(widths) else widths[:1]
    spare = max(0, pen.panel.width - 2 * scale.margin - sum(widths)) // len(widths)
    placed = min(len(cells), rows * len(widths))
    for number, cell in enumerate(cells[:placed]):
        column, row = divmod(number, rows)
        x, y = scale.margin + sum(widths[:column]) + column * spare, top + row * _cell_height(pen, size)
        ink = MARK_INKS.get(cell.mark, Ink.MUTED)
        pen.mark(cell.mark, x, y + (measure.line_height(size) - side) // 2, side, ink)
        pen.text(cell.title, x + side + scale.gap, y, size, Ink.TEXT if cell.mark in MARK_INKS else Ink.MUTED)
    return placed


def _columns(pen: Pen, cells: tuple[Item, ...], size: int) -> list[int]:
    """Widths of as many columns as stand side by side, each as wide as its own widest cell."""
    inner = pen.panel.width - 2 * pen.scale.margin
    widths = [pen.measure.width(cell.title, size) + _side(pen, size) + 2 * pen.scale.gap for cell in cells]
    for columns in range(len(cells), 1, -1):
        rows = -(-len(cells) // columns)
        found = [max(widths[start : start + rows]) for start in range(0, len(cells), rows)]
        if sum(found) <= inner:
            return found
    return [max(widths)]


def _side(pen: Pen, size: int) -> int:
    """Side of a cell's mark."""
    return pen.measure.line_height(size) * 7 // 10


def _cell_height(pen: Pen, size: int) -> int:
    return pen.measure.line_height(size) + max(1, pen.scale.gap // 3)


def _items(pen: Pen, items: tuple[Item, ...], y: int, bottom: int) -> int:
    """Place as many lines as there is room for, at least one; how many."""
    scale = pen.scale
    room = pen.panel.width - 2 * scale.margin
    for number, item in enumerate(items):
        lines = pen.wrap(item.title, room, scale.small)
        if number and y + len(lines) * pen.measure.line_height(scale.small) > bottom:
            return number
        y = pen.lines(lines, scale.margin, y, scale.small, Ink.MUTED) + scale.gap
    return len(items)


def customer_pages(page: Page, panel: Panel, measure: Measure) -> list[list[Box]]:
    """The text for the cardholder in the largest type in which it fits; more screens if it never does."""
    pen, top, bottom = start_page(page, panel, measure)
    scale = pen.scale
    room = panel.width - 2 * scale.margin

    def lines_at(size: int) -> list[str]:
        return pen.wrap(page.note, room, size, bold=True)

    def fits(size: int) -> bool:
        return len(lines_at(size)) * measure.line_height(size) <= bottom - top

    size = pen.largest(fits, scale.code, scale.least)
    lines, rows = lines_at(size), max(1, (bottom - top) // measure.line_height(size))
    screens = []
    for first in range(0, len(lines), rows):
        pen, top, bottom = start_page(page, panel, measure)
        chunk = lines[first : first + rows]
        y = top + (bottom - top - len(chunk) * measure.line_height(size)) // 2
        pen.lines(chunk, scale.margin, y, size, Ink.TEXT, bold=True)
        screens.append(pen.boxes)
    return screens
