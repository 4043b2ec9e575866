"""Pages of a tiny panel (128x64): rows of text in one size, the last row of further pages a foot.

Such a panel has four rows of eight Chinese characters: what is only an answer is told by name below its state, and
only what asks for an action brings its advice along, so that a clerk can page through the whole.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from device.outlets.screen.fonts import Measure
from device.outlets.screen.layout import PAGE_NUMBER, Box, Pen
from device.outlets.screen.list_pages import QR_QUIET, place_qr, progress_figures, qr_matrix
from device.outlets.screen.pages import SIGNS, Item, Mark, Page, PageKind
from device.outlets.screen.palette import Ink
from device.outlets.screen.panel import Panel

_SIZE: Final = 16
_ADVISED: Final = (Mark.ALERT, Mark.DOT)  # items whose advice is shown; a list of dots shows its first alone
_MOST_ADVISED: Final = 2  # the others are told by name: the report has them all
_FOOTLESS: Final = (PageKind.SUMMARY, PageKind.CUSTOMER)


@dataclass(frozen=True, slots=True)
class _Block:
    """Texts that stand below each other, and names that follow the last one."""

    texts: tuple[str, ...]
    names: tuple[str, ...] = ()


def tiny_pages(page: Page, panel: Panel, measure: Measure) -> list[list[Box]]:
    """Text rows; the first page uses all of them, further pages keep the last for page number and foot."""
    if page.kind is PageKind.CODE:
        return _code(page, panel, measure)
    pen = Pen(panel, measure)
    foot = page.kind not in _FOOTLESS
    rows = max(1, panel.height // measure.line_height(_SIZE) - foot)
    blocks = _blocks(page)
    screens: list[list[str]] = [[]]
    for block in blocks:
        lines = _rows(pen, block, page.comma)
        heading_only = len(screens[-1]) < rows and block is blocks[min(1, len(blocks) - 1)]
        if not heading_only and len(lines) <= rows < len(screens[-1]) + len(lines):
            screens.append([])
        for line in lines:
            if len(screens[-1]) == rows:
                screens.append([])
            screens[-1].append(line)
    return [_draw(lines, page, panel, measure, foot=foot) for lines in screens if lines]


def _rows(pen: Pen, block: _Block, comma: str) -> list[str]:
    """Rows of a block; its names stay whole where a row can hold them."""
    width = pen.panel.width
    if not block.names:
        return [line for text in block.texts for line in pen.wrap(text, width, _SIZE)]
    *names, last = block.names
    rows = [*block.texts]
    for name in (*(name + comma for name in names), last):
        if pen.measure.width((rows[-1] + name).rstrip(), _SIZE) <= width:
            rows[-1] += name
        else:
            rows += pen.wrap(name, width, _SIZE)
            rows[-1] += " " if comma.endswith(" ") else ""
    return [row.rstrip() for row in rows]


def _blocks(page: Page) -> list[_Block]:
    """Texts that belong together: first what asks for an action, then the names of the others by their state."""
    if page.kind in _FOOTLESS:
        return [_Block(page.short_rows)]
    if page.kind is PageKind.BOARD:
        return [_Block((page.title,)), _Block(page.short_rows)]
    note = f"{page.tiny_note} {progress_figures(page, page.bar[0])}" if page.bar is not None else page.tiny_note
    blocks = [_Block((page.title, note) if note else (page.title,))]
    named: dict[str, list[str]] = {}
    advised = [item for item in page.items if item.mark in _ADVISED][:_MOST_ADVISED]
    for number, item in enumerate(page.items):
        if not item.state:
            blocks += [_Block((f"{SIGNS[item.mark]} {item.title}",))] if number == 0 else []
        elif item in advised:
            blocks.append(_Block((_head(item), *([item.advice] if item.advice else item.details))))
        else:
            named.setdefault(item.state, []).append(item.short or item.title)
    return [*blocks, *(_Block((state + page.colon,), tuple(names)) for state, names in named.items())]


def _head(item: Item) -> str:
    measured = item.details[0].partition(" (")[0].replace(" ", "") if item.details and not item.short else ""
    return f"{SIGNS[item.mark]} {item.short or item.title} {measured}".rstrip()


def _draw(lines: list[str], page: Page, panel: Panel, measure: Measure, *, foot: bool) -> list[Box]:
    pen = Pen(panel, measure)
    line_height = measure.line_height(_SIZE)
    pen.lines(lines, 0, 0, _SIZE, Ink.TEXT)
    if foot:
        _foot(pen, page, panel.height - line_height)
    return pen.boxes


def _foot(pen: Pen, page: Page, y: int) -> None:
    """Page number and foot; on a board how far it is, with the bar in the row itself."""
    width = pen.panel.width
    if page.bar is not None and not page.tiny_footer:
        done, total = page.bar
        figures = progress_figures(page, done)
        room = width - pen.measure.width(progress_figures(page, total), _SIZE) - 4
        pen.fill(0, y + 2, room, pen.panel.height - y - 4, Ink.BAND)
        pen.fill(1, y + 3, room - 2, pen.panel.height - y - 6, Ink.GROUND)
        pen.fill(3, y + 5, max(1, (room - 6) * min(done, total) // max(1, total)), pen.panel.height - y - 10, Ink.BAND)
        pen.text(figures, room + 4, y, _SIZE, Ink.TEXT)
        return
    pen.fill(0, y, width, pen.panel.height - y, Ink.BAND)
    footer = pen.measure.width(page.tiny_footer, _SIZE)
    number = pen.measure.width(PAGE_NUMBER, _SIZE)
    pen.text(PAGE_NUMBER, 0, y, _SIZE, Ink.ON_BAND)
    if page.tiny_footer and number + footer <= width:
        pen.text(page.tiny_footer, width - footer, y, _SIZE, Ink.ON_BAND)


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
