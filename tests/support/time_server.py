"""A time server on this machine with a codec of its own, and every way to answer wrongly."""

from __future__ import annotations

import socket
import struct
import threading
import time

BEHAVIOURS = ("ok", "mute", "short", "other_question", "no_time", "kiss_of_death")


class TimeServerPeer:
    """Answers on UDP ``port`` that it is ``ahead_s`` seconds later than it is."""

    def __init__(self, ahead_s: float = 0.0, behaviour: str = "ok") -> None:
        self._ahead_s = ahead_s
        self._behaviour = behaviour
        self._line = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._line.bind(("127.0.0.1", 0))
        self._line.settimeout(0.05)
        self.port: int = self._line.getsockname()[1]
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> TimeServerPeer:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ending.set()
        self._thread.join()
        self._line.close()

    def _run(self) -> None:
        while not self._ending.is_set():
            try:
                question, caller = self._line.recvfrom(512)
            except TimeoutError:
                continue
            if self._behaviour != "mute":
                self._line.sendto(self._answer(question), caller)

    def _answer(self, question: bytes) -> bytes:
        if self._behaviour == "short":
            return b"time?"
        now = self._stamp(time.time() + self._ahead_s)
        leap = 3 if self._behaviour == "no_time" else 0
        stratum = 0 if self._behaviour == "kiss_of_death" else 2
        asked = b"\x01" * 8 if self._behaviour == "other_question" else question[40:48]
        return bytes([leap << 6 | 4 << 3 | 4, stratum, 6, 0xEC]) + bytes(12) + now + asked + now + now

    @staticmethod
    def _stamp(wall_s: float) -> bytes:
        whole = int(wall_s)
        return struct.pack(">II", (whole + 2208988800) % 2**32, int((wall_s - whole) * 2**32))
