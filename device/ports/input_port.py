"""One input device of the terminal, open only while somebody listens: keys pressed and places touched."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from device.loop import READ, Loop
from native.input_device import (
    ABS_MT_TRACKING_ID,
    ABS_MT_X,
    ABS_MT_Y,
    ABS_X,
    ABS_Y,
    BTN_TOUCH,
    EV_ABS,
    EV_KEY,
    EV_SYN,
    EVENT_BYTES,
    SYN_DROPPED,
    SYN_REPORT,
    InputEvent,
    axis_range,
    parse_events,
)

_MOST_AT_ONCE: Final = 64 * EVENT_BYTES
_AXES: Final = {ABS_X: 0, ABS_MT_X: 0, ABS_Y: 1, ABS_MT_Y: 1}


@dataclass(frozen=True, slots=True)
class Tap:
    """Where a finger left the panel, as fractions of its width and height from 0 to 1.

    None where the device does not tell the range of its axis: then the raw value counts, in pixels.
    """

    raw: tuple[int, int]
    share: tuple[float | None, float | None]


class InputPort:
    """Reads ``/dev/input/eventN``. It does not grab the device: the payment application goes on hearing its keys.

    ``on_key(code)`` comes for each press (no repeats), ``on_tap`` when a finger is lifted, ``on_lost(reason)`` once if
    the device cannot be opened or goes away.
    """

    def __init__(
        self,
        loop: Loop,
        path: Path,
        on_key: Callable[[int], None],
        on_tap: Callable[[Tap], None],
        on_lost: Callable[[str], None],
    ) -> None:
        self._loop = loop
        self._path = path
        self._on_key = on_key
        self._on_tap = on_tap
        self._on_lost = on_lost
        self._fd = -1
        self._place = [0, 0]
        self._lifted = False
        self._keys: list[int] = []
        self._lost_some = False

    def open(self) -> None:
        """Listen from now on; what was pressed before is not heard."""
        if self._fd >= 0:
            return
        try:
            self._fd = os.open(self._path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError as error:
            self._on_lost(error.strerror or "unknown")
            return
        self._lifted, self._lost_some, self._keys = False, False, []
        self._loop.watch(self._fd, READ, self._read)

    def close(self) -> None:
        """Listen no more."""
        if self._fd >= 0:
            self._loop.unwatch(self._fd)
            os.close(self._fd)
            self._fd = -1

    def _read(self, _events: int) -> None:
        try:
            data = os.read(self._fd, _MOST_AT_ONCE)
        except BlockingIOError:
            return
        except OSError as error:
            data, reason = b"", error.strerror or "unknown"
        else:
            reason = "end of file"
        if not data:
            self.close()
            self._on_lost(reason)
            return
        for event in parse_events(data):
            self._take(event)
            if self._fd < 0:  # what it led to has closed us
                return

    def _take(self, event: InputEvent) -> None:
        if event.kind == EV_SYN:
            self._sync(event.code)
        elif event.kind == EV_ABS and event.code in _AXES:
            self._place[_AXES[event.code]] = event.value
        elif event.kind == EV_ABS and event.code == ABS_MT_TRACKING_ID:
            self._lifted = event.value == -1
        elif event.kind == EV_KEY and event.code == BTN_TOUCH:
            self._lifted = event.value == 0
        elif event.kind == EV_KEY and event.value == 1:
            self._keys.append(event.code)

    def _sync(self, code: int) -> None:
        """A report is whole: only now its events count."""
        if code == SYN_DROPPED:
            self._lost_some = True
        if code != SYN_REPORT:
            return
        keys, lifted, whole = self._keys, self._lifted, not self._lost_some
        self._keys, self._lifted, self._lost_some = [], False, False
        if not whole:
            return
        for key in keys:
            self._on_key(key)
        if lifted and self._fd >= 0:
            self._on_tap(self._tap())

    def _tap(self) -> Tap:
        shares = []
        for place, axes in zip(self._place, ((ABS_X, ABS_MT_X), (ABS_Y, ABS_MT_Y)), strict=True):
            limits = next((found for axis in axes if (found := axis_range(self._fd, axis)) is not None), None)
            shares.append(None if limits is None else (place - limits[0]) / (limits[1] - limits[0]))
        return Tap((self._place[0], self._place[1]), (shares[0], shares[1]))
