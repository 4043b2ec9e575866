"""Everything the engine knows, as checked values: code tables, cause rules, link table, wording."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from device.diagnosis.codes import CodeTable, CodeTables, parse_code_table
from device.diagnosis.facts import DERIVED, TESTED
from device.diagnosis.overlay import Sources, Texts, join_overlays
from device.diagnosis.rules import Condition, LinkRow, Rule, parse_condition
from device.diagnosis.verdict import Addressee, CauseState
from device.diagnosis.wording import Wording
from device.table import Table

CAUSES: Final = (
    *("balance", "card_damaged", "card_expired", "card_lost_stolen", "card_blocked", "card_not_activated"),
    *("merchant_data", "network", "bank_maintenance", "limits", "risk_control", "terminal_fault", "interbank_route"),
    *("pos_setup", "region", "product_channel", "cardholder_controls"),
)
_KNOWN: Final = DERIVED + TESTED
_NO_WORDS: Final[Mapping[str, Sequence[str]]] = {}
_MUST_NAME_EVIDENCE: Final = (CauseState.REFUTED, CauseState.SUPPORTED)


@dataclass(frozen=True, slots=True)
class CauseRow:
    """One cause: the codes it usually has, whether it can give a 62, its rank among equals, its rules."""

    id: str
    usual_codes: tuple[str, ...]
    gives_62: bool
    weight: int
    rules: tuple[Rule, ...]  # its own, then those shared by all
    source: str


@dataclass(frozen=True, slots=True)
class Knowledge:
    """The parsed catalogue of the diagnosis."""

    causes: tuple[CauseRow, ...]
    link: tuple[LinkRow, ...]
    hosts: Mapping[str, CodeTable]
    default_host: str
    stale_s: float  # a self-test older than this says nothing of the present sale
    wording: Wording
    serves: Mapping[str, str]  # message profile -> the table of its hosts, where it has none of its own name
    overlays: int = 0  # how many were laid over the product's own

    def find_table(self, host: str) -> CodeTable | None:
        """The code table of a host's profile, by its name or one of the message profiles that it serves."""
        return self.hosts.get(self.serves.get(host, host))

    def table_of(self, host: str) -> CodeTable:
        """The host's code table; a host without one of its own gets the default table."""
        return self.find_table(host) or self.hosts[self.default_host]


def parse_knowledge(
    causes: Table,
    hosts: Mapping[str, Table],
    texts: Texts,
    overlays: Sequence[Table] = (),
    forbidden: Mapping[str, Sequence[str]] = _NO_WORDS,
    *,
    lazy: bool = False,
) -> Knowledge:
    """Check and join the catalogue's files.

    ``causes`` is ``causes.toml``, ``hosts`` maps a host profile's name to its ``hosts/*.toml``, ``texts`` maps a
    language to its merged sections. Raises :class:`~device.table.TableError` with file, line and reason for gaps,
    duplicates, unknown states, facts or causes, and texts that are missing in a language. ``overlays`` replace parts of
    them (see :mod:`device.diagnosis.overlay`); ``forbidden`` are words that their texts for cardholders may not hold.
    ``lazy``: a host's table is read when it is first asked for, and so are the mistakes in it; only for files that were
    checked before.
    """
    if overlays:
        joined = join_overlays(Sources(causes, hosts, texts), overlays, forbidden)
        causes, hosts, texts = joined.causes, joined.hosts, joined.texts
    wording = Wording(texts)
    rows = _cause_rows(causes, wording)
    link = tuple(_link_row(entry, wording) for entry in causes.tables("link"))
    default_host = causes.choice("default_host", tuple(hosts))
    stale_s = causes.number("stale_s")
    serves = _serves(causes.table("serves", {}), hosts)
    causes.close()
    acts = wording.below("act")
    tables = CodeTables(hosts, lambda name: parse_code_table(name, hosts[name], wording, CAUSES, acts))
    if not lazy:
        for name in tables:
            tables[name]
    return Knowledge(rows, link, tables, default_host, stale_s, wording, serves, len(overlays))


def _serves(table: Table, hosts: Mapping[str, Table]) -> dict[str, str]:
    """Which table stands for which message profile; one that is called as a table is served by itself."""
    served = {profile: table.choice(profile, tuple(hosts)) for profile in table.keys()}  # noqa: SIM118  no mapping
    for profile in served:
        if profile in hosts:
            raise table.error(profile, "has a table of its own")
    return served


def _cause_rows(causes: Table, wording: Wording) -> tuple[CauseRow, ...]:
    shared = [_rule(entry, "", wording) for entry in causes.tables("shared")]
    if not shared or shared[-1].when:
        raise causes.error("shared", "must end with a rule that always holds (when = [])")
    rows: dict[str, CauseRow] = {}
    for entry in causes.tables("cause"):
        cause_id = entry.choice("id", CAUSES)
        if cause_id in rows:
            raise entry.error("id", f"{cause_id} stands here twice")
        own = [_rule(rule, cause_id, wording) for rule in entry.tables("rule")]
        for rule in shared:
            if not _has_advice(rule.advice, cause_id, wording):
                wording.require(f"advice.{rule.advice}", f"cause {cause_id}")
        wording.require(f"cause.{cause_id}.name", f"cause {cause_id}")
        rows[cause_id] = CauseRow(
            cause_id,
            entry.texts("usual_codes"),
            entry.flag("gives_62"),
            entry.whole("weight", most=100),
            (*own, *shared),
            entry.text("source"),
        )
        entry.close()
    missing = [cause_id for cause_id in CAUSES if cause_id not in rows]
    if missing:
        raise causes.error("cause", f"has no row for {missing[0]}")
    return tuple(rows.values())


def _rule(entry: Table, cause_id: str, wording: Wording) -> Rule:
    when = _conditions(entry)
    state = CauseState(entry.choice("state", tuple(CauseState)))
    because = entry.texts("because", ())
    for fact in because:
        if fact != "link":
            _parse(entry, "because", fact if " is " in fact else f"{fact} is pass")
    if state in _MUST_NAME_EVIDENCE and not because:
        raise entry.error("because", f"is empty, and {state} must name its evidence")
    rule = Rule(when, state, because, entry.text("advice", state.value))
    if cause_id and not _has_advice(rule.advice, cause_id, wording):
        raise entry.error("advice", f"has no text {rule.advice[:40]!r}, neither of cause {cause_id} nor of [advice]")
    entry.close()
    return rule


def _has_advice(advice: str, cause_id: str, wording: Wording) -> bool:
    return f"cause.{cause_id}.{advice}" in wording or f"advice.{advice}" in wording


def _conditions(entry: Table) -> tuple[Condition, ...]:
    return tuple(_parse(entry, "when", text) for text in entry.texts("when"))


def _parse(entry: Table, key: str, text: str) -> Condition:
    try:
        return parse_condition(text, _KNOWN)
    except ValueError as error:
        raise entry.error(key, str(error)) from error


def _link_row(entry: Table, wording: Wording) -> LinkRow:
    row = LinkRow(
        _conditions(entry), entry.choice("act", wording.below("act")), entry.choice("addressee", tuple(Addressee))
    )
    if not row.facts:
        raise entry.error("when", "must name a fact")
    entry.close()
    return row
