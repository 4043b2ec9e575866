"""HTML and SVG built from elements: whatever is not an element itself is escaped, so nothing from outside is markup."""

from __future__ import annotations

import html
from typing import Final

from device.outlets.report_words import clean

_EMPTY: Final = frozenset({"meta", "img", "br", "rect", "line", "circle", "polyline", "polygon"})


class Html(str):
    """Text that is markup already; only :func:`element` and :func:`joined` make it."""

    __slots__ = ()


def element(name: str, /, *children: str, **attributes: str | float) -> Html:
    """One element: ``element("p", "a < b", class_="note")``. A trailing _ of a name is cut, another _ becomes -."""
    told = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{html.escape(clean(_plain(value)))}"'
        for key, value in attributes.items()
    )
    if name in _EMPTY and not children:
        return Html(f"<{name}{told}>" if name in ("meta", "img", "br") else f"<{name}{told}/>")
    return Html(f"<{name}{told}>{joined(*children)}</{name}>")


def joined(*children: str) -> Html:
    """Children side by side; those that are not :class:`Html` are escaped."""
    return Html("".join(child if isinstance(child, Html) else html.escape(clean_text(child)) for child in children))


def clean_text(text: str) -> str:
    """``text`` without signs that print nothing, with a space kept at either end."""
    inner = clean(text)
    return (" " if text[:1].isspace() else "") + inner + (" " if inner and text[-1:].isspace() else "")


def _plain(value: str | float) -> str:
    return value if isinstance(value, str) else f"{value:.1f}".removesuffix(".0")
