"""Frames of ID TECH NEO readers: what was asked and how it ended. Data is hidden, but for the firmware's version."""

from __future__ import annotations

from typing import Final

from device.decoding.code_catalogue import CodeTables
from device.decoding.framed import frames_of
from device.decoding.lanes import Lane
from device.decoding.result import Decoded, Direction, Row, hidden
from device.decoding.shown import may_be_shown
from device.decoding.tables import Tables
from protocol.neo_frame import (
    HEADER,
    OLD_HEADER,
    CrcOrder,
    NeoDeframer,
    NeoError,
    NeoFrame,
    NeoItem,
    NeoOldFrame,
    NeoOldType,
)
from protocol.neo_message import GET_VERSION, NeoFailure, NeoMessageError, parse_failure, parse_version

_MOST_SHOWN: Final = 64

_HIGH_FIRST: Final = frozenset((0x0B, 0x19, 0x2C, 0xC7))  # commands whose CRC the guide has high byte first

_NOTICES: Final = frozenset(((0x14, 0x01), (0x61, 0x01), (0x61, 0x02), (0x61, 0x03), (0xF1, 0x00), (0xF2, 0x00)))


class NeoStream:
    """Frames as they come, in pieces of any size; keeps the unfinished frame of each direction and open questions."""

    def __init__(self, codes: CodeTables) -> None:
        self._codes = codes
        self._lines: dict[Direction, tuple[NeoDeframer, Lane]] = {}
        self._asked: dict[int, int] = {}  # command -> sub-command that has no answer yet
        self._old_asked: tuple[int | None, int | None] = (None, None)  # protocol 1: last command and sub-command
        self._offset = 0

    def feed(self, data: bytes, direction: Direction = Direction.UNKNOWN) -> list[Row]:
        """Take the next bytes and return a row for each frame or fault that became certain."""
        deframer, lane = self._lines.setdefault(direction, (NeoDeframer(), Lane()))
        lane.add(len(data), self._offset)
        self._offset += len(data)
        return [self._row(item, lane, direction) for item in deframer.feed(data)]

    def close(self) -> list[Row]:
        """The line has ended: what stands in unfinished frames."""
        lines = self._lines.items()
        return [self._row(item, lane, way) for way, (deframer, lane) in lines for item in deframer.expire()]

    def _row(self, item: NeoItem, lane: Lane, direction: Direction) -> Row:
        row: Row = {"offset": lane.place(item.offset)}
        if isinstance(item, NeoError):
            return row | {"bytes": item.length, "fault": str(item.fault)}
        if isinstance(item, NeoOldFrame):
            row |= self._old(item, direction)
        elif self._is_notice(item, direction):
            row |= self._said("reader", item)
        else:
            row |= self._answer(item) if self._is_answer(item, direction) else self._question(item)
        item.wipe()
        return row | {"crc": self._codes.text("crc", item.order)}

    def _is_notice(self, frame: NeoFrame, direction: Direction) -> bool:
        """What a reader sends unasked has a sub-command where its answers have a status."""
        if (frame.command, frame.second) not in _NOTICES or frame.command in self._asked:
            return False
        received = direction is Direction.UNKNOWN and frame.order is not CrcOrder.LOW_FIRST
        return direction is Direction.RECEIVED or received

    def _is_answer(self, frame: NeoFrame, direction: Direction) -> bool:
        """Where the log does not say who sent it: as the CRC tells, or as an open question makes likely."""
        if direction is not Direction.UNKNOWN:
            return direction is Direction.RECEIVED
        asked = self._asked.get(frame.command)
        if frame.order is CrcOrder.HIGH_FIRST:
            return frame.command not in _HIGH_FIRST or not self._is_command(frame, asked)
        return asked is not None and asked != frame.second

    def _is_command(self, frame: NeoFrame, asked: int | None) -> bool:
        """Of commands whose CRC is written like an answer's: sent again, or known while none is open."""
        known = self._codes.word("command", f"{frame.command:02X}-{frame.second:02X}") is not None
        status = f"{frame.second:02X}" in self._codes.texts["status"]
        return asked == frame.second or (asked is None and (known or not status))

    def _question(self, frame: NeoFrame) -> Row:
        self._asked[frame.command] = frame.second
        return self._said("host", frame)

    def _said(self, who: str, frame: NeoFrame) -> Row:
        row: Row = {"from": who} | self._command(frame.command, frame.second) | {"bytes": len(frame.data)}
        return row | ({"value": hidden(len(frame.data))} if frame.data else {})

    def _answer(self, frame: NeoFrame) -> Row:
        asked = self._asked.pop(frame.command, None)
        status = f"{frame.second:02X}"
        row: Row = {"from": "reader"} | self._command(frame.command, asked) | {"bytes": len(frame.data)}
        row |= {"status": status, "status_meaning": self._codes.text("status", status)}
        if not frame.data:
            return row
        failure = parse_failure(frame)
        if failure is not None:
            row |= self._failure(failure)
        version = _version(frame) if asked in (None, GET_VERSION[1]) else None
        return row | {"value": version or hidden(len(frame.data))}

    def _old(self, frame: NeoOldFrame, direction: Direction) -> Row:
        """A frame of protocol 1: its type tells who sent it, but for data, which go both ways."""
        kind = frame.type
        row: Row = {"protocol": 1, "frame": self._codes.text("old_type", chr(kind))}
        if kind is NeoOldType.DATA:
            known = {Direction.SENT: "host", Direction.RECEIVED: "reader"}.get(direction)
            row = ({"from": known} if known else {}) | row
            return row | {"bytes": len(frame.data), "value": hidden(len(frame.data))}
        if kind is NeoOldType.COMMAND:
            self._old_asked = (frame.command, frame.second)
            return {"from": "host"} | row | self._command(frame.command or 0, frame.second) | {"bytes": 2}
        asked = self._old_asked[1] if self._old_asked[0] == frame.command else None
        status = f"{frame.second:02X}"
        row = {"from": "reader"} | row | self._command(frame.command or 0, asked) | {"bytes": 2, "status": status}
        return row | ({"status_meaning": self._codes.text("status", status)} if not frame.second else {})

    def _failure(self, failure: NeoFailure) -> Row:
        error = f"{failure.error:02X}"
        row: Row = {"error": error, "error_meaning": self._codes.text("failure", error)}
        if failure.status_word is not None:
            row["status_word"] = f"{failure.status_word:04X}"
        return row | {"rf_state": f"{failure.rf_state:02X}"}

    def _command(self, command: int, second: int | None) -> Row:
        key = f"{command:02X}-" + ("??" if second is None else f"{second:02X}")
        name = self._codes.word("command", key)
        return {"command": key} | ({"name": name, "meaning": self._codes.text("command", key)} if name else {})


def _version(frame: NeoFrame) -> str | None:
    try:
        text = parse_version(frame)
    except NeoMessageError:
        return None
    return text if may_be_shown(text, _MOST_SHOWN) else None


def open_stream(tables: Tables) -> NeoStream:
    """Open a decoder for bytes that come in pieces."""
    return NeoStream(tables.neo)


def decode(data: bytes, tables: Tables) -> Decoded:
    """Decode everything in ``data``; both directions may be mixed in it."""
    stream = open_stream(tables)
    rows = [*stream.feed(data), *stream.close()]
    return frames_of(rows, "NEO", lambda offset: data.startswith((HEADER, OLD_HEADER), offset))
