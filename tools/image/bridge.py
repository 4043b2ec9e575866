"""A simulated device on an emulated terminal's line: bytes of the socket and of the device's PTY, both ways."""

from __future__ import annotations

import contextlib
import os
import select
import socket
import threading
import tty
from pathlib import Path

from tools.image.line import connect

_CHUNK = 4096


class Bridge:
    """Joins the line at ``socket_path`` and the port ``device`` (a PTY's path) until :meth:`close`."""

    def __init__(self, socket_path: Path, device: str) -> None:
        self._line: socket.socket = connect(socket_path)
        self._port = os.open(device, os.O_RDWR | os.O_NOCTTY)
        tty.setraw(self._port)
        self._end, self._ended = os.pipe()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Pull the cable."""
        os.write(self._ended, b".")
        self._thread.join()
        self._line.close()
        for descriptor in (self._port, self._end, self._ended):
            os.close(descriptor)

    def _run(self) -> None:
        while True:
            ready, _, _ = select.select([self._line.fileno(), self._port, self._end], [], [])
            if self._end in ready:
                return
            with contextlib.suppress(OSError):
                if self._line.fileno() in ready:
                    data = self._line.recv(_CHUNK)
                    if not data:
                        return
                    os.write(self._port, data)
                if self._port in ready:
                    self._line.sendall(os.read(self._port, _CHUNK))
