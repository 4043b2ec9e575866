"""Pages of a tiny panel (128x64): rows of text in one size, the last row of further pages a foot."""

from __future__ import annotations

from device.outlets.screen.fonts import Measure
from device.outlets.screen.layout import PAGE_NUMBER, Box, Pen
from device.outlets.screen.list_pages import QR_QUIET, place_qr, qr_matrix
from device.outlets.screen.pages import SIGNS, Page, PageKind
from device.outlets.screen.palette import Ink
from device.outlets.screen.panel import Panel

_SIZE = 16


def tiny_pages(page: Page, panel: Panel, measure: Measure) -> list[list[Box]]:
    """Text rows; the first page uses all of them, further pages keep the last for page number and foot."""
    if page.kind is PageKind.CODE:
        return _code(page, panel, measure)
    pen = Pen(panel, measure)
    foot = page.kind is not PageKind.SUMMARY
    rows = max(1, panel.height // measure.line_height(_SIZE) - foot)
    blocks = _blocks(page) if foot else [page.short_rows]
    screens: list[list[str]] = [[]]
    for block in blocks:
        lines = [line for text in block for line in pen.wrap(text, panel.width, _SIZE)]
        heading_only = len(screens[-1]) < rows and block is blocks[min(1, len(blocks) - 1)]
        if not heading_only and len(lines) <= rows < len(screens[-1]) + len(lines):
            screens.append([])
        for line in lines:
            if len(screens[-1]) == rows:
                screens.append([])
            screens[-1].append(line)
    return [_draw(lines, page, panel, measure, foot=foot) for lines in screens if lines]


def _blocks(page: Page) -> list[tuple[str, ...]]:
    """Texts that belong together; answers of the same state stand below one heading."""
    blocks: list[tuple[str, ...]] = [(page.title, page.note) if page.note else (page.title,)]
    state = ""
    for item in page.items:
        sign = SIGNS[item.mark]
        head = f"{sign} {item.title}" if sign else item.title
        if not item.compact:
            blocks.append((head, item.state, *([item.advice] if item.advice else item.details)))
        elif item.state != state:
            state = item.state
            blocks.append((f"= {state}", head))
        else:
            blocks.append((head,))
    return blocks


def _draw(lines: list[str], page: Page, panel: Panel, measure: Measure, *, foot: bool) -> list[Box]:
    pen = Pen(panel, measure)
    line_height = measure.line_height(_SIZE)
    pen.lines(lines, 0, 0, _SIZE, Ink.TEXT)
    if foot:
        _foot(pen, page, panel.height - line_height)
    return pen.boxes


def _foot(pen: Pen, page: Page, y: int) -> None:
    pen.fill(0, y, pen.panel.width, pen.panel.height - y, Ink.BAND)
    width = pen.measure.width(page.tiny_footer, _SIZE)
    number = pen.measure.width(PAGE_NUMBER, _SIZE)
    if number + width <= pen.panel.width:
        pen.text(PAGE_NUMBER, 0, y, _SIZE, Ink.ON_BAND)
        pen.text(page.tiny_footer, pen.panel.width - width, y, _SIZE, Ink.ON_BAND)


def _code(page: Page, panel: Panel, measure: Measure) -> list[list[Box]]:
    """QR on the left, short code on the right; a panel without room for both shows the code alone."""
    pen = Pen(panel, measure)
    side = len(qr_matrix(page.qr)) + 2 * QR_QUIET
    module = min(panel.height // side, panel.width * 5 // 8 // side)
    x = side * module + 4 if module else 0
    lines = pen.wrap(f"{page.short_code_tag} {page.short_code}", panel.width - x, _SIZE)
    lines = lines[: panel.height // measure.line_height(_SIZE)]
    if module:
        place_qr(pen, page.qr, 0, (panel.height - side * module) // 2, module)
    pen.lines(lines, x, (panel.height - len(lines) * measure.line_height(_SIZE)) // 2, _SIZE, Ink.TEXT)
    return [pen.boxes]
