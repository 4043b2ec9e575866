"""Unix stream sockets that carry one JSON object a line: the server of ``host.sock`` and ``control.sock``.

Every line is bounded, every error is answered with one sentence and its offset, and a peer that does not read is
dropped. Values of the keys named as secret (hex of protocol frames, which hold card data) are cut out of the line
before it is parsed, so that no immutable copy of them is ever made, and the line is wiped.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import re
import socket
import struct
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeAlias

from device.loop import READ, WRITE, Loop

Message: TypeAlias = dict[str, Any]
Secrets: TypeAlias = dict[str, bytearray]

MOST_LINE: Final = 256 * 1024
_MOST_UNSENT: Final = 1 << 20
_MOST_PEERS: Final = 8
_NIBBLES: Final = bytes(int(chr(code), 16) if chr(code) in "0123456789abcdefABCDEF" else 0xFF for code in range(256))


@dataclass(frozen=True, slots=True)
class Peer:
    """Who is on the other side (SO_PEERCRED)."""

    pid: int
    uid: int
    gid: int


class SocketPathError(OSError):
    """The socket could not be made; the text says where and why."""


class JsonConnection:
    """One peer. ``on_message(message, secrets)`` gets each object; ``on_close()`` comes once."""

    def __init__(self, loop: Loop, sock: socket.socket, secret_keys: Collection[str] = ()) -> None:
        self._loop = loop
        self._sock = sock
        self._secrets = re.compile(
            rb'"(' + b"|".join(re.escape(key.encode()) for key in secret_keys) + rb')"\s*:\s*"([^"\\]*)"'
        )
        self._has_secrets = bool(secret_keys)
        self._inbox = bytearray()
        self._outbox = bytearray()
        self._skipping = False
        self._closing = False
        self.on_message: Callable[[Message, Secrets], None] = lambda _message, _secrets: None
        self.on_close: Callable[[], None] = lambda: None
        pid, uid, gid = struct.unpack("3i", sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
        self.peer = Peer(pid, uid, gid)
        sock.setblocking(False)
        loop.watch(sock.fileno(), READ, self._ready)

    @property
    def open(self) -> bool:
        """False once the connection has ended."""
        return self._sock.fileno() >= 0

    def send(self, message: Message) -> None:
        """Queue one object; a peer that leaves 1 MiB unread is dropped."""
        if not self.open or self._closing:
            return
        self._outbox += json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
        if len(self._outbox) > _MOST_UNSENT:
            self.close()
            return
        self._flush()

    def send_error(self, of: str, sentence: str, offset: int | None = None) -> None:
        """Answer a message that does not fit."""
        place = {} if offset is None else {"offset": offset}
        self.send({"type": "error", "of": of, **place, "message": sentence})

    def finish(self) -> None:
        """Close as soon as everything queued has been sent."""
        self._closing = True
        if not self._outbox:
            self.close()

    def close(self) -> None:
        """End the connection now."""
        if self.open:
            self._loop.unwatch(self._sock.fileno())
            self._sock.close()
            _wipe(self._inbox)
            self.on_close()

    def _ready(self, events: int) -> None:
        if events & WRITE:
            self._flush()
        if events & READ and self.open:
            self._receive()

    def _flush(self) -> None:
        try:
            while self._outbox:
                del self._outbox[: self._sock.send(self._outbox)]
        except BlockingIOError:
            self._loop.watch(self._sock.fileno(), READ | WRITE, self._ready)
            return
        except OSError:
            self.close()
            return
        self._loop.watch(self._sock.fileno(), READ, self._ready)
        if self._closing:
            self.close()

    def _receive(self) -> None:
        chunk = bytearray(65536)
        try:
            count = self._sock.recv_into(chunk)
        except BlockingIOError:
            return
        except OSError:
            count = 0
        if not count:
            self.close()
            return
        self._inbox += memoryview(chunk)[:count]
        _wipe(chunk)
        self._take_lines()

    def _take_lines(self) -> None:
        start = 0
        while self.open and (end := self._inbox.find(b"\n", start)) >= 0:
            line = self._inbox[start:end]
            start = end + 1
            if self._skipping or len(line) > MOST_LINE:
                self._skipping = False
                self._refuse_oversize(reported=len(line) <= MOST_LINE)
            elif line.strip():
                self._take_line(line)
            _wipe(line)
        rest = self._inbox[start:]
        _wipe(self._inbox)  # once a round, not once a line: a flood of empty lines must not hold up the others
        self._inbox = rest
        if len(self._inbox) > MOST_LINE:
            if not self._skipping:
                self._refuse_oversize(reported=False)
            self._skipping = True
            _wipe(self._inbox)
            self._inbox.clear()

    def _refuse_oversize(self, *, reported: bool) -> None:
        if not reported:
            self.send_error("line", f"The line is longer than {MOST_LINE} bytes and was dropped.", MOST_LINE)

    def _take_line(self, line: bytearray) -> None:
        secrets: Secrets = {}
        try:
            if self._has_secrets:
                secrets = self._cut_secrets(line)
            message = json.loads(line.decode())
            if b"\\u" in line:
                json.dumps(message, ensure_ascii=False).encode()  # half a surrogate pair cannot be written again
        except UnicodeEncodeError:
            self.send_error("line", "The line holds half of a surrogate pair, which is no character.", 0)
        except UnicodeDecodeError as error:
            self.send_error("line", "The line is not UTF-8.", error.start)
        except json.JSONDecodeError as error:
            self.send_error("line", f"The line is not JSON: {error.msg}.", error.pos)
        except _HexError as error:
            self.send_error(error.key, f"{error.key} must be an even number of hex digits.", error.offset)
        except (RecursionError, ValueError):
            self.send_error("line", "The line is nested too deeply or holds a number that is too long.", 0)
        else:
            if isinstance(message, dict):
                self.on_message(message, secrets)
            else:
                self.send_error("line", "The line must hold one JSON object.", 0)
        for secret in secrets.values():
            _wipe(secret)

    def _cut_secrets(self, line: bytearray) -> Secrets:
        found: Secrets = {}
        places = [(match.group(1).decode(), match.span(2)) for match in self._secrets.finditer(line)]
        for key, (start, end) in places:
            digits = line[start:end]
            line[start:end] = bytes(end - start).replace(b"\0", b"0")
            try:
                found[key] = _from_hex(digits)
            except ValueError as error:
                for secret in found.values():
                    _wipe(secret)
                raise _HexError(key, start) from error
            finally:
                _wipe(digits)
        return found


class _HexError(ValueError):
    def __init__(self, key: str, offset: int) -> None:
        super().__init__(key)
        self.key = key
        self.offset = offset


class JsonServer:
    """Listens on one path; ``on_connect(connection)`` gets each admitted peer."""

    def __init__(
        self,
        loop: Loop,
        path: Path,
        allow_uids: Collection[int],
        on_connect: Callable[[JsonConnection], None],
        secret_keys: Collection[str] = (),
    ) -> None:
        self._loop = loop
        self._path = path
        self._allow = {0, os.getuid(), *allow_uids}
        self._on_connect = on_connect
        self._secret_keys = secret_keys
        self._peers: list[JsonConnection] = []
        self._sock = _listen(path)
        loop.watch(self._sock.fileno(), READ, self._accept)

    def _accept(self, _events: int) -> None:
        try:
            sock, _ = self._sock.accept()
        except OSError:
            return
        self._peers = [peer for peer in self._peers if peer.open]
        connection = JsonConnection(self._loop, sock, self._secret_keys)
        if connection.peer.uid not in self._allow:
            connection.send_error("connect", f"User id {connection.peer.uid} may not connect here.")
            connection.finish()
        elif len(self._peers) >= _MOST_PEERS:
            connection.send_error("connect", f"{_MOST_PEERS} connections are open already.")
            connection.finish()
        else:
            self._peers.append(connection)
            self._on_connect(connection)


def _listen(path: Path) -> socket.socket:
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(FileNotFoundError):
            path.unlink()  # the single-instance lock is ours: whoever left it is gone
        sock.bind(str(path))
        path.chmod(0o660)
        sock.listen(_MOST_PEERS)
    except OSError as error:
        sock.close()
        why = "the path is too long" if error.errno in (None, errno.ENAMETOOLONG) else error.strerror
        raise SocketPathError(f"{path}: the socket cannot be made: {why}") from error
    return sock


def _from_hex(digits: bytearray) -> bytearray:
    """Decode hex without an immutable copy, so that the caller can wipe every byte of it."""
    nibbles = digits.translate(_NIBBLES)
    if len(nibbles) % 2 or 0xFF in nibbles:
        _wipe(nibbles)
        raise ValueError("not hex")
    data = bytearray(high << 4 | low for high, low in zip(nibbles[::2], nibbles[1::2], strict=True))
    _wipe(nibbles)
    return data


def _wipe(buffer: bytearray) -> None:
    buffer[:] = bytes(len(buffer))
