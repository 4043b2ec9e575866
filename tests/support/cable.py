"""A cable between two PTYs that can be pulled, plugged in again, cut after so many bytes, spoilt and slowed down."""

from __future__ import annotations

import contextlib
import os
import pty
import select
import threading
import tty
from collections.abc import Callable
from pathlib import Path
from typing import Final

_CHUNK: Final = 4096


class Cable:
    """``terminal`` and ``laptop`` are the names of its ends; they stay the same over pulls.

    The terminal's end stays open when the cable is pulled, as at a UART without modem lines: it learns nothing of it.
    ``spoil``: changes what goes to the laptop. ``cut_when``: asked after each piece with all that went to the terminal
    and to the laptop; True pulls the cable, once.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.terminal, self.laptop = folder / "terminal", folder / "laptop"
        self.up, self.down = bytearray(), bytearray()
        self.spoil: Callable[[bytes], bytes] = lambda data: data
        self.cut_when: Callable[[bytes, bytes], bool] = lambda _up, _down: False
        self.one_by_one = False  # bytes go to the laptop singly
        self.pulled = threading.Event()
        self._ending = threading.Event()
        self._change = threading.Lock()
        self._far = _end(self.terminal)
        self._near = _end(self.laptop)
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def pull(self) -> None:
        """Hang up on the laptop; bytes on their way are lost."""
        with self._change:
            if self._near >= 0:
                os.close(self._near)
                self._near = -1
                self.laptop.unlink()
                self.pulled.set()

    def plug(self) -> None:
        """Plug in again."""
        with self._change:
            self.pulled.clear()
            self._near = _end(self.laptop)

    def close(self) -> None:
        """End it."""
        self._ending.set()
        self._thread.join()
        self.pull()
        os.close(self._far)

    def __enter__(self) -> Cable:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _run(self) -> None:
        while not self._ending.is_set():
            poll = select.poll()
            with self._change:
                near = self._near
            poll.register(self._far, select.POLLIN)
            if near >= 0:
                poll.register(near, select.POLLIN)
            ready = dict(poll.poll(20))
            if not any(events & select.POLLIN for events in ready.values()):
                self._ending.wait(0.005)  # an end that nobody has open says so at once, again and again
                continue
            with contextlib.suppress(OSError):
                if ready.get(self._far, 0) & select.POLLIN:
                    self._pass_down(os.read(self._far, _CHUNK))
            with contextlib.suppress(OSError):
                if near >= 0 and ready.get(near, 0) & select.POLLIN:
                    self._pass_up(self._read_near())
            if self._near >= 0 and self.cut_when(bytes(self.up), bytes(self.down)):
                self.cut_when = lambda _up, _down: False
                self.pull()

    def _read_near(self) -> bytes:
        """What the laptop sent; the number of a cable that was pulled meanwhile may be somebody else's."""
        with self._change:
            return os.read(self._near, _CHUNK) if self._near >= 0 else b""

    def _pass_down(self, data: bytes) -> None:
        self.down += data
        data = self.spoil(data)
        with self._change:
            pieces = [bytes([byte]) for byte in data] if self.one_by_one else [data]
            for piece in pieces:
                if self._near >= 0:
                    _write_all(self._near, piece, self._ending)
                if self.one_by_one:
                    self._ending.wait(0.0005)

    def _pass_up(self, data: bytes) -> None:
        self.up += data
        _write_all(self._far, data, self._ending)


def _end(name: Path) -> int:
    master, slave = pty.openpty()
    tty.setraw(slave)
    name.unlink(missing_ok=True)
    name.symlink_to(os.ttyname(slave))
    os.close(slave)
    os.set_blocking(master, False)
    return master


def _write_all(fd: int, data: bytes, ending: threading.Event) -> None:
    view = memoryview(data)
    while view and not ending.is_set():
        if select.select([], [fd], [], 0.05)[1]:
            with contextlib.suppress(BlockingIOError):
                view = view[os.write(fd, view) :]
