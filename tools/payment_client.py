"""A payment application's side of ``host.sock``, to start from. Python 3.11 or later, no further package needed.

:class:`Helper` is what an application calls around a sale: it never raises and never takes longer than its deadline,
whatever the service does or does not do. :class:`PaymentClient` below it is the plain connection, for tests and tools.
"""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

MOST_LINE = 262_144  # bytes of a message; what is longer is nonsense
MOST_SILENCES = 2  # unanswered exchanges in a row, until the service is left alone
MOST_UNREAD = 1000  # messages that nobody has asked for


class NoAnswerError(Exception):
    """Nothing fitting came within the deadline, or the helper hung up: go on without it."""


class SilenceError(NoAnswerError):
    """Nothing fitting came within the deadline; the connection stands."""


class PaymentClient:
    """One connection; a context manager. ``say`` sends, ``wait_for`` returns the first message of a type.

    ``timeout_s`` bounds each call. Lines that are no JSON objects are passed over.
    """

    def __init__(self, path: Path, timeout_s: float = 5.0) -> None:
        self._timeout_s = timeout_s
        self._buffer = bytearray()
        self._unread: list[dict[str, Any]] = []
        self._sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._sock.settimeout(timeout_s)
        try:
            self._sock.connect(str(path))
        except OSError as error:  # a queue of connections that is full counts too: the service hangs
            self._sock.close()
            raise NoAnswerError(f"{path}: {error.strerror or error}") from error

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
        self._sock.settimeout(self._timeout_s)
        try:
            self._sock.sendall(line + b"\n")
        except OSError as error:
            raise NoAnswerError(f"the helper hung up: {error.strerror or error}") from error

    def wait_for(self, *kinds: str, timeout_s: float | None = None, **values: object) -> dict[str, Any]:
        """Return the first message of these types with these values; others stay for a later call."""
        deadline = time.monotonic() + (self._timeout_s if timeout_s is None else timeout_s)
        while True:
            for number, message in enumerate(self._unread):
                if message.get("type") in kinds and values.items() <= message.items():
                    return self._unread.pop(number)
            self._read(deadline)

    def forget_old(self, *but: str) -> None:
        """Drop messages that came and that nobody waited for, except of these types."""
        self._unread = [message for message in self._unread if message.get("type") in but]

    def hello(self, host: str, can: tuple[str, ...] = ("display",)) -> Mapping[str, Any]:
        """Introduce the application and return the helper's welcome."""
        self.say("hello", application="simulated-payment", version="1.0", host=host, can=list(can))
        return self.wait_for("welcome")

    def received(self, message: dict[str, Any]) -> None:
        """Called with each message that came; a test may look at them here."""

    def _read(self, deadline: float) -> None:
        remaining_s = deadline - time.monotonic()
        if remaining_s <= 0:
            raise SilenceError("the helper did not answer in time")
        self._sock.settimeout(remaining_s)
        try:
            chunk = self._sock.recv(65536)
        except TimeoutError as error:
            raise SilenceError("the helper did not answer in time") from error
        except OSError as error:
            raise NoAnswerError("the helper hung up") from error
        if not chunk:
            raise NoAnswerError("the helper hung up")
        self._buffer += chunk
        *lines, rest = self._buffer.split(b"\n")
        self._buffer = bytearray(rest)
        if len(rest) > MOST_LINE:
            raise NoAnswerError("the helper talks nonsense: a line without end")
        for line in lines:
            message = _object_of(line)
            if message is not None:
                self.received(message)
                self._unread.append(message)
        del self._unread[:-MOST_UNREAD]


def _object_of(line: bytes | bytearray) -> dict[str, Any] | None:
    try:
        message = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return message if isinstance(message, dict) else None


