"""Commands to a chip card and its answers (ISO/IEC 7816-4:2020, clause 5), short lengths only."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

_MOST_DATA: Final = 255
_MOST_LE: Final = 256
_SW_OK: Final = 0x9000
_SW1_MORE: Final = 0x61
_MEANINGS: Final = {
    0x9000: "done",
    0x6283: "selected, but blocked",
    0x6700: "wrong length",
    0x6982: "security status not satisfied",
    0x6985: "conditions of use not satisfied",
    0x6A81: "function not supported or card blocked",
    0x6A82: "application or file not found",
    0x6A86: "wrong P1 or P2",
    0x6D00: "instruction not supported",
    0x6E00: "class not supported",
    0x6F00: "no precise diagnosis",
}


class ApduError(Exception):
    """A command that cannot be built, or bytes that are no answer. The text carries no data."""


@dataclass(frozen=True, slots=True)
class Command:
    """A command APDU. ``le`` is how many bytes are wanted at most (256: all), None for no answer data."""

    cla: int
    ins: int
    p1: int
    p2: int
    data: bytes = field(default=b"", repr=False)
    le: int | None = None

    def build(self) -> bytes:
        """The bytes to send (cases 1 to 4, short). Raises :class:`ApduError` if a value does not fit."""
        header = (self.cla, self.ins, self.p1, self.p2)
        if any(not 0 <= value <= 0xFF for value in header):
            raise ApduError("a header byte of the command is out of range")
        if len(self.data) > _MOST_DATA:
            raise ApduError(f"the command carries {len(self.data)} bytes, a short APDU at most {_MOST_DATA}")
        if self.le is not None and not 1 <= self.le <= _MOST_LE:
            raise ApduError(f"Le is {self.le}, a short APDU takes 1 to {_MOST_LE}")
        body = bytes([len(self.data)]) + self.data if self.data else b""
        return bytes(header) + body + (b"" if self.le is None else bytes([self.le & 0xFF]))


@dataclass(frozen=True, slots=True)
class Response:
    """A response APDU; ``data`` may be card data and is kept out of every repr."""

    sw: int
    data: bytes = field(default=b"", repr=False)

    @property
    def accepted(self) -> bool:
        """SW is 9000, or 61xx: done, with data waiting (T=0)."""
        return self.sw == _SW_OK or self.sw >> 8 == _SW1_MORE

    @property
    def meaning(self) -> str:
        """What the status word says, "" if it is not known here (ISO/IEC 7816-4:2020, table 6)."""
        return "done, more data waits" if self.sw >> 8 == _SW1_MORE else _MEANINGS.get(self.sw, "")


def build_select(name: bytes, *, want_data: bool) -> bytes:
    """SELECT by DF name, first occurrence (ISO/IEC 7816-4:2020, 11.2.2; EMV Book 1, 11.3).

    ``want_data`` adds Le, which T=1 needs and T=0 does not carry beside command data. The name has 5 to 16 bytes.
    """
    if not 5 <= len(name) <= 16:
        raise ApduError(f"the DF name has {len(name)} bytes, not 5 to 16")
    return Command(0x00, 0xA4, 0x04, 0x00, name, _MOST_LE if want_data else None).build()


def parse_response(data: bytes) -> Response:
    """Part an answer into data and status word. Raises :class:`ApduError` below two bytes: the card is gone."""
    if len(data) < 2:
        raise ApduError(f"the card answered {len(data)} bytes, an answer has at least 2")
    return Response(int.from_bytes(data[-2:]), bytes(data[:-2]))
