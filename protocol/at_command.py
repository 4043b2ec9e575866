"""The AT command line: which bytes belong to the question, which came unasked, and how it ended.

Sources: ITU-T V.250 (result codes, 5.7), 3GPP TS 27.007 9.1 and 9.2 (+CME ERROR), TS 27.005 3.2.5 (+CMS ERROR), and
habits seen in the field: echo whole, doubled or cut, CR CR LF, unsolicited lines inside an answer. A solicited
line and an unsolicited one can have the same shape, so the conversation keeps what was asked.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, TypeAlias

_MOST_LINE: Final = 1024
_MOST_LINES: Final = 64
_MOST_STALE: Final = 16


class ResultKind(StrEnum):
    """How an answer ended. NONE: no final result came before the wait was given up."""

    OK = "ok"
    ERROR = "error"
    CME = "cme"
    CMS = "cms"
    CONNECT = "connect"
    NO_CARRIER = "no_carrier"
    BUSY = "busy"
    NO_ANSWER = "no_answer"
    NO_DIALTONE = "no_dialtone"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class FinalResult:
    """The final result. ``code`` and ``text`` are what came with +CME ERROR or +CMS ERROR, if anything did."""

    kind: ResultKind
    code: int | None = None
    text: str = ""

    @property
    def ok(self) -> bool:
        """The command was done."""
        return self.kind is ResultKind.OK


@dataclass(frozen=True, slots=True)
class Reply:
    """The answer to ``command``: its information lines and its end."""

    command: str
    lines: tuple[str, ...]
    result: FinalResult


@dataclass(frozen=True, slots=True)
class Unsolicited:
    """A line nobody asked for. Only its name is kept: the rest may be a caller's number or a message."""

    name: str


Event: TypeAlias = Reply | Unsolicited

_WORDS: Final = {
    "OK": ResultKind.OK,
    "ERROR": ResultKind.ERROR,
    "COMMAND NOT SUPPORT": ResultKind.ERROR,
    "NO CARRIER": ResultKind.NO_CARRIER,
    "BUSY": ResultKind.BUSY,
    "NO ANSWER": ResultKind.NO_ANSWER,
    "NO DIALTONE": ResultKind.NO_DIALTONE,
    "NO DIAL TONE": ResultKind.NO_DIALTONE,
}
_NUMERIC: Final = {  # V.250 table 1, after ATV0
    "0": ResultKind.OK,
    "1": ResultKind.CONNECT,
    "3": ResultKind.NO_CARRIER,
    "4": ResultKind.ERROR,
    "6": ResultKind.NO_DIALTONE,
    "7": ResultKind.BUSY,
    "8": ResultKind.NO_ANSWER,
}
_CALL_RESULTS: Final = (
    ResultKind.CONNECT,
    ResultKind.NO_CARRIER,
    ResultKind.BUSY,
    ResultKind.NO_ANSWER,
    ResultKind.NO_DIALTONE,
)
_EXTENDED_ERROR: Final = re.compile(r"\+(CME|CMS) ERROR(?:\s*:\s*(.*))?", re.IGNORECASE)
_NAMED: Final = re.compile(r"[+^*$%#&!][A-Z][A-Z0-9_ ]*", re.IGNORECASE)
_BOOT_WORDS: Final = frozenset(
    (
        *("RING", "RDY", "READY", "CALL READY", "SMS READY", "SMS DONE", "PB DONE", "START", "APP RDY"),
        *("POWERED DOWN", "NORMAL POWER DOWN", "UNDER-VOLTAGE WARNING", "OVER-VOLTAGE WARNING", "NO CARRIER"),
    )
)
_LONG_NUMBER: Final = re.compile(r"\d(?:[ -]?\d){13,}")


def parse_final(line: str, *, numeric: bool = False) -> FinalResult | None:
    """The final result that ``line`` is, or None. ``numeric``: digits count too, as after ATV0."""
    text = line.strip()
    extended = _EXTENDED_ERROR.fullmatch(text)
    if extended is not None:
        kind = ResultKind(extended[1].lower())
        rest = (extended[2] or "").strip().strip('"')
        return FinalResult(kind, int(rest)) if rest.isdecimal() else FinalResult(kind, None, rest[:80])
    word = text.upper()
    if word == "CONNECT" or word.startswith("CONNECT "):
        return FinalResult(ResultKind.CONNECT)
    kind_or_none = _WORDS.get(word) or (_NUMERIC.get(word) if numeric else None)
    return None if kind_or_none is None else FinalResult(kind_or_none)


