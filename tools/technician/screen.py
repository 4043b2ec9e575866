"""The laptop's own terminal window: plain ANSI, its size asked for each time, quiet where nobody watches."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
from collections.abc import Sequence
from typing import Final, TextIO

from tools.technician.cells import cut

RESET: Final = "\x1b[0m"
COLOURS: Final = {"good": "\x1b[32m", "warn": "\x1b[33m", "bad": "\x1b[31m", "dim": "\x1b[2m", "strong": "\x1b[1m"}
_ENTER: Final = "\x1b[?1049h\x1b[?25l"
_LEAVE: Final = "\x1b[?25h\x1b[?1049l"


class Screen:
    """Writes lines for good, or paints the whole window again and again while something goes on.

    ``live`` False (a pipe, ``TERM=dumb``, an old Windows): nothing is ever painted, only lines are written.
    """

    def __init__(self, out: TextIO, *, colour: bool | None = None) -> None:
        self._out = out
        self.live = out.isatty() and os.environ.get("TERM") != "dumb" and _speaks_ansi()
        wanted = self.live and "NO_COLOR" not in os.environ if colour is None else colour
        self._colour = wanted and self.live
        self._painting = False
        self.plain = not _can_write(out, "█░─中")

    @property
    def columns(self) -> int:
        """Cells of a line that may be written."""
        return max(20, shutil.get_terminal_size((80, 24)).columns)

    @property
    def rows(self) -> int:
        """Lines of the window."""
        return max(6, shutil.get_terminal_size((80, 24)).lines)

    def paint(self, lines: Sequence[tuple[str, str]]) -> None:
        """Show lines, each with the name of its colour ("" none), instead of what was painted before."""
        if not self.live:
            return
        columns, rows = self.columns, self.rows
        text = "" if self._painting else _ENTER
        self._painting = True
        shown = [self.coloured(cut(line, columns - 1), colour) + "\x1b[K" for line, colour in lines[: rows - 1]]
        self._write(f"{text}\x1b[H" + "\r\n".join(shown) + "\x1b[J")

    def leave(self) -> None:
        """Give the window back as it was."""
        if self._painting:
            self._painting = False
            self._write(_LEAVE)

    def say(self, line: str, colour: str = "") -> None:
        """Write a line that stays."""
        self.leave()
        self._write(self.coloured("".join(sign for sign in line if sign.isprintable()), colour) + "\n")

    def over(self, line: str) -> None:
        """Write a line that the next one replaces; nothing where nobody watches."""
        if self.live and not self._painting:
            self._write(f"\r{cut(line, self.columns - 1)}\x1b[K")

    def wipe(self) -> None:
        """Take the replaceable line away."""
        if self.live and not self._painting:
            self._write("\r\x1b[K")

    def coloured(self, text: str, colour: str) -> str:
        """``text`` in a colour, where there are any."""
        return f"{COLOURS[colour]}{text}{RESET}" if colour and self._colour else text

    def _write(self, text: str) -> None:
        encoding = self._out.encoding or "utf-8"
        with contextlib.suppress(BrokenPipeError):
            self._out.write(text.encode(encoding, "replace").decode(encoding))
            self._out.flush()


def _can_write(out: TextIO, text: str) -> bool:
    try:
        text.encode(out.encoding or "ascii")
    except UnicodeEncodeError:
        return False
    return True


def _speaks_ansi() -> bool:
    """Windows 10 and later do once they are told to (SetConsoleMode, ENABLE_VIRTUAL_TERMINAL_PROCESSING)."""
    if sys.platform != "win32":
        return True
    import ctypes  # noqa: PLC0415

    kernel = ctypes.windll.kernel32
    handle, mode = kernel.GetStdHandle(-11), ctypes.c_uint32()
    if not kernel.GetConsoleMode(handle, ctypes.byref(mode)):
        return False
    return bool(kernel.SetConsoleMode(handle, mode.value | 4))
