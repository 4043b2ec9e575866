"""Builds ISO 8583 messages as a terminal and its host exchange them, and spoils them on request.

This is the other side of the wire: written from ISO 8583:1987 clause 4 and from observed samples of the UnionPay
style, on its own, so that a mistake in the product's decoder is not repeated here.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

TPDU_TO_HOST: Final = bytes.fromhex("6000030000")
TPDU_TO_TERMINAL: Final = bytes.fromhex("6000000003")
HEADER_REQUEST: Final = bytes.fromhex("603100311108")
HEADER_RESPONSE: Final = bytes.fromhex("613100311108")
OVERSIZE_BYTES: Final = 1 << 20

# number: (content, length digits; 0 is a fixed field). "r" is a number that leaves the first nibble over.
_LAYOUT: Final = {
    2: ("n", 2), 3: ("n", 0), 4: ("n", 0), 11: ("n", 0), 12: ("n", 0), 13: ("n", 0), 14: ("n", 0), 15: ("n", 0),
    18: ("n", 0), 22: ("n", 0), 23: ("r", 0), 25: ("n", 0), 26: ("n", 0), 32: ("n", 2), 35: ("n", 2), 37: ("a", 0),
    38: ("a", 0), 39: ("a", 0), 41: ("a", 0), 42: ("a", 0), 44: ("a", 2), 45: ("a", 2), 49: ("a", 0), 52: ("b", 0),
    53: ("n", 0), 55: ("b", 3), 60: ("n", 3), 63: ("a", 3), 64: ("b", 0),
}  # fmt: skip


class Style(StrEnum):
    """How a message is written: packed digits with TPDU and header, or ASCII throughout behind a length."""

    BCD = "bcd"
    ASCII = "ascii"


class Damage(StrEnum):
    """What the response suffers on its way. NONE_CAME: the host never answered."""

    OK = "ok"
    NONE_CAME = "none"
    TRUNCATED = "truncated"
    OVERSIZE = "oversize"
    LENGTH_LIES = "length_lies"
    WRONG_ENVELOPE = "wrong_envelope"
    NOISE = "noise"


def build_message(mti: str, fields: Mapping[int, str | bytes], style: Style) -> bytes:
    """Build the bare message: MTI, bitmap, fields."""
    bitmap = sum(1 << (64 - number) for number in fields).to_bytes(8, "big")
    head = bytes.fromhex(mti) + bitmap if style is Style.BCD else mti.encode() + bitmap.hex().upper().encode()
    write = _packed_field if style is Style.BCD else _ascii_field
    return head + b"".join(write(number, fields[number]) for number in sorted(fields))


def wrap_request(message: bytes, style: Style) -> bytes:
    """Put the terminal's envelope round a message: two-byte length, TPDU, header."""
    return _with_length(TPDU_TO_HOST + HEADER_REQUEST + message if style is Style.BCD else message)


def wrap_response(message: bytes, style: Style) -> bytes:
    """Put the host's envelope round a message; source and destination of the TPDU are swapped."""
    return _with_length(TPDU_TO_TERMINAL + HEADER_RESPONSE + message if style is Style.BCD else message)


def spoil(frame: bytes, damage: Damage) -> bytes | None:
    """Return what arrives of ``frame``; None if nothing does."""
    if damage is Damage.NONE_CAME:
        return None
    spoilt = {
        Damage.OK: lambda: frame,
        Damage.TRUNCATED: lambda: frame[: len(frame) * 3 // 5],
        Damage.OVERSIZE: lambda: frame + b"\x00" * (OVERSIZE_BYTES - len(frame)),
        Damage.LENGTH_LIES: lambda: (len(frame) + 500).to_bytes(2, "big") + frame[2:],
        Damage.WRONG_ENVELOPE: lambda: b"\xde\xad\xbe\xef" + frame[2:5] + b"\xff\xff" + frame[9:],
        Damage.NOISE: lambda: bytes((position * 73 + 41) % 251 for position in range(96)),
    }
    return spoilt[damage]()


def build_tlv(tags: Mapping[str, bytes]) -> bytes:
    """Build DE55: BER-TLV with short lengths (EMV 4.4 book 3, annex B)."""
    return b"".join(bytes.fromhex(tag) + bytes([len(value)]) + value for tag, value in tags.items())


def _with_length(body: bytes) -> bytes:
    return len(body).to_bytes(2, "big") + body


def _packed_field(number: int, value: str | bytes) -> bytes:
    content, length_digits = _LAYOUT[number]
    if isinstance(value, bytes):
        body = value
    elif content == "a":
        body = value.encode("gbk")
    elif content == "r":
        body = bytes.fromhex("0" * (len(value) % 2) + value)
    else:
        body = bytes.fromhex(value + "0" * (len(value) % 2))
    count = len(value) if content == "n" else len(body)
    if length_digits == 0:
        return body
    return bytes.fromhex(f"{count:0{2 if length_digits == 2 else 4}d}") + body


def _ascii_field(number: int, value: str | bytes) -> bytes:
    _, length_digits = _LAYOUT[number]
    body = value.hex().upper().encode() if isinstance(value, bytes) else value.encode()
    return (f"{len(body):0{length_digits}d}".encode() if length_digits else b"") + body
