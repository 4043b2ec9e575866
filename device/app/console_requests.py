"""What sessions at the technician's ports may ask of the running service."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from device.app.console_access import ConsoleAccess, parse_limits
from device.app.journal import follow, newest
from device.app.requests import Requests
from device.drivers.system import read_hardware_id
from device.loop import Timer
from device.store.clock import SystemClock
from device.table import Table
from device.worker import End, Ending, Report, Task, Worker

if TYPE_CHECKING:
    from device.app.service import Service

_TOOL_S: Final = 60.0
_SEND_S: Final = 1800.0
_RECEIVE_S: Final = 6 * 3600.0  # a bundle at 115200 baud
_PLACE_S: Final = 10.0
_MOST_LOG: Final = 200
_RESTART_S: Final = 0.5

RunWords: TypeAlias = Callable[[Sequence[str]], int]


class ConsoleRequests(Requests):
    """Implements :class:`~device.outlets.console.desk.ConsoleDesk`; ``limits`` is ``[access]`` of the catalogue."""

    def __init__(self, service: Service, run_words: RunWords, settings_path: Path, limits: Table) -> None:
        super().__init__(service)
        self._run_words = run_words
        self._settings_path = settings_path
        state = service.settings.service.state_dir
        self.incoming = state / "incoming"
        self._outgoing = service.settings.service.run_dir / "outgoing"
        access = service.settings.console_access
        self.access = ConsoleAccess(
            service.loop,
            access,
            parse_limits(limits),
            service.store,
            SystemClock(),
            self._who,
            service.screens.challenge_made,
        )

    def call_in(self, delay_s: float, call: Callable[[], None]) -> Timer:
        """Call once, later."""
        return self._service.loop.call_in(delay_s, call)

    def texts(self, language: str) -> Mapping[str, Mapping[str, Any]]:
        """The catalogue's texts of one language."""
        return self._service.catalogue.texts[language]

    def terminal_id(self) -> str:
        """The terminal's number, "" if nobody knows it."""
        return self._service.terminal.profile().terminal_id or ""

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

    def follow_log(self, on_line: Callable[[str], None]) -> Callable[[], None]:
        """Hand on each new line of the log."""
        return follow(on_line)

    def held_back(self) -> str:
        """A sale, or unsent offline payments."""
        return self._service.applications.held_back()

    def send_file(self, line: int, name: str, make: Sequence[str], done: Callable[[str], None]) -> Worker:
        """Make a file and send it by ZMODEM."""
        run_words, log, words = self._run_words, newest(_MOST_LOG), tuple(make)

        def write(path: Path) -> int:
            if words:
                return _quietly(run_words, (*words, "--out", str(path)))
            path.write_text("".join(f"{entry}\n" for entry in log), encoding="utf-8")
            return 0

        task = partial(_in_worker, "send_file", line, self._outgoing, name, write)
        return self._transfer(task, _SEND_S, line, done)

    def receive_file(self, line: int, kind: str, size: int, done: Callable[[str], None]) -> Worker:
        """Receive one file by ZMODEM."""
        task = partial(_in_worker, "receive_file", line, self.incoming, kind, size)
        return self._transfer(task, _RECEIVE_S, line, done)

    def put_in_place(self, kind: str, done: Callable[[str, str], None]) -> Worker:
        """Check an uploaded file and put it in place."""
        told: list[Mapping[str, str]] = []
        task = partial(_in_worker, "put_in_place", self.incoming, kind, self._service.settings, self._settings_path)

        def ended(_ending: Ending) -> None:
            answer = told[0] if told else {"error": "broke_off", "text": ""}
            done(answer["error"], answer["text"])

        return Worker(self._service.loop, task, _PLACE_S, told.append, ended)

    def settings_text(self) -> str:
        """The settings file as it is."""
        return self._settings_path.read_text(encoding="utf-8", errors="replace")

    def restart(self, what: str) -> None:
        """End the service after the reply; the system starts it anew, or restarts the terminal for the file's sake."""
        if what == "terminal":
            (self._service.settings.service.run_dir / "reboot").touch()
        else:
            self._service.loop.call_in(_RESTART_S, self._service.loop.stop)

    def switch_slot(self, done: Callable[[Mapping[str, Any]], None]) -> None:
        """Have the other slot started next."""
        self._service.updates.switch(done)

    def _who(self) -> tuple[str, str]:
        """The terminal's number, and the hardware's: what the vendor's library told, else what the system knows."""
        told = {item.id: item.value for item in self._service.cache.snapshot()}
        return self.terminal_id(), str(told.get("identity.serial_number") or read_hardware_id() or "")

    def _transfer(self, task: Task, deadline_s: float, line: int, done: Callable[[str], None]) -> Worker:
        told: list[str] = []

        def ended(_ending: Ending) -> None:
            done(told[0] if told else "transfer_failed")

        return Worker(
            self._service.loop, task, deadline_s, lambda value: told.append(str(value["error"])), ended, kept=line
        )


def _in_worker(name: str, *given: object) -> None:
    """One of :mod:`device.app.console_files`, imported in the worker, so that nothing of it stays in the service."""
    from device.app import console_files  # noqa: PLC0415

    getattr(console_files, name)(*given)


def _run_tool(run_words: RunWords, words: Sequence[str], report: Report) -> None:
    """In the worker: what the command prints is reported line by line, then its exit code."""
    out = _Lines(lambda line: report({"line": line}))
    report({"code": _run(run_words, words, out)})


def _quietly(run_words: RunWords, words: Sequence[str]) -> int:
    """In the worker: what the command prints goes nowhere."""
    return _run(run_words, words, _Lines(lambda _line: None))


def _run(run_words: RunWords, words: Sequence[str], out: _Lines) -> int:
    sys.stdout = sys.stderr = out
    sys.stdin = io.StringIO("")
    try:
        code = run_words(words)
    except SystemExit as error:
        code = error.code if isinstance(error.code, int) else 2
    out.end()
    return code


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
