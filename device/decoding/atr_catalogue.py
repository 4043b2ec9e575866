"""Words for answers to reset from ``catalogue/atr``, and the names that Debian's pcsc-tools knows, where installed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from device.settings import read_catalogue
from device.table import Table

CARD_LIST: Final = Path("/usr/share/pcsc/smartcard_list.txt")  # never part of the product: its licence is the GPL
_MOST_LIST_BYTES: Final = 4_194_304
_MOST_LINE_BYTES: Final = 1024
_MOST_NAMES: Final = 3
_PATTERN: Final = re.compile(r"3[BbFf.](?: ?[0-9A-Fa-f.]{2})*")
_NAME: Final = re.compile(r"[^\x00-\x1f\x7f]{1,80}")
_LONG_NUMBER: Final = re.compile(r"\d{9}")


@dataclass(frozen=True, slots=True)
class AtrTables:
    """``names`` maps a table (``interface``, ``object``, ``card``...) to its keys' texts."""

    names: Mapping[str, Mapping[str, dict[str, str]]]

    def text(self, table: str, key: object, figures: Mapping[str, object] | None = None) -> dict[str, str] | None:
        """Both texts of a key, with the figures in their places; None where the table does not know the key."""
        texts = self.names[table].get(str(key))
        return {language: text.format(**(figures or {})) for language, text in texts.items()} if texts else None


def read_atr_tables() -> AtrTables:
    """Read both files. Raises TableError where one does not fit."""
    names = {}
    for file in ("texts", "contactless"):
        root = read_catalogue(f"atr/{file}.toml")
        for name in root.keys():  # noqa: SIM118  a Table is not a mapping
            names[name] = _codes(root.table(name))
    return AtrTables(names)


def _codes(table: Table) -> dict[str, dict[str, str]]:
    if not table.text("source"):
        raise table.error("source", "is empty")
    codes = table.table("code")
    table.close()
    found = {}
    for key in codes.keys():  # noqa: SIM118
        texts = codes.texts(key)
        if len(texts) != 2 or not all(texts):
            raise codes.error(key, "needs a Chinese and an English text")
        found[key] = {"zh": texts[0], "en": texts[1]}
    return found


def names_of(atr: bytes, path: Path = CARD_LIST) -> tuple[str, ...]:
    """At most three names that the system's list of cards has for an ATR, () where there is no list.

    The list is read line by line and never more than 4 MiB of it. A pattern is taken as digits and dots alone: where
    it is any other expression, it is passed over.
    """
    try:
        with path.open("rb") as lines:
            return _names(atr.hex(), _bounded(lines))
    except OSError:
        return ()


def _bounded(lines: Iterable[bytes]) -> Iterable[str]:
    read = 0
    for line in lines:
        read += len(line)
        if read > _MOST_LIST_BYTES or len(line) > _MOST_LINE_BYTES:
            return
        yield line.decode("utf-8", "replace").rstrip()


def _names(digits: str, lines: Iterable[str]) -> tuple[str, ...]:
    found: list[str] = []
    is_wanted = False
    for line in lines:
        if line.startswith("3"):
            is_wanted = _matches(line, digits)
        elif is_wanted and line.startswith("\t"):
            name = line.strip()
            if _NAME.fullmatch(name) and not _LONG_NUMBER.search(name):
                found.append(name)
        if len(found) == _MOST_NAMES:
            break
    return tuple(found)


def _matches(pattern: str, digits: str) -> bool:
    wanted = pattern.replace(" ", "").lower()
    if len(wanted) != len(digits) or not _PATTERN.fullmatch(pattern):
        return False
    return all(want in (".", digit) for want, digit in zip(wanted, digits, strict=True))
