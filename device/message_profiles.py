"""Message profiles from their files: the product's own, and those that a vendor adds.

A vendor's file is TOML like the product's own (``catalogue/profiles``), called as the profile that it describes; it may
take all rows of one of those with ``rows_of`` and state what differs. It is tried before the product's own unless it
gives itself a rank.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from device.settings import read_folder, read_text
from device.table import TableError, parse_toml
from protocol.iso8583_profile import MessageProfile, ProfileError, parse_profile

_MOST_FILES: Final = 16


def read_message_profiles(
    files: Sequence[Path] = (), code_lists: Collection[str] | None = None
) -> Mapping[str, MessageProfile]:
    """The product's profiles and those of ``files`` by name, in the order in which they are to be tried.

    ``code_lists`` are the lists that explain values, which the fields of ``files`` may name; None checks no such name.
    Raises :class:`~device.table.TableError`: one sentence with file, line and reason.
    """
    if len(files) > _MOST_FILES:
        raise TableError(f"{len(files)} profile files are too many; at most {_MOST_FILES} are read")
    tables = read_folder("profiles")
    others = {name: table.mapping for name, table in tables.items()}
    profiles = {name: _parse(table.mapping, table.source_text, table.where, others) for name, table in tables.items()}
    for path in files:
        text = read_text(path)
        table = {"rank": 0, **parse_toml(text, str(path)).mapping}
        profile = _parse(table, text, str(path), others, code_lists)
        if profile.name != path.stem:
            line = _line_of(text, ["name"])
            raise TableError(f"{path}, line {line}: name must be {path.stem!r}, as the file is called")
        if profile.name in profiles:
            raise TableError(f"{path}: name {profile.name[:40]!r} is the name of another profile already")
        profiles[profile.name] = profile
    return dict(sorted(profiles.items(), key=lambda item: item[1].rank))


def _parse(
    table: Mapping[str, Any],
    text: str,
    where: str,
    others: Mapping[str, Mapping[str, Any]],
    code_lists: Collection[str] | None = None,
) -> MessageProfile:
    try:
        return parse_profile(table, where, others, code_lists)
    except ProfileError as error:
        line = _line_of(text, error.path)
        raise TableError(f"{where}, line {line}: {error.place}" if line else str(error)) from error


def _line_of(text: str, path: Sequence[str]) -> int | None:
    """Line (from 1) of the innermost key of ``path`` that can be found: ``[a.b]`` and a key, or a key under ``[a]``.

    A key that is itself a table stands as ``[a.b]`` or, where it should not, as ``[[a.b]]``.
    """
    if path[:1] == ("variant",):
        return _line_in(text, r"\[\[variant\]\]", int(path[1]), path[2:]) if len(path) > 1 else None
    for depth in range(len(path), 0, -1):
        header = rf"\[{{1,2}}{re.escape('.'.join(path[:depth]))}\]"
        line = _line_in(text, header, 1, path[depth : depth + 1])
        if line is not None:
            return line
    return _line_in(text, "", 0, path[:1])


def _line_in(text: str, header: str, nth: int, keys: Sequence[str]) -> int | None:
    """Line of the first of ``keys`` in the ``nth`` table with this header (0: before the first table)."""
    seen = 0
    found = None
    for number, line in enumerate(text.splitlines(), 1):
        if line.lstrip().startswith("["):
            if seen and seen == nth:
                break
            seen += bool(header and re.match(rf"\s*{header}", line))
            found = number if seen == nth else None
            if not header:
                break
        elif seen == nth and keys and re.match(rf"\s*\"?{re.escape(keys[0])}\"?\s*[.=]", line):
            return number
    return found if seen == nth and header else None
