"""What a CCID reader says in its answers: the card in the slot, how the command ended, and its clock.

Source: USB-IF, Device Class: Smart Card CCID, rev 1.1, 6.2 (answers), 6.2.6 (slot error and slot status registers). The
firmware question is a vendor's own Escape (GemPC Twin and PinPad): profile from observed samples.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from functools import cache
from typing import Any, Final

from protocol.ccid_frame import FROM_READER, CcidFrame

ASK_FIRMWARE: Final = b"\x02"  # data of the Escape
_MOST_FIRMWARE: Final = 64


class CcidType(IntEnum):
    """Message types that this module reads or sends; all of them leave the card alone."""

    GET_SLOT_STATUS = 0x65
    ESCAPE = 0x6B
    ICC_POWER_ON = 0x62  # never sent; known because its answer carries an ATR
    DATA_BLOCK = 0x80
    SLOT_STATUS = 0x81
    ESCAPE_ANSWER = 0x83


class IccStatus(IntEnum):
    """The card in the slot, bmICCStatus."""

    ACTIVE = 0
    INACTIVE = 1
    ABSENT = 2


class CommandStatus(IntEnum):
    """How the command ended, bmCommandStatus."""

    DONE = 0
    FAILED = 1
    TIME_EXTENSION = 2


class CcidMessageError(ValueError):
    """An answer that does not have its declared form; the text holds no data."""


@dataclass(frozen=True, slots=True)
class CcidStatus:
    """The state part that every answer has. 3 is reserved in both states and stays a plain number.

    ``error`` is bError, meant only where the command failed (or the factor of a time extension). ``clock`` is
    bClockStatus, in a SlotStatus only: 0 runs, 1 to 3 stopped low, high, or unknown.
    """

    icc: int
    command: int
    error: int
    clock: int | None = None


def parse_status(frame: CcidFrame) -> CcidStatus:
    """Read bStatus and bError of an answer. Raises CcidMessageError for a command, which has neither."""
    if frame.type not in FROM_READER:
        raise CcidMessageError("a command has no status")
    raw = _status_parser()(frame.special)
    clock = raw.last if frame.type == CcidType.SLOT_STATUS else None
    return CcidStatus(raw.status.icc, raw.status.command, raw.error, clock)


def parse_firmware(frame: CcidFrame) -> str:
    """The reader's own name and version from its answer to :data:`ASK_FIRMWARE`. Raises CcidMessageError."""
    if frame.type != CcidType.ESCAPE_ANSWER:
        raise CcidMessageError("the answer belongs to another command")
    text = frame.data.rstrip(b"\x00").decode("ascii", "replace").strip()
    if not 0 < len(text) <= _MOST_FIRMWARE or not text.isascii() or not text.isprintable():
        raise CcidMessageError("the firmware answer is not a short printable text")
    return text


@cache
def _status_parser() -> Callable[[bytes], Any]:
    """Declare the last three header bytes of an answer. construct is dear to import: only who meets one pays it."""
    from construct import BitsInteger, BitStruct, Int8ub, Padding, Struct  # noqa: PLC0415

    status = BitStruct("command" / BitsInteger(2), Padding(4), "icc" / BitsInteger(2))
    parse: Callable[[bytes], Any] = Struct("status" / status, "error" / Int8ub, "last" / Int8ub).parse
    return parse
