"""Listens on a second AT port for what the modem tells unasked of its registration, and counts how often it came back.

The port is only asked once to tell changes (+CREG=1 and its kind); after that nothing is written. A line or a reader
of a sale is not touched: the port is one that the settings give to us alone.
"""

from __future__ import annotations

import contextlib
import os
import re
import time
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from device.app.journal import note
from device.loop import READ, Loop
from device.selftest.sheet import Sheet

if TYPE_CHECKING:
    from device.ports.serial_port import SerialPort

FACT: Final = "modem.re_registrations"
_HOUR_S: Final = 3600.0
_REOPEN_S: Final = 60.0
_MOST_LINE: Final = 256
_MOST_KEPT: Final = 1000
_ASK: Final = b"AT+CREG=1\rAT+CGREG=1\rAT+CEREG=1\r"
_CHANGE: Final = re.compile(rb"\+(C5?G?E?REG): ?(\d+)(?:,|\s*$)")  # 3GPP TS 27.007, 7.2 and 10.1.20 to 10.1.22
_REGISTERED: Final = (1, 5)  # home, roaming


class ModemWatch:
    """Counts returns into the network; :meth:`check` writes them as evidence."""

    def __init__(self, loop: Loop, port: str, baud: int, monotonic_s: Callable[[], float] = time.monotonic) -> None:
        self._loop = loop
        self._path = port
        self._baud = baud
        self._monotonic_s = monotonic_s
        self._port: SerialPort | None = None
        self._unread = bytearray()
        self._registered: dict[bytes, bool] = {}
        self._returns: deque[float] = deque(maxlen=_MOST_KEPT)
        self._since_s = monotonic_s()
        self.problem = ""
        self._open()

    def check(self, sheet: Sheet) -> None:
        """Write modem.re_registrations: how often it came back in the last hour."""
        if self.problem:
            sheet.not_run(FACT, "port", self.problem)
            return
        now = self._monotonic_s()
        count = sum(1 for moment in self._returns if moment > now - _HOUR_S)
        minutes = min(_HOUR_S, now - self._since_s) / 60
        sheet.measured(FACT, count, detail=f"Listened for {minutes:.0f} of the last 60 minutes.")

    def take(self, data: bytes | bytearray) -> None:
        """Take what the modem sent."""
        self._unread += data
        while (end := self._unread.find(b"\n")) >= 0:
            self._take_line(bytes(self._unread[:end]).strip())
            del self._unread[: end + 1]
        if len(self._unread) > _MOST_LINE:
            self._unread.clear()

    def _take_line(self, line: bytes) -> None:
        told = _CHANGE.match(line)
        if told is None:
            return
        name, registered = told[1], int(told[2]) in _REGISTERED
        if registered and self._registered.get(name) is False:
            self._returns.append(self._monotonic_s())
        self._registered[name] = registered

    def _open(self) -> None:
        from device.ports.serial_port import PortError, open_serial  # noqa: PLC0415  resident only where it listens

        try:
            self._port = open_serial(self._path, self._baud, float("inf"))
        except PortError as error:
            self._give_up(str(error))
            return
        with contextlib.suppress(
            OSError
        ):  # a line that takes nothing must not stop the service; it may tell all the same
            os.write(self._port.fileno(), _ASK)
        self.problem, self._since_s = "", self._monotonic_s()
        self._returns.clear()
        self._registered.clear()
        self._loop.watch(self._port.fileno(), READ, self._read)

    def _read(self, _events: int) -> None:
        from device.ports.serial_port import PortError  # noqa: PLC0415

        if self._port is None:
            return
        try:
            data = self._port.read_some(0)
        except PortError as error:
            self._loop.unwatch(self._port.fileno())
            self._port.close(discard=True)
            self._port = None
            self._give_up(str(error))
            return
        self.take(data)

    def _give_up(self, why: str) -> None:
        if why != self.problem:
            note("modem", problem=why)
        self.problem = why
        self._loop.call_in(_REOPEN_S, self._open)
