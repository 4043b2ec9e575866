"""Parsers of ABECS pinpads: frames, messages and the terminal's side of the conversation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from device.decoding.tables import Tables
from protocol.abecs_frame import MOST_DATA, AbecsDeframer, AbecsFrame, build_frame
from protocol.abecs_host import MOST_SENDS, AbecsHost, Answer, Event, Failed, Send
from protocol.abecs_message import parse_command, parse_identity, parse_response, parse_values
from tools.fuzz.line import close_frames
from tools.fuzz.rules import Make, Target, check_stream, cut_of, law
from tools.fuzz.seeds import seeds_of

_ASKED: Final = b"GIN00202"
MESSAGES: Final = (
    b"GIN000042MANUFACTURER".ljust(60, b" "),
    b"GIX000024" + bytes.fromhex("000200048001000431323334") * 2,
    b"GIN00202",
    b"OPN000",
    b"NTM000003ABC",
    b"ERR010",
    b"",
)
TOKENS: Final = (
    *(b"\x16", b"\x17", b"\x13", b"\x133", b"\x136", b"\x137", b"\x06", b"\x15", b"\x04", b"\x18", b"\x16\x16"),
    *(b"GIN", b"000", b"999", b"002", b"ERR", b"NTM", b"GIX", b"\x80\x01", b"\x00\x04"),
)


def _streams() -> tuple[bytes, ...]:
    """Good frames alone, behind ACK, two in a row, and with bytes that are stuffed."""
    frames = [build_frame(message) for message in (*MESSAGES, b"\x13\x16\x17 data \x13")]
    return (*frames, *(b"\x06" + frame for frame in frames), b"\x15" + frames[0] + frames[3] + b"\x04")


def check_abecs(data: bytes) -> None:
    """Frames, control characters and errors lie inside and do not depend on chunks; good data builds again."""
    check_stream(data, AbecsDeframer, close_frames, _length)


def _length(item: Any) -> int:
    if isinstance(item, AbecsFrame):
        law(len(item.data) <= MOST_DATA, "a frame has more data than it may")
    return int(getattr(item, "length", 1))


def check_abecs_host(data: bytes) -> None:
    """A command is sent a few times at most, and in the end there is an answer or a reason."""
    at = cut_of(data)
    events = _converse((data[:at], data[at:]))
    law(_converse((data,)) == events, "events depend on chunks")
    sent = sum(isinstance(event, Send) for event in events)
    law(sent <= 2 * MOST_SENDS + 1, "it sends more often than it may")
    law(sum(isinstance(event, Answer | Failed) for event in events) == 1, "there is not one end")


def _converse(pieces: tuple[bytes, ...]) -> list[Event]:
    host = AbecsHost()
    host.ask(_ASKED)
    events = [event for piece in pieces for event in host.feed(piece)]
    for _ in range(4 * MOST_SENDS):
        events += host.time_over()
    return events


def check_abecs_message(data: bytes) -> None:
    """Blocks lie inside; values and identity are read from whatever stands there."""
    for message in (parse_command(data), parse_response(data)):
        law(sum(len(block.data) for block in message.blocks) <= len(data), "the blocks hold more than there is")
        for block in message.blocks:
            values, stopped = parse_values(bytes(block.data))
            law(len(values) <= len(block.data), "there are more values than bytes")
            law(stopped is None or 0 <= stopped <= len(block.data), "the place where it stopped lies outside")
        law(len(parse_identity(message).text) <= len(data) + 200, "the identity is longer than the message")


def _abecs(_tables: Tables) -> tuple[Target, ...]:
    streams = (*seeds_of("abecs"), *_streams())
    frame, host, message = ("protocol.abecs_frame",), ("protocol.abecs_host",), ("protocol.abecs_message",)
    return (
        Target("deframer", check_abecs, 595, frame, streams, TOKENS),
        Target("terminal's side", check_abecs_host, 200, host, streams, TOKENS),
        Target("messages", check_abecs_message, 200, message, MESSAGES, TOKENS),
    )


MAKE: Final[Mapping[str, Make]] = {"abecs": _abecs}
"""What is fuzzed of the decoder of ABECS pinpads."""
