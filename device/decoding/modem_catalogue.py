"""What a modem's numbers, words and unasked lines mean, from ``catalogue/modem``, in both languages."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from device.settings import read_catalogue
from device.table import Table, TableError

_FILES = ("errors", "states")


@dataclass(frozen=True, slots=True)
class ModemTables:
    """``names`` maps a table (``cme``, ``registration``, ``sim``...) to its keys' texts; ``unasked`` a line's name."""

    names: Mapping[str, Mapping[str, dict[str, str]]]
    unasked: Mapping[str, dict[str, str]]
    _by_words: Mapping[str, Mapping[str, str]] = field(default_factory=dict, repr=False)

    def name(self, table: str, key: object) -> dict[str, str] | None:
        """The texts (``zh``, ``en``) of a number or word; None if it is in no table."""
        return self.names.get(table, {}).get(str(key))

    def error(self, kind: str, text: str) -> str | None:
        """The number (``cme`` or ``cms``) of an error that came in words; None for words of nobody's standard."""
        return self._by_words.get(kind, {}).get(_essence(text))


def read_modem_tables() -> ModemTables:
    """Read ``catalogue/modem``. Raises TableError where a file does not fit."""
    names: dict[str, Mapping[str, dict[str, str]]] = {}
    for file in _FILES:
        root = read_catalogue(f"modem/{file}.toml")
        names |= {key: _codes(root.table(key)) for key in root.keys()}  # noqa: SIM118 - Table remembers what was asked
    root = read_catalogue("modem/urcs.toml")
    unasked = {name: texts for key in root.keys() for name, texts in _codes(root.table(key)).items()}  # noqa: SIM118
    root = read_catalogue("modem/error_words.toml")
    by_words = {kind: _by_words(root.table(kind), names[kind]) for kind in root.keys()}  # noqa: SIM118
    return ModemTables(names, unasked, by_words)


def _by_words(table: Table, names: Mapping[str, dict[str, str]]) -> dict[str, str]:
    """Which number each wording stands for: the English of the table of numbers, and the others of this one."""
    by_words = {_essence(texts["en"]): number for number, texts in names.items()}
    words = _sourced(table, "words")
    for number in words.keys():  # noqa: SIM118
        if number not in names:
            raise words.error(number, "is no number of errors.toml")
        by_words |= {_essence(text): number for text in words.texts(number)}
    return by_words


def _essence(text: str) -> str:
    """What of an error's words does not change from modem to modem: no capitals, signs, cause number, (U) of (U)SIM."""
    plain = re.sub(r"\((?:cause |#)\d+\)|\(u\)", "", text.casefold())
    return " ".join(re.findall(r"[a-z0-9]+", plain))


def _sourced(table: Table, key: str) -> Table:
    """The rows of a table that names its source."""
    if not table.text("source"):
        raise table.error("source", "is empty")
    rows = table.table(key)
    table.close()
    return rows


def _codes(table: Table) -> dict[str, dict[str, str]]:
    codes = _sourced(table, "code")
    return {key: _texts(codes, key) for key in codes.keys()}  # noqa: SIM118


def _texts(codes: Table, key: str) -> dict[str, str]:
    texts = codes.texts(key)
    if len(texts) != 2 or not all(texts):
        raise TableError(f"{codes.where}: {key} needs a Chinese and an English text")
    return {"zh": texts[0], "en": texts[1]}
