"""The payment host as the network sees it: a name server and a TCP/TLS listener on loopback, with their faults."""

from __future__ import annotations

import contextlib
import socket
import ssl
import struct
import threading
from pathlib import Path
from typing import Final

from tools.simulate.authority import Authority

HOST_NAME: Final = "pos.example"
_OTHER_NAME: Final = "other.example"
_A_RECORD: Final = 1
_ENDED: Final = "20210101000000Z"


class NameServer:
    """Answers A queries with 127.0.0.1 on UDP port 53; ``dead`` hears and says nothing, ``nxdomain`` knows no name.

    ``garbage`` answers what is no answer. ``mode`` may be changed at any time.
    """

    def __init__(self, mode: str) -> None:
        self.mode = mode
        self._sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._sock.bind(("127.0.0.1", 53))
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            query, peer = self._sock.recvfrom(512)
            if self.mode == "garbage":
                self._sock.sendto(query[:2] + b"\xff" * 40, peer)
            elif self.mode != "dead" and len(query) > 16:
                self._sock.sendto(self._answer(query), peer)

    def _answer(self, query: bytes) -> bytes:
        """RFC 1035, 4.1: header, the question again, one answer."""
        end = query.index(b"\0", 12) + 5
        question = query[12:end]
        kind = struct.unpack(">H", question[-4:-2])[0]
        known = self.mode == "ok"
        answers = 1 if known and kind == _A_RECORD else 0
        header = query[:2] + struct.pack(">HHHHH", 0x8180 if known else 0x8183, 1, answers, 0, 0)
        record = b"\xc0\x0c" + struct.pack(">HHIH", _A_RECORD, 1, 60, 4) + bytes((127, 0, 0, 1))
        return header + question + record * answers


class PaymentHost:
    """Listens where the terminal's settings point. ``port`` is free and closed where TCP is refused."""

    def __init__(self, folder: Path, tcp: str, tls: str) -> None:
        self._tls = tls
        authority = Authority(folder)
        self.ca_file = authority.ca_file
        name = _OTHER_NAME if tls == "wrong_name" else HOST_NAME
        certificate = authority.issue(name, end=_ENDED) if tls == "expired" else authority.issue(name)
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(certificate)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        if tcp == "refused":
            self._listener.close()
        else:
            threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            connection, _ = self._listener.accept()
            with contextlib.suppress(OSError), connection:
                if self._tls != "refused":
                    connection.settimeout(5)
                    with self._context.wrap_socket(connection, server_side=True) as secured:
                        secured.recv(1)
