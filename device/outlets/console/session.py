"""One plug-in of the technician's port: lines come in, one command runs at a time, every command ends in one reply."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from device.outlets.console.command_table import CommandRow, CommandTable
from device.outlets.console.desk import ConsoleDesk, Line
from device.outlets.console.running import Running
from device.outlets.console.sign_in import SignIn
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

if TYPE_CHECKING:
    from device.outlets.console.line_editor import LineEditor

_MOST_WAITING: Final = 16
_MOST_AT_ONCE: Final = 8  # lines in a row, then the loop serves others: a flood here holds up no sale
# What modem programs send to every port that could be one: no answer, or they stay. ModemManager 1.24: AT, ATE1 E0,
# AT+CGMI, AT+GMI, ATI, AT+CGMM, AT+GMM, AT%IPSYS?, AT+XACT=?, before that AT+GCAP, AT+CPIN?; then a QCDM frame between
# two 7E without an end of line, behind which the next line begins. No command of ours begins with these signs.
_PROBE: Final = re.compile(rb"\s*(\+\+\+|[Aa][Tt])")
_QCDM: Final = b"~"

Handler: TypeAlias = Callable[[Running, tuple[str, ...]], None]
FindHandler: TypeAlias = Callable[[CommandRow], Handler]


class Session:
    """Takes bytes of a line and writes bytes to it. ``find_handler``: what carries out a command of ``table``."""

    def __init__(
        self, desk: ConsoleDesk, table: CommandTable, find_handler: FindHandler, line: Line, port: str, language: str
    ) -> None:
        self.desk = desk
        self.table = table
        self.line = line
        self.port = port
        self.language = self._first_language = language
        self.ascii = False
        self.editor: LineEditor | None = None
        self.sign_in = SignIn(self)
        self._find_handler = find_handler
        self._deframer = LineDeframer()
        self._lines: deque[bytes | Overlong] = deque()  # came, not yet looked at
        self._waiting: deque[Request] = deque()
        self._running: Running | None = None
        self._transferring = False
        self.ignored = 0  # lines that were no text, or probes for a modem

    def feed(self, data: bytes) -> None:
        """Take what arrived."""
        source = self._deframer if self.editor is None else self.editor
        self._lines.extend(source.feed(data))
        self._turn()

    def unplug(self) -> None:
        """The far end went away: what runs is ended, what it was allowed is forgotten."""
        self.sign_in.leave("unplugged")
        self._waiting.clear()
        self._lines.clear()
        self._deframer.reset()
        self._transferring = False
        self.editor, self.ascii, self.language = None, False, self._first_language
        if self._running is not None:
            self._running.stop()

    @property
    def level(self) -> int:
        """What the far end may do: 0 open, 1 diag, 2 maint, 3 vendor."""
        return self.sign_in.level

    @property
    def busy(self) -> bool:
        """Whether a command runs that ends by itself."""
        return self._running is not None and not self._running.endless

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
        text = build_reply(reply)
        if self.ascii:
            text = text.encode("ascii", "replace").decode()
        self.line.write(build_line(text, checked=checked))

    def ended(self, running: Running) -> None:
        """A command has given its one reply; the next that waits may begin."""
        if self._running is running:
            self._running = None
        self.sign_in.command_ended(running)
        if self._waiting and self._running is None:
            self._begin(self._waiting.popleft())
        elif self.editor is not None and self._running is None:
            self.editor.prompt()

    def transfer(self, on: bool) -> None:
        """What comes belongs to a file transfer from now on, or again to this session."""
        self._transferring = on
        self._deframer.reset()
        self.line.hold(on or bool(self._lines))

    def stop_endless(self) -> None:
        """End a command that would go on for ever: whoever began it is not signed in any more."""
        if self._running is not None and self._running.endless:
            self._running.stop()

    def run(self, request: Request) -> None:
        """Begin a command now or as soon as its turn comes."""
        self.sign_in.touch()
        if request.command.lower() == "stop":
            self._stop(request)
        elif request.command.lower() == "answer":
            self._answer(request)
        elif self._running is None:
            self._begin(request)
        elif len(self._waiting) < _MOST_WAITING:
            self._waiting.append(request)
        else:
            self.fail("busy", checked=request.checked)

    def level_name(self, row: CommandRow) -> str:
        """``1 (diag)``, in the session's language."""
        return f"{row.level} ({self.words()['console']['levels'][row.level]})"

    def edit(self, on: bool) -> None:
        """Switch editing of the line on or off."""
        if on and self.editor is None:
            from device.outlets.console.line_editor import LineEditor  # noqa: PLC0415  few ask for it

            self.editor = LineEditor(self.line.write, sorted(self.table.commands))
        elif not on:
            self.editor = None

    def _turn(self) -> None:
        """Look at some of the lines that came; while some are left nothing more is read."""
        for _ in range(min(_MOST_AT_ONCE, len(self._lines))):
            if self._lines:  # an unplugging or a stop may have cleared them
                self._take(self._lines.popleft())
        self.line.hold(bool(self._lines) or self._transferring)
        if self._lines:
            self.desk.call_in(0, self._turn)
        elif self.editor is not None and self._running is None:
            self.editor.prompt()

    def _take(self, line: bytes | Overlong) -> None:
        if self.sign_in.collecting and self.sign_in.collect(line):
            return
        if isinstance(line, Overlong):
            self.fail("overlong")
            return
        if line.startswith(_QCDM):
            line = line.rpartition(_QCDM)[2]
            self.ignored += 1
        if _PROBE.match(line):
            self.ignored += 1
            return
        try:
            request = parse_request(line)
        except ConsoleLineError as error:
            self._refuse(line, error)
            return
        if request is None:
            self._greet()
        elif request.command.lower() == "answer-begin" and not request.words:
            self.sign_in.open_answer()
        else:
            self.run(request)

    def _refuse(self, line: bytes, error: ConsoleLineError) -> None:
        """Noise is not answered: only what a person or a script could have meant as a line is."""
        if line.isascii() and all(sign >= 0x20 or sign == 0x09 for sign in line):
            self.fail("not_a_line", what=str(error))
        else:
            self.ignored += 1

    def _greet(self) -> None:
        if self.editor is not None:
            return
        words = self.words()["console"]
        terminal = self.desk.terminal_id() or words["unknown_terminal"]
        text = str(words["greeting"]).format(version=self.desk.status()["version"], terminal=terminal)
        self.send(Remark(text), checked=False)

    def _stop(self, request: Request) -> None:
        self._waiting.clear()
        if self._running is not None:
            self._running.stop()
        self.send(Done(""), checked=request.checked)

    def _answer(self, request: Request) -> None:
        """``answer yes|no``: to the prompt of the assisted test that runs."""
        asked = self._running.prompted if self._running is not None else ""
        seen = {"yes": True, "no": False}.get(" ".join(request.words).lower())
        if seen is None:
            self.fail("bad_words", checked=request.checked, usage=self.table.commands["answer"].usage)
        elif not asked or not self.desk.answer(asked, seen=seen):
            self.fail("nothing_asked", checked=request.checked)
        else:
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
        if row.disturbs and (held := self.desk.held_back()):
            running.fail("refused", what=str(self.words()["refusals"][held]))
            return
        self._find_handler(row)(running, words)