class AtConversation:
    """Feed it the modem's bytes; it says what happened. Holds one bounded answer, no more.

    One command is under way at a time: ``send(conversation.ask("AT+CSQ"))``, then :meth:`feed` until a
    :class:`Reply` comes, or :meth:`expire` when the wait is over. An answer that comes after its wait was given up
    is not taken for the answer to the next command.
    """

    def __init__(self) -> None:
        self._command = ""
        self._lines: list[str] = []
        self._buffer = bytearray()
        self._skipping = False  # inside a line without end
        self._stale = 0  # finals still owed by commands whose wait was given up

    @property
    def informed(self) -> bool:
        """An information line of the present answer has come."""
        return bool(self._lines)

    def ask(self, command: str) -> bytes:
        """Begin ``command`` and return the bytes to send. Raises ValueError while another one is under way."""
        if self._command:
            raise ValueError(f"{self._command} is still under way")
        if not command.isascii() or not command.isprintable() or not command:
            raise ValueError("a command is one line of printable ASCII")
        self._command = command
        self._lines = []
        return command.encode("ascii") + b"\r"

    def feed(self, data: bytes | bytearray) -> list[Event]:
        """Take bytes and return the events that they completed."""
        events: list[Event] = []
        for byte in data:
            if byte in b"\r\n":
                line = self._buffer.decode("ascii", "replace").strip(" \t\0")
                if line and not self._skipping:
                    self._take(line, events)
                self._buffer.clear()
                self._skipping = False
            elif len(self._buffer) < _MOST_LINE:
                self._buffer.append(byte)
            else:
                self._skipping = True
        return events

    def expire(self) -> Reply:
        """Give the wait up; what came so far is the answer, with :attr:`ResultKind.NONE`.

        Raises ValueError if nothing was asked.
        """
        if not self._command:
            raise ValueError("nothing was asked")
        self._stale = min(self._stale + 1, _MOST_STALE)
        return self._finish(FinalResult(ResultKind.NONE))

    def _take(self, line: str, events: list[Event]) -> None:
        if not self._command:
            if parse_final(line) is None:
                events.append(_unsolicited(line))
            elif self._stale:
                self._stale -= 1
            return
        if not self._lines and _is_echo(line, self._command):
            return
        final = parse_final(line, numeric=not _expects_information(self._command))
        if final is not None and not (final.kind in _CALL_RESULTS and not _is_call(self._command)):
            if self._stale and not self._lines and _expects_information(self._command):
                self._stale -= 1  # the end of an earlier answer, overtaken by this command
                return
            self._stale = 0  # whatever was owed would have come before
            events.append(self._finish(final))
        elif self._is_information(line):
            if len(self._lines) < _MOST_LINES:
                self._lines.append(line)
        else:
            events.append(_unsolicited(line))

    def _is_information(self, line: str) -> bool:
        prefix = _prefix_of(self._command)
        if prefix and re.match(re.escape(prefix) + r"\s*:", line, re.IGNORECASE):
            return True
        if not _is_identity(self._command):
            return False
        return not _NAMED.match(line) and line.upper() not in _BOOT_WORDS

    def _finish(self, result: FinalResult) -> Reply:
        lines = self._lines
        if _is_identity(self._command):  # ATI of some models also tells the IMEI
            lines = [line for line in lines if not _LONG_NUMBER.search(line)]
        reply = Reply(self._command, tuple(lines), result)
        self._command, self._lines = "", []
        return reply


def _unsolicited(line: str) -> Unsolicited:
    named = _NAMED.match(line)
    if named is not None:
        return Unsolicited(named[0].strip().upper())
    return Unsolicited(line.upper() if line.upper() in _BOOT_WORDS else "?")


def _prefix_of(command: str) -> str:
    """What an answer to ``command`` begins with: ``+CSQ`` of ``AT+CSQ``; empty for basic commands."""
    match = re.match(r"AT([+^*$%#&!][A-Z0-9]+)", command, re.IGNORECASE)
    return match[1].upper() if match else ""


def _is_identity(command: str) -> bool:
    return command.upper() in ("ATI", "AT+CGMI", "AT+CGMM", "AT+CGMR", "AT+GMI", "AT+GMM", "AT+GMR")


def _expects_information(command: str) -> bool:
    return _is_identity(command) or bool(_prefix_of(command))


def _is_call(command: str) -> bool:
    return bool(re.match(r"AT[DAO]", command, re.IGNORECASE))


def _is_echo(line: str, command: str) -> bool:
    """Is this our own command coming back: whole, doubled (as a whole or letter by letter), or with an end cut off?"""
    got, asked = line.upper(), command.upper()
    if got in (asked, asked + asked, "".join(letter * 2 for letter in asked)):
        return True
    if len(got) < 2 or got == "OK" or ":" in got:
        return False
    return asked.startswith(got) or (asked.endswith(got) and (got[0] == "T" or "+" in got))
