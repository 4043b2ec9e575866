"""A simulated serial card reader, with a codec of its own: ``STX, length as four BCD digits, payload, ETX, LRC``.

It answers V (firmware) and S (status), takes ACK and NAK, and misbehaves as told.
"""

from __future__ import annotations

import dataclasses
import random
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from device.table import Table
from tools.simulate.pty_peer import PtyPeer

BEHAVIOURS: Final = ("ok", "mute", "noisy", "slow", "unplugged", "wrong_lrc", "babble", "refusing", "swiping", "half")
_ACK, _NAK, _EOT = 0x06, 0x15, 0x04


@dataclass(frozen=True, slots=True)
class ReaderBehaviour:
    """How the reader is and behaves; ``wrong_lrc`` spoils the first ``spoilt`` answers, ``half`` ends none."""

    behaviour: str = "ok"
    firmware: str = "SIM-READER 1.04"
    media_present: bool = False
    fault: bool = False
    tracks: tuple[int, int, int] = (0, 1, 0)
    retries: int = 3
    errors: int = 1
    head_cycles: int = 20417
    spoilt: int = 1000
    delay_s: float = 2.0
    swipe: bytes = field(default=b"", repr=False)

    @classmethod
    def parse(cls, values: Mapping[str, Any]) -> ReaderBehaviour:
        """Read a scenario's ``[reader]``. Raises TableError."""
        table = Table(values, "scenario [reader]")
        plain = cls()
        tracks = table.texts("tracks", ("0", "1", "0"))
        behaviour = cls(
            behaviour=table.choice("behaviour", BEHAVIOURS, "ok"),
            firmware=table.text("firmware", plain.firmware, most=60),
            media_present=table.flag("media_present", False),
            fault=table.flag("fault", False),
            tracks=(int(tracks[0]), int(tracks[1]), int(tracks[2])),
            retries=table.whole("retries", 3, most=65535),
            errors=table.whole("errors", 1, most=65535),
            head_cycles=table.whole("head_cycles", 20417, most=2**32 - 1),
            spoilt=table.whole("spoilt", 1000),
            delay_s=table.number("delay_s", 2.0),
        )
        table.close()
        return behaviour


class SimulatedReader(PtyPeer):
    """``SimulatedReader(ReaderBehaviour()).start()`` returns the port. ``heard`` is all that the terminal wrote."""

    def __init__(self, behaviour: ReaderBehaviour) -> None:
        super().__init__()
        self.heard = bytearray()
        self._is = behaviour
        self._unread = bytearray()
        self._last = b""
        self._spoilt = 0
        self._chance = random.Random(62)  # noqa: S311

    def hear(self, data: bytes) -> None:
        """Cut the terminal's bytes into questions and single characters."""
        self.heard += data
        self._unread += data
        while self._unread and self._is.behaviour not in ("mute", "babble"):
            first = self._unread[0]
            if first != 0x02:
                del self._unread[0]
                if first == _NAK and self._last:
                    self._send_packet(self._last)
                continue
            if len(self._unread) < 3:
                return
            size = int(self._unread[1:3].hex())
            if len(self._unread) < size + 5:
                return
            payload = bytes(self._unread[3 : 3 + size])
            del self._unread[: size + 5]
            self._answer(payload)

    def swipe(self, tracks: tuple[int, int, int]) -> None:
        """Somebody swipes a card, with these results."""
        self._is = dataclasses.replace(self._is, tracks=tracks, head_cycles=self._is.head_cycles + 1)

    def idle(self) -> None:
        """A babbling reader never stops."""
        if self._is.behaviour == "babble":
            for _burst in range(8):
                self.send(self._chance.randbytes(128))

    def _answer(self, question: bytes) -> None:
        how = self._is.behaviour
        if how == "refusing":
            self.send(bytes((_NAK,)))
            return
        if how == "slow":
            self.pause(self._is.delay_s)
        if how == "unplugged" and question == b"S":
            self.unplug()
            return
        if how == "noisy":
            self.send(b"\x00\xff\x80\x02\x99")
        self.send(bytes((_ACK,)))
        if how == "swiping":
            self.send(_packet(b"%B" + self._is.swipe, spoil=False))
        self._last = b"V" + self._is.firmware.encode("ascii") if question == b"V" else b"S" + self._status()
        self._send_packet(self._last)

    def _send_packet(self, payload: bytes) -> None:
        spoil = self._is.behaviour == "wrong_lrc" and self._spoilt < self._is.spoilt
        self._spoilt += spoil
        if self._is.behaviour == "noisy":
            self.send(b"\xfe\x81\x02")
        packet = _packet(payload, spoil=spoil)
        self.send(packet[:5] if self._is.behaviour == "half" else packet)

    def _status(self) -> bytes:
        flags = self._is.media_present << 7 | self._is.fault << 6
        return struct.pack(">B3BHHI", flags, *self._is.tracks, self._is.retries, self._is.errors, self._is.head_cycles)


def _packet(payload: bytes, *, spoil: bool) -> bytes:
    body = bytes.fromhex(f"{len(payload):04d}") + payload + b"\x03"
    lrc = 0
    for byte in body:
        lrc ^= byte
    return b"\x02" + body + bytes((lrc ^ spoil,))
