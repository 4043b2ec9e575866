"""Commands about this terminal: selftest, history, report. They ask the running service, or work without one."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Mapping
from typing import Final

from device.app.instance_lock import AlreadyRunningError
from device.app.standalone import Standalone
from device.commands.last import run_last
from device.commands.line import ServiceError, ask_service
from device.commands.report import compare_files, write_file, write_terminal_report
from device.commands.selftest import run_selftest
from device.commands.update import run_update
from device.commands.verify import run_verify
from device.outlets.report import history_text
from device.settings import DEFAULT_PATH, Settings, read_settings, read_texts

_BAD_INPUT: Final = 2


def run_on_terminal(arguments: argparse.Namespace) -> int:
    """Run one of the commands; 2 with one sentence where it cannot."""
    try:
        if arguments.command == "report" and len(arguments.compare or ()) == 2:
            return _hand_out(arguments, compare_files(arguments, arguments.lang or "zh"))
        settings = _settings(arguments)
        language = arguments.lang or settings.tool_language
        if arguments.command == "report" and arguments.verify is not None:
            return run_verify(arguments, settings, language)
        run = _RUNS.get(arguments.command)
        if run is not None:
            return run(arguments, settings, language)
        return _hand_out(arguments, write_terminal_report(arguments, settings, language))
    except (AlreadyRunningError, ServiceError, ValueError) as error:
        sys.stderr.write(f"posmedic: {error}\n")
        return _BAD_INPUT


def _settings(arguments: argparse.Namespace) -> Settings:
    if arguments.settings is None and not DEFAULT_PATH.exists():
        raise ServiceError(f"this machine has no {DEFAULT_PATH}: name a settings file with --settings FILE")
    return read_settings(arguments.settings or DEFAULT_PATH)


def _history(arguments: argparse.Namespace, settings: Settings, language: str) -> int:
    """The fault memory, after it was cleared where that was asked."""
    alone: Standalone | None = None
    for command in ("clear_faults", "history") if arguments.clear else ("history",):
        runs, history = ask_service(settings.service.run_dir, command, {}, lambda _step: None)
        if not runs:
            alone = alone or Standalone(settings)
            history = alone.ask(command, {})
    if arguments.json:
        _print(json.dumps(history, ensure_ascii=False, indent=1))
    else:
        _print(history_text(history, language, read_texts(language)))
    return 0


_RUNS: Final[Mapping[str, Callable[[argparse.Namespace, Settings, str], int]]] = {
    "selftest": run_selftest,
    "update": run_update,
    "last": run_last,
    "history": _history,
}


def _hand_out(arguments: argparse.Namespace, text: str) -> int:
    """To the file that was asked for, else to standard output."""
    if arguments.out is None:
        _print(text)
    else:
        write_file(arguments.out, text)
    return 0


def _print(text: str) -> None:
    sys.stdout.write(text.rstrip("\n") + "\n")
