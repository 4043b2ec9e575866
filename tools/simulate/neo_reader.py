"""A simulated ID TECH NEO reader, with a codec of its own. It answers ping and version, and misbehaves as told."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import Final

from tools.simulate.pty_peer import PtyPeer

BEHAVIOURS: Final = ("ok", "mute", "noisy", "slow", "unplugged", "wrong_crc", "cut", "babble", "tapping", "echo")
_TAG: Final = b"ViVOtech2\x00"


@dataclass(frozen=True, slots=True)
class NeoBehaviour:
    """How the reader is and behaves; the first ``spoilt`` answers or questions are spoilt, cut or not answered."""

    behaviour: str = "ok"
    version: bytes = b"SIM NEO v2.01.004"
    version_status: int = 0
    ping_status: int = 0
    crc_low_first: bool = False
    complaints: int = 0  # questions that it says came with a wrong CRC
    spoilt: int = 1000
    delay_s: float = 2.0
    card: bytes = field(default=b"", repr=False)


class SimulatedNeo(PtyPeer):
    """``SimulatedNeo(NeoBehaviour()).start()`` returns the port. ``heard`` is all that the terminal wrote."""

    def __init__(self, behaviour: NeoBehaviour) -> None:
        super().__init__()
        self.heard = bytearray()
        self._is = behaviour
        self._unread = bytearray()
        self._spoilt = 0
        self._complaints = 0
        self._chance = random.Random(62)  # noqa: S311

    def hear(self, data: bytes) -> None:
        """Cut the terminal's bytes into commands; all that it may ask have no data."""
        self.heard += data
        if self._is.behaviour == "echo":
            self.send(data)
        self._unread += data
        while len(self._unread) >= 16 and self._is.behaviour not in ("mute", "babble"):
            question = bytes(self._unread[:16])
            del self._unread[:16]
            if question[:10] == _TAG and question[12:14] == b"\x00\x00":
                self._answer(question)

    def idle(self) -> None:
        """A babbling reader never stops."""
        if self._is.behaviour == "babble":
            for _burst in range(8):
                self.send(self._chance.randbytes(128))

    def _answer(self, question: bytes) -> None:
        how, command = self._is.behaviour, question[10]
        if how == "slow":
            self.pause(self._is.delay_s)
        if how == "unplugged" and command == 0x18:
            self.unplug()
            return
        if how == "noisy":
            self.send(b"\x00\xffViVO\x80ViVOtech2")
        if how == "tapping":
            self.send(self._packet(0x02, 0, self._is.card))
        if question[14:] != _crc(question[:14])[::-1] or self._complaints < self._is.complaints:
            self._complaints += 1
            self.send(self._packet(command, 0x04, b""))
        elif command == 0x29 and question[11] == 0:
            self._send(self._packet(command, self._is.version_status, self._is.version))
        elif command == 0x18 and question[11] == 1:
            self._send(self._packet(command, self._is.ping_status, b""))
        else:
            self._send(self._packet(command, 0x02, b""))

    def _send(self, packet: bytes) -> None:
        how = self._is.behaviour
        if how in ("wrong_crc", "cut") and self._spoilt < self._is.spoilt:
            self._spoilt += 1
            packet = packet[:-1] if how == "cut" else packet[:-1] + bytes((packet[-1] ^ 1,))
        self.send(packet)
        if how == "noisy":
            self.send(b"\xfe\x81")

    def _packet(self, command: int, status: int, data: bytes) -> bytes:
        body = _TAG + bytes((command, status, len(data) >> 8, len(data) & 0xFF)) + data
        crc = _crc(body)
        return body + (crc[::-1] if self._is.crc_low_first else crc)


def _crc(data: bytes) -> bytes:
    """CCITT, start FFFF, bit by bit, high byte first."""
    crc = 0xFFFF
    for byte in data:
        crc ^= byte << 8
        for _bit in range(8):
            crc = (crc << 1 ^ 0x1021 if crc & 0x8000 else crc << 1) & 0xFFFF
    return bytes((crc >> 8, crc & 0xFF))
