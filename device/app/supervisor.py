"""The supervisor (systemd) and its watchdog, fed while the loop meets its deadlines, whatever a worker does."""

from __future__ import annotations

from typing import Final

from device.loop import Loop
from device.ports.notify_socket import NotifySocket

_SHARE: Final = 0.5  # sd_watchdog_enabled(3): at half of the time


class Supervisor:
    """Hears that we are ready, then that we are alive. A loop that is stuck says nothing, and is started again."""

    def __init__(self, loop: Loop) -> None:
        self._loop = loop
        self._notify = NotifySocket()

    def ready(self) -> None:
        """Start-up is over; from now on the watchdog is fed, where the supervisor asks for it."""
        self._notify.ready()
        if self._notify.watchdog_s is not None:
            self._feed(self._notify.watchdog_s * _SHARE)

    def _feed(self, every_s: float) -> None:
        self._notify.alive()
        self._loop.call_in(every_s, lambda: self._feed(every_s))
