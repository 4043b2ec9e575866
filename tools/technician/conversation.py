"""Asks the terminal one command at a time and reads its reply, every line with a check value.

A line that the cable spoilt is seen by its check value, and the command is asked again where that does no harm. Nothing
is waited for without an end: a terminal that is mute, babbles or dribbles ends in one CableError.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from protocol.console_line import (
    ConsoleLineError,
    Done,
    Failed,
    LineDeframer,
    Overlong,
    Progress,
    Remark,
    Reply,
    build_line,
    join_words,
    parse_reply,
)
from tools.technician.link import Link
from tools.technician.trouble import CableError, RefusedError

SILENCE_S: Final = 6.0  # level 0 answers within a second, a command line's worker within two; a slow UART needs more
LONG_S: Final = 90.0  # a check may wait for a person, or for a network
_WAKE_S: Final = 20.0  # a port that was pulled is opened again by the terminal within fifteen seconds
_QUIET_S: Final = 0.15
_TRANSFER_S: Final = 2.0
CANCEL: Final = b"\x18" * 8 + b"\x08" * 8  # ends a ZMODEM transfer at the other side
ZMODEM_MARK: Final = b"**\x18B0"  # a header in hex
_NONSENSE_S: Final = 3.0  # bytes come, but no line of a terminal among them
_MOST_ROWS: Final = 20_000
_MOST_NOISE: Final = 64 << 10
_MOST_LINE_S: Final = 60.0
_TRIES: Final = 3
_ZMODEM: Final = Remark("zmodem")
_SPOILT: Final = (1, 2)  # not_a_line, overlong: our own line did not arrive as it was sent

OnReply: TypeAlias = Callable[[Progress | Remark], None]


class _EnoughError(Exception):
    """What was waited for has come."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A reply: its remarks' texts, and its one end."""

    rows: tuple[str, ...]
    end: Done | Failed

    @property
    def facts(self) -> dict[str, str]:
        """Rows ``name value`` by name."""
        return {name: value for name, _, value in (row.partition(" ") for row in self.rows)}


