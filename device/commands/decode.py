"""``posmedic decode KIND``: bytes that somebody has, as far as they can be read and may be shown.

Shown is what is on an allow-list, and only where it looks like what it should be; everything else is named with its
size. So a frame with card data can be pasted here and the output into a ticket. Exit codes: 0 decoded, 1 partial,
2 not that kind.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, TypeAlias

from device.drivers.handed_over import TAGS_ALLOWED
from protocol.at_command import ResultKind, parse_final
from protocol.atr import parse_atr
from protocol.ber_tlv import Reading, Tlv, parse_tlv
from protocol.control_frame import Deframer, Frame, FrameError, FrameProfile, LengthKind
from protocol.emv import scheme_of_aid
from protocol.envelope import EnvelopeError, open_envelope
from protocol.iso8583 import Message, MessageProfile

DECODED: Final = 0
PARTIAL: Final = 1
NOT_THAT_KIND: Final = 2
MOST_INPUT_CHARACTERS: Final = 262_144

_HIDDEN: Final = "hidden"
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
_AID_TAGS: Final = frozenset(("84", "4F", "9F06"))
_TAG_BYTES: Final = {"95": 5}
_AT_NAME: Final = re.compile(r"[+^*$%#&!]?[A-Z]{2,16}", re.ASCII)

_Result: TypeAlias = dict[str, Any]
_Decoder: TypeAlias = Callable[[bytes, Sequence[MessageProfile]], tuple[int, _Result]]


def decode(kind: str, text: str, profiles: Sequence[MessageProfile], as_json: bool) -> tuple[int, str]:
    """Decode hexadecimal ``text`` as ``kind`` and return the exit code and what to print.

    Blanks, line ends, colons and hyphens between digits are passed over. Bad input is one sentence and exit code 2.
    """
    decoder = KINDS.get(kind)
    if decoder is None:
        return NOT_THAT_KIND, f"The kind {kind[:20]!r} is not known; known are {', '.join(KINDS)}."
    data = _unhex(text)
    if isinstance(data, str):
        return NOT_THAT_KIND, data
    exit_code, result = decoder(data, profiles)
    result = {"kind": kind, "decoded": ("whole", "partial", "no")[exit_code], **result}
    if as_json:
        return exit_code, json.dumps(result, ensure_ascii=False, indent=2)
    return exit_code, "\n".join(_lines(result))


def _unhex(text: str) -> bytes | str:
    if len(text) > MOST_INPUT_CHARACTERS:
        return f"The input has {len(text)} characters; at most {MOST_INPUT_CHARACTERS} are read."
    for position, character in enumerate(text, 1):
        if character not in "0123456789abcdefABCDEF:- \t\r\n":
            return f"The input is not hexadecimal at character {position}."
    digits = re.sub(r"[^0-9a-fA-F]", "", text)
    if not digits:
        return "The input is empty: give hexadecimal digits."
    if len(digits) % 2:
        return f"The input has {len(digits)} hexadecimal digits, half a byte too many or too few."
    return bytes.fromhex(digits)


def _decode_iso8583(data: bytes, profiles: Sequence[MessageProfile]) -> tuple[int, _Result]:
    try:
        opened = open_envelope(data, profiles)
    except EnvelopeError as error:
        return NOT_THAT_KIND, {"reason": str(error)}
    message = opened.message
    if message is None or opened.profile is None or not message.mti:
        return NOT_THAT_KIND, {"reason": opened.reason}
    whole = opened.whole and message.complete
    result: _Result = {
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
    return (DECODED if whole else PARTIAL), result


def _shown_field(message: Message, number: int, *, whole: bool) -> str:
    value = message.fields[number]
    pattern = _SHOWN_FIELDS.get(number)
    may_show = whole or number not in _IDENTITY_FIELDS
    if may_show and isinstance(value, str) and pattern and re.fullmatch(pattern, value, re.ASCII):
        return value.rstrip()
    return f"({_HIDDEN}, {len(value)} {'bytes' if isinstance(value, bytes) else 'characters'})"


def _decode_tlv(data: bytes, _profiles: Sequence[MessageProfile]) -> tuple[int, _Result]:
    parsed = parse_tlv(data)
    objects = []
    for item in parsed.walk():
        shown = parsed.failure is None and _is_shown_tag(item)
        row: _Result = {"tag": item.tag, "offset": item.offset}
        row["value"] = item.value.hex().upper() if shown else f"({_HIDDEN}, {len(item.value)} bytes)"
        if shown and item.tag in _AID_TAGS and (scheme := scheme_of_aid(item.value.hex())):
            row["scheme"] = scheme
        objects.append(row)
    result: _Result = {"objects": objects}
    if parsed.reading is not Reading.BER:
        result["reading"] = str(parsed.reading)
    if parsed.failure is None:
        return (DECODED if objects else NOT_THAT_KIND), result
    result |= {"stopped": str(parsed.failure), "offset": parsed.failure.offset}
    return (PARTIAL if objects else NOT_THAT_KIND), result


def _is_shown_tag(item: Tlv) -> bool:
    """On the allow-list and of the right size; an AID begins with a registered or proprietary category (A to F)."""
    if item.tag in _AID_TAGS:
        return 5 <= len(item.value) <= 16 and item.value[0] >= 0xA0
    return item.tag in TAGS_ALLOWED and len(item.value) == _TAG_BYTES.get(item.tag, 2)


def _decode_atr(data: bytes, _profiles: Sequence[MessageProfile]) -> tuple[int, _Result]:
    atr = parse_atr(data)
    result: _Result = {
        "convention": atr.convention,
        "protocols": [f"T={number}" for number in atr.protocols],
        "interface": {name: f"{value:02X}" for name, value in atr.interface.items()},
        "historical": f"({_HIDDEN}, {len(atr.historical)} bytes)",
        "check_byte": {True: "good", False: "wrong", None: "none due"}[atr.tck_ok],
        "oddities": list(atr.oddities),
    }
    if atr.convention == "unknown":
        return NOT_THAT_KIND, {"reason": "An ATR begins with 3B or 3F.", "oddities": list(atr.oddities)}
    return (DECODED if atr.complete else PARTIAL), result


def _decode_control(data: bytes, _profiles: Sequence[MessageProfile]) -> tuple[int, _Result]:
    """Every way of writing the length is tried; the one that makes most of the bytes into frames is told."""
    best: tuple[int, _Result] = (NOT_THAT_KIND, {"reason": "no frame STX ... ETX LRC or SI ... SO LRC was found"})
    least = len(data)
    for length in (LengthKind.BCD, LengthKind.BINARY, LengthKind.NONE):
        deframer = Deframer(FrameProfile(length=length))
        items = [*deframer.feed(data), *deframer.expire()]
        frames = [item for item in items if isinstance(item, Frame)]
        faults = [item for item in items if isinstance(item, FrameError)]
        lost = sum(item.length for item in faults)
        if not frames or lost >= least:
            continue
        least = lost
        rows = [{"offset": f.offset, "delimiter": str(f.delimiter), "payload_bytes": len(f.payload)} for f in frames]
        noise = [{"offset": f.offset, "bytes": f.length, "fault": str(f.fault)} for f in faults]
        best = (PARTIAL if faults else DECODED), {"length": str(length), "frames": rows, "faults": noise}
    return best


def _decode_at(data: bytes, _profiles: Sequence[MessageProfile]) -> tuple[int, _Result]:
    """Names of the lines and final results only: the values may be numbers of subscribers and devices."""
    rows: list[_Result] = []
    finals = 0
    for line in re.split(r"[\r\n]+", data.decode("latin-1")):
        final = parse_final(line)
        name = _AT_NAME.match(line.strip().upper())
        if final is not None and final.kind is not ResultKind.NONE:
            finals += 1
            rows.append({"final": str(final.kind)} | ({} if final.code is None else {"code": final.code}))
        elif line.strip():
            rows.append({"line": name[0] if name else f"({_HIDDEN})", "characters": len(line.strip())})
    if not finals and not any(str(row.get("line", "")).startswith(("AT", "+")) for row in rows):
        return NOT_THAT_KIND, {"reason": "no AT command, answer or final result was found"}
    return (DECODED if finals else PARTIAL), {"lines": rows}


def _lines(value: Mapping[str, Any], indent: str = "") -> list[str]:
    lines = []
    for key, item in value.items():
        if isinstance(item, Mapping):
            lines += [f"{indent}{key}:", *_lines(item, indent + "  ")]
        elif isinstance(item, list):
            lines.append(f"{indent}{key}:" if item else f"{indent}{key}: none")
            for row in item:
                text = ", ".join(f"{k} {v}" for k, v in row.items()) if isinstance(row, Mapping) else str(row)
                lines.append(f"{indent}  {text}")
        else:
            lines.append(f"{indent}{key}: {item}")
    return lines


KINDS: Final[Mapping[str, _Decoder]] = {
    "iso8583": _decode_iso8583,
    "tlv": _decode_tlv,
    "atr": _decode_atr,
    "at": _decode_at,
    "control": _decode_control,
}
