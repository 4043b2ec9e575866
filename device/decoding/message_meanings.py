"""What the fields of ISO 8583 messages are called and what their codes mean, in both languages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from device.settings import LANGUAGES
from device.table import Table

Wording: TypeAlias = Mapping[str, str]  # "zh" and "en"


@dataclass(frozen=True, slots=True)
class MessageMeanings:
    """``names``: a profile's English field name -> Chinese. ``codes``: list -> code -> meaning in both languages."""

    names: Mapping[str, str]
    codes: Mapping[str, Mapping[str, Wording]]

    def name(self, english: str) -> Wording:
        """A field's name in both languages; a name that is not in the table stands for both."""
        return {"zh": self.names.get(english, english), "en": english}

    def meaning(self, codes: str, value: str) -> Wording | None:
        """What ``value`` means by the list ``codes``; None where the list or the value is not known."""
        return self.codes.get(codes, {}).get(value)


def parse_message_meanings(table: Table, hosts: Mapping[str, Table]) -> MessageMeanings:
    """Check the file; the response codes of each of ``hosts`` become a list ``response_<host>``.

    Raises TableError with the place of what does not fit.
    """
    rows = table.table("names")
    names = {name: rows.text(name) for name in rows.keys()}  # noqa: SIM118  a Table is not a mapping
    lists = table.table("codes")
    codes = {name: _codes(lists.table(name)) for name in lists.keys()}  # noqa: SIM118
    table.close()
    codes |= {f"response_{host}": _responses(rows) for host, rows in hosts.items()}
    return MessageMeanings(names, codes)


def _codes(table: Table) -> Mapping[str, Wording]:
    table.text("source")
    meanings: dict[str, Wording] = {}
    for code in table.keys():  # noqa: SIM118
        if code == "source":
            continue
        texts = table.texts(code)
        if len(texts) != len(LANGUAGES) or not all(texts):
            raise table.error(code, "must be two texts, Chinese and English")
        meanings[code] = dict(zip(LANGUAGES, texts, strict=True))
    return meanings


def _responses(host: Table) -> Mapping[str, Wording]:
    return {row.text("code"): {language: row.text(language) for language in LANGUAGES} for row in host.tables("code")}