class Conversation:
    """One open cable with a terminal at its end."""

    def __init__(self, link: Link) -> None:
        self.link = link
        self._deframer = LineDeframer()
        self._lines: deque[bytes | Overlong] = deque()

    def wake(self, patience_s: float = _WAKE_S) -> None:
        """End whatever an earlier plug-in left behind, and drop what it said.

        Raises CableError: "mute" if nothing comes, "nonsense" if what comes has no line of a terminal in it.
        """
        began = heard = time.monotonic()
        asked, noise, fits, cancelled = 0.0, 0, False, False
        while True:
            now = time.monotonic()
            if not fits and now - asked >= 1.0:
                asked = now
                self.link.write(b"\r" + build_line("stop", checked=True))
            data = self.link.read(_QUIET_S)
            if not data and fits:
                break
            heard = heard if noise else now
            noise += len(data)
            if self._fits(data):
                fits, heard = True, now
            if ZMODEM_MARK in data or (now - began > _TRANSFER_S and not noise and not cancelled):
                self.link.write(CANCEL)  # a file transfer that was cut off waits there
                heard, cancelled = now, True
            if noise and (now - heard > _NONSENSE_S or noise > _MOST_NOISE):
                raise CableError("nonsense", port=self.link.name, step="stop")
            if now - began > patience_s:
                raise CableError("nonsense" if noise else "mute", port=self.link.name, step="stop")
        self._lines.clear()
        self._deframer.reset()

    def _fits(self, data: bytes) -> bool:
        """Whether a line ends in ``data`` that only a terminal sends: a reply whose check value holds."""
        self.feed(data)
        lines = list(self._lines)
        self._lines.clear()
        return any(isinstance(line, bytes) and _is_checked(line) and _parse(line) is not None for line in lines)

    def ask(
        self, *words: str, on_reply: OnReply | None = None, silence_s: float = SILENCE_S, again: bool = True
    ) -> Answer:
        """Send a command and return its answer, OK or ERROR. ``again``: it may be repeated if a line was spoilt."""
        step = join_words(words)
        for _ in range(_TRIES):
            self.link.write(build_line(step, checked=True))
            answer, spoilt = self._answer(step, on_reply, silence_s)
            if answer is not None and not (spoilt and again):
                return answer
            if not again:
                break
        raise CableError("spoilt", port=self.link.name, step=step)

    def get(self, *words: str, silence_s: float = SILENCE_S) -> Answer:
        """Like :meth:`ask`. Raises RefusedError for an ERROR."""
        answer = self.ask(*words, silence_s=silence_s)
        if isinstance(answer.end, Failed):
            raise RefusedError("refused", answer.end.number, step=" ".join(words), why=answer.end.text)
        return answer

    def send_text(self, line: str) -> None:
        """Send a line that gets no reply of its own."""
        self.link.write(build_line(line))

    def follow(self, *words: str, on_reply: OnReply, go_on: Callable[[], bool]) -> None:
        """Send a command that goes on until it is stopped; stop it when ``go_on`` says False. Raises RefusedError."""
        step = join_words(words)
        self.link.write(build_line(step, checked=True))

        def told(reply: Progress | Remark) -> None:
            on_reply(reply)
            if not go_on():
                raise _EnoughError

        try:
            answer, _ = self._answer(step, told, LONG_S)
        except _EnoughError:
            self.link.write(build_line("stop", checked=True))
            self.wait_end(step, SILENCE_S)
            self.wait_end("stop", SILENCE_S)
            return
        if answer is not None and isinstance(answer.end, Failed):
            raise RefusedError("refused", answer.end.number, step=step, why=answer.end.text)

    def begin_transfer(self, *words: str) -> None:
        """Send a command whose file is about to come or be awaited. Raises RefusedError if it is not."""
        step = join_words(words)
        self.link.write(build_line(step, checked=True))

        def told(reply: Progress | Remark) -> None:
            if reply == _ZMODEM:
                raise _EnoughError

        try:
            answer, _ = self._answer(step, told, LONG_S)
        except _EnoughError:
            self._deframer.reset()  # the transfer repeats what it begins with
            self._lines.clear()
            return
        why = answer.end.text if answer is not None else ""
        number = answer.end.number if answer is not None and isinstance(answer.end, Failed) else 0
        raise RefusedError("refused", number, step=step, why=why)

    def end_transfer(self, words: Sequence[str], silence_s: float) -> Answer:
        """Read the reply to the command of a transfer. Raises RefusedError for an ERROR."""
        step = join_words(list(words))
        answer = self.wait_end(step, silence_s)
        if isinstance(answer.end, Failed):
            raise RefusedError("refused", answer.end.number, step=step, why=answer.end.text)
        return answer

    def feed(self, data: bytes) -> None:
        """Take bytes that were read from the cable by somebody else: what follows a file transfer."""
        self._lines.extend(self._deframer.feed(data))

    def wait_end(self, step: str, silence_s: float) -> Answer:
        """Read on to the end of a reply whose command was sent already."""
        answer, _ = self._answer(step, None, silence_s)
        if answer is None:
            raise CableError("spoilt", port=self.link.name, step=step)
        return answer

    def _answer(self, step: str, on_reply: OnReply | None, silence_s: float) -> tuple[Answer | None, bool]:
        """Read one reply; None: our line did not arrive whole. True: lines of it were spoilt."""
        rows: list[str] = []
        spoilt, count, heard = False, 0, time.monotonic()
        while True:
            line = self._line(step, silence_s, spoilt=spoilt)
            reply = None if isinstance(line, Overlong) else _parse(line)
            checked = isinstance(line, bytes) and _is_checked(line)
            if reply is None or not checked:
                if isinstance(reply, Failed) and reply.number in _SPOILT:
                    return None, True
                spoilt = spoilt or (reply is None and bool(line))
                if time.monotonic() - heard > max(_NONSENSE_S, silence_s):
                    raise CableError("nonsense", port=self.link.name, step=step)
                continue
            if isinstance(reply, Done | Failed):
                return Answer(tuple(rows), reply), spoilt
            heard, count = time.monotonic(), count + 1
            if count > _MOST_ROWS:
                raise CableError("endless", port=self.link.name, step=step)
            if isinstance(reply, Remark):
                rows.append(reply.text)
            if on_reply is not None:
                on_reply(reply)

    def _line(self, step: str, silence_s: float, *, spoilt: bool) -> bytes | Overlong:
        noise, since = 0, time.monotonic()
        while not self._lines:
            data = self.link.read(silence_s)
            noise += len(data)
            if not data:
                word = "nonsense" if spoilt or noise else "mute"
                raise CableError(word, port=self.link.name, step=step)
            if noise > _MOST_NOISE or time.monotonic() - since > _MOST_LINE_S + silence_s:
                raise CableError("nonsense", port=self.link.name, step=step)
            self.feed(data)
        return self._lines.popleft()


def _parse(line: bytes) -> Reply | None:
    try:
        return parse_reply(line)
    except ConsoleLineError:
        return None


def _is_checked(line: bytes) -> bool:
    """Whether a line that :func:`parse_reply` took carries a check value: our commands do, so their replies do too."""
    return line[-6:-4] == b" *"
