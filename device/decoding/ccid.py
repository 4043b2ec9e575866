"""CCID messages on a serial line: what was asked, the state of slot and command. What went to or from a card is hidden.

An ATR is told as far as it names no card: only where the power-on that it answers was seen.
"""

from __future__ import annotations

from typing import Final

from device.decoding.ccid_meanings import error_row, settings_of
from device.decoding.code_catalogue import CodeTables
from device.decoding.framed import frames_of
from device.decoding.lanes import Lane
from device.decoding.result import Decoded, Direction, Row, hidden
from device.decoding.shown import may_be_shown
from device.decoding.tables import Tables
from protocol.atr import parse_atr
from protocol.ccid_frame import (
    FROM_READER,
    HEADER_SIZE,
    MOST_DATA,
    TO_READER,
    CcidDeframer,
    CcidError,
    CcidFrame,
    CcidItem,
    CcidNak,
    CcidNotice,
)
from protocol.ccid_message import ASK_FIRMWARE, CcidMessageError, CcidType, CommandStatus, parse_firmware, parse_status

_MOST_SHOWN: Final = 64


class CcidStream:
    """Messages as they come, in pieces of any size; keeps the unfinished frame of each direction and open questions."""

    def __init__(self, codes: CodeTables) -> None:
        self._codes = codes
        self._lines: dict[Direction, tuple[CcidDeframer, Lane]] = {}
        self._asked: dict[int, tuple[int, int]] = {}  # slot -> last question's sequence number and type
        self._offset = 0

    def feed(self, data: bytes, direction: Direction = Direction.UNKNOWN) -> list[Row]:
        """Take the next bytes and return a row for each message, mark or fault that became certain."""
        deframer, lane = self._lines.setdefault(direction, (CcidDeframer(), Lane()))
        lane.add(len(data), self._offset)
        self._offset += len(data)
        return [self._row(item, lane) for item in deframer.feed(data)]

    def close(self) -> list[Row]:
        """The line has ended: what stands in unfinished frames."""
        return [self._row(item, lane) for deframer, lane in self._lines.values() for item in deframer.expire()]

    def _row(self, item: CcidItem, lane: Lane) -> Row:
        row: Row = {"offset": lane.place(item.offset)}
        if isinstance(item, CcidError):
            return row | {"bytes": item.length, "fault": str(item.fault)}
        if isinstance(item, CcidNak):
            return row | {"name": "NAK", "meaning": self._codes.text("mark", "nak")}
        if isinstance(item, CcidNotice):
            mark = "inserted" if item.card_present else "removed"
            return row | {"name": "RDR_to_PC_NotifySlotChange", "meaning": self._codes.text("mark", mark)}
        row |= self._message(item)
        item.wipe()
        return row

    def _message(self, frame: CcidFrame) -> Row:
        kind = f"{frame.type:02X}"
        row: Row = {"name": self._codes.word("message", kind), "slot": frame.slot, "sequence": frame.sequence}
        row |= {"bytes": len(frame.data), "meaning": self._codes.text("message", kind)}
        settings = settings_of(frame, self._codes)
        if frame.type in FROM_READER:
            return row | self._status(frame) | (settings or self._answer(frame))
        firmware = frame.type == CcidType.ESCAPE and frame.data == ASK_FIRMWARE
        asked = frame.type if firmware or frame.type == CcidType.ICC_POWER_ON else 0
        self._asked[frame.slot] = (frame.sequence, asked)
        whole = frame.type in (CcidType.SET_PARAMETERS, CcidType.SET_RATE) and settings
        return row | settings | ({"value": hidden(len(frame.data))} if frame.data and not whole else {})

    def _status(self, frame: CcidFrame) -> Row:
        status = parse_status(frame)
        row: Row = {"card": self._codes.text("icc", status.icc), "result": self._codes.text("result", status.command)}
        if status.command == CommandStatus.FAILED:
            row |= error_row(status.error, self._codes)
        if status.command == CommandStatus.TIME_EXTENSION:
            row["time_factor"] = status.error
        if status.clock is not None:
            row["clock"] = self._codes.text("clock", status.clock)
        if frame.type == CcidType.DATA_BLOCK and frame.special[2]:
            row["more"] = self._codes.text("chain", frame.special[2])
        return row

    def _answer(self, frame: CcidFrame) -> Row:
        if not frame.data:
            return {}
        asked = self._asked.get(frame.slot)
        if asked == (frame.sequence, CcidType.ICC_POWER_ON) and frame.type == CcidType.DATA_BLOCK:
            atr = parse_atr(bytes(frame.data))
            if atr.complete:
                protocols = " ".join(f"T={number}" for number in atr.protocols)
                return {"value": f"ATR, {atr.convention}, {protocols}, {hidden(len(atr.historical))}"}
        if asked == (frame.sequence, CcidType.ESCAPE):
            return {"value": _shown_firmware(frame)}
        return {"value": hidden(len(frame.data))}


def _shown_firmware(frame: CcidFrame) -> str:
    try:
        text = parse_firmware(frame)
    except CcidMessageError:
        text = ""
    return text if may_be_shown(text, _MOST_SHOWN) else hidden(len(frame.data))


def open_stream(tables: Tables) -> CcidStream:
    """Open a decoder for bytes that come in pieces."""
    return CcidStream(tables.ccid)


def decode(data: bytes, tables: Tables) -> Decoded:
    """Decode everything in ``data``; both directions may be mixed in it."""
    stream = open_stream(tables)
    rows = [*stream.feed(data), *stream.close()]
    return frames_of(rows, "CCID", lambda offset: _has_begun(data[offset : offset + HEADER_SIZE]))


def _has_begun(head: bytes) -> bool:
    """The envelope's two bytes, a message type, and a length that a reader may send."""
    types, size = FROM_READER | TO_READER, int.from_bytes(head[3:7], "little")
    return len(head) == HEADER_SIZE and head[:2] == b"\x03\x06" and head[2] in types and size <= MOST_DATA
