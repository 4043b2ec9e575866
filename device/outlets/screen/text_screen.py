"""The screen as text, for a terminal window, a log reader or a Braille line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from device.diagnosis.verdict import Diagnosis
from device.outlets.screen.pages import SIGNS, Page, PageKind, pages_of
from device.outlets.screen.panel import Panel
from device.outlets.screen.wrap import is_wide, wrap


def columns_of(text: str) -> int:
    """Terminal columns that ``text`` takes: two for a wide character."""
    return sum(2 if is_wide(character) else 1 for character in text)


def screen_text(diagnosis: Diagnosis, texts: Mapping[str, Any], language: str, columns: int = 60) -> str:
    """Return all pages as plain text, at most ``columns`` columns wide (at least 16)."""
    columns = max(16, columns)
    return pages_text(pages_of(diagnosis, texts, language, Panel(columns * 8, columns * 8)), columns)


def pages_text(pages: Sequence[Page], columns: int = 60) -> str:
    """Return pages as plain text, at most ``columns`` columns wide."""
    lines: list[str] = []
    for page in pages:
        lines += _page_lines(page, columns)
        lines.append("")
    return "\n".join(lines)


def _page_lines(page: Page, columns: int) -> list[str]:
    if page.kind is PageKind.SUMMARY:
        head = " · ".join(text for text in (page.code, page.title, page.subtitle) if text)
        rows = [*page.rows, (page.charged_tag, page.charged), (page.contact_tag, page.contact)]
        rows.append((page.short_code_tag, page.short_code))
        return [*_wrap(head, columns, ""), "=" * columns, *_tagged(rows, columns)]
    lines = [*_wrap(page.title, columns, ""), "-" * columns]
    if page.kind is PageKind.CODE:
        return [*lines, *_wrap(page.short_code, columns, ""), *_wrap(page.note, columns, "")]
    lines += _wrap(page.note, columns, "")
    if page.bar is not None:
        lines += _wrap("/".join(map(str, page.bar)), columns, "")
    for item in (*page.cells, *page.items):
        state = f" [{item.state}]" if item.state else ""
        sign = SIGNS[item.mark] or " "
        lines += _wrap(f"{item.title}{state}", columns, "  ", f"{sign} ")
        for detail in (*item.details, item.advice):
            lines += _wrap(detail, columns, "    ")
    told = [(tag, text) for tag, text in ((page.charged_tag, page.charged), (page.contact_tag, page.contact)) if text]
    if page.kind in (PageKind.BOARD, PageKind.CUSTOMER) and told:
        lines += _tagged(told, columns)
    return lines


def _tagged(rows: list[tuple[str, str]], columns: int) -> list[str]:
    width = max(columns_of(tag) for tag, _ in rows) + 2
    lines = []
    for tag, text in rows:
        lines += _wrap(text, columns, " " * width, tag + " " * (width - columns_of(tag)))
    return lines


def _wrap(text: str, columns: int, indent: str, first: str | None = None) -> list[str]:
    """Wrapped lines, the first one after ``first``, the others after ``indent``."""
    lines = wrap(text, columns - columns_of(indent), columns_of)
    return [((first if number == 0 and first is not None else indent) + line) for number, line in enumerate(lines)]
