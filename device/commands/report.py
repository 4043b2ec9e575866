"""``posmedic report``: asks for the facts, then judges, draws and writes in its own process, never in the service."""

from __future__ import annotations

import argparse
import dataclasses
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from device.app.catalogue import load_catalogue
from device.app.overlays import checked_knowledge
from device.app.reporting import Ask, ask_facts
from device.app.screen_picture import draw_screen
from device.app.standalone import Standalone
from device.commands.line import ServiceError, ask_service
from device.evidence import Level
from device.outlets.compare import Comparison, Run, compare, comparison_json, run_from_json
from device.outlets.html_report import comparison_html, report_html
from device.outlets.report import comparison_text, report_text
from device.outlets.report_facts import ReportFacts, parse_ticket
from device.outlets.report_json import report_json
from device.settings import Settings, read_text, read_texts
from device.table import TableError

_ENDINGS = {".html": "html", ".htm": "html", ".json": "json"}


def compare_files(arguments: argparse.Namespace, language: str) -> str:
    """Two saved runs side by side: works on any machine. Raises TableError for a file that does not fit."""
    before, after = (read_run(path) for path in arguments.compare)
    comparison = compare(before, after)
    form = form_of(arguments)
    if form == "json":
        return _json(comparison_json(comparison))
    write = comparison_html if form == "html" else comparison_text
    return write(comparison, language, read_texts(language))


def write_terminal_report(arguments: argparse.Namespace, settings: Settings, language: str) -> str:
    """The report of this terminal in the asked form. Raises ValueError, ServiceError, AlreadyRunningError."""
    ticket = "" if arguments.ticket is None else parse_ticket(arguments.ticket)
    before = read_run(arguments.compare[0]) if arguments.compare else None
    catalogue = load_catalogue(
        settings.message_files, checked_knowledge(settings.overlay, settings.spoken)[0], settings.spoken
    )
    facts = ask_facts(asker(settings), catalogue)
    facts = dataclasses.replace(facts, ticket=ticket, comparison=_compared(before, facts))
    form = form_of(arguments)
    if form == "json":
        return _json(report_json(facts))
    texts = catalogue.texts[language]
    if form == "text":
        return report_text(facts, language, texts)
    picture = draw_screen(settings.screen, facts.diagnosis, catalogue.texts, settings.service.language)
    return report_html(dataclasses.replace(facts, screen=picture), language, texts)


def asker(settings: Settings) -> Ask:
    """The running service, or where none runs the parts of it and a self-test of now."""
    runs, _ = ask_service(settings.service.run_dir, "status", {}, lambda _step: None)
    if not runs:
        alone = Standalone(settings)
        alone.selftest(Level.SAFE, None, lambda _progress: None)
        return alone.ask

    def ask(command: str, args: Mapping[str, Any]) -> Any:
        runs, result = ask_service(settings.service.run_dir, command, args, lambda _step: None)
        if not runs:
            raise ServiceError("the service has stopped meanwhile")
        return result

    return ask


def form_of(arguments: argparse.Namespace) -> str:
    """The form that was asked for, else what the file's name says, else text."""
    ending = arguments.out.suffix.lower() if arguments.out is not None else ""
    return str(arguments.format or _ENDINGS.get(ending, "text"))


def read_run(path: Path) -> Run:
    """A run that ``posmedic selftest --save`` wrote; raises TableError with the file's name."""
    try:
        values = json.loads(read_text(path))
    except json.JSONDecodeError as error:
        raise TableError(f"{path}: is not JSON at line {error.lineno}, column {error.colno}") from error
    except RecursionError as error:
        raise TableError(f"{path}: is nested too deep to be a saved self-test") from error
    return run_from_json(values, path.name)


def write_file(path: Path, text: str) -> None:
    """Write a whole file, or raise ServiceError with one sentence."""
    try:
        path.write_text(text, encoding="utf-8", errors="backslashreplace")
    except OSError as error:
        raise ServiceError(f"{path}: cannot be written: {error.strerror}") from error


def _compared(before: Run | None, facts: ReportFacts) -> Comparison | None:
    if before is None:
        return None
    made = facts.made.isoformat(timespec="seconds")
    return compare(before, Run(made, facts.software, facts.terminal.terminal_id or "", "", facts.evidence))


def _json(value: Mapping[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, indent=1) + "\n"
