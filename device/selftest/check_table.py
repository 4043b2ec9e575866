"""Reads ``catalogue/checks.toml``: the limits of every check and the deadlines of every part."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from device.evidence import CheckSpec, Level
from device.limits import parse_limit
from device.table import Table
from device.trend import TrendRule

_MOST_DEADLINE_S: Final = 5.0
_MOST_ASKED_S: Final = 120.0


@dataclass(frozen=True, slots=True)
class PartRow:
    """One part: its facts in the table's order, how long its worker may take, its place in lists.

    ``disturbs``: its check uses a line, a reader or the network and is never run during a sale. ``asked_deadline_s``:
    the time for an active or assisted run, in which a person may have to do something.
    """

    part: str
    facts: tuple[str, ...]
    deadline_s: float
    order: int
    disturbs: bool
    asked_deadline_s: float


def parse_checks(root: Table) -> dict[str, CheckSpec]:
    """Every check by its id, in the order of the file. Raises TableError with the line of the first mistake."""
    rows = root.table("check")
    return {check_id: _parse_check(check_id, rows.table(check_id)) for check_id in rows.keys()}  # noqa: SIM118


def parse_parts(root: Table) -> dict[str, PartRow]:
    """Every part by its name, in its order. A check whose part has no row raises TableError, and so the reverse."""
    rows, checks = root.table("part"), root.table("check")
    facts: dict[str, list[str]] = {part: [] for part in rows.keys()}  # noqa: SIM118  a Table is not a mapping
    for check_id in checks.keys():  # noqa: SIM118
        part, dot, _fact = check_id.partition(".")
        if not dot or part not in facts:
            raise checks.error(check_id, "belongs to no part: it must be named part.fact, with a [part.NAME] table")
        facts[part].append(check_id)
    parts = [_parse_part(rows, part, tuple(found)) for part, found in facts.items()]
    return {row.part: row for row in sorted(parts, key=lambda row: row.order)}


def _parse_part(rows: Table, part: str, facts: tuple[str, ...]) -> PartRow:
    if not facts:
        raise rows.error(part, "has no check")
    table = rows.table(part)
    deadline_s = table.number("deadline_s")
    order, disturbs = table.whole("order"), table.flag("disturbs")
    row = PartRow(part, facts, deadline_s, order, disturbs, table.number("asked_deadline_s", deadline_s))
    table.close()
    if not 0 < deadline_s <= _MOST_DEADLINE_S:
        raise table.error("deadline_s", f"must be above 0 and at most {_MOST_DEADLINE_S:g}")
    if not deadline_s <= row.asked_deadline_s <= _MOST_ASKED_S:
        raise table.error("asked_deadline_s", f"must be from deadline_s to {_MOST_ASKED_S:g}")
    return row


def _parse_check(check_id: str, table: Table) -> CheckSpec:
    spec = CheckSpec(
        id=check_id,
        level=Level(table.choice("level", list(Level))),
        unit=table.text("unit", "", most=8),
        limit=parse_limit(table),
        required=table.flag("required", False),
        source=table.text("source"),
        noticed=table.flag("noticed", False),
        trend=_parse_trend(table.table("trend")) if "trend" in table else None,
    )
    table.close()
    return spec


def _parse_trend(table: Table) -> TrendRule:
    rule = TrendRule(
        fall=table.optional_number("fall"),
        rise=table.optional_number("rise"),
        ratio=table.optional_number("ratio"),
        least=table.number("least", 0.0),
        unit=table.text("unit", "", most=8),
    )
    table.close()
    if rule.fall is rule.rise is rule.ratio is None:
        raise table.error("fall", "is missing, and so are rise and ratio: a trend needs one of them")
    return rule
