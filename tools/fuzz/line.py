"""Parsers of what comes over serial lines: frames of readers and pinpads, status of printers."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from itertools import product
from typing import Any, Final

from device.decoding.tables import Tables
from protocol.ccid_frame import NAK_FRAME, CcidDeframer, CcidError, CcidFrame, CcidNak, build_notice
from protocol.ccid_frame import build_frame as build_ccid
from protocol.ccid_message import CcidMessageError
from protocol.ccid_message import parse_firmware as parse_ccid_firmware
from protocol.ccid_message import parse_status as parse_ccid_status
from protocol.control_frame import Deframer, Delimiter, Frame, FrameError, FrameProfile, LengthKind, build_frame
from protocol.escpos import PrinterNoise, QuestionReader, StatusReader
from protocol.neo_frame import NeoDeframer, NeoFrame, build_command, build_response
from protocol.pn532_frame import Pn532Deframer, Pn532Error, Pn532Frame, Pn532Signal, Tfi, build_mark
from protocol.pn532_frame import build_frame as build_pn532
from protocol.pn532_message import Pn532MessageError
from protocol.pn532_message import parse_firmware as parse_pn532_firmware
from protocol.pn532_message import parse_status as parse_pn532_status
from protocol.reader_message import ReaderMessageError, parse_firmware, parse_status
from tools.fuzz.rules import WHOLE_SHARE, Check, Make, Target, check_stream, cut_of, law
from tools.fuzz.seeds import seeds_of

_MOST_PENDING: Final = 4096 + 64
PROFILES: Final = tuple(
    FrameProfile(length, start, with_length, end, most, least)
    for length in LengthKind
    for start, with_length, end in product((False, True), repeat=3)
    for most, least in ((1024, 0), (60, 1))
)
_PAYLOADS: Final = (b"M1", b"", b"\x02\x00\x10", b"S" + bytes(12))
CONTROL_SEEDS: Final = tuple(
    bytes((at,)) + build_frame(payload, profile, delimiter) + b"\x06" + build_frame(payload[:1], profile)
    for at, profile in enumerate(PROFILES)
    for payload, delimiter in zip(_PAYLOADS, (Delimiter.STX, Delimiter.SI, Delimiter.STX, Delimiter.STX), strict=True)
)
NEO_SEEDS: Final = (
    build_command(0x18, 1) + build_response(0x18, 0, b"\x01\x02"),
    build_response(0x29, 0, b"1.00") + b"noise" + build_response(0x29, 0),
    bytes.fromhex("5669564F7465636800" + "44A000000003C1"),  # of protocol 1: data, its CRC to be added
)
PN532_SEEDS: Final = (  # short ones are tried more often
    *(build_mark(signal) for signal in Pn532Signal),
    *(build_pn532(tfi, data) for tfi, data in ((Tfi.TO_PN532, b"\x02"), (Tfi.FROM_PN532, b"\x03\x32\x01\x06\x07"))),
    build_pn532(Tfi.FROM_PN532, b"\x05\x00", extended=True),
)
CCID_SEEDS: Final = (
    *(build_ccid(kind) for kind in (0x65, 0x62, 0x81)),
    build_ccid(0x80, b"\x3b\x00") + NAK_FRAME + build_notice(card_present=True),
    build_notice(card_present=False) + build_ccid(0x83, b"1.0"),
)
CONTROL_TOKENS: Final = (b"\x02", b"\x03", b"\x0e", b"\x0f", b"\x04\x05\x06\x15", b"\x00\x02", b"\x02\x02", b"\x03\x00")
NEO_TOKENS: Final = (
    b"ViVOtech2\0",
    b"ViVOtech\0C\x24\x03\0\0",
    b"ViVOtech\0D",
    b"ViVOtech\0A\x24\0\0\0",
    b"ViVO",
    b"\x18\x01",
    b"\x00\x00",
    b"\x10\x00",
    b"ViVOtech2\0\x18\x00\x00\x00",
)
PN532_TOKENS: Final = tuple(
    bytes.fromhex(text)
    for text in ("00FF", "0000FF", "FFFF", "00FF00FF00", "00FFFF00", "D5", "D403", "01FF7F81", "5555", "00FFFFFF0109")
)
CCID_TOKENS: Final = tuple(
    bytes.fromhex(text)
    for text in ("0306", "031516", "5003", "5002", "030681", "030680", "00000000", "00100000", "0303")
)
ESCPOS_TOKENS: Final = tuple(
    bytes.fromhex(text) for text in ("12", "16", "10000000", "1004", "11", "13", "5F", "5F41420000", "0F", "14", "1D72")
)


def check_control(data: bytes) -> None:
    """The first byte chooses a dialect; frames, controls and errors lie inside and do not depend on chunks."""
    if data:
        profile = PROFILES[data[0] % len(PROFILES)]
        check_stream(data[1:], lambda: Deframer(profile), close_frames, _control_span)


def _control_span(item: Any) -> int:
    if isinstance(item, Frame):
        return len(item.payload) + 3
    return item.length if isinstance(item, FrameError) else 1


def check_neo(data: bytes) -> None:
    """Frames and errors lie inside and do not depend on chunks."""
    check_stream(data, NeoDeframer, close_frames, lambda item: len(item.data) + 16 if _is_neo(item) else item.length)


def _is_neo(item: Any) -> bool:
    return isinstance(item, NeoFrame)


def close_frames(deframer: Any) -> list[Any]:
    """The line goes quiet: what the deframer still tells. It holds little before, nothing after."""
    law(deframer.pending <= _MOST_PENDING, "the buffer has grown")
    items: list[Any] = deframer.expire()
    law(deframer.pending == 0, "something is held back for ever")
    return items


def check_pn532(data: bytes) -> None:
    """Frames, marks and errors lie inside and do not depend on chunks."""
    check_stream(data, Pn532Deframer, close_frames, _pn532_span)


def _pn532_span(item: Any) -> int:
    if isinstance(item, Pn532Frame):
        return len(item.data) + (9 if item.extended else 6)
    return item.length if isinstance(item, Pn532Error) else 1


def check_ccid(data: bytes) -> None:
    """Frames, marks and errors lie inside and do not depend on chunks."""
    check_stream(data, CcidDeframer, close_frames, _ccid_span)


def _ccid_span(item: Any) -> int:
    if isinstance(item, CcidFrame):
        return len(item.data) + 13
    if isinstance(item, CcidError):
        return item.length
    return 3 if isinstance(item, CcidNak) else 2


def check_messages(data: bytes) -> None:
    """Answers of readers: what does not have its declared form is refused with a sentence, never otherwise."""
    with suppress(Pn532MessageError):
        parse_pn532_firmware(data)
    with suppress(Pn532MessageError):
        parse_pn532_status(data)
    with suppress(ReaderMessageError):
        law(len(parse_firmware(data, data[:1])) <= 64, "the firmware's text is too long")
    with suppress(ReaderMessageError):
        parse_status(data, data[:1])
    frame = CcidFrame(data[0] if data else 0x83, 0, 0, data[1:4].ljust(3, b"\0"), bytearray(data[4:]), 0)
    with suppress(CcidMessageError):
        parse_ccid_status(frame)
    with suppress(CcidMessageError):
        law(len(parse_ccid_firmware(frame)) <= 64, "the firmware's text is too long")


def check_escpos(data: bytes) -> None:
    """The first byte says how many bytes ask; what the printer says lies inside and does not depend on chunks.

    An answer in real time may stand inside an automatic status and is told before it: so not in order.
    """
    asking = data[0] % 16 if data else 0
    asked, told = data[1 : 1 + asking], data[1 + asking :]
    questions = QuestionReader().feed(asked)
    at, reader = cut_of(asked), QuestionReader()
    law([*reader.feed(asked[:at]), *reader.feed(asked[at:])] == questions, "questions depend on chunks")

    def open_reader() -> StatusReader:
        reader = StatusReader()
        for about in questions:
            reader.ask(about)
        return reader

    check_stream(told, open_reader, StatusReader.close, _printer_span, in_order=False)


def _printer_span(item: Any) -> int:
    return int(item.length) if isinstance(item, PrinterNoise) else 1


def _frames(
    name: str, check: Check, module: str, tokens: tuple[bytes, ...], kind: str, made: tuple[bytes, ...] = ()
) -> Make:
    return lambda _: (Target(name, check, 995, (f"protocol.{module}",), (*seeds_of(kind), *made), tokens),)


def _messages(_tables: Tables) -> tuple[Target, ...]:
    modules = ("protocol.pn532_message", "protocol.ccid_message", "protocol.reader_message")
    seeds = tuple(bytes.fromhex(text) for text in ("0332010607", "050000010201000000", "4C0000000000000000000001", ""))
    return (Target("answers", check_messages, WHOLE_SHARE, modules, seeds, (b"\x03", b"\x05", b"\x83")),)


MAKE: Final[Mapping[str, Make]] = {
    "control": _frames("deframer", check_control, "control_frame", CONTROL_TOKENS, "control", CONTROL_SEEDS),
    "neo": _frames("deframer", check_neo, "neo_frame", NEO_TOKENS, "neo", NEO_SEEDS),
    "pn532": _frames("deframer", check_pn532, "pn532_frame", PN532_TOKENS, "pn532", PN532_SEEDS),
    "ccid": _frames("deframer", check_ccid, "ccid_frame", CCID_TOKENS, "ccid", CCID_SEEDS),
    "escpos": _frames("status reader", check_escpos, "escpos", ESCPOS_TOKENS, "escpos"),
    "messages": _messages,
}
"""What is fuzzed of each decoder of frames."""
