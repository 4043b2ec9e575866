"""Versions of the system image, in order: Semantic Versioning 2.0.0, clause 11, with any number of parts."""

from __future__ import annotations

import re
from typing import Final, TypeAlias

Version: TypeAlias = tuple[tuple[int, ...], tuple[tuple[int, int, str], ...]]

_FORM: Final = re.compile(r"v?(\d{1,9}(?:\.\d{1,9}){0,5})(?:-([0-9A-Za-z.-]{1,40}))?(?:\+[0-9A-Za-z.-]{1,40})?")
_RELEASE: Final = ((2, 0, ""),)  # after every pre-release


def parse_version(text: str) -> Version:
    """``"2.1-rc.2"`` as something that sorts; build data behind ``+`` does not count. Raises ValueError."""
    found = _FORM.fullmatch(text.strip())
    if found is None:
        raise ValueError(f"{text[:40]!r} is not a version like 2.1.0")
    numbers = [int(part) for part in found[1].split(".")]
    while len(numbers) > 1 and numbers[-1] == 0:  # 2.0 is 2
        numbers.pop()
    before = tuple(_identifier(part) for part in found[2].split(".")) if found[2] else _RELEASE
    return tuple(numbers), before


def _identifier(part: str) -> tuple[int, int, str]:
    return (0, int(part), "") if part.isdecimal() else (1, 0, part)
