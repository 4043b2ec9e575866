"""The technician's port: a serial line that is served by the loop for as long as the service runs.

The line may be a UART, a USB gadget (``/dev/ttyGS0``) or a PTY. It is opened again when it comes back; a far end that
does not read is not waited for; one that is pulled is told at once (hang-up), or by its modem lines.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from typing import Final

from device.loop import READ, WRITE, Loop, Timer
from device.ports.serial_port import PortError, SerialPort, open_serial

_AGAIN_S: Final = 15.0
_CHUNK: Final = 4096
_MOST_UNSENT: Final = 256 << 10
_STUCK_S: Final = 30.0


class ConsolePort:
    """Hands on what arrives, and sends what is written, without ever waiting.

    ``on_data(bytes)``; ``on_plug(bool)``: the port came (True) or went (False). ``problem`` is one sentence while the
    port cannot be used. While :attr:`full` is True nobody reads: commands should wait.
    """

    def __init__(self, loop: Loop, path: str, baud: int) -> None:
        self._loop = loop
        self._path = path
        self._baud = baud
        self.on_data: Callable[[bytes], None] = lambda _data: None
        self.on_plug: Callable[[bool], None] = lambda _there: None
        self._port: SerialPort | None = None
        self._unsent = bytearray()
        self._stuck: Timer | None = None
        self._lent = False
        self.problem = ""

    def open(self) -> None:
        """Open the port, or try again every fifteen seconds."""
        try:
            self._port = open_serial(self._path, self._baud, math.inf)
        except PortError as error:
            self.problem = str(error)
            self._loop.call_in(_AGAIN_S, self.open)
            return
        self.problem = ""
        os.set_blocking(self._port.fileno(), False)
        self._watch()
        self.on_plug(True)

    @property
    def full(self) -> bool:
        """Whether what was written waits for a far end that does not read."""
        return bool(self._unsent)

    def write(self, data: bytes) -> None:
        """Queue bytes; what is too much for a far end that does not read is dropped whole."""
        if self._port is None or len(self._unsent) + len(data) > _MOST_UNSENT:
            return
        self._unsent += data
        self._send()

    def has_far_end(self) -> bool:
        """False only where modem lines say that nobody is there."""
        return self._port is not None and self._port.carrier() is not False

    def lend(self) -> int:
        """Give the descriptor to a file transfer; nothing is read or sent here until :meth:`take_back`."""
        if self._port is None:
            raise PortError(f"{self._path} is not open.")
        self._lent = True
        self._loop.unwatch(self._port.fileno())
        return self._port.fileno()

    def take_back(self) -> None:
        """Serve the port again."""
        self._lent = False
        if self._port is not None:
            os.set_blocking(self._port.fileno(), False)
            self._watch()

    def close(self) -> None:
        """Give the port up for good."""
        self._drop()

    def _watch(self) -> None:
        if self._port is not None and not self._lent:
            self._loop.watch(self._port.fileno(), READ | WRITE if self._unsent else READ, self._ready)

    def _ready(self, events: int) -> None:
        if events & WRITE:
            self._send()
        if events & READ and self._port is not None:
            self._receive()

    def _receive(self) -> None:
        assert self._port is not None  # noqa: S101  watched only while it is open
        try:
            data = os.read(self._port.fileno(), _CHUNK)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if data:
            self.on_data(data)
        else:
            self._lost()

    def _send(self) -> None:
        if self._port is None or self._lent:
            return
        try:
            while self._unsent:
                del self._unsent[: os.write(self._port.fileno(), self._unsent[:_CHUNK])]
        except BlockingIOError:
            if self._stuck is None:
                self._stuck = self._loop.call_in(_STUCK_S, self._give_up)
            self._watch()
            return
        except OSError:
            self._lost()
            return
        self._free()
        self._watch()

    def _give_up(self) -> None:
        """Nobody has read for half a minute: what waits is of no use to whoever comes next."""
        self._stuck = None
        self._unsent.clear()
        if self._port is not None:
            self._port.discard_output()
            self._watch()

    def _free(self) -> None:
        if self._stuck is not None:
            self._stuck.cancel()
            self._stuck = None

    def _lost(self) -> None:
        self._drop()
        self.problem = f"{self._path} went away."
        self.on_plug(False)
        self._loop.call_in(_AGAIN_S, self.open)

    def _drop(self) -> None:
        self._free()
        self._unsent.clear()
        if self._port is not None:
            self._loop.unwatch(self._port.fileno())
            self._port.close(discard=True)
            self._port = None
