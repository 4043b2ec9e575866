"""A progress bar on a terminal: bytes done and of how many, rate, time left. Nothing on anything but a terminal."""

from __future__ import annotations

import time
from typing import Final, TextIO

_STEP_S: Final = 0.2
_BAR: Final = 20
_CLEAR: Final = "\r\x1b[K"
_UNITS: Final = ("B", "kB", "MB", "GB")
_THOUSAND: Final = 1000
_MINUTE_S: Final = 60


class Progress:
    """``size`` is the number of bytes to come, 0 where nobody knows. Clear it before anything else is printed."""

    def __init__(self, stream: TextIO, size: int) -> None:
        self._stream = stream
        self._size = size
        self._begun_s = time.monotonic()
        self._next_s = self._begun_s + _STEP_S
        self._is_on = stream.isatty()
        self._is_shown = False

    def show(self, done: int) -> None:
        """Redraw, at most a few times a second."""
        if not self._is_on:
            return
        now_s = time.monotonic()
        if now_s < self._next_s:
            return
        self._next_s = now_s + _STEP_S
        self._stream.write(_CLEAR + bar_text(done, self._size, now_s - self._begun_s))
        self._stream.flush()
        self._is_shown = True

    def clear(self) -> None:
        """Take it off the screen."""
        if self._is_shown:
            self._stream.write(_CLEAR)
            self._stream.flush()
            self._is_shown = False


def bar_text(done: int, size: int, spent_s: float) -> str:
    """``[#####---------------] 12.0 MB of 48.0 MB  3.0 MB/s  0:12 left``."""
    rate = done / spent_s if spent_s > 0 else 0.0
    told = f"{_amount(rate)}/s"
    if size <= 0:
        return f"{_amount(done)}  {told}"
    filled = min(_BAR, _BAR * done // size)
    bar = f"[{'#' * filled}{'-' * (_BAR - filled)}] {_amount(done)} of {_amount(size)}  {told}"
    if rate <= 0:
        return bar
    minutes, seconds = divmod(round(max(0, size - done) / rate), _MINUTE_S)
    return f"{bar}  {minutes}:{seconds:02} left"


def _amount(count: float) -> str:
    unit = 0
    while count >= _THOUSAND and unit < len(_UNITS) - 1:
        count /= _THOUSAND
        unit += 1
    return f"{count:.1f} {_UNITS[unit]}" if unit else f"{count:.0f} B"
