"""The pages of a diagnosis as plain JSON, for a payment application that draws them itself in its own manner."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from device.diagnosis.verdict import Diagnosis
from device.outlets.screen.pages import Item, Page, customer_page, pages_of
from device.outlets.screen.panel import Panel

_LARGE = Panel(480, 800)


def pages_to_json(diagnosis: Diagnosis, texts: Mapping[str, Any], language: str) -> list[dict[str, Any]]:
    """Every page in order, in words that need no further look-up; the page for the customer comes last."""
    pages = [*pages_of(diagnosis, texts, language, _LARGE), customer_page(diagnosis, texts, language)]
    return [_page(page) for page in pages]


def _page(page: Page) -> dict[str, Any]:
    return {
        "kind": page.kind.value,
        "title": page.title,
        "subtitle": page.subtitle,
        "code": page.code,
        "rows": [{"tag": tag, "text": text} for tag, text in page.rows],
        "items": [_item(item) for item in page.items],
        "note": page.note,
        "charged": page.charged,
        "contact": page.contact,
        "short_code": page.short_code,
        "qr": page.qr,
    }


def _item(item: Item) -> dict[str, Any]:
    return {
        "title": item.title,
        "mark": item.mark.value,
        "state": item.state,
        "details": list(item.details),
        "advice": item.advice,
    }
