"""What an ESC/POS printer says: real-time answers, automatic status, flow control. What is printed is never shown."""

from __future__ import annotations

import re
from typing import Final

from device.decoding.lanes import Lane
from device.decoding.result import Backing, Decoded, Direction, Outcome, Row, hidden
from device.decoding.shown import may_be_shown
from device.decoding.tables import Tables
from device.printer_states import PrinterState, PrinterStates
from protocol.escpos import (
    LONGEST_QUESTION,
    QUESTIONS,
    PrinterItem,
    PrinterNoise,
    PrinterStatus,
    QuestionReader,
    Status,
    StatusReader,
    question_of,
)

_MOST_SHOWN: Final = 40
_NOTHING: Final = {"zh": "正常", "en": "nothing to report"}
_FLOW: Final = (Status.XON, Status.XOFF)
_MAY_ASK: Final = re.compile(rb"[\x10\x1d]")  # the first byte of every question


class PrinterStream:
    """Both directions as they come, in pieces of any size; keeps which questions are open.

    Where the direction is not known, three bytes that ask are taken for a question, everything else for the printer's.
    """

    def __init__(self, states: PrinterStates) -> None:
        self._states = states
        self._questions = QuestionReader()
        self._reader = StatusReader()
        self._lane = Lane()
        self._window = b""  # the beginning of a question, of bytes whose direction is not known
        self._meanings: dict[tuple[Status, bytes], Row] = {}  # of single bytes, so 256 of a kind at most
        self._offset = 0
        self.was_asked = False  # a question was seen: an answer is expected

    def feed(self, data: bytes, direction: Direction = Direction.UNKNOWN) -> list[Row]:
        """Take the next bytes and return a row for each status that became certain."""
        items: list[PrinterItem] = []
        if direction is Direction.SENT:
            for about in self._questions.feed(data):
                self._ask(about)
        elif direction is Direction.RECEIVED:
            items = self._hear(data, self._offset)
        else:
            items = self._sort(data)
        self._offset += len(data)
        return [self._row(item) for item in items]

    def close(self) -> list[Row]:
        """The line has ended: what is left is no status."""
        items = self._hear(self._window, self._offset - len(self._window))
        self._window = b""
        return [self._row(item) for item in [*items, *self._reader.close()]]

    def _ask(self, about: Status) -> None:
        self._reader.ask(about)
        self.was_asked = True

    def _hear(self, data: bytes, offset: int) -> list[PrinterItem]:
        if not data:
            return []
        self._lane.add(len(data), offset)
        return self._reader.feed(data)

    def _sort(self, data: bytes) -> list[PrinterItem]:
        """The questions go one way, what stands between them the other, as it comes: most of it in long runs."""
        items: list[PrinterItem] = []
        held, start = self._window + data, self._offset - len(self._window)
        done = at = 0
        while found := _MAY_ASK.search(held, at):
            at = found.start()
            about, size = question_of(held[at : at + LONGEST_QUESTION])
            if at + size > len(held):
                break
            if about is None:
                at += 1
                continue
            items += self._hear(held[done:at], start + done)
            self._ask(about)
            done = at = at + size
        end = at if found else len(held)
        self._window = held[end:]
        return items + self._hear(held[done:end], start + done)

    def _row(self, item: PrinterItem) -> Row:
        row: Row = {"offset": self._lane.place(item.offset)}
        if isinstance(item, PrinterNoise):
            return row | {"bytes": item.length, "fault": "noise"}
        row["name"] = self._states.names[item.about]
        if item.about in _FLOW:
            return row
        if item.about is Status.INFORMATION:
            text = item.raw.decode("ascii")
            return row | {"value": text if may_be_shown(text, _MOST_SHOWN) else hidden(len(text), "characters")}
        row["value"] = item.raw.hex(" ").upper()
        if item.about not in (Status.PRINTER_ID, Status.OTHER_PART):
            row["meaning"] = self._meaning(item)
        return row

    def _meaning(self, item: PrinterStatus) -> Row:
        """What the status says; that of a single byte is looked up once, since a line may be full of them."""
        key = (item.about, item.raw)
        said = self._meanings.get(key)
        if said is None:
            is_unasked = item.about is Status.REALTIME
            said = self._possible(item) if is_unasked else _joined(self._states.of(item.about, item.raw))
            if len(item.raw) == 1:
                self._meanings[key] = said
        return said

    def _possible(self, item: PrinterStatus) -> Row:
        """What the byte says under each question that it may answer."""
        said = [(self._states.names[about], _joined(self._states.of(about, item.raw))) for about in QUESTIONS]
        return {
            "zh": "；".join(f"若问{name['zh']}：{meaning['zh']}" for name, meaning in said),
            "en": "; ".join(f"if {name['en']} was asked: {meaning['en']}" for name, meaning in said),
        }


def _joined(states: tuple[PrinterState, ...]) -> Row:
    if not states:
        return dict(_NOTHING)
    return {"zh": "、".join(s.texts["zh"] for s in states), "en": ", ".join(s.texts["en"] for s in states)}


def open_stream(tables: Tables) -> PrinterStream:
    """Open a decoder for bytes that come in pieces."""
    return PrinterStream(tables.printer)


def decode(data: bytes, tables: Tables) -> Decoded:
    """Decode everything in ``data``; questions and answers may be mixed in it. Only fixed bits back what is found.

    One letter in eight has them too, so without any question most of the bytes must make a status.
    """
    stream = open_stream(tables)
    rows = [*stream.feed(data), *stream.close()]
    found = [row for row in rows if "fault" not in row]
    faults = [row for row in rows if "fault" in row]
    lost = sum(row["bytes"] for row in faults)
    if not found or (2 if stream.was_asked else 4) * lost > len(data):
        return Decoded(Outcome.NOT_THAT_KIND, {"reason": "most of these bytes are no status of an ESC/POS printer"})
    outcome = Outcome.PARTIAL if faults else Outcome.WHOLE
    return Decoded(outcome, {"statuses": found, "faults": faults}, Backing.SHAPE)
