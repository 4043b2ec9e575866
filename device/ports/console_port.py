"""The technician's port: a serial line that is served by the loop for as long as the service runs.

The line may be a UART, a USB gadget (``/dev/ttyGS0``) or a PTY. It is opened again when it comes back; a far end that
does not read is not waited for, and nothing more is read from it meanwhile. That the cable was pulled is told by a
hang-up (a gadget's line and a PTY), while somebody is signed in also by the modem lines of a UART that has them and by
the state of the USB device controller, because ttyGS0 knows no modem lines (ENOTTY).
"""

from __future__ import annotations

import math
import os
import termios
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from device.loop import READ, WRITE, Loop, Timer
from device.ports.serial_port import PortError, SerialPort, open_serial

_AGAIN_S: Final = (1.0, 2.0, 4.0, 8.0, 15.0)
_CHUNK: Final = 4096
_MOST_UNSENT: Final = 256 << 10
_ENOUGH_UNSENT: Final = 16 << 10  # while more than this waits, nothing is read
_STUCK_S: Final = 30.0
_GUARD_S: Final = 1.0


class ConsolePort:
    """Hands on what arrives, and sends what is written, without ever waiting.

    ``on_data(bytes)``; ``on_plug(bool)``: the port came (True) or went (False). ``problem`` is one sentence while the
    port cannot be used.
    """

    def __init__(self, loop: Loop, path: str, baud: int, flow: str = "none", sys_root: Path = Path("/sys")) -> None:
        self._loop = loop
        self._path = path
        self._baud = baud
        self._flow = flow
        self._sys_root = sys_root
        self.on_data: Callable[[bytes], None] = lambda _data: None
        self.on_plug: Callable[[bool], None] = lambda _there: None
        self._port: SerialPort | None = None
        self._unsent = bytearray()
        self._stuck: Timer | None = None
        self._guard: Timer | None = None
        self._was_there = False
        self._lent = False
        self._held = False
        self._mode: list[Any] = []
        self._tries = 0
        self.problem = ""

    def open(self) -> None:
        """Open the port, or try again a little later, in the end every fifteen seconds."""
        try:
            self._port = open_serial(self._path, self._baud, math.inf, flow=self._flow)
        except PortError as error:
            self.problem = str(error)
            self._open_later()
            return
        self.problem, self._tries, self._held = "", 0, False
        os.set_blocking(self._port.fileno(), False)
        self._watch()
        self.on_plug(True)

    @property
    def full(self) -> bool:
        """Whether something that was written has not gone out yet."""
        return bool(self._unsent)

    def write(self, data: bytes) -> None:
        """Queue bytes; what is too much for a far end that does not read is dropped whole."""
        if self._port is None or len(self._unsent) + len(data) > _MOST_UNSENT:
            return
        self._unsent += data
        self._send()

    def hold(self, on: bool) -> None:
        """Read nothing for a while, so that the far end waits."""
        if self._held != on:
            self._held = on
            self._watch()

    def guard(self, on: bool) -> None:
        """Look every second whether the far end is still there; only a line that said yes before can say no.

        Cables without DSR and DCD say no all the time, and mean nothing by it.
        """
        if self._guard is not None:
            self._guard.cancel()
            self._guard = None
        if on:
            self._was_there = self._there() is True
            self._guard = self._loop.call_in(_GUARD_S, self._look)

    def lend(self) -> int:
        """Give the descriptor to a file transfer; nothing is read or sent here until :meth:`take_back`."""
        if self._port is None:
            raise PortError(f"{self._path} is not open.")
        self._lent = True
        self._loop.unwatch(self._port.fileno())
        self._mode = termios.tcgetattr(self._port.fileno())
        os.set_blocking(self._port.fileno(), True)
        return self._port.fileno()

    def take_back(self) -> None:
        """Serve the port again, as it was set up: a program that was killed leaves it otherwise."""
        if not self._lent:
            return
        self._lent = False
        if self._port is None:
            return
        os.set_blocking(self._port.fileno(), False)
        try:
            termios.tcsetattr(self._port.fileno(), termios.TCSANOW, self._mode)
            termios.tcflush(self._port.fileno(), termios.TCIFLUSH)  # what is left of the transfer is no command
        except termios.error:
            self._lost()
            return
        self._watch()

    def close(self) -> None:
        """Give the port up for good."""
        self._drop()

    def _watch(self) -> None:
        if self._port is None or self._lent:
            return
        reads = not self._held and len(self._unsent) < _ENOUGH_UNSENT
        events = (READ if reads else 0) | (WRITE if self._unsent else 0)
        if events:
            self._loop.watch(self._port.fileno(), events, self._ready)
        else:
            self._loop.unwatch(self._port.fileno())

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
                self._free()
        except BlockingIOError:
            if self._stuck is None:
                self._stuck = self._loop.call_in(_STUCK_S, self._give_up)
        except OSError:
            self._lost()
            return
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

    def _look(self) -> None:
        self._guard = self._loop.call_in(_GUARD_S, self._look)
        there = self._there()
        if self._was_there and there is False and self._port is not None:
            self._was_there = False
            self.on_plug(False)
            if self._guard is not None:
                self._guard.cancel()
                self._guard = None
            self.on_plug(True)
        self._was_there = self._was_there or there is True

    def _there(self) -> bool | None:
        """Whether the far end is there; None where nothing tells."""
        if Path(self._path).resolve().name.startswith("ttyGS"):
            return usb_is_plugged(self._sys_root)
        return None if self._port is None else self._port.carrier()

    def _lost(self) -> None:
        self._drop()
        self.problem = f"{self._path} went away."
        self.on_plug(False)
        self._open_later()

    def _open_later(self) -> None:
        wait_s = _AGAIN_S[min(self._tries, len(_AGAIN_S) - 1)]
        self._tries += 1
        self._loop.call_in(wait_s, self.open)

    def _drop(self) -> None:
        self._free()
        self.guard(False)
        self._unsent.clear()
        if self._port is not None:
            self._loop.unwatch(self._port.fileno())
            self._port.close(discard=True)
            self._port = None


def usb_is_plugged(sys_root: Path) -> bool | None:
    """By the state of the USB device controllers (Linux ABI, sysfs-class-udc): ``configured`` by a host, or not."""
    states = []
    for path in sorted((sys_root / "class/udc").glob("*/state")):
        try:
            states.append(path.read_text(encoding="ascii", errors="replace").strip())
        except OSError:
            continue
    return any(state == "configured" for state in states) if states else None
