"""The AT command line: which bytes belong to the question, which came unasked, and how it ended.

Sources: ITU-T V.250 (command lines 5.2 to 5.6, result codes 5.7), 3GPP TS 27.007 and 27.005 (the prompt of +CMGS), and
habits seen in the field: echo whole, doubled or cut, CR CR LF, unsolicited lines inside an answer. A solicited line
and an unsolicited one can have the same shape, so the conversation keeps what was asked.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from protocol.at_result import CALL_RESULTS, FinalResult, ResultKind, parse_final

_MOST_LINE: Final = 4096  # a list of operators in UCS2 takes a hundred characters for each
_MOST_LINES: Final = 64
_MOST_STALE: Final = 16
_IDENTITY: Final = frozenset(("ATI", "AT+CGMI", "AT+CGMM", "AT+CGMR", "AT+GMI", "AT+GMM", "AT+GMR"))
NUMBER_NAMES: Final = frozenset(  # commands that tell a number of subscriber, SIM or device
    (
        *(
            "+CGSN",
            "+GSN",
            "+CIMI",
            "+CCID",
            "+ICCID",
            "+QCCID",
            "+CICCID",
            "^ICCID",
            "#CGSN",
            "#CIMI",
            "#CCID",
            "^SCID",
        ),
        "+ZGETICCID",
    )
)
_PROMPTED: Final = frozenset(("+CMGS", "+CMGW", "+CMGC", "+CIPSEND", "+QISEND", "#SSENDEXT", "^SISW"))
_REPORTED: Final = frozenset(("+CREG", "+CGREG", "+CEREG", "+C5GREG", "+CGEREP", "+CTZR", "+CSCON"))
_ANSWERS_OF: Final = {"+QCCID": ("+CCID",), "+UCGED": ("+RSRP", "+RSRQ"), "ATI": ("+GCAP",)}
BARE_WORDS: Final = frozenset(  # unasked lines without a name and colon; their meanings are in the catalogue
    (
        *("RING", "RDY", "READY", "CALL READY", "SMS READY", "SMS DONE", "PB DONE", "START", "APP RDY"),
        *("POWERED DOWN", "NORMAL POWER DOWN", "UNDER-VOLTAGE WARNING", "OVER-VOLTAGE WARNING", "NO CARRIER"),
        *("VOICE CALL: BEGIN", "VOICE CALL: END", "MODEM:STARTUP", "*ATREADY: 1"),
    )
)
_NAMED: Final = re.compile(r"[+^*$%#&!][A-Z][A-Z0-9_ ]*", re.IGNORECASE | re.ASCII)
_LONG_NUMBER: Final = re.compile(r"\d(?:[ -]?\d){13,}")
_NOISE: Final = re.compile(r"^[^\x20-\x7e]+|[^\x20-\x7e]+$")


@dataclass(frozen=True, slots=True)
class Reply:
    """The answer to ``command``: its information lines (may name a subscriber: not in the repr) and its end."""

    command: str
    lines: tuple[str, ...] = field(repr=False)
    result: FinalResult


@dataclass(frozen=True, slots=True)
class Unsolicited:
    """A line nobody asked for. Only its name is kept: the rest may be a caller's number or a message."""

    name: str


@dataclass(frozen=True, slots=True)
class Prompt:
    """The modem asks for text (``> `` after AT+CMGS): send it, or ESC (27) to leave."""


Event: TypeAlias = Reply | Unsolicited | Prompt


class AtConversation:
    """Feed it the modem's bytes; it says what happened. Holds one bounded answer, no more.

    One command is under way at a time: ``send(conversation.ask("AT+CSQ"))``, then :meth:`feed` until a
    :class:`Reply` comes, or :meth:`expire` when the wait is over. An answer that comes after its wait was given up
    is not taken for the answer to the next command. After ``ATV0`` final results in digits are understood.
    """

    def __init__(self) -> None:
        self._command = ""
        self._lines: list[str] = []
        self._buffer = bytearray()
        self._skipping = False  # inside a line without end
        self._stale = 0  # finals still owed by commands whose wait was given up
        self._digits = False  # the modem answers in digits (ATV0)

    @property
    def informed(self) -> bool:
        """An information line of the present answer has come."""
        return bool(self._lines)

    def ask(self, command: str) -> bytes:
        """Begin ``command`` and return the bytes to send. Raises ValueError while another one is under way."""
        if self._command:
            raise ValueError(f"{name_of(self._command) or 'a command'} is still under way")
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
                line = _clean(self._buffer)
                if line and not self._skipping:
                    self._take(line, events)
                self._buffer.clear()
                self._skipping = False
            elif len(self._buffer) < _MOST_LINE:
                self._buffer.append(byte)
                if self._is_prompt():
                    self._buffer.clear()
                    events.append(Prompt())
            else:
                self._skipping = True
        return events

    def _is_prompt(self) -> bool:
        """``> ``; behind a command that is known to ask for text the blank may be missing."""
        bare = b">" if name_of(self._command) in _PROMPTED else b"> "
        return bool(self._command) and bytes(self._buffer) == bare

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
        if not self._lines:
            if is_echo(line, self._command):
                return
            line = without_echo(line, self._command)
        informs = expects_information(self._command)
        final = parse_final(line, numeric=self._digits or not informs)
        if final is not None and not (final.kind in CALL_RESULTS and not is_call(self._command)):
            if self._stale and not self._lines and informs:
                self._stale -= 1  # the end of an earlier answer, overtaken by this command
                return
            self._stale = 0  # whatever was owed would have come before
            events.append(self._finish(final))
        elif is_information(line, self._command, begun=bool(self._lines)):
            if len(self._lines) < _MOST_LINES:
                self._lines.append(line)
        else:
            events.append(_unsolicited(line))

    def _finish(self, result: FinalResult) -> Reply:
        command, lines = self._command, self._lines
        if command.upper() in _IDENTITY:  # ATI of some models also tells the IMEI
            lines = [line for line in lines if not _LONG_NUMBER.search(line)]
        if result.ok and re.match(r"AT(V[01]?|Z|&F)", command, re.IGNORECASE):
            self._digits = bool(re.match(r"ATV0?$", command, re.IGNORECASE))
        self._command, self._lines = "", []
        return Reply(command, tuple(lines), result)


