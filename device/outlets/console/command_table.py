"""The commands and errors of the technician's port, as the catalogue has them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from device.table import Table

HIGHEST_LEVEL = 3


@dataclass(frozen=True, slots=True)
class CommandRow:
    """One command: its name (``"test run"``), the level it needs, and the words it takes, as a person reads them.

    ``disturbs``: not while a sale runs, nor while offline payments wait to be sent.
    """

    name: str
    level: int
    words: str
    disturbs: bool = False

    @property
    def usage(self) -> str:
        """Name and words."""
        return f"{self.name} {self.words}".rstrip()


@dataclass(frozen=True, slots=True)
class CommandTable:
    """All commands by name, and the numbers of the errors by theirs."""

    commands: Mapping[str, CommandRow]
    errors: Mapping[str, int]

    def find(self, words: tuple[str, ...]) -> tuple[CommandRow, tuple[str, ...]] | None:
        """The command that the words begin with, the longest name first, and the words behind it."""
        for count in (3, 2, 1):
            row = self.commands.get(" ".join(words[:count]).lower())
            if row is not None and len(words) >= count:
                return row, words[count:]
        return None


def parse_commands(table: Table) -> CommandTable:
    """Read the commands and errors of ``console.toml``; a number that stands for two errors is a mistake."""
    rows = table.table("command")
    commands = {}
    for name in rows.keys():  # noqa: SIM118  a Table is not a mapping
        row = rows.table(name)
        level, words = row.whole("level", most=HIGHEST_LEVEL), row.text("words", "", most=120)
        commands[name] = CommandRow(name, level, words, row.flag("disturbs", False))
        row.close()
    numbers = table.table("errors")
    errors = {name: numbers.whole(name, least=1, most=99999) for name in numbers.keys()}  # noqa: SIM118
    if len(set(errors.values())) != len(errors):
        raise table.error("errors", "gives one number to two errors")
    return CommandTable(commands, errors)
