"""A simulated PN532 on a serial line, with a codec of its own: it acknowledges, answers, and misbehaves as told."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Final

from tools.simulate.pty_peer import PtyPeer

_ACK: Final = b"\x00\x00\xff\x00\xff\x00"
_NACK: Final = b"\x00\xff\xff\x00"
_SYNTAX: Final = b"\x00\x00\xff\x01\xff\x7f\x81\x00"


@dataclass(frozen=True, slots=True)
class Pn532Behaviour:
    """How it behaves; so many answers are ``spoilt`` or cut.

    ``behaviour``: ok, mute, deaf (nothing after the ACK), noisy, echo, spoilt, cut, nack, syntax, babble, unplugged, or
    other (answers another question first).
    """

    behaviour: str = "ok"
    firmware: bytes = bytes.fromhex("32010607")
    status: bytes = bytes.fromhex("00000080")
    spoilt: int = 1000


class SimulatedPn532(PtyPeer):
    """``SimulatedPn532(Pn532Behaviour()).start()`` returns the port. ``asked`` holds the commands it understood."""

    def __init__(self, behaviour: Pn532Behaviour) -> None:
        super().__init__()
        self.asked: list[bytes] = []
        self._is = behaviour
        self._unread = b""
        self._last = b""
        self._spoilt = 0
        self._chance = random.Random(532)  # noqa: S311

    def hear(self, data: bytes) -> None:
        """Take commands out of what the terminal wrote, and its NACKs."""
        if self._is.behaviour == "echo":
            self.send(data)
        self._unread += data
        while (start := self._unread.find(b"\x00\xff")) >= 0:
            rest = self._unread[start + 2 :]
            if len(rest) < 2:
                return
            if self._unread[start:].startswith(_NACK):
                self._unread = rest[2:]
                self._send_last()
                continue
            size = rest[0]
            if len(rest) < size + 3:
                return
            body = rest[2 : 2 + size]
            self._unread = rest[size + 3 :]
            if (rest[0] + rest[1]) % 256 == 0 and (sum(body) + rest[2 + size]) % 256 == 0 and body[:1] == b"\xd4":
                self._take(body[1:])

    def idle(self) -> None:
        """A babbling device never stops."""
        if self._is.behaviour == "babble":
            self.send(self._chance.randbytes(512))

    def _take(self, command: bytes) -> None:
        self.asked.append(command)
        how = self._is.behaviour
        if how in ("mute", "babble"):
            return
        if how == "nack":
            self.send(b"\x00" + _NACK + b"\x00")
            return
        if how == "unplugged" and command == b"\x04":
            self.unplug()
            return
        if how == "noisy":
            self.send(b"\x91\x00\x00\xfe\x55\x10")
        self.send(_ACK)
        if how == "deaf":
            return
        if how == "syntax":
            self.send(_SYNTAX)
            return
        if how == "other":
            self.send(_answer(b"\x4b\x01\x01\x00\x04\x08\x04\xde\xad\xbe\xef"))
        answer = {b"\x02": self._is.firmware, b"\x04": self._is.status}[command]
        self._last = _answer(bytes((command[0] + 1,)) + answer)
        self._send_last()

    def _send_last(self) -> None:
        how = self._is.behaviour
        wrong = how in ("spoilt", "cut") and self._spoilt < self._is.spoilt
        self._spoilt += wrong
        if how == "noisy":
            self.send(b"\xfe\xaa\x00")
        if wrong and how == "cut":
            self.send(self._last[:8])
        elif wrong:
            self.send(self._last[:7] + bytes((self._last[7] ^ 0x20,)) + self._last[8:])
        else:
            self.send(self._last)


def _answer(data: bytes) -> bytes:
    body = b"\xd5" + data
    return b"\x00\x00\xff" + bytes((len(body), 256 - len(body))) + body + bytes(((256 - sum(body)) % 256, 0))