def name_of(command: str) -> str:
    """What an answer to ``command`` begins with: ``+CSQ`` of ``AT+CSQ=?``; empty for basic commands."""
    match = re.match(r"AT([+^*$%#&!][A-Z0-9]+)", command, re.IGNORECASE)
    return match[1].upper() if match else ""


def names_of(command: str) -> tuple[str, ...]:
    """What the answers of a command line begin with: ``+CSQ``, ``+CREG`` of ``AT+CSQ;+CREG?`` (V.250, 5.2.1).

    The setting of what is reported unasked (``AT+CREG=2``) is answered by its result alone.
    """
    parts = (part if at == 0 else f"AT{part}" for at, part in enumerate(command.split(";")))
    told = ((name_of(part), "=" in part and "=?" not in part) for part in parts)
    return tuple(name for name, is_setting in told if name and not (is_setting and name in _REPORTED))


def expects_information(command: str) -> bool:
    """An answer to ``command`` may have lines before its final result."""
    return command.upper() in _IDENTITY or bool(names_of(command))


def is_call(command: str) -> bool:
    """Does ``command`` dial, answer or go back to a call, so that CONNECT, BUSY and NO CARRIER end it?"""
    return bool(re.match(r"AT[DAO]", command, re.IGNORECASE)) or name_of(command) == "+CGDATA"


def is_information(line: str, command: str, *, begun: bool = False) -> bool:
    """Is ``line`` part of the answer to ``command``, not something unasked? ``begun``: an earlier line already was.

    Lines without the name count for identities and numbers, for the list of a test command that was broken up, and
    behind the first line of u-blox +UCGED.
    """
    prefix, asked = name_of(command), command.upper()
    named = _NAMED.match(line)
    if named is not None and line[named.end() : named.end() + 1] in (":", "="):
        name = named[0].strip().upper()
        return name in names_of(command) or name in _ANSWERS_OF.get(prefix or asked, ())
    if line.upper() in BARE_WORDS:
        return False
    if asked in _IDENTITY or (prefix in NUMBER_NAMES and not asked.endswith("=?")):
        return named is None
    if begun and asked.endswith("=?"):
        return line[0] in "(,)"
    return begun and prefix == "+UCGED" and line[0].isalnum()


def is_echo(line: str, command: str) -> bool:
    """Is this our own command coming back: whole, doubled (as a whole or letter by letter), or with an end cut off?"""
    got, asked = line.upper(), command.upper()
    if got in (asked, asked + asked, "".join(letter * 2 for letter in asked)):
        return True
    if len(got) < 2 or got == "OK" or ":" in got:
        return False
    return asked.startswith(got) or (asked.endswith(got) and (got[0] == "T" or "+" in got))


def without_echo(line: str, command: str) -> str:
    """``line`` without the echo of ``command``, where no line end parts that from the answer."""
    rest = line[len(command) :].strip()
    glued = line.upper().startswith(command.upper()) and rest and not rest.startswith(("=", "?"))
    return rest if glued and (parse_final(rest) or _NAMED.match(rest)) else line


def _clean(raw: bytes | bytearray) -> str:
    text = raw.decode("utf-8", "replace")
    return _NOISE.sub("", text.strip()).strip()


def _unsolicited(line: str) -> Unsolicited:
    if line.upper() in BARE_WORDS:
        return Unsolicited(line.upper())
    named = _NAMED.match(line)
    return Unsolicited(named[0].strip().upper()[:24] if named else "?")
