"""Collects what the report shows: inside the service, and again in the command that writes the report.

The service only hands over what it knows, as plain values over ``control.sock``; judging, drawing and writing for paper
are the command's, so that none of it stays in the service's memory.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, TypeAlias, TypeVar

from device.app.catalogue import Catalogue
from device.app.report_answers import facts_to_json, last_to_json, trends_to_json
from device.diagnosis.engine import diagnose
from device.diagnosis.verdict import Diagnosis
from device.evidence import Evidence, Outcome, TerminalProfile
from device.freeze_frame import frame_from_json
from device.outlets.report import report_text
from device.outlets.report_facts import ReportFacts, Trends
from device.store.store import Store
from device.trend import Sample

Ask: TypeAlias = Callable[[str, Mapping[str, Any]], Any]  # a command of control.sock and its arguments -> its result
_PERIODS: Final = {"hour": timedelta(days=3, hours=1), "day": timedelta(days=63)}
_Got = TypeVar("_Got")


def ask_facts(ask: Ask, catalogue: Catalogue) -> ReportFacts:
    """Ask for everything that a report shows; the last decline is judged anew from its freeze frame.

    What cannot be had is told by its section; only without the terminal's own facts there is no report.
    """
    now = ask("facts", {})
    broken: dict[str, str] = {}

    def had(section: str, get: Callable[[], _Got], otherwise: _Got) -> _Got:
        try:
            return get()
        except (LookupError, TypeError, ValueError, RuntimeError) as error:
            broken[section] = type(error).__name__
            return otherwise

    none: tuple[str, Diagnosis | None, tuple[Evidence, ...]] = ("", None, ())
    declined_at, diagnosis, before = had("decline", lambda: _ask_decline(ask, catalogue), none)
    history: Mapping[str, Any] = had("history", lambda: ask("history", {}), {})
    trends: Trends = had("trends", lambda: _ask_trends(ask), {})
    return ReportFacts(
        software=str(now["software"]),
        made=datetime.now().astimezone(),
        terminal=_terminal(now["terminal"]),
        evidence=read_evidence(now["evidence"]),
        diagnosis=diagnosis,
        declined_at=declined_at,
        before=before,
        history=history,
        trends=trends,
        broken=broken,
    )


def _ask_decline(ask: Ask, catalogue: Catalogue) -> tuple[str, Diagnosis | None, tuple[Evidence, ...]]:
    last = ask("last", {})
    if last is None:
        return "", None, ()
    diagnosis = diagnose(frame_from_json(last["frame"], "last decline"), catalogue.knowledge)
    return str(last.get("at", "")), diagnosis, read_evidence(last.get("before", ()))


def read_evidence(rows: Sequence[Mapping[str, Any]]) -> tuple[Evidence, ...]:
    """Evidence out of the plain values that the service sends."""
    return tuple(Evidence(**{**row, "outcome": Outcome(row["outcome"])}) for row in rows)


def write_report(
    catalogue: Catalogue, terminal: TerminalProfile, evidence: Sequence[Evidence], store: Store, language: str
) -> str:
    """Return the report of this terminal as text, made in this process."""
    answers: Mapping[str, Callable[[Mapping[str, Any]], Any]] = {
        "facts": lambda _args: facts_to_json(terminal, evidence),
        "last": lambda _args: last_to_json(store),
        "history": lambda _args: store.history(catalogue.checks),
        "trends": lambda args: trends_to_json(store.trends, args.get("check")),
    }
    facts = ask_facts(lambda command, args: answers[command](args), catalogue)
    return report_text(facts, language, catalogue.texts[language])


def _terminal(values: Mapping[str, Any]) -> TerminalProfile:
    told: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in values.items()}
    return TerminalProfile(**told)


def _ask_trends(ask: Ask) -> Trends:
    """Hours and days of every check that has any; one question a check keeps each answer small."""
    found: dict[str, dict[str, tuple[Sample, ...]]] = {}
    now = datetime.now().astimezone()
    for check in ask("trends", {})["checks"]:
        rows = ask("trends", {"check": check})
        found[check] = {period: tuple(_samples(rows[period], now, span)) for period, span in _PERIODS.items()}
    return found


def _samples(rows: Sequence[Mapping[str, Any]], now: datetime, span: timedelta) -> Iterator[Sample]:
    """Those of the time that is shown: a clock that was wrong has left samples of other years."""
    for row in rows:
        start = datetime.fromisoformat(row["start"])
        if now - span < start <= now:
            yield Sample(**{**row, "start": start})
