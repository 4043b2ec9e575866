"""Status of ESC/POS printers: what they answer in real time, tell unasked, and answer when asked in the print stream.

A status byte is known by its fixed bits alone, but what the others say depends on the question: the decoder keeps the
questions in order. Source: Epson ESC/POS command reference, DLE EOT, GS a, GS r, GS I. The bits' meanings are data,
``catalogue/printer/escpos.toml``.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, TypeAlias

DLE_EOT: Final = b"\x10\x04"
QUESTION_SIZE: Final = 3  # bytes; one of four is DLE EOT n a
LONGEST_QUESTION: Final = 4
_XON: Final = 0x11
_XOFF: Final = 0x13
_INFORMATION: Final = 0x5F  # header of GS I's texts, which end in NUL
_MOST_QUESTIONS: Final = 64
_MOST_TEXT: Final = 80
_ASB_SIZE: Final = 4
_REALTIME: Final = (0x93, 0x12)  # mask and value of a real-time answer
_ASB_FIRST: Final = (0x93, 0x10)
_ASB_NEXT: Final = (0x90, 0x00)
_GS_ANSWER: Final = (0x90, 0x00)  # GS r and GS I: bit 4 and bit 7 are off


class Status(StrEnum):
    """What a status is about; also the name of its bit table.

    REALTIME is an answer whose question was not seen; OTHER_PART answers DLE EOT 7, 8 or 18 (ink, peeler, interface):
    printers differ in what its bits say.
    """

    PRINTER = "dle_eot_1"
    OFFLINE = "dle_eot_2"
    ERROR = "dle_eot_3"
    PAPER = "dle_eot_4"
    REALTIME = "realtime"
    OTHER_PART = "dle_eot_other"
    ASB = "asb"
    PAPER_SENSOR = "paper_sensor"
    DRAWER = "drawer"
    PRINTER_ID = "printer_id"
    INFORMATION = "information"
    XON = "xon"
    XOFF = "xoff"


QUESTIONS: Final = (Status.PRINTER, Status.OFFLINE, Status.ERROR, Status.PAPER)
_GS_R: Final = {1: Status.PAPER_SENSOR, 2: Status.DRAWER, 49: Status.PAPER_SENSOR, 50: Status.DRAWER}
_OTHER_PARTS: Final = {7: (1, 2), 8: (3,), 18: (1, 2)}  # n of DLE EOT n a, and what a may be
_GS_I_BYTE: Final = frozenset((1, 2, 3, 49, 50, 51))
_GS_I_TEXT: Final = frozenset((*range(65, 70), *range(33, 37), 96, 110))


@dataclass(frozen=True, slots=True)
class PrinterStatus:
    """One status. ``raw`` is its bytes; it stays out of the text form, since GS I may tell a serial number."""

    about: Status
    raw: bytes = field(repr=False)
    offset: int


@dataclass(frozen=True, slots=True)
class PrinterNoise:
    """Bytes that are no status: where they began and how many."""

    offset: int
    length: int


PrinterItem: TypeAlias = PrinterStatus | PrinterNoise


def build_question(about: Status) -> bytes:
    """DLE EOT n. Raises ValueError for what cannot be asked in real time. No printer puts this on paper."""
    if about not in QUESTIONS:
        raise ValueError(f"{about} cannot be asked in real time")
    return DLE_EOT + bytes((QUESTIONS.index(about) + 1,))


def _fits(byte: int, fixed: tuple[int, int]) -> bool:
    return byte & fixed[0] == fixed[1]


class QuestionReader:
    """Finds status questions in what is sent to the printer, cut anywhere. Everything else there is not kept."""

    def __init__(self) -> None:
        self._tail = b""

    def feed(self, data: bytes | bytearray) -> list[Status]:
        """What these bytes ask, in order.

        Bytes of a picture may look like a question; printers answer those too (DLE EOT works wherever it stands).
        """
        asked: list[Status] = []
        held = self._tail + bytes(data)
        at = 0
        while at + QUESTION_SIZE <= len(held):
            about, size = question_of(held[at : at + LONGEST_QUESTION])
            if at + size > len(held):
                break
            if about is not None:
                asked.append(about)
            at += size
        self._tail = held[at:]
        return asked


def question_of(sent: bytes | bytearray) -> tuple[Status | None, int]:
    """What the first bytes sent to a printer ask, and how many bytes it takes; None and 1 where they ask nothing.

    DLE EOT n, GS r n and GS I n are three bytes; DLE EOT n a is four. Where fewer are given and more are needed to
    tell, the size is that of the question which they may begin: more than there are.
    """
    if len(sent) < QUESTION_SIZE:
        return None, QUESTION_SIZE
    first, second, number = sent[:QUESTION_SIZE]
    if (first, second) == (0x10, 0x04) and number in _OTHER_PARTS:
        if len(sent) < LONGEST_QUESTION:
            return None, LONGEST_QUESTION
        return (Status.OTHER_PART, LONGEST_QUESTION) if sent[QUESTION_SIZE] in _OTHER_PARTS[number] else (None, 1)
    about = _short_question(first, second, number)
    return (about, QUESTION_SIZE) if about is not None else (None, 1)


def _short_question(first: int, second: int, number: int) -> Status | None:
    if (first, second) == (0x10, 0x04):
        return QUESTIONS[number - 1] if 1 <= number <= len(QUESTIONS) else None
    if (first, second) == (0x1D, 0x72):
        return _GS_R.get(number)
    if (first, second) == (0x1D, 0x49):
        if number in _GS_I_BYTE:
            return Status.PRINTER_ID
        return Status.INFORMATION if number in _GS_I_TEXT else None
    return None


class StatusReader:
    """Cuts what a printer sends into statuses; how it was chunked makes no difference.

    Real-time answers and XON/XOFF may stand inside the four bytes of an automatic status; both are found. Tell what was
    asked with :meth:`ask`, or pass nothing: an answer to an unseen question is told as REALTIME.
    """

    def __init__(self) -> None:
        self._asked: deque[Status] = deque(maxlen=_MOST_QUESTIONS)  # DLE EOT
        self._queued: deque[Status] = deque(maxlen=_MOST_QUESTIONS)  # GS r, GS I: answered when their turn comes
        self._open = bytearray()  # an automatic status or a text that is not finished
        self._open_at = 0
        self._offset = 0
        self._noise = 0
        self._noise_at = 0

    def ask(self, about: Status) -> None:
        """A question went to the printer."""
        (self._asked if about in (*QUESTIONS, Status.OTHER_PART) else self._queued).append(about)

    def feed(self, data: bytes | bytearray) -> list[PrinterItem]:
        """Take bytes from the printer and return what became certain."""
        items: list[PrinterItem] = []
        for byte in data:
            self._take(byte, items)
            self._offset += 1
        return items

    def close(self) -> list[PrinterItem]:
        """The line went quiet or ended: what is left unfinished is noise. Questions stay open."""
        items: list[PrinterItem] = []
        self._give_up(items)
        self._tell_noise(items)
        return items

    def _take(self, byte: int, items: list[PrinterItem]) -> None:
        if self._open and self._open[0] == _INFORMATION:
            self._take_text(byte, items)
        elif byte in (_XON, _XOFF):
            self._tell(Status.XON if byte == _XON else Status.XOFF, bytes((byte,)), self._offset, items)
        elif _fits(byte, _REALTIME):
            about = self._asked.popleft() if self._asked else Status.REALTIME
            self._tell(about, bytes((byte,)), self._offset, items)
        elif self._open:
            self._take_asb(byte, items)
        elif _fits(byte, _ASB_FIRST) or (byte == _INFORMATION and Status.INFORMATION in self._queued):
            self._begin(byte)
        elif _fits(byte, _GS_ANSWER) and self._queued and self._queued[0] is not Status.INFORMATION:
            self._tell(self._queued.popleft(), bytes((byte,)), self._offset, items)
        else:
            self._add_noise(self._offset, 1, items)

    def _begin(self, byte: int) -> None:
        self._open.append(byte)
        self._open_at = self._offset

    def _take_asb(self, byte: int, items: list[PrinterItem]) -> None:
        if not _fits(byte, _ASB_NEXT):
            self._give_up(items)
            self._take(byte, items)
            return
        self._open.append(byte)
        if len(self._open) == _ASB_SIZE:
            self._finish(Status.ASB, items)

    def _take_text(self, byte: int, items: list[PrinterItem]) -> None:
        if byte == 0 and len(self._open) > 1:
            self._queued.remove(Status.INFORMATION)
            del self._open[0]
            self._finish(Status.INFORMATION, items)
        elif 0x20 <= byte < 0x7F and len(self._open) <= _MOST_TEXT:
            self._open.append(byte)
        else:
            self._give_up(items)
            self._take(byte, items)

    def _finish(self, about: Status, items: list[PrinterItem]) -> None:
        raw = bytes(self._open)
        self._open.clear()
        self._tell(about, raw, self._open_at, items)

    def _give_up(self, items: list[PrinterItem]) -> None:
        if self._open:
            size = len(self._open)
            self._open.clear()
            self._add_noise(self._open_at, size, items)

    def _add_noise(self, offset: int, size: int, items: list[PrinterItem]) -> None:
        if self._noise and self._noise_at + self._noise != offset:
            self._tell_noise(items)
        if not self._noise:
            self._noise_at = offset
        self._noise += size

    def _tell_noise(self, items: list[PrinterItem]) -> None:
        if self._noise:
            items.append(PrinterNoise(self._noise_at, self._noise))
        self._noise = 0

    def _tell(self, about: Status, raw: bytes, offset: int, items: list[PrinterItem]) -> None:
        self._tell_noise(items)
        items.append(PrinterStatus(about, raw, offset))
