"""A payment host on this machine: its own certificates (by the openssl program), and every way to misbehave."""

from __future__ import annotations

import contextlib
import socket
import ssl
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path

_CA_CONFIG = """
[ca]
default_ca = here
[here]
dir = {folder}
new_certs_dir = {folder}
database = {folder}/index.txt
serial = {folder}/serial
default_md = sha256
policy = any
unique_subject = no
copy_extensions = copy
[any]
commonName = supplied
"""


class Authority:
    """A certificate authority in a folder; ``ca_file`` is what a terminal would trust."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self._folder = folder
        self.ca_file = folder / "ca.pem"
        (folder / "index.txt").touch()
        (folder / "serial").write_text("1000\n")
        (folder / "ca.conf").write_text(_CA_CONFIG.format(folder=folder))
        self._openssl(
            *("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=Test CA"),
            *("-keyout", "ca.key", "-out", "ca.pem", "-days", "3650"),
        )

    def issue(self, name: str, start: str = "20200101000000Z", end: str = "20491231235959Z") -> Path:
        """Key and certificate in one file; ``start`` and ``end`` as YYYYMMDDHHMMSSZ."""
        alt = f"IP:{name}" if name[0].isdigit() else f"DNS:{name}"
        self._openssl(
            *("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", f"/CN={name}"),
            *("-addext", f"subjectAltName={alt}", "-keyout", "host.key", "-out", "host.csr"),
        )
        self._openssl(
            *("ca", "-batch", "-config", "ca.conf", "-cert", "ca.pem", "-keyfile", "ca.key", "-in", "host.csr"),
            *("-out", "host.crt", "-notext", "-startdate", start, "-enddate", end),
        )
        both = self._folder / f"{name}-{end}.pem"
        both.write_text((self._folder / "host.key").read_text() + (self._folder / "host.crt").read_text())
        return both

    def _openssl(self, *words: str) -> None:
        subprocess.run(["openssl", *words], cwd=self._folder, check=True, capture_output=True)


class Host:
    """Listens on 127.0.0.1 and does ``serve(connection)`` with each caller, in a thread of its own."""

    def __init__(self, serve: Callable[[socket.socket], None]) -> None:
        self._serve = serve
        self._listener = socket.create_server(("127.0.0.1", 0))
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
