"""A line of a log in JSON: the text or digits in it, and which way they went if a member says so."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

_DIRECTION: Final = frozenset(("dir", "direction", "type", "event", "op", "action", "side", "name"))
_DATA: Final = frozenset(
    (
        *(
            "data",
            "hex",
            "payload",
            "raw",
            "frame",
            "bytes",
            "apdu",
            "packet",
            "buffer",
            "msg",
            "message",
            "log",
            "text",
        ),
        *("rx", "tx", "request", "response", "command", "报文", "数据"),
    )
)
_MOST_DEPTH: Final = 3


def read_json(line: str) -> tuple[str, str] | None:
    """What the line says as text of a log, and what its members say of the direction; None if it is no JSON object."""
    if not (line.startswith("{") and line.endswith("}") and '"' in line):
        return None
    try:
        told = json.loads(line)
    except (ValueError, RecursionError):
        return None
    members = list(_members(told, 0))
    data = next(((key, value) for key, value in members if key in _DATA and value.strip()), None)
    if data is None:
        return None
    ways = [value for key, value in members if key in _DIRECTION and len(value) <= len("received bytes")]
    return data[1], " ".join((data[0], *ways))


def _members(value: Any, depth: int) -> Iterator[tuple[str, str]]:
    if not isinstance(value, dict) or depth > _MOST_DEPTH:
        return
    for key, item in value.items():
        if isinstance(item, str):
            yield key.lower(), item
        else:
            yield from _members(item, depth + 1)
