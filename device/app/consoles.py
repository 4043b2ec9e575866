"""The technician's ports of this terminal: lines and sessions brought together, and what sessions may ask."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from device.app.journal import newest, note
from device.app.requests import Requests
from device.outlets.console.command_table import parse_commands
from device.outlets.console.open_commands import OPEN_COMMANDS
from device.outlets.console.session import Session
from device.ports.console_port import ConsolePort
from device.settings import read_catalogue
from device.settings_parts import ConsoleSettings
from device.worker import End, Ending, Report, Worker

if TYPE_CHECKING:
    from device.app.service import Service

_TOOL_S: Final = 60.0

RunWords: TypeAlias = Callable[[Sequence[str]], int]


class Consoles:
    """Opens every port of the settings; each has one session."""

    def __init__(self, service: Service, run_words: RunWords) -> None:
        self._service = service
        self._desk = ConsoleRequests(service, run_words)
        self._table = parse_commands(read_catalogue("console.toml"))

    def open(self) -> None:
        """Open the ports; one that cannot be opened is tried again, and told as a problem."""
        for console in self._service.settings.consoles:
            self._open(console)

    def _open(self, console: ConsoleSettings) -> None:
        language = self._service.settings.service.language

        port = ConsolePort(self._service.loop, console.port, console.baud)
        session = Session(self._desk, self._table, OPEN_COMMANDS, port.write, language)

        def plugged(there: bool) -> None:
            note("console", port=console.port, there="yes" if there else "no")
            if not there:
                session.unplug()

        port.on_data, port.on_plug = session.feed, plugged
        port.open()
        if port.problem:
            note("console", problem=port.problem)


class ConsoleRequests(Requests):
    """Implements :class:`~device.outlets.console.desk.ConsoleDesk`."""

    def __init__(self, service: Service, run_words: RunWords) -> None:
        super().__init__(service)
        self._run_words = run_words

    def texts(self, language: str) -> Mapping[str, Mapping[str, Any]]:
        """The catalogue's texts of one language."""
        return self._service.catalogue.texts[language]

    def tool(self, words: Sequence[str], on_line: Callable[[str], None], done: Callable[[int | None], None]) -> Worker:
        """Run a command line in a worker, so that nothing of it stays in the service's memory."""
        codes: list[int] = []

        def told(value: Mapping[str, Any]) -> None:
            if "line" in value:
                on_line(str(value["line"]))
            else:
                codes.append(int(value["code"]))

        def ended(ending: Ending) -> None:
            done(codes[0] if codes and ending.end is End.DONE else None)

        return Worker(self._service.loop, partial(_run_tool, self._run_words, tuple(words)), _TOOL_S, told, ended)

    def log_tail(self, lines: int) -> Sequence[str]:
        """The last lines of this run's log."""
        return newest(lines)


def _run_tool(run_words: RunWords, words: Sequence[str], report: Report) -> None:
    """In the worker: what the command prints is reported line by line, then its exit code."""
    out = _Lines(lambda line: report({"line": line}))
    sys.stdout = sys.stderr = out
    sys.stdin = io.StringIO("")
    try:
        code = run_words(words)
    except SystemExit as error:
        code = error.code if isinstance(error.code, int) else 2
    out.end()
    report({"code": code})


class _Lines(io.TextIOBase):
    """A text stream that hands on whole lines."""

    def __init__(self, on_line: Callable[[str], None]) -> None:
        self._on_line = on_line
        self._rest = ""

    def writable(self) -> bool:
        """It is."""
        return True

    def write(self, text: str) -> int:
        """Take text."""
        *lines, self._rest = (self._rest + text).split("\n")
        for line in lines:
            self._on_line(line)
        return len(text)

    def end(self) -> None:
        """Hand on what has no end of line."""
        if self._rest:
            self._on_line(self._rest)
