"""A simulated ESC/POS printer on a serial line: it answers DLE EOT 1 to 4 and notes what would go on paper."""

from __future__ import annotations

import random
from dataclasses import dataclass

from tools.simulate.pty_peer import PtyPeer


@dataclass(frozen=True, slots=True)
class PrinterBehaviour:
    """How it behaves; ``answers`` are the four status bytes.

    ``behaviour``: ok, mute, asb (automatic status around each answer), noisy, garbled, babble, unplugged, slow, hang
    (falls silent after the first answer), or half (knows only questions 1 and 4).
    """

    behaviour: str = "ok"
    answers: bytes = b"\x12\x12\x12\x12"


class SimulatedPrinter(PtyPeer):
    """``SimulatedPrinter(PrinterBehaviour()).start()`` returns the port. ``asked``: questions; ``paper``: the rest."""

    def __init__(self, behaviour: PrinterBehaviour) -> None:
        super().__init__()
        self.asked: list[int] = []
        self.paper = b""
        self._is = behaviour
        self._unread = b""
        self._chance = random.Random(1004)  # noqa: S311

    def hear(self, data: bytes) -> None:
        """Answer the real-time questions; everything else would be printed."""
        self._unread += data
        while self._unread:
            if not b"\x10\x04".startswith(self._unread[:2]):
                self.paper += self._unread[:1]
                self._unread = self._unread[1:]
            elif len(self._unread) < 3:
                return
            else:
                number, self._unread = self._unread[2], self._unread[3:]
                self.asked.append(number)
                self._answer(number)

    def idle(self) -> None:
        """A babbling printer never stops."""
        if self._is.behaviour == "babble":
            self.send(self._chance.randbytes(512))

    def _answer(self, number: int) -> None:
        how = self._is.behaviour
        if how in ("mute", "babble") or (how == "half" and number in (2, 3)):
            return
        if how == "hang" and number > 1:
            return
        if how == "slow":
            self.pause(0.3)
        if how == "unplugged" and number == 2:
            self.unplug()
        elif how == "garbled":
            self.send(b"\xf8\x80\xe0\x80\xff")
        elif how == "asb":
            self.send(b"\x18\x00" + self._is.answers[number - 1 : number] + b"\x13\x03\x00\x11")
        elif how == "noisy":
            self.send(b"\xff\x80" + self._is.answers[number - 1 : number] + b"\xfe")
        else:
            self.send(self._is.answers[number - 1 : number])
