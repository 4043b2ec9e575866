"""The live picture of a terminal as lines for a window of any size: what runs, how far it is, what was found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from tools.technician.cells import bar, pad, width
from tools.technician.outlet import CheckRow
from tools.technician.words import Words

MARKS: Final = {"pass": "good", "marginal": "warn", "fail": "bad", "not_run": "dim"}
_ORDER: Final = ("fail", "marginal", "pass", "not_run")
_BAR: Final = 40

Line: TypeAlias = tuple[str, str]  # text, name of its colour


@dataclass(slots=True)
class Picture:
    """What is known now. ``checks`` by id; ``log``: the terminal's newest lines."""

    title: str = ""
    head: str = ""
    doing: str = ""
    hint: str = ""
    notice: str = ""
    done: int = 0
    total: int = 0
    at: str = ""
    checks: dict[str, CheckRow] = field(default_factory=dict)
    facts: list[str] = field(default_factory=list)
    log: list[str] = field(default_factory=list)


def draw(picture: Picture, words: Words, columns: int, rows: int, *, plain: bool) -> list[Line]:
    """Lines of at most ``columns`` cells, fewer than ``rows`` where so much fits; what matters most stands first."""
    rule = ("-" if plain else "─") * (columns - 1)
    lines: list[Line] = [(_ends(picture.title, picture.hint, columns), "strong")]
    if picture.head:
        lines.append((picture.head, ""))
    lines.append((rule, "dim"))
    if picture.doing:
        lines.append((picture.doing, ""))
    if picture.total:
        cells = max(8, min(_BAR, columns - 24))
        so_far = f"{bar(picture.done, picture.total, cells, plain=plain)} {picture.done}/{picture.total} {picture.at}"
        lines.append((so_far, ""))
    if picture.checks:
        lines.append((_tally(list(picture.checks.values()), words), "strong"))
    if picture.notice:
        lines.append((picture.notice, "warn"))
    lines += [(fact, "") for fact in picture.facts]
    left = rows - 1 - len(lines)
    log = picture.log[-min(len(picture.log), max(0, left // 3)) :] if picture.log and left > 8 else []
    lines += _checks(list(picture.checks.values()), words, columns, left - (len(log) + 1 if log else 0))
    if log:
        lines.append((rule, "dim"))
        lines += [(line, "dim") for line in log]
    return lines[: rows - 1]


def check_line(row: CheckRow, words: Words, columns: int) -> Line:
    """One check in a line: outcome, name, what was measured."""
    told = width(words.say("outcome", "not_run")) + 1
    name = max(16, min(34, columns // 3))
    outcome = words.say("outcome", row.outcome) if words.has("outcome", row.outcome) else row.outcome
    text = f"{pad(outcome, max(told, 10))}{pad(row.name or row.check, name)} {words.measured(row.said)}"
    return text.rstrip(), MARKS.get(row.outcome, "")


def _checks(checks: list[CheckRow], words: Words, columns: int, rows: int) -> list[Line]:
    """What was found first, then what passed, newest first; how many are not shown is said."""
    if rows <= 0 or not checks:
        return []
    checks = list(reversed(checks))
    checks.sort(key=lambda row: _ORDER.index(row.outcome) if row.outcome in _ORDER else 0)
    ran = [row for row in checks if row.outcome != "not_run"]
    shown = ran[:rows] if len(ran) <= rows else ran[: rows - 1]
    lines = [check_line(row, words, columns) for row in shown]
    if len(shown) < len(ran):
        lines.append((words.say("screen", "more", count=len(ran) - len(shown)), "dim"))
    return lines


def _tally(rows: Sequence[CheckRow], words: Words) -> str:
    counts = [(outcome, sum(row.outcome == outcome for row in rows)) for outcome in _ORDER]
    return "   ".join(f"{words.say('outcome', outcome)} {count}" for outcome, count in counts)


def _ends(left: str, right: str, columns: int) -> str:
    room = columns - 1 - width(right)
    return f"{pad(left, room - 1)} {right}" if right and room > 30 else left
