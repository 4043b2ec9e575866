"""ISO 8583 messages: shown are the fields of the allow-list, and only where they look like what they should be."""

from __future__ import annotations

from device.decoding.kinds import decoder_of
from device.decoding.message_fields import field_rows
from device.decoding.result import Backing, Decoded, Outcome, Row
from device.decoding.tables import Tables
from protocol.envelope import EnvelopeError, Opened, Wrapping, open_envelope
from protocol.iso8583 import Message, locate_fields

_INTERBANK_HEADER = 46
_HEADER_PARTS = (  # name, offset, bytes; from observed samples of messages between institutions
    ("header flag and version", 1, 1),
    ("message length", 2, 4),
    ("reject code", 41, 5),
)
_MTI_PARTS = (("version", "version"), ("class", "class"), ("function", "function"), ("originator", "origin"))


def decode(data: bytes, tables: Tables) -> Decoded:
    """Decode one message, in whatever envelope it stands."""
    try:
        opened = open_envelope(data, tables.profiles)
    except EnvelopeError as error:
        return Decoded(Outcome.NOT_THAT_KIND, {"reason": str(error)})
    message = opened.message
    if message is None or opened.wrapping is None or (message.failure is not None and not message.present):
        return Decoded(Outcome.NOT_THAT_KIND, {"reason": opened.reason})
    whole = opened.whole and message.complete
    result = _summary(opened, opened.wrapping, message)
    if opened.wrapping.header == _INTERBANK_HEADER:
        result["header"] = _header_rows(data, opened.wrapping, tables)
    result["type"] = _type_rows(message.mti, tables)
    result["present"] = list(message.present)
    result["fields"] = _rows(data, opened, message, tables, whole=whole)
    chip = message.chip_data
    if chip is not None:
        result["chip_data"] = decoder_of("tlv")(chip, tables).result
    if not whole:
        result["stopped"] = opened.reason or str(message.failure)
        if message.failure is not None:
            result["failing_field"] = message.failure.field.removeprefix("DE")
        result["offset"] = message.failure.offset if message.failure is not None else message.end
        result["trailing_bytes"] = message.trailing
    outcome, backing = (Outcome.WHOLE, Backing.STRUCTURE) if whole else (Outcome.PARTIAL, Backing.SHAPE)
    return Decoded(outcome, result, backing)


def _summary(opened: Opened, wrapping: Wrapping, message: Message) -> Row:
    summary: Row = {
        "profile": message.profile,
        "envelope": str(wrapping),
        "also_possible": list(opened.also_possible),
        "mti": message.mti,
    }
    if message.mac_input:
        summary["mac_input"] = True
    return summary


def _rows(data: bytes, opened: Opened, message: Message, tables: Tables, *, whole: bool) -> list[Row]:
    """One row a field, one more for each of its parts; where a field stands is told in bytes of the whole input."""
    profile, wrapping = opened.profile, opened.wrapping
    if profile is None or wrapping is None:
        return []
    extents = locate_fields(data[: wrapping.end], profile, start=wrapping.start)
    specs = profile.fields[message.mti[0]]
    return [
        row
        for number, (offset, size) in extents.items()
        if number in specs
        for row in field_rows(message, specs[number], (offset, size), tables.message_meanings, whole=whole)
    ]


def _type_rows(mti: str, tables: Tables) -> list[Row]:
    meanings = tables.message_meanings
    return [
        {"name": meanings.name(name), "value": digit, "meaning": meanings.meaning(codes, digit)}
        for (name, codes), digit in zip(_MTI_PARTS, mti, strict=True)
    ]


def _header_rows(data: bytes, wrapping: Wrapping, tables: Tables) -> list[Row]:
    """What of the header between institutions says how the message fared; institution codes are not shown."""
    rows = []
    for name, at, size in _HEADER_PARTS:
        offset = wrapping.header_at + at
        raw = data[offset : offset + size]
        value = raw.decode("latin-1") if raw.isdigit() else raw.hex().upper()
        rows.append({"offset": offset, "bytes": size, "name": tables.message_meanings.name(name), "value": value})
    return rows
