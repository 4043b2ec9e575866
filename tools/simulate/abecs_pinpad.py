"""A simulated ABECS pinpad, with a codec of its own: it opens, says who it is, closes, and misbehaves as told."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from tools.simulate.pty_peer import PtyPeer

BEHAVIOURS: Final = (
    *(
        "ok",
        "mute",
        "noisy",
        "slow",
        "unplugged",
        "wrong_crc",
        "cut",
        "babble",
        "refusing",
        "no_ack",
        "waiting",
        "echo",
    ),
)
_FIELDS: Final[Mapping[int, bytes]] = {
    0x8001: b"SN62000000000000",
    0x8003: b"SP-7;16MB",
    0x8004: b"SIMPADS",
    0x8006: b"OS 4.10",
    0x8007: b"2.12",
    0x8008: b"004.10 260101",
    0x8009: b"002.12 260102",
}


@dataclass(frozen=True, slots=True)
class AbecsBehaviour:
    """How the pinpad is and behaves; the first ``spoilt`` questions or answers are refused, spoilt or cut.

    ``old``: it knows neither GIX nor CLX. ``statuses`` are its answers' statuses where they are not 0.
    """

    behaviour: str = "ok"
    old: bool = False
    statuses: Mapping[str, int] = field(default_factory=dict)
    fields: Mapping[int, bytes] = field(default_factory=lambda: _FIELDS)
    spoilt: int = 1000
    delay_s: float = 2.5


class SimulatedAbecs(PtyPeer):
    """``SimulatedAbecs(AbecsBehaviour()).start()`` returns the port.

    ``heard`` is all that the terminal wrote, ``commands`` what it asked, and ``naks`` how often it wanted one again.
    """

    def __init__(self, behaviour: AbecsBehaviour) -> None:
        super().__init__()
        self.heard = bytearray()
        self.commands: list[bytes] = []
        self.naks = 0
        self._is = behaviour
        self._unread = bytearray()
        self._last = b""
        self._spoilt = 0
        self._busy = behaviour.behaviour == "waiting"  # with a command of somebody who has gone
        self._chance = random.Random(62)  # noqa: S311

    def hear(self, data: bytes) -> None:
        """Cut the terminal's bytes into commands and single characters."""
        self.heard += data
        if self._is.behaviour == "echo":
            self.send(data)
        self._unread += data
        while self._unread and self._is.behaviour not in ("mute", "babble"):
            first = self._unread[0]
            if first != 0x16:
                del self._unread[0]
                self._single(first)
                continue
            end = self._unread.find(0x17)
            if end < 0 or len(self._unread) < end + 3:
                return
            raw, told = bytes(self._unread[1:end]), bytes(self._unread[end + 1 : end + 3])
            del self._unread[: end + 3]
            self._command(_plain(raw), told)

    def idle(self) -> None:
        """A babbling pinpad never stops."""
        if self._is.behaviour == "babble":
            for _burst in range(8):
                self.send(self._chance.randbytes(128))

    def _single(self, byte: int) -> None:
        if byte == 0x18:
            self._busy = False
            if self._is.behaviour == "noisy":
                self.send(b"\xff\x16\x06\x15\x00")
            self.send(b"\x04")
        elif byte == 0x15 and self._last:
            self.naks += 1
            self._send(self._last)

    def _command(self, data: bytes, told: bytes) -> None:
        how, name = self._is.behaviour, data[:3].decode("latin-1")
        if self._busy:
            return
        if told != _crc(data + b"\x17") or (how == "refusing" and self._spoilt < self._is.spoilt):
            self._spoilt += 1
            self.send(b"\x15")
            return
        self.commands.append(data)
        if how == "unplugged" and name in ("GIX", "GIN"):
            self.unplug()
            return
        if how != "no_ack":
            self.send(b"\x06")
        if how == "slow" and name in ("GIX", "GIN"):
            self.pause(self._is.delay_s)
        if how == "noisy":
            self.send(b"\x00\xff\x80\x16NTM000005")
        self._last = self._response(name, data)
        self._send(self._last)

    def _response(self, name: str, data: bytes) -> bytes:
        status = self._is.statuses.get(name, 0)
        if self._is.old and name in ("GIX", "CLX"):
            return b"ERR010"
        if status or name not in ("GIX", "GIN"):
            return b"%s%03d" % (name.encode("ascii"), status)
        if name == "GIN":
            return b"GIN000100" + self._gin()
        wanted = [int.from_bytes(data[at : at + 2], "big") for at in range(10, len(data), 2)]
        block = b""
        for number in wanted:
            value = self._is.fields.get(number)
            if value is not None:
                block += number.to_bytes(2, "big") + len(value).to_bytes(2, "big") + value
        return b"GIX000%03d" % len(block) + block

    def _gin(self) -> bytes:
        sizes = ((0x8004, 20), (0x8003, 19), (0, 1), (0x8006, 20), (0x8007, 4), (0x8008, 16), (0x8001, 20))
        return b"".join(self._is.fields.get(number, b"").ljust(size)[:size] for number, size in sizes)

    def _send(self, data: bytes) -> None:
        how = self._is.behaviour
        packet = b"\x16" + _stuffed(data) + b"\x17" + _crc(data + b"\x17")
        if how in ("wrong_crc", "cut") and self._spoilt < self._is.spoilt:
            self._spoilt += 1
            packet = packet[:-3] if how == "cut" else packet[:-1] + bytes((packet[-1] ^ 1,))
        self.send(packet)
        if how == "noisy":
            self.send(b"\xfe\x81")


def _stuffed(data: bytes) -> bytes:
    out = bytearray()
    for byte in data:
        out += bytes((0x13, byte + 0x20)) if byte in (0x13, 0x16, 0x17) else bytes((byte,))
    return bytes(out)


def _plain(raw: bytes) -> bytes:
    out, shifted = bytearray(), False
    for byte in raw:
        if byte == 0x13 and not shifted:
            shifted = True
            continue
        out.append((byte - 0x20) & 0xFF if shifted else byte)
        shifted = False
    return bytes(out)


def _crc(data: bytes) -> bytes:
    """Polynomial 1021, start 0, bit by bit, high byte first."""
    crc = 0
    for byte in data:
        crc ^= byte << 8
        for _bit in range(8):
            crc = (crc << 1 ^ 0x1021 if crc & 0x8000 else crc << 1) & 0xFFFF
    return bytes((crc >> 8, crc & 0xFF))
