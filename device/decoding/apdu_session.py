"""A card's conversation: an answer is read by the command it answers, and values by the list that the card gave before.

Kept from the card are its scheme and its lists of tags and lengths (PDOL, CDOL1, CDOL2), never a value.
"""

from __future__ import annotations

from typing import Final

from device.decoding.apdu import answer_of, command_rows, decode, is_answer, known_command
from device.decoding.result import Backing, Decoded, Direction, Outcome, Row
from device.decoding.tables import Tables
from device.decoding.tlv import object_rows
from protocol.apdu import Command, parse_response
from protocol.ber_tlv import Tlv, Tlvs, parse_tlv
from protocol.dol import parse_dol, split_values
from protocol.emv_aids import scheme_of_aid

_SELECT, _GET_RESPONSE, _GPO, _GENERATE_AC = 0xA4, 0xC0, 0xA8, 0xAE
_UNFINISHED: Final = (0x61, 0x6C)  # the same command goes on: more data, or once more with the right length
_PDOL, _CDOL1, _CDOL2 = "9F38", "8C", "8D"
_THREE_DIGITS, _DATE = ("9F1A", "5F2A"), "9A"
_COMMAND_TEMPLATE: Final = "83"
_DATA_OFFSET: Final = (5, 7)  # short, extended


class ApduSession:
    """Commands and answers one after the other. Nothing raises; what does not fit is decoded by itself."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables
        self._asked: Command | None = None
        self._scheme: str | None = None
        self._lists: dict[str, bytes] = {}
        self._has_cryptogram = False

    def decode(self, data: bytes, direction: Direction = Direction.UNKNOWN) -> Decoded:
        """Decode the next piece: a command, or the answer to the last one."""
        command = None if direction is Direction.RECEIVED else known_command(data, self._tables)
        if command is not None:
            return self._command(command)
        if direction is not Direction.SENT and is_answer(data):
            return self._answer(data)
        return decode(data, self._tables)

    def _command(self, command: Command) -> Decoded:
        if command.ins == _SELECT:
            scheme = scheme_of_aid(command.data.hex(), self._tables.emv.schemes)
            self._scheme, self._lists, self._has_cryptogram = scheme.word if scheme else None, {}, False
        if command.ins != _GET_RESPONSE or self._asked is None:
            self._asked = command
        result = command_rows(command, self._tables)
        if values := self._values(command):
            rows = object_rows(Tlvs(values), self._tables.emv, self._scheme, trusted=_are_of_the_list(values))
            said = [*result.get("meanings", ()), *rows.pop("meanings", ())]
            result |= {"values": rows.pop("objects")} | rows | ({"meanings": said} if said else {})
        return Decoded(Outcome.WHOLE, result, Backing.STRUCTURE)

    def _values(self, command: Command) -> list[Tlv]:
        """The values that the command carries, by the card's list; none where list and data do not fit exactly."""
        offset, data = _DATA_OFFSET[command.extended], command.data
        if command.ins == _GPO:
            wanted, template = _PDOL, parse_tlv(data)
            if template.failure is not None or [item.tag for item in template.objects] != [_COMMAND_TEMPLATE]:
                return []
            offset, data = offset + len(data) - len(template.objects[0].value), template.objects[0].value
        elif command.ins == _GENERATE_AC:
            wanted = _CDOL2 if self._has_cryptogram else _CDOL1
        else:
            return []
        dol = parse_dol(self._lists.get(wanted, b""))
        values = split_values(dol.entries, data)
        if not dol.entries or dol.failure is not None or values.failure is not None or values.trailing:
            return []
        return [Tlv(value.tag, value.value, offset + value.offset) for value in values.values]

    def _answer(self, data: bytes) -> Decoded:
        asked, response = self._asked, parse_response(data)
        decoded, parsed = answer_of(response, self._tables, asked, self._scheme)
        for item in parsed.walk():
            if item.tag in (_PDOL, _CDOL1, _CDOL2):
                self._lists[item.tag] = item.value
        if response.sw >> 8 not in _UNFINISHED:
            self._has_cryptogram |= asked is not None and asked.ins == _GENERATE_AC and response.accepted
            self._asked = None
        name: Row = {} if asked is None else {"answers": command_rows(asked, self._tables)["name"]}
        return Decoded(decoded.outcome, name | decoded.result, decoded.backing)


def _are_of_the_list(values: list[Tlv]) -> bool:
    """Do the values look like what the list names? A log may mix cards: then digits of anything stand at any place.

    Country and currency are three digits behind a zero, a date is one; without any of them nothing speaks for it.
    """
    checked = [
        item.value[0] < 0x10 and item.value.hex().isdecimal() if item.tag != _DATE else _is_date(item.value.hex())
        for item in values
        if item.tag in (*_THREE_DIGITS, _DATE) and item.value
    ]
    return bool(checked) and all(checked)


def _is_date(digits: str) -> bool:
    return len(digits) == 6 and digits.isdecimal() and 1 <= int(digits[2:4]) <= 12 and 1 <= int(digits[4:]) <= 31


def open_session(tables: Tables) -> ApduSession:
    """Open a conversation, in which commands tell what answers mean."""
    return ApduSession(tables)
