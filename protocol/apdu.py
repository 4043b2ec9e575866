"""Commands to a chip card and its answers (ISO/IEC 7816-4:2020, clause 5; 7816-3:2006, 12.1.3), short and extended."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Final

_MOST_DATA: Final = 255
_MOST_LE: Final = 256
_MOST_DATA_EXTENDED: Final = 65535
_HEADER_BYTES: Final = 4
_SW_OK: Final = 0x9000
_SW1_MORE: Final = 0x61
_SW1_WRONG_LE: Final = 0x6C
_GET_RESPONSE: Final = 0xC0
_MOST_T0_ROUNDS: Final = 300  # 65536 bytes come in 256 pieces


class ApduError(Exception):
    """A command that cannot be built, or bytes that are no answer. The text carries no data."""


@dataclass(frozen=True, slots=True)
class Command:
    """A command APDU. ``le`` is how many bytes are wanted at most, None for no answer data.

    Short: at most 255 bytes of data, ``le`` 1 to 256 (256: all). ``extended``: at most 65535 and 65536.
    """

    cla: int
    ins: int
    p1: int
    p2: int
    data: bytes = field(default=b"", repr=False)
    le: int | None = None
    extended: bool = False

    @property
    def case(self) -> int:
        """1: no data; 2: data comes back; 3: data goes out; 4: both (ISO/IEC 7816-3:2006, 12.1.2)."""
        return 1 + (self.le is not None) + 2 * bool(self.data)

    def build(self) -> bytes:
        """The bytes to send. Raises :class:`ApduError` if a value does not fit."""
        header = (self.cla, self.ins, self.p1, self.p2)
        if any(not 0 <= value <= 0xFF for value in header):
            raise ApduError("a header byte of the command is out of range")
        name, most_data = ("extended", _MOST_DATA_EXTENDED) if self.extended else ("short", _MOST_DATA)
        if len(self.data) > most_data:
            raise ApduError(f"the command carries {len(self.data)} bytes, a {name} APDU at most {most_data}")
        if self.le is not None and not 1 <= self.le <= most_data + 1:
            raise ApduError(f"Le is {self.le}, a {name} APDU takes 1 to {most_data + 1}")
        width = 2 if self.extended else 1
        mark = b"\x00" if self.extended and self.case > 1 else b""
        body = len(self.data).to_bytes(width) + self.data if self.data else b""
        le = b"" if self.le is None else (self.le & most_data).to_bytes(width)
        return bytes(header) + mark + body + le


@dataclass(frozen=True, slots=True)
class CommandReading:
    """A command as far as it could be read; without ``failure`` it is whole. ``offset`` is where reading stopped."""

    command: Command | None
    failure: str = ""
    offset: int = 0


def parse_command(data: bytes) -> CommandReading:
    """Read a command APDU of any case. Never raises; with four bytes at least, the header is read."""
    if len(data) < _HEADER_BYTES:
        return CommandReading(None, f"a command has 4 bytes at least, {len(data)} are there", len(data))
    cla, ins, p1, p2 = data[:_HEADER_BYTES]
    body = data[_HEADER_BYTES:]
    extended = len(body) > 1 and body[0] == 0
    if extended:
        body = body[1:]
    width, most = (2, _MOST_DATA_EXTENDED + 1) if extended else (1, _MOST_LE)
    if not body:
        return CommandReading(Command(cla, ins, p1, p2))
    if len(body) == width:
        return CommandReading(Command(cla, ins, p1, p2, b"", int.from_bytes(body) or most, extended))
    size = int.from_bytes(body[:width])
    rest = len(body) - width - size
    if len(body) > width and size and rest in (0, width):
        le = None if rest == 0 else int.from_bytes(body[-width:]) or most
        return CommandReading(Command(cla, ins, p1, p2, bytes(body[width : width + size]), le, extended))
    reason = f"Lc says {size} bytes, {max(0, len(body) - width)} follow"
    return CommandReading(Command(cla, ins, p1, p2), reason, _HEADER_BYTES)


@dataclass(frozen=True, slots=True)
class Response:
    """A response APDU; ``data`` may be card data and is kept out of every repr."""

    sw: int
    data: bytes = field(default=b"", repr=False)

    @property
    def accepted(self) -> bool:
        """SW is 9000, or 61xx: done, with data waiting (T=0)."""
        return self.sw == _SW_OK or self.sw >> 8 == _SW1_MORE


def select(name: bytes, *, want_data: bool) -> Command:
    """Return the SELECT by DF name, first occurrence (ISO/IEC 7816-4:2020, 11.2.2; EMV Book 1, 11.3).

    ``want_data`` adds Le, which T=1 needs and T=0 does not carry beside command data. The name has 5 to 16 bytes.
    """
    if not 5 <= len(name) <= 16:
        raise ApduError(f"the DF name has {len(name)} bytes, not 5 to 16")
    return Command(0x00, 0xA4, 0x04, 0x00, name, _MOST_LE if want_data else None)


def parse_response(data: bytes) -> Response:
    """Part an answer into data and status word. Raises :class:`ApduError` below two bytes: the card is gone."""
    if len(data) < 2:
        raise ApduError(f"the card answered {len(data)} bytes, an answer has at least 2")
    return Response(int.from_bytes(data[-2:]), bytes(data[:-2]))


class T0Exchange:
    """One command over T=0, where the card may ask for more commands (ISO/IEC 7816-3:2006, 12.2.1; EMV Book 1, 9.3).

    Send :attr:`request`, give the answer to :meth:`feed`, and go on while it returns the next command to send: 61xx is
    answered by GET RESPONSE, 6Cxx by the same command with the right Le.
    """

    def __init__(self, command: Command) -> None:
        """Raises :class:`ApduError` for an extended command or values that do not fit."""
        if command.extended:
            raise ApduError("T=0 carries short commands only")
        # T=0 has one length byte: with data it is Lc, and the answer is fetched by GET RESPONSE
        self._sent = replace(command, le=None) if command.data else command
        self._channel = command.cla & 0x03 if command.cla < 0x20 else 0
        self._data = b""
        self._rounds = 0
        self.request = self._sent.build()

    def feed(self, answer: bytes) -> bytes | None:
        """Take an answer with its status word; the next command to send, or None when the exchange is over.

        Raises :class:`ApduError` for an answer under two bytes and for a card that never comes to an end.
        """
        response = parse_response(answer)
        self._data += response.data
        self.response = Response(response.sw, self._data)
        sw1, wanted = response.sw >> 8, response.sw & 0xFF or _MOST_LE
        if sw1 == _SW1_MORE:
            self._sent = Command(self._channel, _GET_RESPONSE, 0, 0, le=wanted)
        elif sw1 == _SW1_WRONG_LE and not self._sent.data and self._sent.le != wanted:
            self._sent = replace(self._sent, le=wanted)
        else:
            return None
        self._rounds += 1
        if self._rounds > _MOST_T0_ROUNDS:
            raise ApduError("the card asks for one command after the other without end")
        return self._sent.build()
