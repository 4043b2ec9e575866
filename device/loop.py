"""The one event loop: file descriptors and timers of a single-threaded process."""

from __future__ import annotations

import heapq
import itertools
import os
import selectors
import signal
import time
from collections.abc import Callable
from typing import Final

READ: Final = selectors.EVENT_READ
WRITE: Final = selectors.EVENT_WRITE


class Timer:
    """A call that is due once; :meth:`cancel` before it is due."""

    __slots__ = ("call", "due")

    def __init__(self, due: float, call: Callable[[], None]) -> None:
        self.due = due
        self.call: Callable[[], None] | None = call

    def cancel(self) -> None:
        """Never call it; cancelling twice or too late is harmless."""
        self.call = None


class Loop:
    """Calls back when a descriptor is ready or a timer is due. It sleeps without any wake-up in between."""

    def __init__(self) -> None:
        self._selector = selectors.DefaultSelector()
        self._timers: list[tuple[float, int, Timer]] = []
        self._count = itertools.count()
        self._stop_asked = False
        self.wakeups = 0

    def watch(self, fd: int, events: int, call: Callable[[int], None]) -> None:
        """Call ``call(ready_events)`` whenever ``fd`` is ready; watching again changes events and call."""
        try:
            self._selector.modify(fd, events, call)
        except KeyError:
            self._selector.register(fd, events, call)

    def unwatch(self, fd: int) -> None:
        """Forget ``fd``; unknown ones are ignored."""
        try:
            self._selector.unregister(fd)
        except (KeyError, ValueError):
            return

    def stop_on(self, *signals: int) -> None:
        """Leave :meth:`run` at any of these signals, even in the middle of a long sleep."""
        readable, writable = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        signal.set_wakeup_fd(writable, warn_on_full_buffer=False)
        for number in signals:
            signal.signal(number, lambda *_: self.stop())

        def drain(_events: int) -> None:
            os.read(readable, 64)

        self.watch(readable, READ, drain)

    def call_in(self, delay_s: float, call: Callable[[], None]) -> Timer:
        """Call once after ``delay_s`` seconds of monotonic time."""
        timer = Timer(time.monotonic() + delay_s, call)
        heapq.heappush(self._timers, (timer.due, next(self._count), timer))
        return timer

    def stop(self) -> None:
        """Leave :meth:`run` after the current round; before it has begun, at once: a signal may come that early."""
        self._stop_asked = True

    def run(self) -> None:
        """Run until :meth:`stop`."""
        while not self._stop_asked:
            self.run_once()
        self._stop_asked = False

    def run_once(self) -> None:
        """Wait for the next event or timer and serve all that are ready."""
        while self._timers and self._timers[0][2].call is None:
            heapq.heappop(self._timers)
        timeout = max(0.0, self._timers[0][0] - time.monotonic()) if self._timers else None
        ready = self._selector.select(timeout)
        self.wakeups += 1
        for key, events in ready:
            # an earlier callback of this round may have dropped this descriptor
            if self._selector.get_map().get(key.fd) is key:
                key.data(events)
        now = time.monotonic()
        while self._timers and self._timers[0][0] <= now:
            timer = heapq.heappop(self._timers)[2]
            call, timer.call = timer.call, None
            if call is not None:
                call()
