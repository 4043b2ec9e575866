"""One plug-in of the technician's port: lines come in, one command runs at a time, every command ends in one reply."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias

from device.outlets.console.command_table import CommandRow, CommandTable
from device.outlets.console.desk import ConsoleDesk
from device.outlets.console.running import Running
from protocol.console_line import (
    ConsoleLineError,
    Done,
    Failed,
    LineDeframer,
    Overlong,
    Remark,
    Reply,
    Request,
    build_line,
    build_reply,
    parse_request,
)

_MOST_WAITING: Final = 16
# what ModemManager and other modem programs send to every port that could be a modem: no answer, or they stay
_PROBE: Final = re.compile(rb"\s*\+*(AT|at)([^A-Za-z].*|[A-Za-z&][0-9A-Za-z&+%$;=?,\"]*)?\s*", re.DOTALL)

Handler: TypeAlias = Callable[[Running, tuple[str, ...]], None]


class Session:
    """Takes bytes of the port and writes bytes to it. ``handlers`` carry out the commands of ``table`` by name."""

    def __init__(
        self,
        desk: ConsoleDesk,
        table: CommandTable,
        handlers: Mapping[str, Handler],
        write: Callable[[bytes], None],
        language: str,
    ) -> None:
        self.desk = desk
        self.table = table
        self.language = language
        self.level = 0
        self._handlers = handlers
        self._write = write
        self._deframer = LineDeframer()
        self._waiting: deque[Request] = deque()
        self._running: Running | None = None
        self.ignored = 0  # lines that were no text, or probes for a modem

    def feed(self, data: bytes) -> None:
        """Take what arrived."""
        for line in self._deframer.feed(data):
            self._take(line)

    def unplug(self) -> None:
        """The far end went away: what runs is ended, what it was allowed is forgotten."""
        self._waiting.clear()
        self._deframer.reset()
        self.level = 0
        if self._running is not None:
            self._running.stop()

    def words(self) -> Mapping[str, Mapping[str, Any]]:
        """The texts in the session's language."""
        return self.desk.texts(self.language)

    def fail(self, error: str, *, checked: bool = False, **values: str) -> None:
        """Write one ERROR line: ``error`` is a name of the table."""
        self.send(self.failure(error, **values), checked=checked)

    def failure(self, error: str, **values: str) -> Failed:
        """The reply for an error of the table."""
        return Failed(self.table.errors[error], str(self.words()["console_error"][error]).format_map(values))

    def send(self, reply: Reply, *, checked: bool) -> None:
        """Write one line of a reply."""
        self._write(build_line(build_reply(reply), checked=checked))

    def ended(self, running: Running) -> None:
        """A command has given its one reply; the next that waits may begin."""
        if self._running is running:
            self._running = None
        if self._waiting and self._running is None:
            self._begin(self._waiting.popleft())

    def _take(self, line: bytes | Overlong) -> None:
        if isinstance(line, Overlong):
            self.fail("overlong")
            return
        if _PROBE.fullmatch(line):
            self.ignored += 1
            return
        try:
            request = parse_request(line)
        except ConsoleLineError as error:
            self._refuse(line, error)
            return
        if request is None:
            self._greet()
        elif request.command.lower() == "stop":
            self._stop(request)
        elif self._running is None:
            self._begin(request)
        elif len(self._waiting) < _MOST_WAITING:
            self._waiting.append(request)
        else:
            self.fail("busy", checked=request.checked)

    def _refuse(self, line: bytes, error: ConsoleLineError) -> None:
        """Noise is not answered: only what a person or a script could have meant as a line is."""
        if line.isascii() and all(sign >= 0x20 or sign == 0x09 for sign in line):
            self.fail("not_a_line", what=str(error))
        else:
            self.ignored += 1

    def _greet(self) -> None:
        words = self.words()["console"]
        status = self.desk.status()
        terminal = self.desk.facts()["terminal"].get("terminal_id") or words["unknown_terminal"]
        text = str(words["greeting"]).format(version=status["version"], terminal=terminal)
        self.send(Remark(text), checked=False)

    def _stop(self, request: Request) -> None:
        self._waiting.clear()
        if self._running is not None:
            self._running.stop()
        self.send(Done(""), checked=request.checked)

    def _begin(self, request: Request) -> None:
        found = self.table.find((request.command, *request.words))
        if found is None:
            self.fail("unknown_command", checked=request.checked)
            return
        row, words = found
        if row.level > self.level:
            self.fail("not_allowed", checked=request.checked, level=self.level_name(row))
            return
        running = Running(self, row, checked=request.checked)
        self._running = running
        self._handlers[row.name](running, words)

    def level_name(self, row: CommandRow) -> str:
        """``1 (diag)``, in the session's language."""
        return f"{row.level} ({self.words()['console']['levels'][row.level]})"
