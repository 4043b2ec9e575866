"""The table of response codes of one host: what a code means, who acts, and what it names."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, Protocol

from device.diagnosis.verdict import Addressee, Retry, Text, Verdict
from device.table import Table

CLASSES: Final = ("A", "B", "C", "D", "E", "-")  # approved, retry, no retry, operator acts, system, not recorded
LANGUAGE: Final = re.compile("[a-z]{2}(-[A-Za-z]{2,8})?")  # a tag as zh-Hant, BCP 47
CHARGED: Final = ("no", "yes", "part", "unknown")


@dataclass(frozen=True, slots=True)
class CodeRow:
    """One response code (DE39) as one host uses it."""

    code: str
    meaning: Text
    says: Text  # the same for the headline, neutral: a cardholder may see it
    action_class: str  # A approved, B may be retried, C no retry, D operator must act, E system fault, - not recorded
    origin: str  # who may set it: letters of A acquirer, S switch, I issuer; "" not recorded
    verdict: Verdict
    addressee: Addressee
    retry: Retry
    act: str  # key of the text that says what to do now
    local: str  # can this terminal's fault or set-up plausibly produce it: no, indirect, yes
    names: tuple[str, ...]  # causes the code itself names
    allows: tuple[str, ...]  # causes that may stand behind it
    charged: str  # was money moved: no, yes, part, unknown
    restricted: bool  # 62 and its twins
    front_end: bool  # the acquirer's front end may set it: proves nothing behind it
    check_profile: bool  # compare terminal and merchant with the profile
    check_clock: bool  # a wrong clock can lead to it
    check_keys: bool  # a wrong key in this terminal can lead to it
    check_versions: bool  # a program or parameters of another version can lead to it
    check_chip: bool  # a worn chip reader can lead to it
    source: str

    @property
    def approved(self) -> bool:
        """Money was moved or will be: class A."""
        return self.action_class == "A"


@dataclass(frozen=True, slots=True)
class CodeTable:
    """All codes of one host."""

    host: str
    name: Text
    rows: Mapping[str, CodeRow]
    sources: Mapping[str, str] = field(default_factory=dict)  # what the letters in a row's source stand for
    signs_declines: bool | None = None  # as in TerminalProfile, which comes before it; None: nobody has sourced it
    maps_codes: bool | None = None
    stands_in: bool | None = None

    def sources_of(self, row: CodeRow) -> str:
        """The row's source with its letters written out."""
        told = [f"{letter}: {text}" for letter, text in self.sources.items() if re.search(rf"\b{letter}\b", row.source)]
        return "; ".join([row.source, *told])

    def find(self, code: str | None) -> CodeRow | None:
        """The row of a code, or None."""
        return self.rows.get(code.strip().upper()) if code else None


class CodeTables(Mapping[str, CodeTable]):
    """The tables of all hosts by name; each is parsed when it is first asked for, for a terminal has one host."""

    def __init__(self, names: Collection[str], parse: Callable[[str], CodeTable]) -> None:
        self._names = tuple(names)
        self._parse = parse
        self._parsed: dict[str, CodeTable] = {}

    def __getitem__(self, name: str) -> CodeTable:
        if name not in self._names:
            raise KeyError(name)
        if name not in self._parsed:
            self._parsed[name] = self._parse(name)
        return self._parsed[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


def parse_code_table(
    host: str, table: Table, speech: Speech, causes: Collection[str], acts: Collection[str]
) -> CodeTable:
    """Read one ``hosts/*.toml``; gaps, duplicates and unknown causes or actions are a TableError."""
    name = _text(table.table("name"), speech)
    rows: dict[str, CodeRow] = {}
    for entry in table.tables("code"):
        row = _row(entry, speech, causes, acts)
        if row.code in rows:
            raise entry.error("code", f"{row.code} stands here twice")
        rows[row.code] = row
    letters = table.table("sources", {})
    sources = {letter: letters.text(letter, most=400) for letter in letters.keys()}  # noqa: SIM118  a Table is not a mapping
    facts = [table.optional_flag(fact) for fact in ("signs_declines", "maps_codes", "stands_in")]
    if any(fact is not None for fact in facts):
        table.text("facts_source")
    table.close()
    if not rows:
        raise table.error("code", "has no rows")
    return CodeTable(host, name, rows, sources, *facts)


class Speech(Protocol):
    """What a code table needs to know of the languages: which, and what a language says for a Chinese meaning."""

    languages: tuple[str, ...]

    def meaning(self, language: str, chinese: str) -> str | None:
        """The language's own words for a meaning in simplified Chinese; None where it has none."""


def _text(table: Table, speech: Speech) -> Text:
    """One text in every language; the row gives it, or the language's own ``[meaning]`` does."""
    text = _meaning(table, speech)
    table.close()
    return text


def _meaning(table: Table, speech: Speech) -> Text:
    text: dict[str, str] = {}
    for language in speech.languages:
        said = None if language in table else speech.meaning(language, text.get("zh", ""))
        text[language] = said or table.text(language, most=200)
    for key in filter(LANGUAGE.fullmatch, table.mapping):  # one that this terminal does not speak
        table.text(key, most=200)
    return text


def _row(entry: Table, speech: Speech, causes: Collection[str], acts: Collection[str]) -> CodeRow:
    meaning = _meaning(entry, speech)
    row = CodeRow(
        code=entry.text("code", most=4),
        meaning=meaning,
        says=_text(entry.table("says"), speech) if "says" in entry else meaning,
        action_class=entry.choice("class", CLASSES),
        origin=entry.text("origin", "", most=3),
        verdict=Verdict(entry.choice("verdict", tuple(Verdict))),
        addressee=Addressee(entry.choice("addressee", tuple(Addressee))),
        retry=Retry(entry.choice("retry", tuple(Retry))),
        act=entry.choice("act", tuple(acts)),
        local=entry.choice("local", ("no", "indirect", "yes")),
        names=entry.texts("names", ()),
        allows=entry.texts("allows", ()),
        charged=entry.choice("charged", CHARGED),
        restricted=entry.flag("restricted", False),
        front_end=entry.flag("front_end", False),
        check_profile=entry.flag("check_profile", False),
        check_clock=entry.flag("check_clock", False),
        check_keys=entry.flag("check_keys", False),
        check_versions=entry.flag("check_versions", False),
        check_chip=entry.flag("check_chip", False),
        source=entry.text("source"),
    )
    for key, ids in (("names", row.names), ("allows", row.allows)):
        unknown = [cause for cause in ids if cause not in causes]
        if unknown:
            raise entry.error(key, f"names the unknown cause {unknown[0][:40]!r}")
    entry.close()
    return row
