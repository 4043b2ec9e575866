"""What the technician's port asks of the app."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from device.actions import Actions
from protocol.console_challenge import Signature


class Tool(Protocol):
    """Something that runs in a process of its own."""

    def cancel(self) -> None:
        """End it now; its end is told all the same."""


class Line(Protocol):
    """The serial line of one session."""

    @property
    def full(self) -> bool:
        """Whether something that was written has not gone out yet."""

    def write(self, data: bytes) -> None:
        """Queue bytes."""

    def hold(self, on: bool) -> None:
        """Read nothing for a while, so that the far end waits."""

    def guard(self, on: bool) -> None:
        """Watch closely whether the cable is still plugged in: somebody is signed in, or about to be."""

    def lend(self) -> int:
        """Give the descriptor to a file transfer until :meth:`take_back`."""

    def take_back(self) -> None:
        """Serve the line again."""


class AccessRefusedError(Exception):
    """No challenge is made; ``error`` is a name of the table of errors, ``values`` what its text needs."""

    def __init__(self, error: str, **values: str) -> None:
        super().__init__(error)
        self.error = error
        self.values = values


@dataclass(frozen=True, slots=True)
class Begun:
    """A challenge: the text to sign, for how many seconds it is good, and whether certificates can be judged."""

    text: bytes
    seconds: int
    clock_ok: bool


@dataclass(frozen=True, slots=True)
class Granted:
    """Somebody may use a role: for how long at most, for how long without doing anything, and who it is."""

    role: str
    lifetime_s: int
    idle_s: int
    who: str


class Access(Protocol):
    """Who may sign in; one for all ports."""

    def begin(self, port: str, role: str, lifetime_s: int) -> Begun:
        """Make a challenge; one made before, for whichever port, is void. Raises AccessRefusedError."""

    def answer(
        self, port: str, answer: Sequence[Signature], done: Callable[[Granted | None], None]
    ) -> Callable[[], None]:
        """Check an answer; ``done`` gets what was granted, or None. Returns what ends the check."""

    def forget(self, port: str) -> None:
        """The challenge of this port is void."""

    def log(self, event: str, detail: str = "") -> str:
        """Write a step into the audit log; returns its new count and head. Never any card data."""


class ConsoleDesk(Actions, Protocol):
    """The actions, and what only this port needs."""

    @property
    def access(self) -> Access:
        """Who may sign in."""

    @property
    def incoming(self) -> Path:
        """The folder into which files are uploaded."""

    def call_in(self, delay_s: float, call: Callable[[], None]) -> Tool:
        """Call once, later; cancel it before that."""

    def texts(self, language: str) -> Mapping[str, Mapping[str, Any]]:
        """The catalogue's texts of one language."""

    def terminal_id(self) -> str:
        """The terminal's number, "" if nobody knows it."""

    def tool(self, words: Sequence[str], on_line: Callable[[str], None], done: Callable[[int | None], None]) -> Tool:
        """Run ``posmedic`` with these words in a process of its own.

        Each line of its output goes to ``on_line``, then its exit code to ``done`` (None: it broke off or was ended).
        """

    def log_tail(self, lines: int) -> Sequence[str]:
        """The last lines of the service's log, without any card data."""

    def follow_log(self, on_line: Callable[[str], None]) -> Callable[[], None]:
        """Hand on each new line of the service's log; returns what ends that."""

    def held_back(self) -> str:
        """Why nothing that disturbs may be done now: ``sale_running``, ``offline_pending``, or "" if it may."""

    def send_file(self, line: int, name: str, make: Sequence[str], done: Callable[[str], None]) -> Tool:
        """Make a file (the words of a command line that writes to ``--out FILE``, or none: the log), send it by ZMODEM.

        ``done`` gets "" or the name of an error.
        """

    def receive_file(self, line: int, kind: str, size: int, done: Callable[[str], None]) -> Tool:
        """Receive one file of ``size`` bytes by ZMODEM into :attr:`incoming`; one that broke off before is resumed.

        ``done`` gets "" or the name of an error.
        """

    def put_in_place(self, kind: str, done: Callable[[str, str], None]) -> Tool:
        """Check an uploaded file and put it in place, the old one kept; ``done`` gets an error's name and a text."""

    def settings_text(self) -> str:
        """The settings file as it is."""

    def restart(self, what: str) -> None:
        """End the service, which is started anew (``service``), or have the terminal restarted (``terminal``)."""

    def switch_slot(self, done: Callable[[Mapping[str, Any]], None]) -> None:
        """Have the other slot started next; ``done`` gets its name as ``next``, or ``refused`` and ``said``."""
