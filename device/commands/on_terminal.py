"""Commands about this terminal: selftest, history, report. They ask the running service, or work without one."""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from device.actions import Progress
from device.app.instance_lock import AlreadyRunningError
from device.app.standalone import Standalone
from device.commands.line import ServiceError, ask_service
from device.evidence import Evidence, Level, Outcome
from device.outlets.report import history_text, selftest_text
from device.settings import DEFAULT_PATH, Settings, read_settings, read_texts


def run_on_terminal(arguments: argparse.Namespace) -> int:
    """Run one of the commands; 2 with one sentence where it cannot."""
    if arguments.settings is None and not DEFAULT_PATH.exists():
        sys.stderr.write(f"posmedic: this machine has no {DEFAULT_PATH}: name a settings file with --settings FILE\n")
        return 2
    settings = read_settings(arguments.settings or DEFAULT_PATH)
    language = arguments.lang or settings.service.language
    try:
        if arguments.command == "selftest":
            return _selftest(arguments, settings, language)
        if arguments.command == "history":
            return _history(settings, language, as_json=arguments.json)
        return _report(settings, language, arguments.out)
    except (AlreadyRunningError, ServiceError, ValueError) as error:
        sys.stderr.write(f"posmedic: {error}\n")
        return 2


def _selftest(arguments: argparse.Namespace, settings: Settings, language: str) -> int:
    request = {"level": arguments.level, "part": arguments.part}
    runs, result = ask_service(settings.service.run_dir, "selftest", request, _show_progress)
    if runs:
        evidence = [Evidence(**{**item, "outcome": Outcome(item["outcome"])}) for item in result["evidence"]]
        exit_code = int(result["exit_code"])
    else:
        done = Standalone(settings).selftest(
            Level(arguments.level), arguments.part, lambda step: _show_progress(dataclasses.asdict(step))
        )
        evidence, exit_code = list(done.evidence), done.exit_code
    if arguments.json:
        _print_json({"exit_code": exit_code, "evidence": [dataclasses.asdict(item) for item in evidence]})
    else:
        _print(selftest_text(evidence, language, read_texts(language)))
    return exit_code


def _history(settings: Settings, language: str, *, as_json: bool) -> int:
    runs, history = ask_service(settings.service.run_dir, "history", {}, _show_progress)
    if not runs:
        history = Standalone(settings).history()
    if as_json:
        _print_json(history)
    else:
        _print(history_text(history, language, read_texts(language)))
    return 0


def _report(settings: Settings, language: str, out: Path | None) -> int:
    runs, report = ask_service(settings.service.run_dir, "report", {"language": language}, _show_progress)
    if not runs:
        report = Standalone(settings).report(language)
    if out is None:
        _print(report)
        return 0
    try:
        out.write_text(report)
    except OSError as error:
        raise ServiceError(f"{out}: the report cannot be written: {error.strerror}") from error
    return 0


def _show_progress(step: Mapping[str, Any]) -> None:
    """One line on standard error, rewritten in place where a person watches."""
    if sys.stderr.isatty():
        progress = Progress(int(step["done"]), int(step["total"]), str(step["text"]))
        bar = "#" * progress.done + "." * (progress.total - progress.done)
        end = "\n" if progress.done == progress.total else ""
        sys.stderr.write(f"\r[{bar}] {progress.done}/{progress.total} {progress.text:20}{end}")
        sys.stderr.flush()


def _print(text: str) -> None:
    sys.stdout.write(text.rstrip("\n") + "\n")


def _print_json(value: Mapping[str, Any] | Sequence[Any]) -> None:
    _print(json.dumps(value, ensure_ascii=False, indent=1))
