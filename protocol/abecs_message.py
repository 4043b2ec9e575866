"""What terminal and ABECS pinpad say inside their frames: commands, responses, and the pinpad's identity.

A command is three letters and blocks of three digits of length and so many bytes; a response has three digits of
status behind the letters. Source: Abecs, Pinpad Abecs, Protocolo de comunicação e funcionamento, 2.12: 2.3 (forms),
3.1.3 (data fields), 3.2 (OPN, GIN, GIX, CLO, CLX). Words for codes are data: ``catalogue/reader_codes/abecs.toml``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from typing import Final

ENCRYPTED: Final = 0x12  # DC2, the first byte of data in secure communication, 2.3
NOTICE: Final = "NTM"  # sent meanwhile by commands that wait for the cardholder, 2.3.3
UNKNOWN: Final = "ERR"  # the response to a command that the pinpad does not know, 2.3.4
MOST_BLOCK: Final = 999  # bytes
_HEAD: Final = 3
_DIGITS: Final = 3
_SPE_IDLIST: Final = 0x0001
_GIN_TEXT: Final = 100  # bytes, response to GIN for index 00, 3.2.3


class AbecsStatus(IntEnum):
    """Status of a response that decides what to do next, 3.1.1. Values not listed stay plain numbers."""

    OK = 0
    INVALID_CALL = 10  # also: the command is not known
    INTERNAL_ERROR = 40


class AbecsField(IntEnum):
    """Data fields that say what the pinpad is, 3.1.3.2. The serial number is asked for nowhere."""

    SERIAL_NUMBER = 0x8001
    PART_NUMBER = 0x8002
    MODEL = 0x8003
    MAKER = 0x8004
    CAPABILITIES = 0x8005
    SYSTEM = 0x8006
    SPECIFICATION = 0x8007
    MANAGER = 0x8008
    APPLICATION = 0x8009
    EXTENSION = 0x800A
    EMV_KERNEL = 0x8010
    CONTACTLESS_KERNEL = 0x8011


ASKED: Final = (
    AbecsField.MODEL,
    AbecsField.MAKER,
    AbecsField.SYSTEM,
    AbecsField.SPECIFICATION,
    AbecsField.MANAGER,
    AbecsField.APPLICATION,
)


class AbecsStop(StrEnum):
    """Why reading a message ended before its end."""

    SHORT = "short"  # it ends inside letters, status or a length
    NAME = "name"  # the first three bytes are no capital letters or digits
    STATUS = "status"  # the status is no number
    LENGTH = "length"  # a length is no number
    CUT = "cut"  # a length reaches beyond the end
    ENCRYPTED = "encrypted"


@dataclass(frozen=True, slots=True)
class AbecsBlock:
    """A block's content and the offset of its first byte in the message. It may be card data: not in the text form."""

    data: bytes = field(repr=False)
    offset: int


@dataclass(frozen=True, slots=True)
class AbecsMessage:
    """A command (``status`` is None) or response as far as it could be read.

    ``stopped`` says why reading ended early and ``stopped_at`` at which byte; both are None for a whole message.
    """

    name: str
    status: int | None
    blocks: tuple[AbecsBlock, ...]
    stopped: AbecsStop | None = None
    stopped_at: int | None = None


@dataclass(frozen=True, slots=True)
class AbecsValue:
    """A data field of a block: its number (PP_... or SPE_...), content, and offset of the number in the block."""

    number: int
    data: bytes = field(repr=False)
    offset: int


@dataclass(frozen=True, slots=True)
class PinpadIdentity:
    """Who the pinpad is, empty where it does not say. Its serial number is left out."""

    maker: str = ""
    model: str = ""
    system: str = ""  # version of the operating system
    specification: str = ""  # version of the ABECS specification, ``2.12``
    manager: str = ""  # version of the managing application
    application: str = ""  # version of the ABECS application

    @property
    def text(self) -> str:
        """One line of at most 64 characters: maker, model, system, and ``ABECS`` with the specification's version."""
        parts = (self.maker, self.model, self.system, f"ABECS {self.specification}" if self.specification else "")
        return " ".join(part for part in parts if part)[:64].rstrip()


def build_command(name: str, *blocks: bytes) -> bytes:
    """A command. Raises ValueError for a name that is not three letters, or a block of more than 999 bytes."""
    if len(name) != _HEAD or not name.isascii() or not name.isalpha() or not name.isupper():
        raise ValueError("a command is three capital letters")
    return name.encode("ascii") + b"".join(_block(block) for block in blocks)


def build_response(name: str, status: int, *blocks: bytes) -> bytes:
    """A response. Raises ValueError as :func:`build_command` does, and for a status of more than three digits."""
    if not 0 <= status <= 999:
        raise ValueError("a status has three digits")
    return build_command(name) + b"%03d" % status + b"".join(_block(block) for block in blocks)


def build_value(number: int, data: bytes) -> bytes:
    """A data field for a block. Raises ValueError where number or size do not fit."""
    if not 0 <= number <= 0xFFFF or len(data) > MOST_BLOCK - 4:
        raise ValueError("a data field has a number of two bytes and at most 995 bytes")
    return number.to_bytes(2, "big") + len(data).to_bytes(2, "big") + data


