"""The response codes as the labels and the code-table baseline know them (``response_codes.toml``)."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

_FILE: Final = Path(__file__).with_name("response_codes.toml")
_APPROVED_ELSEWHERE: Final = ("000", "0000")  # ISO 8583:1993 and :2003, action codes


@dataclass(frozen=True, slots=True)
class Codes:
    """``acts``: code -> who acts, the likeliest first; ``usual``: cause -> codes; ``verdict``: who acts -> verdicts."""

    acts: dict[str, tuple[str, ...]]
    approved: frozenset[str]
    system_fault: frozenset[str]
    set_up: frozenset[str]
    dated: frozenset[str]
    not_local: frozenset[str]
    restricted: frozenset[str]
    held: frozenset[str]
    usual: dict[str, tuple[str, ...]]
    leading: dict[str, str]
    verdict: dict[str, tuple[str, ...]]

    def causes_of(self, code: str) -> tuple[str, ...]:
        """The causes that usually come back as this code."""
        return tuple(cause for cause, codes in self.usual.items() if code in codes)


@cache
def codes() -> Codes:
    """The one table, read once."""
    table = tomllib.loads(_FILE.read_text())
    return Codes(
        acts={code: tuple(names.split("|")) for code, names in table["acts"].items()},
        approved=frozenset((*table["class"]["approved"], *_APPROVED_ELSEWHERE)),
        system_fault=frozenset(table["class"]["system_fault"]),
        set_up=frozenset(table["class"]["set_up"]),
        dated=frozenset(table["class"]["dated"]),
        not_local=frozenset(table["class"]["not_local"]),
        restricted=frozenset(table["restricted"]["codes"]),
        held=frozenset(table["restricted"]["held"]),
        usual={cause: tuple(names) for cause, names in table["usual"].items()},
        leading=dict(table["leading"]),
        verdict={who: tuple(filter(None, names.split("|"))) for who, names in table["verdict"].items()},
    )
