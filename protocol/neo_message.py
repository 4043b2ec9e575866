"""What an ID TECH NEO reader says inside its frames about itself: that it is there, and its firmware.

Source: ID TECH NEO 2 Interface Developer's Guide, Ping (18-01), Get Version: Protocol 2 (29-00), status codes for
protocol 2 (2.1.5), Activate Transaction (02-01, 02-40). Their words are data: ``catalogue/reader_codes/neo.toml``.
Neither question touches card or keys.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from protocol.neo_frame import NeoFrame, build_command

PING: Final = (0x18, 0x01)
GET_VERSION: Final = (0x29, 0x00)
_MOST_FIRMWARE: Final = 64


class NeoStatus(IntEnum):
    """Status codes that decide what to do next. Values not listed stay plain numbers."""

    OK = 0x00
    CRC_ERROR = 0x04  # the command did not arrive whole: send it again


FAILED: Final = 0x0A  # status of a transaction that did not come to an end
ACTIVATE: Final = 0x02
_FAILURE_TAG: Final = bytes.fromhex("FFEE1F04")  # and the length of what it holds, 02-40
_FAILURE_SIZE: Final = 4
_MOST_BEFORE: Final = 16  # attribution and the key's serial number


class NeoMessageError(ValueError):
    """An answer that does not have its declared form; the text holds no data."""


@dataclass(frozen=True, slots=True)
class NeoFailure:
    """Why a transaction failed: the reader's code, what the card said last (None: nothing), and in which RF state."""

    error: int
    status_word: int | None
    rf_state: int


def parse_failure(frame: NeoFrame) -> NeoFailure | None:
    """The reason in the answer to Activate Transaction (02-01, 02-40) with status :data:`FAILED`; None without one."""
    if frame.command != ACTIVATE or frame.second != FAILED:
        return None
    data = bytes(frame.data)
    at = data.find(_FAILURE_TAG, 0, _MOST_BEFORE + len(_FAILURE_TAG))
    told = data[at + len(_FAILURE_TAG) :] if at >= 0 else data
    if len(told) < _FAILURE_SIZE or (at < 0 and len(told) != _FAILURE_SIZE):
        return None
    return NeoFailure(told[0], int.from_bytes(told[1:3], "big") or None, told[3])


def build_question(question: tuple[int, int]) -> bytes:
    """The frame of :data:`PING` or :data:`GET_VERSION`. Raises ValueError for any other command."""
    if question not in (PING, GET_VERSION):
        raise ValueError("a question is a ping or asks the version")
    return build_command(*question)


def parse_version(frame: NeoFrame) -> str:
    """The firmware's name and version: the first line of the answer to :data:`GET_VERSION`, at most 64 characters.

    Some readers send a list of their modules; the firmware comes first. Raises NeoMessageError.
    """
    if frame.command != GET_VERSION[0] or frame.second != NeoStatus.OK:
        raise NeoMessageError("the answer is no version")
    line = bytes(frame.data).partition(b"\0")[0].decode("latin-1").strip().partition("\n")[0]
    text = line.strip(" \r\t,")
    if not 0 < len(text) <= _MOST_FIRMWARE or not text.isascii() or not text.isprintable():
        raise NeoMessageError("the version is not a short printable text")
    return text
