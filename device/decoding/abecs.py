"""Conversations with ABECS pinpads: what was asked and how it ended. Data is hidden, but for what the pinpad is."""

from __future__ import annotations

from dataclasses import astuple
from typing import Final

from device.decoding.abecs_fields import fields_of
from device.decoding.code_catalogue import CodeTables
from device.decoding.framed import frames_of
from device.decoding.lanes import Lane
from device.decoding.result import Backing, Decoded, Direction, Row, hidden
from device.decoding.shown import may_be_shown
from device.decoding.tables import Tables
from protocol.abecs_frame import AbecsControl, AbecsDeframer, AbecsError, AbecsFrame, AbecsItem
from protocol.abecs_message import (
    ENCRYPTED,
    NOTICE,
    UNKNOWN,
    AbecsMessage,
    parse_command,
    parse_identity,
    parse_response,
)

_MOST_SHOWN: Final = 32


class AbecsStream:
    """Frames and control characters as they come, in pieces of any size; keeps each direction's unfinished frame."""

    def __init__(self, codes: CodeTables) -> None:
        self._codes = codes
        self._controls = {name: {"name": name, "meaning": text} for name, text in codes.texts["control"].items()}
        self._lines: dict[Direction, tuple[AbecsDeframer, Lane]] = {}
        self._asked = b""  # the name of a command that has no answer yet
        self._offset = 0

    def feed(self, data: bytes, direction: Direction = Direction.UNKNOWN) -> list[Row]:
        """Take the next bytes and return a row for each frame, control character or fault that became certain."""
        deframer, lane = self._lines.setdefault(direction, (AbecsDeframer(), Lane()))
        lane.add(len(data), self._offset)
        self._offset += len(data)
        return [self._row(item, lane, direction) for item in deframer.feed(data)]

    def close(self) -> list[Row]:
        """The line has ended: what stands in unfinished frames."""
        lines = self._lines.items()
        return [self._row(item, lane, way) for way, (deframer, lane) in lines for item in deframer.expire()]

    def _row(self, item: AbecsItem, lane: Lane, direction: Direction) -> Row:
        row: Row = {"offset": lane.place(item.offset)}
        if isinstance(item, AbecsControl):
            return row | self._controls[item.code.name]
        if isinstance(item, AbecsError):
            return row | {"bytes": item.length, "fault": str(item.fault)}
        row |= {"length": item.length} | self._message(item, direction)
        item.wipe()
        return row

    def _message(self, frame: AbecsFrame, direction: Direction) -> Row:
        size = len(frame.data)
        if frame.data[:1] == bytes((ENCRYPTED,)):
            return {"name": "encrypted", "meaning": self._codes.text("mark", "encrypted"), "value": hidden(size)}
        message, answer = self._read(frame.data, direction)
        if message.name != NOTICE:
            self._asked = b"" if answer else message.name.encode("ascii")
        word = self._codes.word("command", message.name)
        row: Row = {"from": "pinpad" if answer else "host", "name": word or hidden(min(size, 3))}
        row |= {"meaning": self._codes.text("command", message.name)} if word else {}
        if message.status is not None:
            status = f"{message.status:03d}"
            name = self._codes.word("status", status)
            row |= {"status": status, "status_name": name} if name else {"status": status}
            row["status_meaning"] = self._codes.text("status", status)
        row |= {"blocks": len(message.blocks)}
        content = sum(len(block.data) for block in message.blocks)
        if content or message.stopped:
            row["value"] = _identity(message) if answer else ""
            row["value"] = row["value"] or hidden(max(0, size - 3 - 3 * answer))
        fields = [] if message.stopped else fields_of(message, self._codes)
        row |= {"fields": fields} if fields else {}
        if message.stopped:
            row |= {"stopped": str(message.stopped), "stopped_at": message.stopped_at}
        return row

    def _read(self, data: bytearray, direction: Direction) -> tuple[AbecsMessage, bool]:
        """The message, and whether it is a response.

        Without a direction: what reads whole; if both or neither do, a response where its command is open or its status
        is known.
        """
        command, response = parse_command(data), parse_response(data)
        if direction is not Direction.UNKNOWN:
            return (response, True) if direction is Direction.RECEIVED else (command, False)
        if response.name in (NOTICE, UNKNOWN):
            return response, True
        if response.status is None or (command.stopped is None and response.stopped is not None):
            return command, False
        known = f"{response.status:03d}" in self._codes.texts["status"]
        whole = response.stopped is None and command.stopped is not None
        return (response, True) if whole or known or data[:3] == self._asked else (command, False)


def _identity(message: AbecsMessage) -> str:
    """Maker, model and versions, each only if it looks like one: a serial number is not among them."""
    if message.name not in ("GIX", "GIN"):
        return ""
    return ", ".join(text for text in astuple(parse_identity(message)) if may_be_shown(text, _MOST_SHOWN))


def open_stream(tables: Tables) -> AbecsStream:
    """Open a decoder for bytes that come in pieces."""
    return AbecsStream(tables.abecs)


def decode(data: bytes, tables: Tables) -> Decoded:
    """Decode everything in ``data``; both directions may be mixed in it."""
    stream = open_stream(tables)
    rows = [*stream.feed(data), *stream.close()]
    commands = tables.abecs.texts["command"]
    return frames_of(
        rows,
        "ABECS",
        lambda offset: data[offset + 1 : offset + 4].decode("latin-1") in commands,
        marks=Backing.NOTHING,  # single control characters, which many protocols have
    )
