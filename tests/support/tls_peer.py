"""A payment host on this machine: its own certificates (by the openssl program), and every way to misbehave."""

from __future__ import annotations

import contextlib
import os
import socket
import ssl
import threading
from collections.abc import Callable
from pathlib import Path


class Host:
    """Listens on 127.0.0.1 and does ``serve(connection)`` with each caller, in a thread of its own."""

    def __init__(self, serve: Callable[[socket.socket], None], port: int = 0) -> None:
        self._serve = serve
        self._listener = socket.create_server(("127.0.0.1", port))
        self.port: int = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def __enter__(self) -> Host:
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()

    def _run(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with connection, contextlib.suppress(OSError):
                connection.settimeout(5)
                self._serve(connection)


def speak_tls(pem: Path, version: ssl.TLSVersion | None = None) -> Callable[[socket.socket], None]:
    """An honest host with this key and certificate; ``version`` is the only one it speaks."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    if version is not None:
        context.minimum_version = context.maximum_version = version

    def serve(connection: socket.socket) -> None:
        with context.wrap_socket(connection, server_side=True) as secured:
            secured.recv(1)  # until the caller hangs up

    return serve


def speak_something_else(connection: socket.socket) -> None:
    """A host that greets in plain text."""
    connection.sendall(b"220 mail.example ready to serve you, what may it be today?\r\n" * 4)
    connection.recv(4096)


def babble(connection: socket.socket) -> None:
    """A host that sends random bytes as long as anybody listens."""
    while True:
        connection.sendall(os.urandom(4096))


def hang_up(connection: socket.socket) -> None:
    """A host that takes the call and ends it after the first words."""
    connection.recv(4096)


def stay_silent(connection: socket.socket) -> None:
    """A host that takes the call and says nothing until the caller hangs up."""
    while connection.recv(4096):
        pass


def drip(connection: socket.socket) -> None:
    """A host that sends one byte of a TLS record at a time, as long as anybody listens."""
    for byte in b"\x16\x03\x03\x3f\xff" + bytes(2000):
        connection.sendall(bytes([byte]))
        with contextlib.suppress(TimeoutError):
            connection.settimeout(0.05)
            if not connection.recv(4096):
                return
