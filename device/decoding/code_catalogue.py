"""Code tables of devices in both languages: tables of ``code = {key = [..., zh, en]}``, each with its source."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from device.settings import read_catalogue
from device.table import Table, TableError


@dataclass(frozen=True, slots=True)
class CodeTables:
    """``texts`` maps a table to its keys' texts, ``words`` to the word that a standard itself uses, if any."""

    texts: Mapping[str, Mapping[str, dict[str, str]]]
    words: Mapping[str, Mapping[str, str]]

    def text(self, table: str, key: object) -> dict[str, str]:
        """The texts (``zh``, ``en``) of a key; where the table does not know it, a text that says so."""
        known = self.texts[table].get(str(key))
        return known or {"zh": f"未知（{key}）", "en": f"not known ({key})"}

    def word(self, table: str, key: object) -> str | None:
        """A key's word in its standard; None where the table does not know it."""
        return self.words[table].get(str(key))


def read_code_tables(file: str) -> CodeTables:
    """Read ``catalogue/<file>``. Raises TableError where it does not fit."""
    root = read_catalogue(file)
    texts: dict[str, Mapping[str, dict[str, str]]] = {}
    words: dict[str, Mapping[str, str]] = {}
    for name in root.keys():  # noqa: SIM118 - Table remembers what was asked
        rows = _rows(root.table(name))
        texts[name] = {key: {"zh": row[-2], "en": row[-1]} for key, row in rows.items()}
        words[name] = {key: row[0] for key, row in rows.items() if len(row) > 2}
    return CodeTables(texts, words)


def _rows(table: Table) -> dict[str, tuple[str, ...]]:
    if not table.text("source"):
        raise table.error("source", "is empty")
    codes = table.table("code")
    table.close()
    rows = {key: codes.texts(key) for key in codes.keys()}  # noqa: SIM118
    for key, row in rows.items():
        if len(row) not in (2, 3) or not all(row):
            raise TableError(
                f"{codes.where}: {key} needs a Chinese and an English text, and may have a word before them"
            )
    return rows
