"""What a modem's numbers, words and unasked lines mean, from ``catalogue/modem``, in both languages."""

from __future__ import annotations

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
    _by_text: Mapping[str, str] = field(default_factory=dict, repr=False)

    def name(self, table: str, key: object) -> dict[str, str] | None:
        """The texts (``zh``, ``en``) of a number or word; None if it is in no table."""
        return self.names.get(table, {}).get(str(key))

    def error(self, text: str) -> str | None:
        """The +CME or +CMS ERROR number of an error that came as text; None for a text of nobody's standard."""
        return self._by_text.get(text.casefold())


def read_modem_tables() -> ModemTables:
    """Read ``catalogue/modem``. Raises TableError where a file does not fit."""
    names: dict[str, Mapping[str, dict[str, str]]] = {}
    for file in _FILES:
        root = read_catalogue(f"modem/{file}.toml")
        names |= {key: _codes(root.table(key)) for key in root.keys()}  # noqa: SIM118 - Table remembers what was asked
    root = read_catalogue("modem/urcs.toml")
    unasked = {name: texts for key in root.keys() for name, texts in _codes(root.table(key)).items()}  # noqa: SIM118
    by_text = {texts["en"].casefold(): code for key in ("cms", "cme") for code, texts in names[key].items()}
    return ModemTables(names, unasked, by_text)


def _codes(table: Table) -> dict[str, dict[str, str]]:
    if not table.text("source"):
        raise table.error("source", "is empty")
    codes = table.table("code")
    table.close()
    return {key: _texts(codes, key) for key in codes.keys()}  # noqa: SIM118


def _texts(codes: Table, key: str) -> dict[str, str]:
    texts = codes.texts(key)
    if len(texts) != 2 or not all(texts):
        raise TableError(f"{codes.where}: {key} needs a Chinese and an English text")
    return {"zh": texts[0], "en": texts[1]}
