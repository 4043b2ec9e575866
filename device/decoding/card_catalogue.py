"""Status words and commands of chip cards, out of the catalogue."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from device.settings import LANGUAGES
from device.table import Table
from protocol.status_word import StatusRow, StatusWords

Wording: TypeAlias = Mapping[str, str]  # "zh" and "en"
_FIRST_PROPRIETARY_CLA = 0x80


@dataclass(frozen=True, slots=True)
class CardCommands:
    """Names of commands by INS byte, of interindustry and of proprietary classes."""

    interindustry: Mapping[int, Wording]
    proprietary: Mapping[int, Wording]

    def name(self, cla: int, ins: int) -> Wording | None:
        """The command's name; None for one that is not known."""
        own = self.proprietary.get(ins) if cla >= _FIRST_PROPRIETARY_CLA else None
        return own or self.interindustry.get(ins)


def parse_status_words(file: Table) -> StatusWords:
    """Check the file of status words. Raises TableError."""
    rows: list[StatusRow] = []
    for name in file.keys():  # noqa: SIM118  a Table is not a mapping
        section = file.table(name)
        source = section.text("source")
        is_class = section.choice("kind", ("word", "class")) == "class"
        ins = section.optional_text("instruction", most=2)
        words = section.table("sw")
        for pattern in words.keys():  # noqa: SIM118
            row = StatusRow(pattern, _wording(words, pattern), source, None if ins is None else int(ins, 16), is_class)
            rows.append(row)
        section.close()
    try:
        return StatusWords(rows)
    except ValueError as error:
        raise file.error("sw", str(error)) from error


def parse_card_commands(file: Table) -> CardCommands:
    """Check the file of commands. Raises TableError."""
    found: dict[str, dict[int, Wording]] = {"interindustry": {}, "proprietary": {}}
    for name in file.keys():  # noqa: SIM118
        section = file.table(name)
        section.text("source")
        names = found[section.choice("class", tuple(found))]
        rows = section.table("ins")
        for ins in rows.keys():  # noqa: SIM118
            try:
                names.setdefault(int(ins, 16), _wording(rows, ins))
            except ValueError as error:
                raise rows.error(ins, "must be two hexadecimal digits") from error
        section.close()
    return CardCommands(found["interindustry"], found["proprietary"])


def _wording(table: Table, key: str) -> Wording:
    texts = table.texts(key)
    if len(texts) != len(LANGUAGES) or not all(texts):
        raise table.error(key, "must be two texts, Chinese and English")
    return dict(zip(LANGUAGES, texts, strict=True))
