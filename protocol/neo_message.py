"""What an ID TECH NEO reader says inside its frames about itself: that it is there, and its firmware.

Source: ID TECH NEO 2 Interface Developer's Guide, Ping (18-01), Get Version: Protocol 2 (29-00), status codes for
protocol 2 (2.1.5). Their words are data: ``catalogue/reader_codes/neo.toml``. Neither question touches card or keys.
"""

from __future__ import annotations

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


class NeoMessageError(ValueError):
    """An answer that does not have its declared form; the text holds no data."""


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
