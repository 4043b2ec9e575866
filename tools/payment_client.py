"""A payment application's side of ``host.sock``: the client that vendors may start from. It fails open.

Every call has a deadline; an application that gets no answer in time goes on as if the helper were absent.
"""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self


class NoAnswerError(Exception):
    """Nothing fitting came within the deadline, or the helper hung up: go on without it."""


class PaymentClient:
    """One connection; a context manager. ``say`` sends, ``wait_for`` returns the first message of a type."""

    def __init__(self, path: Path, timeout_s: float = 5.0) -> None:
        self._timeout_s = timeout_s
        self._buffer = bytearray()
        self._unread: list[dict[str, Any]] = []
        self._sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._sock.settimeout(timeout_s)
        try:
            self._sock.connect(str(path))
        except OSError as error:
            self._sock.close()
            raise NoAnswerError(f"{path}: {error.strerror}") from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Hang up."""
        self._sock.close()

    def say(self, kind: str, **values: object) -> None:
        """Send one message of this type, with the protocol's version."""
        self.send_line(json.dumps({"v": 1, "type": kind, **values}).encode())

    def send_line(self, line: bytes) -> None:
        """Send one raw line."""
        try:
            self._sock.sendall(line + b"\n")
        except OSError as error:
            raise NoAnswerError(f"the helper hung up: {error.strerror}") from error

    def wait_for(self, *kinds: str, timeout_s: float | None = None, **values: object) -> dict[str, Any]:
        """Return the first message of these types with these values; others stay for a later call."""
        deadline = time.monotonic() + (self._timeout_s if timeout_s is None else timeout_s)
        while True:
            for number, message in enumerate(self._unread):
                if message.get("type") in kinds and values.items() <= message.items():
                    return self._unread.pop(number)
            self._read(deadline)

    def forget_old(self) -> None:
        """Drop messages that came and that nobody waited for."""
        self._unread.clear()

    def hello(self, host: str, can: tuple[str, ...] = ("display",)) -> Mapping[str, Any]:
        """Introduce the application and return the helper's welcome."""
        self.say("hello", application="simulated-payment", version="1.0", host=host, can=list(can))
        return self.wait_for("welcome")

    def _read(self, deadline: float) -> None:
        remaining_s = deadline - time.monotonic()
        if remaining_s <= 0:
            raise NoAnswerError("the helper did not answer in time")
        self._sock.settimeout(remaining_s)
        try:
            chunk = self._sock.recv(65536)
        except OSError as error:
            raise NoAnswerError("the helper did not answer in time") from error
        if not chunk:
            raise NoAnswerError("the helper hung up")
        self._buffer += chunk
        *lines, rest = self._buffer.split(b"\n")
        self._buffer = bytearray(rest)
        self._unread += [json.loads(line) for line in lines if line]
