"""What the bits of a printer's status bytes say, from ``catalogue/printer/escpos.toml``, in both languages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from device.settings import read_catalogue
from device.table import Table, TableError
from protocol.escpos import PrinterStatus, Status

_ROW_SIZE = 6


@dataclass(frozen=True, slots=True)
class PrinterState:
    """A state of the printer: it holds where ``raw[byte] & mask == value``. ``word`` is for programs."""

    word: str
    byte: int
    mask: int
    value: int
    texts: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class PrinterStates:
    """``bits`` maps a kind of status to its states, ``names`` to its texts (``zh``, ``en``)."""

    bits: Mapping[str, tuple[PrinterState, ...]]
    names: Mapping[str, dict[str, str]]

    def of(self, about: Status, raw: bytes) -> tuple[PrinterState, ...]:
        """The states that a status tells, if it answers ``about``; none means that nothing is to report."""
        found = self.bits.get(about, ())
        return tuple(s for s in found if s.byte < len(raw) and raw[s.byte] & s.mask == s.value)

    def words(self, status: PrinterStatus) -> frozenset[str]:
        """The states' words, for programs."""
        return frozenset(state.word for state in self.of(status.about, status.raw))


@cache
def read_printer_states() -> PrinterStates:
    """Read the catalogue, once. Raises TableError where it does not fit."""
    root = read_catalogue("printer/escpos.toml")
    names = root.table("names")
    codes = names.table("code")
    bits = {key: _states(root.table(key)) for key in root.keys() if key != "names"}  # noqa: SIM118
    return PrinterStates(bits, {key: _pair(codes, codes.texts(key)) for key in codes.keys()})  # noqa: SIM118


def _states(table: Table) -> tuple[PrinterState, ...]:
    if not table.text("source"):
        raise table.error("source", "is empty")
    rows = table.mapping.get("bits", ())
    return tuple(_state(table, row) for row in rows)


def _state(table: Table, row: object) -> PrinterState:
    if not isinstance(row, list) or [type(cell) for cell in row] != [str, int, int, int, str, str]:
        raise table.error("bits", f"needs rows of {_ROW_SIZE}: word, byte, mask, value, zh, en")
    word, byte, mask, value = row[:4]
    if byte < 0 or value & ~mask or not 0 < mask <= 0xFF:
        raise table.error("bits", f"has a value outside its mask for {word}")
    return PrinterState(word, byte, mask, value, _pair(table, row[4:]))


def _pair(table: Table, texts: tuple[str, ...] | list[str]) -> dict[str, str]:
    if len(texts) != 2 or not all(texts):
        raise TableError(f"{table.where}: a Chinese and an English text are needed")
    return {"zh": texts[0], "en": texts[1]}
