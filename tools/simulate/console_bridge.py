"""Offers a simulated terminal's technician's port on TCP, as if the laptop's end of the cable were a socket.

The terminal has a PTY behind a fixed name. Whoever connects is plugged in; who leaves pulls the cable: the PTY is hung
up and another one takes its name, which the terminal opens as it opens a port that has come back. One at a time: a
second one is hung up on at once.
"""

from __future__ import annotations

import contextlib
import os
import pty
import select
import socket
import threading
import time
import tty
from pathlib import Path
from typing import Final

_CHUNK: Final = 16384
_POLL_S: Final = 0.02


class ConsoleBridge:
    """``listener``: a socket that listens already, so that it may come from outside the simulation's namespace."""

    def __init__(self, listener: socket.socket, name: Path) -> None:
        self.port: int = listener.getsockname()[1]
        self._listener = listener
        self._name = name
        self._master = -1
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> str:
        """Make the port and serve; returns its path for the settings (``[[console]]``)."""
        self._plug()
        self._thread.start()
        return str(self._name)

    def stay(self) -> None:
        """Wait for Ctrl-C."""
        print("simulate: played; the terminal stays, with its technician's port open, until Ctrl-C", flush=True)
        with contextlib.suppress(KeyboardInterrupt):
            self._ending.wait()

    def stop(self) -> None:
        """End it; stopping twice does no harm."""
        self._ending.set()
        if self._thread.is_alive():
            self._thread.join()
        self._listener.close()
        self._hang_up()

    def _run(self) -> None:
        while not self._ending.is_set():
            if not _readable(self._listener, _POLL_S):
                continue
            client, _ = self._listener.accept()
            with client:
                client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                if self._wait_for_terminal(client):
                    self._pass_on(client)
            self._hang_up()
            self._plug()

    def _wait_for_terminal(self, client: socket.socket) -> bool:
        """Until the terminal has its port open; a client that leaves meanwhile was never plugged in."""
        while not self._ending.is_set():
            if not _hung_up(self._master):
                return True
            if _readable(client, 0) and not client.recv(1, socket.MSG_PEEK):
                return False
            time.sleep(_POLL_S)
        return False

    def _pass_on(self, client: socket.socket) -> None:
        while not self._ending.is_set():
            ready, _, _ = select.select([client.fileno(), self._master, self._listener.fileno()], [], [], 0.2)
            try:
                if self._listener.fileno() in ready:
                    self._listener.accept()[0].close()
                if client.fileno() in ready:
                    data = client.recv(_CHUNK)
                    if not data:
                        return
                    self._to_terminal(data)
                if self._master in ready:
                    client.sendall(os.read(self._master, _CHUNK))
            except OSError:  # either end is gone
                return

    def _to_terminal(self, data: bytes) -> None:
        """A PTY takes a few KiB at a time; a terminal that reads nothing holds up its own client only."""
        view = memoryview(data)
        while view and not self._ending.is_set():
            if select.select([], [self._master], [], 0.2)[1]:
                with contextlib.suppress(BlockingIOError):
                    view = view[os.write(self._master, view) :]

    def _plug(self) -> None:
        self._master, slave = pty.openpty()
        tty.setraw(slave)
        os.set_blocking(self._master, False)
        fresh = self._name.with_name(f"{self._name.name}.new")
        fresh.unlink(missing_ok=True)
        fresh.symlink_to(os.ttyname(slave))
        fresh.replace(self._name)
        os.close(slave)

    def _hang_up(self) -> None:
        if self._master >= 0:
            os.close(self._master)
            self._master = -1


def _readable(what: socket.socket, timeout_s: float) -> bool:
    return bool(select.select([what], [], [], timeout_s)[0])


def _hung_up(master: int) -> bool:
    """Whether nobody has the other side open."""
    poll = select.poll()
    poll.register(master, 0)
    return bool(poll.poll(0))
