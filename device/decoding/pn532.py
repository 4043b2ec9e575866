"""Frames of the NFC controller PN532: what was asked, how it ended. Data of cards, ids included, is never shown."""

from __future__ import annotations

from typing import Final

from device.decoding.code_catalogue import CodeTables
from device.decoding.framed import frames_of
from device.decoding.lanes import Lane
from device.decoding.pn532_meanings import (
    DIAGNOSE,
    LIST,
    POLL,
    diagnose_row,
    found_rows,
    polled_rows,
    question_row,
    status_row,
)
from device.decoding.result import Decoded, Direction, Row, hidden
from device.decoding.tables import Tables
from protocol.pn532_frame import Pn532Deframer, Pn532Error, Pn532Frame, Pn532Item, Pn532Mark, Tfi
from protocol.pn532_message import ERROR_MASK, Pn532MessageError, parse_firmware, parse_status
from protocol.pn532_target import MOST_TARGETS

_FIRMWARE, _STATUS = 0x03, 0x05
_WITH_ERROR: Final = frozenset(  # answers whose first byte is an error code
    (0x17, 0x41, 0x43, 0x45, 0x47, 0x4F, 0x51, 0x53, 0x55, 0x57, 0x87, 0x89, 0x8F, 0x91, 0x93, 0x95)
)
_REMEMBERED: Final = frozenset((DIAGNOSE, LIST))  # questions without which their answers cannot be read
_HEAD: Final = 5  # start code, length, its check byte, TFI


class Pn532Stream:
    """Frames as they come, in pieces of any size; keeps the unfinished frame of each direction."""

    def __init__(self, codes: CodeTables) -> None:
        self._codes = codes
        self._lines: dict[Direction, tuple[Pn532Deframer, Lane]] = {}
        self._asked = b""  # the last question, if its answer depends on it
        self._offset = 0

    def feed(self, data: bytes, direction: Direction = Direction.UNKNOWN) -> list[Row]:
        """Take the next bytes and return a row for each frame, mark or fault that became certain."""
        deframer, lane = self._lines.setdefault(direction, (Pn532Deframer(), Lane()))
        lane.add(len(data), self._offset)
        self._offset += len(data)
        return [self._row(item, lane) for item in deframer.feed(data)]

    def close(self) -> list[Row]:
        """The line has ended: what stands in unfinished frames."""
        return [self._row(item, lane) for deframer, lane in self._lines.values() for item in deframer.expire()]

    def _row(self, item: Pn532Item, lane: Lane) -> Row:
        row: Row = {"offset": lane.place(item.offset)}
        if isinstance(item, Pn532Error):
            return row | {"bytes": item.length, "fault": str(item.fault)}
        if isinstance(item, Pn532Mark):
            return row | {"name": str(item.signal).upper(), "meaning": self._codes.text("mark", item.signal)}
        row |= self._frame(item)
        item.wipe()
        return row

    def _frame(self, frame: Pn532Frame) -> Row:
        answer = frame.tfi is Tfi.FROM_PN532
        size = len(frame.data) - 1
        if size < 0:
            return {"from": "pn532" if answer else "host", "bytes": 0}
        command = (frame.data[0] - answer) & 0xFF
        code = f"{command:02X}"
        name = self._codes.word("command", code)
        row: Row = {"from": "pn532" if answer else "host", "name": name or hidden(1), "bytes": size}
        if name is not None:
            row["meaning"] = self._codes.text("command", code)
        if not answer:
            self._asked = bytes(frame.data) if command in _REMEMBERED else b""
            return row | (question_row(bytes(frame.data), self._codes) or ({"value": hidden(size)} if size else {}))
        asked = self._asked[1:] if self._asked[:1] == bytes((command,)) else b""
        self._asked = b""
        return row | (self._answer(frame.data, asked) if size else {})

    def _answer(self, data: bytearray, asked: bytes) -> Row:
        rest = bytes(data[2:])
        try:
            if data[0] == _FIRMWARE:
                return {"value": parse_firmware(data).text}
            if data[0] == _STATUS:
                return status_row(parse_status(data), self._codes)
        except Pn532MessageError:
            return {"value": hidden(len(rest) + 1)}
        if data[0] in _WITH_ERROR:
            error = f"{data[1] & ERROR_MASK:02X}"
            shown: Row = {"error": error, "error_meaning": self._codes.text("error", error)}
            return shown | ({"value": hidden(len(rest))} if rest else {})
        if data[0] in (LIST + 1, POLL + 1) and data[1] <= MOST_TARGETS:
            return {"targets": data[1]} | self._cards(bytes(data), asked)
        told = diagnose_row(bytes(data[1:]), asked, self._codes) if data[0] == DIAGNOSE + 1 else {}
        return told if "result" in told else told | {"value": hidden(len(rest) + 1)}

    def _cards(self, data: bytes, asked: bytes) -> Row:
        if len(data) == 2:
            return {}
        listed = data[0] == LIST + 1
        cards = found_rows(data[1:], asked, self._codes) if listed else polled_rows(data[1:], self._codes)
        return {"cards": cards} if cards else {"value": hidden(len(data) - 2)}


def open_stream(tables: Tables) -> Pn532Stream:
    """Open a decoder for bytes that come in pieces."""
    return Pn532Stream(tables.pn532)


def decode(data: bytes, tables: Tables) -> Decoded:
    """Decode everything in ``data``; both directions may be mixed in it."""
    stream = open_stream(tables)
    rows = [*stream.feed(data), *stream.close()]
    return frames_of(rows, "PN532", lambda offset: _has_begun(data[offset : offset + _HEAD]))


def _has_begun(head: bytes) -> bool:
    """Start code, a length whose check byte holds, and one of the two speakers."""
    return len(head) == _HEAD and not (head[2] + head[3]) & 0xFF and head[4] in (Tfi.TO_PN532, Tfi.FROM_PN532)
