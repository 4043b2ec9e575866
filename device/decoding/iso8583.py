"""ISO 8583 messages: shown are the fields of the allow-list, and only where they look like what they should be."""

from __future__ import annotations

import re
from typing import Final

from device.decoding.result import Backing, Decoded, Outcome, Row, hidden
from device.decoding.tables import Tables
from protocol.envelope import EnvelopeError, open_envelope
from protocol.iso8583 import Message

_TIME: Final = r"(?:[01]\d|2[0-3])[0-5]\d[0-5]\d"
_DATE: Final = r"(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])"
_SHOWN_FIELDS: Final = {  # DE -> what it must look like to be shown
    11: r"\d{6}",
    12: rf"(?:\d\d{_DATE})?{_TIME}",
    13: _DATE,
    18: r"\d{4}",
    22: r"\d{3}",
    25: r"\d{2}",
    39: r"[0-9A-Z]{2,3}",
    41: r"[0-9A-Za-z ]{8}",
    42: r"[0-9A-Za-z ]{15}",
    49: r"\d{3}",
    70: r"\d{3}",
}
_IDENTITY_FIELDS: Final = (41, 42)  # long enough to hold card digits: shown only if the whole message was read


def decode(data: bytes, tables: Tables) -> Decoded:
    """Decode one message, in whatever envelope it stands."""
    try:
        opened = open_envelope(data, tables.profiles)
    except EnvelopeError as error:
        return Decoded(Outcome.NOT_THAT_KIND, {"reason": str(error)})
    message = opened.message
    if message is None or opened.profile is None or not message.mti:
        return Decoded(Outcome.NOT_THAT_KIND, {"reason": opened.reason})
    whole = opened.whole and message.complete
    result: Row = {
        "profile": opened.profile.name,
        "envelope": str(opened.wrapping),
        "also_possible": list(opened.also_possible),
        "mti": message.mti,
        "fields": {str(number): _shown_field(message, number, whole=whole) for number in message.fields},
    }
    if not whole:
        result["stopped"] = opened.reason or str(message.failure)
        if message.failure is not None:
            result["offset"] = message.failure.offset
        result["trailing_bytes"] = message.trailing
    return (
        Decoded(Outcome.WHOLE, result, Backing.STRUCTURE) if whole else Decoded(Outcome.PARTIAL, result, Backing.SHAPE)
    )


def _shown_field(message: Message, number: int, *, whole: bool) -> str:
    value = message.fields[number]
    pattern = _SHOWN_FIELDS.get(number)
    may_show = whole or number not in _IDENTITY_FIELDS
    if may_show and isinstance(value, str) and pattern and re.fullmatch(pattern, value, re.ASCII):
        return value.rstrip()
    return hidden(len(value), "bytes" if isinstance(value, bytes) else "characters")