def parse_command(data: bytes | bytearray) -> AbecsMessage:
    """Read a command; what cannot be read any more is told in ``stopped``."""
    return _parse(bytes(data), with_status=False)


def parse_response(data: bytes | bytearray) -> AbecsMessage:
    """Read a response; what cannot be read any more is told in ``stopped``."""
    return _parse(bytes(data), with_status=True)


def parse_values(block: bytes) -> tuple[list[AbecsValue], int | None]:
    """Data fields of a block, and the offset where reading had to end, None for the end of the block."""
    values: list[AbecsValue] = []
    at = 0
    while at < len(block):
        size = int.from_bytes(block[at + 2 : at + 4], "big")
        if at + 4 + size > len(block):
            return values, at
        number = int.from_bytes(block[at : at + 2], "big")
        values.append(AbecsValue(number, block[at + 4 : at + 4 + size], at))
        at += 4 + size
    return values, None


def parse_identity(message: AbecsMessage) -> PinpadIdentity:
    """What a response to GIX or GIN says, as far as it says it; texts that are not short and printable stay empty."""
    if message.status != AbecsStatus.OK:
        return PinpadIdentity()
    if message.name == "GIN":
        return _parse_gin(message.blocks[0].data if message.blocks else b"")
    found = {value.number: value.data for block in message.blocks for value in parse_values(block.data)[0]}
    return _identity({number: found.get(number, b"") for number in ASKED})


def _parse_gin(data: bytes) -> PinpadIdentity:
    """Fixed places of the response for index 00, 3.2.3; the last 20 characters are the serial number."""
    if len(data) != _GIN_TEXT:
        return PinpadIdentity()
    places = {
        AbecsField.MAKER: data[:20],
        AbecsField.MODEL: data[20:39],
        AbecsField.SYSTEM: data[40:60],
        AbecsField.SPECIFICATION: data[60:64],
        AbecsField.MANAGER: data[64:80],
    }
    return _identity(places)


def _identity(found: Mapping[AbecsField, bytes]) -> PinpadIdentity:
    def text(number: AbecsField) -> str:
        raw = found.get(number, b"").decode("latin-1").strip()
        return raw if raw.isascii() and raw.isprintable() and len(raw) <= 32 else ""

    return PinpadIdentity(
        maker=text(AbecsField.MAKER),
        model=text(AbecsField.MODEL),
        system=text(AbecsField.SYSTEM),
        specification=text(AbecsField.SPECIFICATION),
        manager=text(AbecsField.MANAGER),
        application=text(AbecsField.APPLICATION),
    )


def _block(data: bytes) -> bytes:
    if len(data) > MOST_BLOCK:
        raise ValueError(f"a block has at most {MOST_BLOCK} bytes")
    return b"%03d" % len(data) + data


def _parse(data: bytes, *, with_status: bool) -> AbecsMessage:
    if data[:1] == bytes((ENCRYPTED,)):
        return AbecsMessage("", None, (), AbecsStop.ENCRYPTED, 0)
    head = data[:_HEAD]
    if len(head) < _HEAD:
        return AbecsMessage("", None, (), AbecsStop.SHORT, len(data))
    if not all(byte in b"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789" for byte in head):
        return AbecsMessage("", None, (), AbecsStop.NAME, 0)
    name, at, status = head.decode("ascii"), _HEAD, None
    if with_status:
        status, stopped = _number(data, at, AbecsStop.STATUS)
        if stopped:
            return AbecsMessage(name, None, (), stopped, at)
        at += _DIGITS
    blocks, stopped, stopped_at = _blocks(data, at)
    return AbecsMessage(name, status, blocks, stopped, stopped_at)


def _blocks(data: bytes, at: int) -> tuple[tuple[AbecsBlock, ...], AbecsStop | None, int | None]:
    blocks: list[AbecsBlock] = []
    while at < len(data):
        size, stopped = _number(data, at, AbecsStop.LENGTH)
        if size is None:
            return tuple(blocks), stopped, at
        if at + _DIGITS + size > len(data):
            return tuple(blocks), AbecsStop.CUT, at
        at += _DIGITS
        blocks.append(AbecsBlock(data[at : at + size], at))
        at += size
    return tuple(blocks), None, None


def _number(data: bytes, at: int, otherwise: AbecsStop) -> tuple[int | None, AbecsStop | None]:
    digits = data[at : at + _DIGITS]
    if len(digits) < _DIGITS:
        return None, AbecsStop.SHORT
    return (int(digits), None) if digits.isdigit() else (None, otherwise)


# All that a terminal asks to learn who a pinpad is and how it is.
OPEN: Final = build_command("OPN")  # without the key exchange of secure communication, 3.2.1
ASK_IDENTITY: Final = build_command(
    "GIX", build_value(_SPE_IDLIST, b"".join(number.to_bytes(2, "big") for number in ASKED))
)
ASK_IDENTITY_OLD: Final = build_command("GIN", b"00")  # for pinpads that do not know GIX
CLOSE: Final = build_command("CLX")  # leaves the display empty, 3.2.7
CLOSE_OLD: Final = build_command("CLO", b" " * 32)  # for pinpads that do not know CLX
QUESTIONS: Final = (OPEN, ASK_IDENTITY, ASK_IDENTITY_OLD, CLOSE, CLOSE_OLD)
