"""A simulated CCID reader on a serial line (GemPC Twin manner), with a codec of its own."""

from __future__ import annotations

import random
import struct
from dataclasses import dataclass

from tools.simulate.pty_peer import PtyPeer


@dataclass(frozen=True, slots=True)
class CcidBehaviour:
    """How it behaves; so many answers are ``spoilt`` or cut, or commands answered by NAK. ``icc``: 0, 1 or 2.

    ``behaviour``: ok, mute, noisy, echo, spoilt, cut, nak, babble, unplugged, notices, busy (wants time), no_escape.
    """

    behaviour: str = "ok"
    firmware: bytes = b"SimTwin 2.10"
    icc: int = 2
    failed_with: int | None = None
    spoilt: int = 1000


class SimulatedCcidReader(PtyPeer):
    """``SimulatedCcidReader(CcidBehaviour()).start()`` returns the port. ``asked`` holds the types it understood."""

    def __init__(self, behaviour: CcidBehaviour) -> None:
        super().__init__()
        self.asked: list[int] = []
        self._is = behaviour
        self._unread = b""
        self._last = b""
        self._spoilt = 0
        self._chance = random.Random(6)  # noqa: S311

    def hear(self, data: bytes) -> None:
        """Take commands out of what the terminal wrote, and its NAKs."""
        if self._is.behaviour == "echo":
            self.send(data)
        self._unread += data
        while len(self._unread) >= 3:
            if self._unread[:3] == b"\x03\x15\x16":
                self._unread = self._unread[3:]
                self._send_last()
                continue
            if self._unread[:2] != b"\x03\x06":
                self._unread = self._unread[1:]
                continue
            if len(self._unread) < 7:
                return
            (size,) = struct.unpack_from("<I", self._unread, 3)
            if len(self._unread) < size + 13:
                return
            command, self._unread = self._unread[2 : size + 12], self._unread[size + 13 :]
            self._take(command)

    def idle(self) -> None:
        """A babbling reader never stops."""
        if self._is.behaviour == "babble":
            self.send(self._chance.randbytes(512))

    def _take(self, command: bytes) -> None:
        self.asked.append(command[0])
        how = self._is.behaviour
        if how in ("mute", "babble"):
            return
        if how == "nak" and self._spoilt < self._is.spoilt:
            self._spoilt += 1
            self.send(b"\x03\x15\x16")
            return
        if how == "unplugged" and command[0] == 0x65:
            self.unplug()
            return
        if how == "notices":
            self.send(b"\x50\x03\x50\x02")
        if how == "busy":
            self.send(_frame(0x80 if command[0] == 0x6F else 0x81, command[6], bytes((0x80, 2, 0))))
        self._last = self._answer(command)
        self._send_last()

    def _answer(self, command: bytes) -> bytes:
        if command[0] == 0x6B and self._is.behaviour == "no_escape":
            return _frame(0x83, command[6], bytes((0x40 | self._is.icc, 0, 0)))
        if command[0] == 0x6B:
            return _frame(0x83, command[6], bytes((self._is.icc, 0, 0)), self._is.firmware)
        failed = self._is.failed_with
        state = self._is.icc if failed is None else 0x40 | self._is.icc
        return _frame(0x81, command[6], bytes((state, failed or 0, 0)))

    def _send_last(self) -> None:
        how = self._is.behaviour
        wrong = how in ("spoilt", "cut") and self._spoilt < self._is.spoilt
        self._spoilt += wrong
        if how == "noisy":
            self.send(b"\x00\xff\x03\x81\x50")
        if wrong and how == "cut":
            self.send(self._last[:9])
        elif wrong:
            self.send(self._last[:10] + bytes((self._last[10] ^ 0x20,)) + self._last[11:])
        else:
            self.send(self._last)


def _frame(kind: int, sequence: int, state: bytes, data: bytes = b"") -> bytes:
    body = struct.pack("<BBBIBB", 3, 6, kind, len(data), 0, sequence) + state + data
    check = 0
    for byte in body:
        check ^= byte
    return body + bytes((check,))
