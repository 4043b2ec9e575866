"""What the NFC controller PN532 says about itself: firmware version and general status.

Source: NXP UM0701-02, PN532 User Manual, 7.2.2 (GetFirmwareVersion), 7.2.3 (GetGeneralStatus). Neither switches the RF
field on, and neither answer names a card.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from functools import cache
from typing import Any, Final

ERROR_MASK: Final = 0x3F  # of a status byte: the upper two bits are NAD present and more information, 7.1


class Pn532Command(IntEnum):
    """Commands that only ask. The answer's code is the command's plus one."""

    GET_FIRMWARE_VERSION = 0x02
    GET_GENERAL_STATUS = 0x04


class Pn532MessageError(ValueError):
    """An answer that does not have its declared form; the text holds no data."""


@dataclass(frozen=True, slots=True)
class Pn532Firmware:
    """``ic`` is 32 (hexadecimal) for the PN532. The four flags say what the chip speaks."""

    ic: int
    version: int
    revision: int
    iso18092: bool
    iso14443a: bool
    iso14443b: bool

    @property
    def text(self) -> str:
        """As people write it: ``PN532 1.6``."""
        return f"PN5{self.ic:02X} {self.version}.{self.revision}"


@dataclass(frozen=True, slots=True)
class Pn532Target:
    """A card or phone that is active now: its number, and codes of bit rates and modulation. Never who it is."""

    number: int
    receive_rate: int
    send_rate: int
    modulation: int


@dataclass(frozen=True, slots=True)
class Pn532Status:
    """``error`` is the last error code, 0 for none; ``external_field``: another reader's field is there now."""

    error: int
    external_field: bool
    targets: tuple[Pn532Target, ...]
    sam: int


def parse_firmware(data: bytes | bytearray) -> Pn532Firmware:
    """Read the answer to GetFirmwareVersion, from its code (03) on. Raises Pn532MessageError."""
    raw = _firmware_parser()(_body(data, Pn532Command.GET_FIRMWARE_VERSION, 4, 4))
    support = raw.support
    return Pn532Firmware(raw.ic, raw.version, raw.revision, support.iso18092, support.iso14443a, support.iso14443b)


def parse_status(data: bytes | bytearray) -> Pn532Status:
    """Read the answer to GetGeneralStatus, from its code (05) on. Raises Pn532MessageError."""
    body = _body(data, Pn532Command.GET_GENERAL_STATUS, 4, 12)
    if len(body) != 4 + 4 * body[2]:
        raise Pn532MessageError(f"the status names {body[2]} targets in {len(body)} bytes")
    raw = _status_parser()(body)
    targets = tuple(Pn532Target(t.number, t.receive_rate, t.send_rate, t.modulation) for t in raw.targets)
    return Pn532Status(raw.error & ERROR_MASK, bool(raw.field), targets, raw.sam)


def _body(data: bytes | bytearray, command: Pn532Command, least: int, most: int) -> bytes:
    if not data or data[0] != command + 1:
        raise Pn532MessageError("the answer belongs to another command")
    body = bytes(data[1:])
    if not least <= len(body) <= most:
        raise Pn532MessageError(f"the answer has {len(body)} bytes after its code instead of {least} to {most}")
    return body


@cache
def _firmware_parser() -> Callable[[bytes], Any]:
    """Declare the answer. The import of construct is dear, so only a process that meets an answer pays it."""
    from construct import BitStruct, Flag, Int8ub, Padding, Struct  # noqa: PLC0415

    support = BitStruct(Padding(5), "iso18092" / Flag, "iso14443b" / Flag, "iso14443a" / Flag)
    parse: Callable[[bytes], Any] = Struct(
        "ic" / Int8ub, "version" / Int8ub, "revision" / Int8ub, "support" / support
    ).parse
    return parse


@cache
def _status_parser() -> Callable[[bytes], Any]:
    from construct import Array, Int8ub, Struct, this  # noqa: PLC0415

    target = Struct("number" / Int8ub, "receive_rate" / Int8ub, "send_rate" / Int8ub, "modulation" / Int8ub)
    parse: Callable[[bytes], Any] = Struct(
        "error" / Int8ub,
        "field" / Int8ub,
        "count" / Int8ub,
        "targets" / Array(this.count, target),
        "sam" / Int8ub,
    ).parse
    return parse
