"""A line out of the emulator: a Unix socket that is always drained, because a full one would block the guest."""

from __future__ import annotations

import contextlib
import re
import socket
import threading
import time
from pathlib import Path
from typing import Final

_CONNECT_S: Final = 10.0
_AGAIN_S: Final = 0.05


class LineError(Exception):
    """The line did not bring what was expected; the text ends with what it brought last."""


class Line:
    """Sends, and waits for what comes. Everything that came goes to ``log`` too, where one is given."""

    def __init__(self, path: Path, log: Path | None = None) -> None:
        self._received = bytearray()
        self._news = threading.Condition()
        self._closed = False
        self._socket = connect(path)
        self._log = log.open("wb") if log is not None else None
        self._thread = threading.Thread(target=self._drain, daemon=True)
        self._thread.start()

    def send(self, data: bytes) -> None:
        """Send all of it."""
        self._socket.sendall(data)

    def expect(self, pattern: bytes, timeout_s: float) -> re.Match[bytes]:
        """Wait for ``pattern`` and take everything up to its end. Raises LineError."""
        until = time.monotonic() + timeout_s
        with self._news:
            while True:
                found = re.search(pattern, bytes(self._received), re.DOTALL)
                if found is not None:
                    del self._received[: found.end()]
                    return found
                left_s = until - time.monotonic()
                if self._closed or left_s <= 0:
                    why = "closed" if self._closed else f"silent for {timeout_s:g} s"
                    raise LineError(f"no {pattern!r}, line {why}; last: {bytes(self._received[-600:])!r}")
                self._news.wait(left_s)

    def read_until(self, mark: bytes, timeout_s: float) -> bytes:
        """Wait for ``mark`` and take what came before it; quick also for long texts. Raises LineError."""
        until, looked = time.monotonic() + timeout_s, 0
        with self._news:
            while True:
                at = self._received.find(mark, max(looked - len(mark), 0))
                if at >= 0:
                    text = bytes(self._received[:at])
                    del self._received[: at + len(mark)]
                    return text
                looked, left_s = len(self._received), until - time.monotonic()
                if self._closed or left_s <= 0:
                    why = "closed" if self._closed else f"silent for {timeout_s:g} s"
                    raise LineError(f"no {mark!r}, line {why}; last: {bytes(self._received[-600:])!r}")
                self._news.wait(left_s)

    def take(self) -> bytes:
        """Take everything that has come."""
        with self._news:
            data = bytes(self._received)
            self._received.clear()
            return data

    def close(self) -> None:
        """Hang up."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._thread.join(_CONNECT_S)
        self._socket.close()
        if self._log is not None:
            self._log.close()

    def _drain(self) -> None:
        data = b"-"
        while data:
            try:
                data = self._socket.recv(65536)
            except OSError:
                data = b""
            if self._log is not None:
                self._log.write(data)
                self._log.flush()
            with self._news:
                self._received += data
                self._closed = not data
                self._news.notify_all()


def connect(path: Path) -> socket.socket:
    """Connect to a socket that is about to be opened. Raises LineError."""
    until = time.monotonic() + _CONNECT_S
    while True:
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            sock.connect(str(path))
        except OSError as error:
            sock.close()
            if time.monotonic() > until:
                raise LineError(f"{path} cannot be reached: {error.strerror}") from error
            time.sleep(_AGAIN_S)  # the emulator makes the socket when it is ready, and tells nobody
        else:
            return sock
