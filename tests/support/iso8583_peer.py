"""The host's side of ISO 8583, written for the tests alone: its own field table, its own packing, its own envelopes."""

from __future__ import annotations

import json
from functools import reduce
from pathlib import Path
from typing import Any

from device.message_profiles import read_message_profiles
from protocol.iso8583 import MessageProfile

ROOT = Path(__file__).resolve().parents[2]
RECORDINGS = sorted((ROOT / "tests" / "recordings" / "iso8583").glob("*.json"))

CARD = "6200000000000005"
TRACK2 = CARD + "D49125201234567890"
# EMV objects of a sale with a domestic-only card abroad; 57 and 5A carry the number as real chip data may.
CHIP = (
    "5F280208409F1A0201569F0702AB009505000010000082027C009B02E8005F2A020156"
    "8407A000000333010157116200000000000005D49125201234567890"
)

_DIGITS = {3: 6, 4: 12, 7: 10, 11: 6, 12: 6, 13: 4, 14: 4, 15: 4, 18: 4, 22: 3, 23: 3, 24: 3, 25: 2, 26: 2, 70: 3}
_VAR_DIGITS = {2: 2, 32: 2, 35: 2, 60: 3}  # field -> digits of its length
_TEXTS = {37: 12, 38: 6, 39: 2, 41: 8, 42: 15, 49: 3}
_VAR_BYTES = {55: 3, 62: 3, 63: 3}
_BITS = {52: 8, 64: 8, 128: 8}


def _bcd(digits: str) -> bytes:
    return bytes.fromhex(digits + "0" * (len(digits) % 2))


def terminal_message(mti: str, fields: dict[int, str]) -> bytes:
    """UnionPay style: packed digits. Bits are given as hex."""
    body = b""
    for number in sorted(fields):
        value = fields[number]
        if number in _DIGITS:
            body += bytes.fromhex("0" + value) if number == 23 else _bcd(value)
        elif number in _VAR_DIGITS:
            body += _bcd(str(len(value)).zfill(2 * ((_VAR_DIGITS[number] + 1) // 2))) + _bcd(value)
        elif number in _TEXTS:
            body += value.encode("ascii")
        elif number in _VAR_BYTES:
            raw = bytes.fromhex(value)
            body += bytes.fromhex(f"{len(raw):04d}") + raw
        else:
            body += bytes.fromhex(value)
    return _bcd(mti) + _bitmap(fields) + body


def ascii_message(mti: str, fields: dict[int, str], *, binary_bitmap: bool = False, lower: bool = False) -> bytes:
    """ISO 8583:1987 in ASCII; bits as hex characters, DE55 as raw bytes."""
    body = b""
    for number in sorted(fields):
        value = fields[number]
        if number in _VAR_BYTES:
            raw = bytes.fromhex(value) if number == 55 else value.encode("ascii")
            body += f"{len(raw):03d}".encode() + raw
        elif number in (2, 32, 35):
            body += f"{len(value):02d}{value}".encode()
        elif number == 60:
            body += f"{len(value):03d}{value}".encode()
        else:
            body += value.encode("ascii")
    bitmap = _bitmap(fields)
    text = bitmap.hex() if lower else bitmap.hex().upper()
    return mti.encode() + (bitmap if binary_bitmap else text.encode()) + body


def _bitmap(fields: dict[int, str]) -> bytes:
    width = 128 if max(fields) > 64 else 64
    marks = ["0"] * width
    if width == 128:
        marks[0] = "1"
    for number in fields:
        marks[number - 1] = "1"
    return int("".join(marks), 2).to_bytes(width // 8, "big")


def framed(message: bytes) -> bytes:
    """STX, BCD length, message, ETX, LRC over length to ETX."""
    inner = bytes.fromhex(f"{len(message):04d}") + message + b"\x03"
    return b"\x02" + inner + bytes((reduce(lambda a, b: a ^ b, inner),))


def prefixed(message: bytes) -> bytes:
    """Two bytes of length before the message."""
    return len(message).to_bytes(2, "big") + message


def profiles() -> list[MessageProfile]:
    """The profiles of the catalogue, freshly read, in the order in which they are tried."""
    return list(read_message_profiles().values())


def profile(name: str) -> MessageProfile:
    """One profile or variant by its name."""
    return next(p for base in profiles() for p in (base, *base.variants) if p.name == name)


def recording(path: Path) -> dict[str, Any]:
    """One recorded message with what it means, both written by hand or by this peer."""
    loaded: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return loaded


REQUEST = {
    2: CARD,
    3: "000000",
    4: "000000010000",
    11: "000123",
    14: "4912",
    22: "051",
    23: "001",
    25: "00",
    35: TRACK2,
    41: "T0000001",
    42: "898111111111111",
    49: "156",
    55: CHIP,
    60: "22000001000500",
    64: "0102030405060708",
}
RESPONSE = {
    2: CARD,
    3: "000000",
    4: "000000010000",
    11: "000123",
    12: "101530",
    13: "1123",
    32: "00010000",
    37: "101530000123",
    39: "62",
    41: "T0000001",
    42: "898111111111111",
    49: "156",
    60: "22000001000500",
    64: "1122334455667788",
}
TPDU = bytes.fromhex("6000030000")
TPDU_BACK = bytes.fromhex("6000000003")
HEADER = bytes.fromhex("602100000000")
HEADER_BACK = bytes.fromhex("613100000000")
