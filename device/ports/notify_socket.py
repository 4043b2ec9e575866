"""The supervisor's notification socket (sd_notify(3)): ready, alive, status. Without a supervisor nothing is sent."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from typing import Final

_USEC: Final = 1_000_000


class NotifySocket:
    """Tells systemd how the service is; it must hear :meth:`alive` every ``watchdog_s`` seconds (None: it need not)."""

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        self._address = environment.get("NOTIFY_SOCKET", "").replace("@", "\0", 1)
        self.watchdog_s = _watchdog_s(environment) if self._address else None

    def ready(self) -> None:
        """Start-up is over."""
        self._send("READY=1")

    def alive(self) -> None:
        """The loop still meets its deadlines."""
        self._send("WATCHDOG=1")

    def status(self, text: str) -> None:
        """One line for ``systemctl status``."""
        self._send("STATUS=" + text.replace("\n", " "))

    def _send(self, message: str) -> None:
        """Send it or leave it: a supervisor that does not listen is no failure of ours, and must not hold us up."""
        if not self._address:
            return
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK) as sock:
            try:
                sock.sendto(message.encode(), self._address)
            except OSError:
                return


def _watchdog_s(environment: Mapping[str, str]) -> float | None:
    """WATCHDOG_USEC counts only for the process that WATCHDOG_PID names (sd_watchdog_enabled(3))."""
    usec, pid = environment.get("WATCHDOG_USEC", ""), environment.get("WATCHDOG_PID", "")
    if not usec.isdecimal() or int(usec) == 0 or (pid and pid != str(os.getpid())):
        return None
    return int(usec) / _USEC
