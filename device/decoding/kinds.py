"""The kinds by name, each one module that is imported when it is asked for.

A kind's module has ``decode(data, tables) -> Decoded``; where bytes come in a stream that can be cut anywhere, also
``open_stream(tables) -> Stream``. Where one piece tells how the next is to be read, a module beside it has
``open_session(tables) -> Session``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Final, TypeAlias

if TYPE_CHECKING:  # the command line reads the names at every start
    from device.decoding.result import Decoded, Session, Stream
    from device.decoding.tables import Tables

Decode: TypeAlias = "Callable[[bytes, Tables], Decoded]"
OpenStream: TypeAlias = "Callable[[Tables], Stream]"
OpenSession: TypeAlias = "Callable[[Tables], Session]"

KINDS: Final[Mapping[str, str]] = {  # kind -> what it reads, for --help
    "iso8583": "a host message, in any envelope that the profiles know",
    "tlv": "EMV data objects (BER-TLV)",
    "dol": "a data object list of a chip card (PDOL, CDOL, TDOL, DDOL)",
    "gpo": "a chip card's answer to GET PROCESSING OPTIONS",
    "apdu": "a command to a chip card, or its answer with status word",
    "atr": "a chip card's answer to reset",
    "at": "a modem's AT conversation",
    "control": "STX/ETX and SI/SO frames of readers, pinpads and host links",
    "neo": "frames of ID TECH NEO (ViVOpay) readers",
    "abecs": "conversations with ABECS pinpads (Brazil)",
    "pn532": "frames of the NFC controller PN532 on a serial line",
    "ccid": "CCID messages of a card reader on a serial line",
    "escpos": "status of an ESC/POS printer",
}

_SESSIONS: Final = {"apdu": "device.decoding.apdu_session"}


def decoder_of(kind: str) -> Decode:
    """The decoder of a kind in :data:`KINDS`."""
    decode: Decode = import_module(f"device.decoding.{kind}").decode
    return decode


def stream_of(kind: str) -> OpenStream | None:
    """How to open a stream of this kind, or None where each piece stands for itself."""
    opener: OpenStream | None = getattr(import_module(f"device.decoding.{kind}"), "open_stream", None)
    return opener


def session_of(kind: str) -> OpenSession | None:
    """How to open a session of this kind, or None where no piece tells anything of the next."""
    if kind not in _SESSIONS:
        return None
    opener: OpenSession = import_module(_SESSIONS[kind]).open_session
    return opener
