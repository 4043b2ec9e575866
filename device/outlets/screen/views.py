"""A view (decline, self-test, update, challenge) as screens of boxes: each page laid out, numbered, with controls."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from device.outlets.screen.board_pages import challenge_pages, selftest_pages, update_pages
from device.outlets.screen.boards import board_pages, customer_pages
from device.outlets.screen.controls import bar_height, with_bar
from device.outlets.screen.first_page import first_page
from device.outlets.screen.fonts import Measure
from device.outlets.screen.layout import Box, number_pages
from device.outlets.screen.list_pages import code_page, list_pages, rest_of_first
from device.outlets.screen.look import MOVES, Look
from device.outlets.screen.pages import Page, PageKind, customer_page, pages_of
from device.outlets.screen.panel import Panel
from device.outlets.screen.subjects import ChallengeView, DeclineView, SelftestView, UpdateView, View
from device.outlets.screen.text_screen import pages_text
from device.outlets.screen.tiny_pages import tiny_pages

_TEXT_PANEL: Final = Panel(480, 480)


def lay_out(pages: Sequence[Page], panel: Panel, measure: Measure) -> list[list[Box]]:
    """All screens for ``pages``, each a list of boxes in drawing order, with page numbers."""
    return number_pages([boxes for boxes, _ in _screens(pages, panel, measure)])


def _screens(pages: Sequence[Page], panel: Panel, measure: Measure) -> list[tuple[list[Box], Page]]:
    """Each screen with the page it belongs to."""
    screens: list[tuple[list[Box], Page]] = []
    money = 0  # the screen, from 1, on which a tiny panel says whether the customer was charged
    for page in pages:
        if panel.is_tiny:
            money = money or len(screens) + (page.kind is PageKind.SUMMARY and bool(screens))
            told = replace(page, tiny_footer=page.tiny_footer.format(page=money))
            screens += [(boxes, page) for boxes in tiny_pages(told, panel, measure)]
        else:
            screens += [(boxes, page) for boxes in _LAYOUTS[page.kind](page, panel, measure)]
    return screens


def _summary(page: Page, panel: Panel, measure: Measure) -> list[list[Box]]:
    boxes, rest = first_page(page, panel, measure)
    if not rest:
        return [boxes]
    more = Page(
        PageKind.LIST,
        page.more_title,
        page.code,
        page.tone,
        page.charged,
        page.contact,
        page.charged_tag,
        page.contact_tag,
        items=rest_of_first(page, rest),
    )
    return [boxes, *list_pages(more, panel, measure)]


_LAYOUTS: Final[Mapping[PageKind, Callable[[Page, Panel, Measure], list[list[Box]]]]] = {
    PageKind.SUMMARY: _summary,
    PageKind.LIST: list_pages,
    PageKind.CODE: lambda page, panel, measure: [code_page(page, panel, measure)],
    PageKind.CUSTOMER: customer_pages,
    PageKind.BOARD: board_pages,
}


def pages_of_view(view: View, texts: Mapping[str, Any], look: Look, panel: Panel) -> list[Page]:
    """The pages of whatever is to be shown. ``texts`` are those of the look's language."""
    if isinstance(view, SelftestView):
        return selftest_pages(view, texts, look.language)
    if isinstance(view, UpdateView):
        return update_pages(view, texts, look.language)
    if isinstance(view, ChallengeView):
        return challenge_pages(view, texts)
    if look.customer:
        return [customer_page(view.diagnosis, texts, look.language)]
    return pages_of(view.diagnosis, texts, look.language, panel, view.running)


def lay_out_view(
    view: View, texts: Mapping[str, Mapping[str, Any]], look: Look, panel: Panel, measure: Measure
) -> tuple[list[list[Box]], list[Page]]:
    """All screens of a view with their controls, and the page that each belongs to."""
    bar = bar_height(panel, look.controls)
    above = replace(panel, height=panel.height - bar)
    laid = _screens(pages_of_view(view, texts[look.language], look, above), above, measure)
    screens = number_pages([boxes for boxes, _ in laid])
    if bar and look.controls is not None:
        words = bar_words(view, texts, look)
        screens = [with_bar(boxes, words, look.controls, panel, measure) for boxes in screens]
    return screens, [page for _, page in laid]


def bar_words(view: View, texts: Mapping[str, Mapping[str, Any]], look: Look) -> list[str]:
    """What stands on the bar; the language is the next one's own name, so that whoever needs it can read it."""
    names = tuple(texts)
    following = names[(names.index(look.language) + 1) % len(names)]
    own = texts[look.language]["screen"]["move"]
    words = {**own, "language": texts[following]["screen"]["own_name"]}
    if not isinstance(view, DeclineView):
        words["customer"] = ""  # there is nothing to show to one
    elif look.customer:
        words["customer"] = own["clerk"]
    return [str(words[move]) for move in MOVES]


def view_text(view: View, texts: Mapping[str, Any], look: Look) -> str:
    """The same content as plain text."""
    return pages_text(pages_of_view(view, texts, look, _TEXT_PANEL))
