"""What a generic serial card reader says inside its frames: identity and status. No message here carries card data.

Source: observed conventions of packet readers of the VeriFone/UIC style (a command is one or more ASCII letters, an
answer repeats them and goes on with its data). There is no standard to conform to; a device's own manual goes first.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from functools import cache
from typing import Any, Final

_MOST_FIRMWARE: Final = 64


class ReaderMessageError(ValueError):
    """An answer that does not have its declared form; the text holds no data."""


class TrackResult(IntEnum):
    """What the last read of one track came to. Values not listed stay plain numbers."""

    NOT_READ = 0
    READ = 1
    EMPTY = 2
    START_MISSING = 3
    PARITY = 4
    LRC = 5


@dataclass(frozen=True, slots=True)
class ReaderStatus:
    """State and counters. ``tracks`` are the last results of tracks 1 to 3, ``head_cycles`` the head's contacts."""

    media_present: bool
    fault: bool
    tracks: tuple[int, int, int]
    retries: int
    errors: int
    head_cycles: int


def parse_firmware(payload: bytes | bytearray, prefix: bytes) -> str:
    """The firmware text after ``prefix``. Raises ReaderMessageError unless it is 1 to 64 printable characters."""
    text = _after(payload, prefix).decode("ascii", "replace").strip()
    if not 0 < len(text) <= _MOST_FIRMWARE or not text.isascii() or not text.isprintable():
        raise ReaderMessageError("the firmware answer is not a short printable text")
    return text


def parse_status(payload: bytes | bytearray, prefix: bytes) -> ReaderStatus:
    """The binary status after ``prefix``: 12 bytes, high byte first. Raises ReaderMessageError."""
    body = _after(payload, prefix)
    if len(body) != _STATUS_SIZE:
        raise ReaderMessageError(f"the status answer has {len(body)} bytes after its letter instead of {_STATUS_SIZE}")
    raw = _status_parser()(bytes(body))
    return ReaderStatus(
        media_present=bool(raw.flags.media_present),
        fault=bool(raw.flags.fault),
        tracks=(raw.tracks[0], raw.tracks[1], raw.tracks[2]),
        retries=raw.retries,
        errors=raw.errors,
        head_cycles=raw.head_cycles,
    )


_STATUS_SIZE: Final = 12


@cache
def _status_parser() -> Callable[[bytes], Any]:
    """Declare the status message. The import costs about 60 ms, so only a process that reads a status pays it."""
    from construct import BitStruct, Flag, Int8ub, Int16ub, Int32ub, Padding, Struct  # noqa: PLC0415

    status: Callable[[bytes], Any] = Struct(
        "flags" / BitStruct("media_present" / Flag, "fault" / Flag, Padding(6)),
        "tracks" / Int8ub[3],
        "retries" / Int16ub,
        "errors" / Int16ub,
        "head_cycles" / Int32ub,
    ).parse
    return status


def _after(payload: bytes | bytearray, prefix: bytes) -> bytes | bytearray:
    if not payload.startswith(prefix):
        raise ReaderMessageError("the answer belongs to another command")
    return payload[len(prefix) :]
