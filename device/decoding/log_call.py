"""System calls in the log of strace: which way the bytes went, and as many of them as the call says it moved."""

from __future__ import annotations

import re
from typing import Final

from device.decoding.log_text import unescape_constant
from device.decoding.result import Direction

_CALL: Final = re.compile(
    r"\b(?:(?P<sent>p?write(?:64)?|send(?:to)?)|p?read(?:64)?|recv(?:from)?)\(\d+(?:<[^>]{0,200}>)?, "
    r"\"(?P<text>(?:[^\"\\]|\\.)*)\"(?:\.\.\.)?, \d+[^\"]{0,200}\)\s*=\s*(?P<moved>\d+)"
)
_MARK: Final = '"'


def read_call(line: str) -> tuple[Direction, bytes, int] | None:
    """Direction, the bytes that are shown (strace shows 32 unless told otherwise) and how many were moved."""
    if _MARK not in line or (match := _CALL.search(line)) is None:
        return None
    moved = int(match["moved"])
    data = unescape_constant(match["text"])[:moved]
    return (Direction.SENT if match["sent"] else Direction.RECEIVED, data, moved) if data else None
