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
    """Message types that this module reads or sends; all that it sends leaves the card alone."""

    GET_SLOT_STATUS = 0x65
    ESCAPE = 0x6B
    ICC_POWER_ON = 0x62  # this one and the following commands are only read, never sent
    SET_PARAMETERS = 0x61
    SECURE = 0x69
    ICC_CLOCK = 0x6E
    MECHANICAL = 0x71
    SET_RATE = 0x73
    DATA_BLOCK = 0x80
    SLOT_STATUS = 0x81
    PARAMETERS = 0x82
    ESCAPE_ANSWER = 0x83
    RATE = 0x84


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


@dataclass(frozen=True, slots=True)
class CcidParameters:
    """How reader and card talk, 6.2.3: ``protocol`` 0 or 1 for T=0 and T=1; ``speed`` is Fi and Di as TA1 has them.

    ``guard`` and ``waiting`` are coded as in an ATR; ``information_size`` (IFSC) only with T=1.
    """

    protocol: int
    speed: int
    guard: int
    waiting: int
    information_size: int | None = None


@dataclass(frozen=True, slots=True)
class CcidRate:
    """Clock towards the card in kHz and data rate in bit/s, 6.2.5."""

    clock_khz: int
    rate_bps: int


def parse_parameters(frame: CcidFrame) -> CcidParameters:
    """Read SetParameters or its answer. Raises CcidMessageError where protocol and length do not fit each other."""
    protocol = frame.special[0] if frame.type == CcidType.SET_PARAMETERS else frame.special[2]
    if frame.type not in (CcidType.SET_PARAMETERS, CcidType.PARAMETERS) or protocol not in (0, 1):
        raise CcidMessageError("these are no parameters of T=0 or T=1")
    if len(frame.data) != (7 if protocol else 5):
        raise CcidMessageError(f"the parameters of T={protocol} do not have {len(frame.data)} bytes")
    raw = _parameters_parser()(bytes(frame.data))
    size = frame.data[5] if protocol else None
    return CcidParameters(protocol, raw.speed, raw.guard, raw.waiting, size)


def parse_rate(frame: CcidFrame) -> CcidRate:
    """Read SetDataRateAndClockFrequency or its answer. Raises CcidMessageError."""
    if frame.type not in (CcidType.SET_RATE, CcidType.RATE) or len(frame.data) != 8:
        raise CcidMessageError("this is no data rate with a clock frequency")
    raw = _rate_parser()(bytes(frame.data))
    return CcidRate(raw.clock_khz, raw.rate_bps)


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


@cache
def _parameters_parser() -> Callable[[bytes], Any]:
    """The part that T=0 and T=1 have in common."""
    from construct import Int8ub, Padding, Struct  # noqa: PLC0415

    parse: Callable[[bytes], Any] = Struct(
        "speed" / Int8ub, Padding(1), "guard" / Int8ub, "waiting" / Int8ub, Padding(1)
    ).parse
    return parse


@cache
def _rate_parser() -> Callable[[bytes], Any]:
    from construct import Int32ul, Struct  # noqa: PLC0415

    parse: Callable[[bytes], Any] = Struct("clock_khz" / Int32ul, "rate_bps" / Int32ul).parse
    return parse
