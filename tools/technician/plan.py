"""A test plan: which checks are run, and what must come of them.

    [plan]
    name = "Incoming goods"
    level = "safe"              # safe (needs nobody), active or assisted (sign in as diag)
    marginal = "allowed"        # or "fails": what a marginal result counts

    [[test]]                    # run in this order
    part = "modem"              # left out: every part
    must_pass = ["modem.sim", "modem.reg*"]     # * and ? as in file names; one that did not run: incomplete
    may_fail = ["modem.signal"]                 # told, but it does not count

A check that fails fails the plan unless ``may_fail`` names it. Without a plan every part is tested, and every check
that fails counts.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Final

from tools.technician.outlet import CheckRow
from tools.technician.trouble import CallError, Exit

LEVELS: Final = ("safe", "active", "assisted")
_MARGINAL: Final = ("allowed", "fails")
_MOST_TESTS: Final = 50


@dataclass(frozen=True, slots=True)
class PlannedTest:
    """One run; ``part`` "" is all of them. Patterns as of :func:`fnmatch.fnmatchcase`."""

    part: str = ""
    must_pass: tuple[str, ...] = ()
    may_fail: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TestPlan:
    """See the module."""

    __test__ = False  # no test of pytest

    name: str = ""
    level: str = "safe"
    marginal_fails: bool = False
    tests: tuple[PlannedTest, ...] = field(default_factory=lambda: (PlannedTest(),))

    def judge(self, test: PlannedTest, row: CheckRow) -> CheckRow:
        """What a result counts."""
        if row.outcome == "pass":
            return replace(row, counts="passed")
        needed = _named(row.check, test.must_pass)
        if row.outcome == "not_run":
            return replace(row, counts="missing" if needed else "")
        found = row.outcome == "fail" or self.marginal_fails or needed
        if found and not _named(row.check, test.may_fail):
            return replace(row, counts="failed")
        return replace(row, counts="allowed")

    def missing(self, test: PlannedTest, rows: Sequence[CheckRow]) -> list[CheckRow]:
        """Patterns that had to pass and fit no check that was told of, as rows."""
        seen = [row.check for row in rows]
        return [
            CheckRow(pattern, pattern, "not_run", "not_told", "missing")
            for pattern in test.must_pass
            if not any(fnmatchcase(check, pattern) for check in seen)
        ]


def verdict_of(rows: Sequence[CheckRow], *, whole: bool) -> tuple[str, Exit]:
    """``passed``, ``failed`` or ``incomplete`` of all judged rows; ``whole``: the terminal ran all it has to."""
    counts = {row.counts for row in rows}
    if "failed" in counts:
        return "failed", Exit.FAILED
    if "missing" in counts or "passed" not in counts or not whole:
        return "incomplete", Exit.INCOMPLETE
    return "passed", Exit.PASSED


def read_plan(path: Path) -> TestPlan:
    """Read a plan. Raises CallError that says what is wrong and where."""
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise CallError("no_file", file=path, why=error.strerror or str(error)) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise CallError("bad_plan", file=path, why=str(error)) from error
    try:
        return _plan(tables)
    except ValueError as error:
        raise CallError("bad_plan", file=path, why=str(error)) from error


def _plan(tables: Mapping[str, Any]) -> TestPlan:
    _only(tables, "the file", "plan", "test")
    head, tests = tables.get("plan", {}), tables.get("test", [{}])
    if not isinstance(head, dict) or not isinstance(tests, list) or not 0 < len(tests) <= _MOST_TESTS:
        raise ValueError("[plan] is one table, and [[test]] stands once to fifty times")
    _only(head, "[plan]", "name", "level", "marginal")
    return TestPlan(
        name=_text(head, "name", ""),
        level=_one_of(head, "level", LEVELS),
        marginal_fails=_one_of(head, "marginal", _MARGINAL) == "fails",
        tests=tuple(_test(number, table) for number, table in enumerate(tests, 1)),
    )


def _test(number: int, table: Any) -> PlannedTest:
    where = f"[[test]] {number}"
    if not isinstance(table, dict):
        raise ValueError(f"{where} is no table")  # noqa: TRY004
    _only(table, where, "part", "must_pass", "may_fail")
    part = _text(table, "part", "")
    if part and not part.replace("_", "").isalnum():
        raise ValueError(f"{where}: part = {part!r} is no part's name")
    return PlannedTest(part, _patterns(table, where, "must_pass"), _patterns(table, where, "may_fail"))


def _only(table: Mapping[str, Any], where: str, *names: str) -> None:
    if strange := sorted(set(table) - set(names)):
        raise ValueError(f"{where} has {strange[0]!r}, which means nothing here; it may have: {', '.join(names)}")


def _text(table: Mapping[str, Any], name: str, other: str) -> str:
    value = table.get(name, other)
    if not isinstance(value, str):
        raise ValueError(f"{name} is no text")  # noqa: TRY004
    return value


def _one_of(table: Mapping[str, Any], name: str, choice: tuple[str, ...]) -> str:
    value = _text(table, name, choice[0])
    if value not in choice:
        raise ValueError(f"{name} = {value!r}; it may be: {', '.join(choice)}")
    return value


def _patterns(table: Mapping[str, Any], where: str, name: str) -> tuple[str, ...]:
    value = table.get(name, [])
    if not isinstance(value, list) or not all(isinstance(item, str) and item for item in value):
        raise ValueError(f"{where}: {name} is no list of texts")
    return tuple(value)


def _named(check: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatchcase(check, pattern) for pattern in patterns)
