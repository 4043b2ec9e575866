"""The far end of a serial line, on a PTY's master side: what the simulated reader and modem share."""

from __future__ import annotations

import contextlib
import os
import pty
import select
import threading
import tty
from typing import Final

_POLL_S: Final = 0.01


class PtyPeer:
    """Runs :meth:`hear` in a thread for what the terminal writes. Closing the master is a pulled plug."""

    def __init__(self) -> None:
        self._master = -1
        self._ending = threading.Event()
        self._pulled = False
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> str:
        """Plug in; return the path of the port that the terminal opens."""
        self._master, slave = pty.openpty()
        tty.setraw(slave)
        path = os.ttyname(slave)
        os.close(slave)
        os.set_blocking(self._master, False)
        self._thread.start()
        return path

    def stop(self) -> None:
        """End the peer; stopping twice does no harm."""
        self._ending.set()
        if self._thread.is_alive():
            self._thread.join()

    def hear(self, data: bytes) -> None:
        """Take what the terminal wrote."""
        raise NotImplementedError

    def idle(self) -> None:
        """The terminal has the port open and says nothing."""

    def pause(self, seconds: float) -> None:
        """Wait, but not beyond the end."""
        self._ending.wait(seconds)

    def unplug(self) -> None:
        """Pull the plug in the middle of whatever happens."""
        self._pulled = True
        self._ending.set()

    def send(self, data: bytes) -> None:
        """Write towards the terminal; what a full line does not take is lost, as on a UART."""
        if not self._ending.is_set():
            with contextlib.suppress(OSError):
                os.write(self._master, data)

    def _run(self) -> None:
        poll = select.poll()
        poll.register(self._master, select.POLLIN)
        while not self._ending.is_set():
            ready = poll.poll(_POLL_S * 1000)
            if ready and ready[0][1] & select.POLLIN:
                with contextlib.suppress(OSError):
                    self.hear(os.read(self._master, 4096))
            elif ready:  # nobody has the port open
                self.pause(_POLL_S)
            else:
                self.idle()
        if not self._pulled:  # the terminal's last word may still lie in the line
            with contextlib.suppress(OSError):
                self.hear(os.read(self._master, 4096))
        os.close(self._master)
