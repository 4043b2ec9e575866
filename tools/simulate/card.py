"""A virtual chip card in pcscd's virtual reader (vpcd), with its own codec.

vpcd's protocol: the card is the TCP client; a frame is a two-byte big-endian length and that many bytes. One byte
from the reader is control (0 power off, 1 power on, 2 reset, 4 send your ATR); anything longer is a command APDU.
Only 4 and APDUs are answered.
"""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

EMV_ATR: Final = "3B6500002063CB6800"
PPSE: Final = b"2PAY.SYS.DDF01"
PSE: Final = b"1PAY.SYS.DDF01"
_GARBAGE_ATR: Final = "FF0012"
_POWER_OFF, _POWER_ON, _RESET, _GET_ATR = 0, 1, 2, 4
_NOT_FOUND: Final = b"\x6a\x82"
_NO_INSTRUCTION: Final = b"\x6d\x00"


class Behaviour(StrEnum):
    """How the card goes wrong, if it does."""

    OK = "ok"
    MUTE = "mute"  # felt in the slot, silent after power-up
    GARBAGE_ATR = "garbage_atr"
    GONE = "gone"  # pulled while it works on a command
    SLOW = "slow"
    DISTURBED = "disturbed"  # a bad contact: of the first answers only a byte arrives


@dataclass(frozen=True, slots=True)
class CardPlan:
    """What a scenario says of the card. ``aids`` are the applications it knows (hex), beside PPSE and PSE."""

    present: bool = True
    atr: str = EMV_ATR
    behaviour: Behaviour = Behaviour.OK
    aids: tuple[str, ...] = ("A000000333010101",)
    slow_s: float = 3.0
    disturbed: int = 1  # how many answers
    directories: bool = True  # False: no payment card, it knows neither PPSE nor PSE

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> CardPlan:
        """Read a scenario's table; raises ValueError for an unknown key or behaviour."""
        known = {"present", "atr", "behaviour", "aids", "slow_s", "disturbed", "directories"}
        if unknown := set(values) - known:
            raise ValueError(f"card: unknown key {sorted(unknown)[0]!r}; known are {', '.join(sorted(known))}")
        settings = dict(values)
        if "behaviour" in settings:
            settings["behaviour"] = Behaviour(settings["behaviour"])
        if "aids" in settings:
            settings["aids"] = tuple(settings["aids"])
        return cls(**settings)


@dataclass(slots=True)
class VirtualCard:
    """A card that can be put into the slot and pulled out; ``commands`` keeps the instruction bytes it was given."""

    plan: CardPlan
    port: int = 0x8C7B
    commands: list[int] = field(default_factory=list)
    _socket: socket.socket | None = None
    _thread: threading.Thread | None = None
    _pulled: threading.Event = field(default_factory=threading.Event)
    _powered: bool = False

    def insert(self, timeout_s: float = 10.0) -> None:
        """Put the card in. Raises OSError if no virtual reader listens within ``timeout_s``."""
        if not self.plan.present or self._thread is not None:
            return
        until = time.monotonic() + timeout_s
        while self._socket is None:
            try:
                self._socket = self._connect()
            except ConnectionRefusedError:
                if time.monotonic() > until:
                    raise
                time.sleep(0.02)
        self._pulled.clear()
        self._thread = threading.Thread(target=self._stay, daemon=True)
        self._thread.start()

    def remove(self) -> None:
        """Pull the card out."""
        self._pulled.set()
        if self._socket is not None:
            with contextlib.suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def _connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port))

    def _stay(self) -> None:
        """Serve until pulled. A mute card hangs up where its ATR should come, and is felt in the slot again."""
        with contextlib.suppress(OSError):
            while self._socket is not None:
                with self._socket as reader, contextlib.suppress(EOFError):
                    self._powered = False
                    self._serve(reader)
                stays = self.plan.behaviour is Behaviour.MUTE and not self._pulled.is_set()
                self._socket = self._connect() if stays else None
        self._socket = None

    def _serve(self, reader: socket.socket) -> None:
        while not self._pulled.is_set():
            (size,) = struct.unpack(">H", _receive(reader, 2))
            answer = self._answer(_receive(reader, size))
            if answer is not None:
                reader.sendall(struct.pack(">H", len(answer)) + answer)

    def _answer(self, frame: bytes) -> bytes | None:
        if len(frame) > 1:
            return self._run(frame)
        if frame[0] == _GET_ATR:
            return self._atr()
        self._powered = frame[0] in (_POWER_ON, _RESET)
        return None

    def _atr(self) -> bytes:
        """Asked also to feel whether a card is in, so a mute card is silent only after power-up."""
        if self.plan.behaviour is Behaviour.MUTE and self._powered:
            raise EOFError
        return bytes.fromhex(_GARBAGE_ATR if self.plan.behaviour is Behaviour.GARBAGE_ATR else self.plan.atr)

    def _run(self, command: bytes) -> bytes:
        self.commands.append(command[1])
        if self.plan.behaviour is Behaviour.GONE:
            raise EOFError
        if self.plan.behaviour is Behaviour.DISTURBED and len(self.commands) <= self.plan.disturbed:
            return b"\x90"
        if self.plan.behaviour is Behaviour.SLOW:
            time.sleep(self.plan.slow_s)
        if command[1] != 0xA4 or command[2] != 0x04:
            return _NO_INSTRUCTION
        name = command[5 : 5 + command[4]]
        directories = (PPSE, PSE) if self.plan.directories else ()
        if name not in (*directories, *(bytes.fromhex(aid) for aid in self.plan.aids)):
            return _NOT_FOUND
        inner = b"\x84" + bytes([len(name)]) + name + b"\xa5\x00"
        return b"\x6f" + bytes([len(inner)]) + inner + b"\x90\x00"


def _receive(reader: socket.socket, count: int) -> bytes:
    data = b""
    while len(data) < count:
        # vpcd sends length and body apart: without this each command would wait 40 ms for a delayed acknowledgement
        reader.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
        chunk = reader.recv(count - len(data))
        if not chunk:
            raise EOFError
        data += chunk
    return data
