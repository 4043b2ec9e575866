"""Two self-tests of one terminal side by side: what got better, what got worse, what is no longer tested. Pure."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from device.evidence import Evidence, Outcome
from device.freeze_frame import parse_evidence
from device.table import Table

VERSION: Final = 1
_MOST_EVIDENCE: Final = 1000
_WORD: Final = 200
_RANK: Final = {Outcome.PASS: 0, Outcome.MARGINAL: 1, Outcome.FAIL: 2, Outcome.ERROR: 2}


class Kind(StrEnum):
    """How one fact differs. UNTESTED was tested before and is not now, NEW the reverse; the worst come first."""

    WORSE = "worse"
    UNTESTED = "untested"
    BETTER = "better"
    NEW = "new"
    CHANGED = "changed"
    SAME = "same"


@dataclass(frozen=True, slots=True)
class Run:
    """One self-test as ``posmedic selftest --save`` keeps it. ``made``: wall clock, ISO 8601 with offset.

    ``terminal_id`` and ``level`` are "" where they are not known.
    """

    made: str
    software: str
    terminal_id: str
    level: str
    evidence: Sequence[Evidence]


@dataclass(frozen=True, slots=True)
class Change:
    """One fact in both runs; None where a run does not have it at all."""

    id: str
    kind: Kind
    before: Evidence | None
    after: Evidence | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """Both runs and every fact of either, the worst changes first."""

    before: Run
    after: Run
    changes: Sequence[Change]

    @property
    def same_terminal(self) -> bool:
        """False where both runs name their terminal and the names differ."""
        names = {self.before.terminal_id, self.after.terminal_id} - {""}
        return len(names) < 2

    def of(self, kind: Kind) -> list[Change]:
        """The changes of one kind."""
        return [change for change in self.changes if change.kind is kind]


def compare(before: Run, after: Run) -> Comparison:
    """Compare two runs fact by fact. A check that did not run is never better or worse than one that did."""
    old, new = ({item.id: item for item in run.evidence} for run in (before, after))
    order = list(Kind)
    pairs = ((name, old.get(name), new.get(name)) for name in {**old, **new})
    changes = [Change(name, _kind(was, now), was, now) for name, was, now in pairs]
    return Comparison(before, after, sorted(changes, key=lambda change: order.index(change.kind)))


def _kind(before: Evidence | None, after: Evidence | None) -> Kind:
    was = before is not None and before.outcome is not Outcome.NOT_RUN
    has = after is not None and after.outcome is not Outcome.NOT_RUN
    if not (was and has) or before is None or after is None:
        return Kind.SAME if was is has else Kind.NEW if has else Kind.UNTESTED
    step = _RANK[after.outcome] - _RANK[before.outcome]
    if step:
        return Kind.WORSE if step > 0 else Kind.BETTER
    told = [(item.outcome, item.value, item.reason) for item in (before, after)]
    return Kind.SAME if told[0] == told[1] else Kind.CHANGED


def run_to_json(run: Run) -> dict[str, Any]:
    """Plain values for a file; :func:`run_from_json` gives the equal run back."""
    return {"v": VERSION, **dataclasses.asdict(run)}


def run_from_json(values: object, where: str) -> Run:
    """Check and read a saved run; raises TableError with ``where``, the file's name, and what does not fit."""
    if not isinstance(values, dict):
        raise Table({}, where).error("run", "must be an object as posmedic selftest --save writes it")
    table = Table(values, where)
    version = table.whole("v")
    if version != VERSION:
        raise table.error("v", f"is {version}; this posmedic reads version {VERSION}, a newer one may read it")
    run = Run(
        made=table.text("made", most=_WORD),
        software=table.text("software", most=_WORD),
        terminal_id=table.text("terminal_id", most=_WORD),
        level=table.text("level", most=_WORD),
        evidence=tuple(parse_evidence(entry) for entry in table.tables("evidence", most=_MOST_EVIDENCE)),
    )
    table.close()
    return run


def comparison_json(comparison: Comparison) -> dict[str, Any]:
    """Plain values for scripts: both runs without their evidence, and every fact with its kind."""
    return {
        "before": _head(comparison.before),
        "after": _head(comparison.after),
        "same_terminal": comparison.same_terminal,
        "counts": {kind.value: len(comparison.of(kind)) for kind in Kind},
        "changes": [
            {
                "id": change.id,
                "kind": change.kind.value,
                "before": None if change.before is None else dataclasses.asdict(change.before),
                "after": None if change.after is None else dataclasses.asdict(change.after),
            }
            for change in comparison.changes
        ],
    }


def _head(run: Run) -> Mapping[str, Any]:
    return {key: value for key, value in run_to_json(run).items() if key != "evidence"}
