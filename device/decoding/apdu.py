"""One command to a chip card, or one answer with its status word; of data only sizes, tags and application ids."""

from __future__ import annotations

from typing import Final

from device.decoding.result import Backing, Decoded, Outcome, Row, hidden
from device.decoding.tables import Tables
from device.decoding.tlv import object_rows, stop_row
from protocol.apdu import Command, Response, parse_command, parse_response
from protocol.ber_tlv import Reading, Tlv, Tlvs, parse_tlv
from protocol.emv_aids import may_be_shown
from protocol.emv_answer import part_format_1
from protocol.emv_bits import explain_bits
from protocol.status_word import Known

_SELECT: Final = 0xA4
_GET_DATA: Final = (0xCA, 0xCB)
_BY_NAME: Final = 0x04
_DIRECTORIES: Final = (b"1PAY.SYS.DDF01", b"2PAY.SYS.DDF01")
_FORMAT_1: Final = "80"
_NO_CLASS: Final = 0xFF  # ISO/IEC 7816-4: not a class


def decode(data: bytes, tables: Tables) -> Decoded:
    """Decode a command if its lengths and its instruction are those of one, else an answer, else a cut command."""
    command = known_command(data, tables)
    if command is not None:
        return Decoded(Outcome.WHOLE, command_rows(command, tables), Backing.STRUCTURE)
    if is_answer(data):
        return answer_of(parse_response(data), tables)[0]
    reading = parse_command(data)
    if reading.command is None or not _is_known(reading.command, tables):
        return Decoded(Outcome.NOT_THAT_KIND, {"reason": "neither a known command nor an answer with a status word"})
    result = _command(reading.command, tables) | {"stopped": reading.failure, "offset": reading.offset}
    return Decoded(Outcome.PARTIAL, result, Backing.SHAPE)


def known_command(data: bytes, tables: Tables) -> Command | None:
    """The command, if its lengths and its instruction are those of one."""
    reading = parse_command(data)
    return None if reading.failure or not reading.command or not _is_known(reading.command, tables) else reading.command


def is_answer(data: bytes) -> bool:
    """Does the data end with what can be a status word?"""
    return len(data) >= 2 and (data[-2] >> 4 == 9 or 0x61 <= data[-2] <= 0x6F)


def command_rows(command: Command, tables: Tables) -> Row:
    """What may be told of a command."""
    return _command(command, tables) | _data(command, tables) | _parameters(command, tables)


def _is_known(command: Command, tables: Tables) -> bool:
    return command.cla != _NO_CLASS and tables.card_commands.name(command.cla, command.ins) is not None


def _command(command: Command, tables: Tables) -> Row:
    return {
        "apdu": "command",
        "cla": f"{command.cla:02X}",
        "ins": f"{command.ins:02X}",
        "name": dict(tables.card_commands.name(command.cla, command.ins) or {}),
        "p1": f"{command.p1:02X}",
        "p2": f"{command.p2:02X}",
    }


def _data(command: Command, tables: Tables) -> Row:
    row: Row = {"case": command.case, "extended": command.extended}
    if command.data:
        row["data"] = _shown_name(command, tables) or hidden(len(command.data))
    return row | ({} if command.le is None else {"le": command.le})


def _parameters(command: Command, tables: Tables) -> Row:
    """What P1 and P2 say, and the data object that is asked for by its tag."""
    if command.ins in _GET_DATA:
        tag = f"{command.p1:02X}{command.p2:02X}".removeprefix("00")
        entry = tables.emv.tags.entry(tag)
        return {"tag": tag} | ({"tag_name": entry.words._asdict()} if entry else {})
    key = f"{command.cla & 0x80:02X}{command.ins:02X}"
    said = explain_bits(key, bytes((command.p1, command.p2)), tables.card_parameters)
    rows: list[Row] = []
    for meaning in said:
        row: Row = {"parameter": f"P{meaning.byte}", "bits": f"{meaning.mask:02X}", "meaning": meaning.words._asdict()}
        row |= {} if meaning.number is None else {"number": meaning.number}
        rows.append(row | ({"odd": True} if meaning.is_odd else {}))
    return {"meanings": rows} if rows else {}


def _shown_name(command: Command, tables: Tables) -> str | None:
    """The name in a SELECT if it is a payment directory or surely an AID."""
    if command.ins != _SELECT or command.p1 != _BY_NAME:
        return None
    if command.data in _DIRECTORIES:
        return command.data.decode("ascii")
    return command.data.hex().upper() if may_be_shown(command.data, tables.emv.schemes) else None


def answer_of(
    response: Response, tables: Tables, asked: Command | None = None, scheme: str | None = None
) -> tuple[Decoded, Tlvs]:
    """An answer and the objects in it; ``asked`` is the command that it answers, ``scheme`` the card's if known."""
    meaning = tables.status_words.meaning(response.sw, asked.ins if asked else None)
    result: Row = {"apdu": "answer", "status_word": f"{response.sw:04X}", "known": str(meaning.known)}
    result |= {"meaning": dict(meaning.texts)} if meaning.texts else {}
    parsed = parse_tlv(response.data, (Reading.BER,))
    first = parsed.objects[0] if parsed.objects and parsed.objects[0].tag in tables.emv.tags else None
    if first is None or (parsed.failure is not None and not first.children):
        result |= {"data": hidden(len(response.data))} if response.data else {}
        return Decoded(Outcome.WHOLE, result, Backing.SHAPE), Tlvs(())
    if parsed.failure is not None:
        result |= object_rows(parsed, tables.emv, scheme) | stop_row(parsed.failure, tables.emv)
        return Decoded(Outcome.PARTIAL, result, Backing.SHAPE), Tlvs(())
    parsed = _parted(parsed, asked, len(response.data))
    result |= object_rows(parsed, tables.emv, scheme)
    backing = Backing.SHAPE if meaning.known is Known.UNKNOWN else Backing.STRUCTURE
    return Decoded(Outcome.WHOLE, result, backing), parsed


def _parted(parsed: Tlvs, asked: Command | None, size: int) -> Tlvs:
    """Format 1 (tag 80) parted by the command that it answers."""
    item = parsed.objects[0]
    if asked is None or item.tag != _FORMAT_1 or len(parsed.objects) > 1:
        return parsed
    elements = part_format_1(asked.ins, item.value, size - len(item.value))
    return Tlvs((Tlv(item.tag, item.value, item.offset, elements),)) if elements else parsed