class Helper:
    """What an application calls around its sales. It fails open: no call raises, none takes longer than ``timeout_s``.

    ``make_echo`` sends a host echo (0800) of the application's own and returns its milliseconds, or None if the host
    was silent; without it no echo is offered. The connection is made when it is needed; after a failure the service is
    left alone for ``retry_s``, so that a hung one does not cost each sale its deadline.
    """

    def __init__(
        self,
        path: Path,
        application: str,
        version: str,
        host: str,
        make_echo: Callable[[], float | None] | None = None,
        timeout_s: float = 0.5,
        retry_s: float = 30.0,
    ) -> None:
        self._path = path
        self._make_echo = make_echo
        can = ["offline_count", *(["echo"] if make_echo is not None else [])]
        self._hello = {"application": application, "version": version, "host": host, "can": can}
        self._timeout_s = timeout_s
        self._retry_s = retry_s
        self._client: PaymentClient | None = None
        self._not_before = 0.0
        self._number = 0
        self._silences = 0
        self._selling = False

    def sale_begins(self) -> bool:
        """Call before the first byte to the host. True: the service was told."""
        told = self._try(lambda client, _until: client.say("busy")) is not None
        self._selling = True
        return told

    def sale_ends(self, pending_offline: int = 0) -> bool:
        """Call when the sale is over, with the number of offline payments not yet sent. True: the service was told."""
        self._selling = False
        return self._try(lambda client, _until: client.say("idle", pending_offline=pending_offline)) is not None

    def exchange(self, **handed: object) -> Mapping[str, Any] | None:
        """Hand over an answered request and return the diagnosis, or None: then go on as if nobody were there.

        ``handed`` as the schema's ``exchange`` has it: ``request`` and ``response`` as hex, ``mac``, ``entry_mode``...
        """
        self._number += 1
        name = str(self._number)

        def ask(client: PaymentClient, until: float) -> Mapping[str, Any]:
            client.forget_old("echo")
            client.say("exchange", id=name, **handed)
            while True:
                message = client.wait_for("diagnosis", "error", timeout_s=until - time.monotonic())
                diagnosis = message.get("diagnosis")
                if message.get("id") == name and isinstance(diagnosis, dict):
                    return diagnosis
                if message["type"] == "error":
                    return {}

        found = self._try(ask)
        return found if isinstance(found, dict) and found else None

    def reset_done(self) -> bool:
        """Call after the terminal's daily reset, if the application sees it and Linux does not restart with it."""
        return self._try(lambda client, _until: client.say("reset")) is not None

    def serve(self) -> bool:
        """Call now and then while no sale runs: answers what the service asks. True: it asked for an echo."""

        def answer(client: PaymentClient, _until: float) -> bool:
            asked = client.wait_for("echo", timeout_s=0.001)
            took_ms = self._make_echo() if self._make_echo is not None else None
            client.forget_old("echo")
            told = {"ok": False} if took_ms is None else {"ok": True, "rtt_ms": took_ms}
            client.say("echo_result", id=str(asked.get("id", "")), **told)
            return True

        return self._try(answer, idle=True) is True

    def close(self) -> None:
        """Hang up; a later call connects again."""
        if self._client is not None:
            self._client.close()
        self._client = None

    def _try(self, act: Callable[[PaymentClient, float], object], *, idle: bool = False) -> object:
        """``act``'s result or True, or None where the service did not answer; ``idle``: it need not say anything."""
        until = time.monotonic() + self._timeout_s
        try:
            result = act(self._connected(until), until)
        except SilenceError:
            self._silences += not idle
            if self._silences > MOST_SILENCES:
                self._give_up()
            return None
        except Exception:  # a sale never depends on this: whatever broke here must not reach it
            self._give_up()
            return None
        self._silences = 0 if result is not None else self._silences
        return True if result is None else result

    def _connected(self, until: float) -> PaymentClient:
        if self._client is None:
            if time.monotonic() < self._not_before:
                raise NoAnswerError("the helper is left alone for a while")
            client = PaymentClient(self._path, self._timeout_s)
            self._client = client
            try:
                client.say("hello", **self._hello)
                client.wait_for("welcome", timeout_s=until - time.monotonic())
                if self._selling:  # the connection was lost within a sale: the new one does not know of it
                    client.say("busy")
            except NoAnswerError:
                self._give_up()
                raise
        return self._client

    def _give_up(self) -> None:
        self.close()
        self._silences = 0
        self._not_before = time.monotonic() + self._retry_s
