"""A serial ESC/POS printer: the four real-time questions, once each. Only :func:`print_test_line` puts ink on paper.

Many printers never answer (their line is one-way, or they do not know DLE EOT): that is no fault of theirs, and
:class:`PrinterMuteError` says so. The whole conversation ends within :data:`BUDGET_S`.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, TypeAlias

from device.ports.serial_port import PortDeadlineError, SerialPort, open_serial
from device.printer_states import read_printer_states
from protocol.escpos import QUESTIONS, PrinterNoise, PrinterStatus, Status, StatusReader, build_question

BUDGET_S: Final = 3.2
_TEST_LINE: Final = b"\x1b@posmedic self-test\n\x1bd\x03"
_ANSWER_S: Final = 0.5  # real-time answers come within milliseconds; a slow converter needs longer
_MOST_BYTES: Final = 1024  # several times what the answers and an automatic status need
_MOST_NOISE: Final = 32  # one random byte in sixteen looks like an answer: among so much noise none is believed


class PrinterError(Exception):
    """The printer did not answer as it must; the text is one sentence. ``reason`` is a short key for evidence."""

    reason = "no_answer"


class PrinterMuteError(PrinterError):
    """No byte came back: many printers cannot answer, so nothing is known."""

    reason = "mute"


class PrinterGarbledError(PrinterError):
    """Bytes came, but no status among them; often a wrong speed."""

    reason = "garbled"


class PrinterBabbleError(PrinterError):
    """Bytes come without end."""

    reason = "babble"


class Paper(StrEnum):
    """How much paper there is."""

    OK = "ok"
    NEAR_END = "near_end"
    OUT = "out"


@dataclass(frozen=True, slots=True)
class PrinterSetup:
    """Where the printer is."""

    port: str
    baud: int


@dataclass(frozen=True, slots=True)
class PrinterAnswers:
    """The printer answered a real-time question for the first time."""


@dataclass(frozen=True, slots=True)
class PrinterLine:
    """DLE EOT 1: whether it takes what is printed now."""

    online: bool


@dataclass(frozen=True, slots=True)
class PrinterCover:
    """DLE EOT 2."""

    is_open: bool


@dataclass(frozen=True, slots=True)
class PrinterFault:
    """DLE EOT 3: the cutter, and errors by what helps against them."""

    cutter: bool
    recoverable: bool
    unrecoverable: bool
    goes_by_itself: bool  # such as a hot print head


@dataclass(frozen=True, slots=True)
class PrinterPaper:
    """DLE EOT 4."""

    paper: Paper


PrinterFact: TypeAlias = PrinterAnswers | PrinterLine | PrinterCover | PrinterFault | PrinterPaper


def read_printer(setup: PrinterSetup) -> Iterator[PrinterFact]:
    """Ask the four questions; each fact is yielded as soon as it is known, and a question without answer gives none.

    Raises PortError; PrinterMuteError, PrinterGarbledError or PrinterBabbleError where no question was answered.
    """
    with open_serial(setup.port, setup.baud, BUDGET_S) as port:
        talk = _Conversation(port)
        answered = False
        for about in QUESTIONS:
            status = talk.ask(about)
            if status is None:
                if not answered:
                    raise talk.no_answer()
                continue
            if not answered:
                answered = True
                yield PrinterAnswers()
            yield _fact_of(status)


def print_test_line(setup: PrinterSetup) -> bool:
    """Print one line and feed it out; whether the printer says afterwards that it is in order.

    ESC @ (as after power-on), the text, LF, ESC d 3 (feed three lines). Raises as :func:`read_printer`.
    """
    with open_serial(setup.port, setup.baud, BUDGET_S) as port:
        talk = _Conversation(port)
        before = talk.ask(Status.PRINTER)
        if before is None:
            raise talk.no_answer()
        if "offline" in read_printer_states().words(before):
            return False
        port.write(_TEST_LINE)
        after = talk.ask(Status.ERROR)
        words = () if after is None else read_printer_states().words(after)
        return after is not None and not {"cutter", "error_recoverable", "error_unrecoverable"} & set(words)


def _fact_of(status: PrinterStatus) -> PrinterFact:
    words = read_printer_states().words(status)
    if status.about is Status.PRINTER:
        return PrinterLine(online="offline" not in words)
    if status.about is Status.OFFLINE:
        return PrinterCover(is_open="cover_open" in words)
    if status.about is Status.ERROR:
        return PrinterFault(
            cutter="cutter" in words,
            recoverable="error_recoverable" in words,
            unrecoverable="error_unrecoverable" in words,
            goes_by_itself="error_auto_recoverable" in words,
        )
    paper = Paper.OUT if "paper_out" in words else Paper.NEAR_END if "paper_near_end" in words else Paper.OK
    return PrinterPaper(paper)


class _Conversation:
    def __init__(self, port: SerialPort) -> None:
        self._port = port
        self._heard = 0
        self._noise = 0

    def ask(self, about: Status) -> PrinterStatus | None:
        """One question, one answer; None: it did not come in time. A late answer to an older question is dropped."""
        reader = StatusReader()
        try:
            self._hear(StatusReader(), about, 0)  # what came before the question is no answer to it
            reader.ask(about)
            self._port.write(build_question(about))
            return self._hear(reader, about, _ANSWER_S)
        except PortDeadlineError:
            return None

    def _hear(self, reader: StatusReader, about: Status, wait_s: float) -> PrinterStatus | None:
        until = time.monotonic() + wait_s
        answer: PrinterStatus | None = None
        while answer is None:
            data = self._port.read_some(max(0.0, until - time.monotonic()))
            if not data and time.monotonic() >= until:
                break
            self._heard += len(data)
            for item in reader.feed(data):
                if isinstance(item, PrinterNoise):
                    self._noise += item.length
                elif item.about is about:
                    answer = answer or item
            if self._heard > _MOST_BYTES:
                raise PrinterBabbleError("The printer sends without end and does not answer.")
        self._noise += sum(item.length for item in reader.close() if isinstance(item, PrinterNoise))
        if self._noise > _MOST_NOISE:
            raise PrinterGarbledError("Most of what the printer sends is no status; its speed may be set wrongly.")
        return answer

    def no_answer(self) -> PrinterError:
        """Why the first question had no answer."""
        if self._heard:
            return PrinterGarbledError("What the printer sends is no status; its speed may be set wrongly.")
        return PrinterMuteError("The printer does not answer; many cannot.")
