"""A serial port for the length of one check, and the only place where pyserial is used.

Two readers of one tty split its bytes between them, so nobody else's port is ever opened: before opening, lock files
(the UUCP habit, ``LCK..ttyS1``) and other processes' descriptors are looked at; after opening, the port is marked
exclusive (TIOCEXCL, tty_ioctl(4)) and locked (flock). PTYs lack modem lines and pass all the same.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import select
import stat
import struct
import termios
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import serial

LOCK_FOLDERS: Final = (Path("/run/lock"), Path("/var/lock"))
_HELD: Final = (errno.EBUSY, errno.EAGAIN, errno.EWOULDBLOCK)
_GONE: Final = (errno.EIO, errno.ENODEV, errno.ENXIO, errno.EBADF)
_READ_SIZE: Final = 4096
_HUNG: Final = select.POLLHUP | select.POLLERR | select.POLLNVAL


class PortError(Exception):
    """A serial port cannot be used; the text is one sentence that names the port."""


class PortHeldError(PortError):
    """Another process uses the port. ``holder`` is its name and id, as far as they can be seen."""

    def __init__(self, port: str, holder: str) -> None:
        super().__init__(f"{port} is in use by {holder}; it was left alone.")
        self.holder = holder


class PortMissingError(PortError):
    """There is no such port, or it is no serial port, or this user may not open it."""


class PortLostError(PortError):
    """The device went away while it was in use."""


class PortDeadlineError(PortError):
    """The time given to the whole conversation is used up."""


@dataclass(frozen=True, slots=True)
class _Holder:
    """A process that has the line open."""

    pid: int
    name: str

    def __str__(self) -> str:
        return f"{self.name} (pid {self.pid})"


class SerialPort:
    """An open port, 8N1. Use :func:`open_serial`, as a context manager."""

    def __init__(self, line: serial.Serial, port: str, timeout_s: float) -> None:
        self._line = line
        self._fd = line.fileno()
        self._port = port
        self._deadline = time.monotonic() + timeout_s

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close(discard=isinstance(error, PortError) or self.remaining_s <= 0)

    def fileno(self) -> int:
        """Descriptor of the open port, for an event loop that waits for it."""
        return self._fd

    @property
    def remaining_s(self) -> float:
        """Seconds left of the time given at opening; never below zero."""
        return max(0.0, self._deadline - time.monotonic())

    def close(self, *, discard: bool = False) -> None:
        """Give the port back; closing twice does no harm. ``discard`` drops bytes that were not sent yet."""
        if not self._line.is_open:
            return
        with contextlib.suppress(OSError):  # the mark outlives the descriptor where the other side stays open
            fcntl.ioctl(self._fd, termios.TIOCNXCL)
        if discard:  # else the kernel could wait half a minute for a stuck line to take them
            self.discard_output()
        self._line.close()

    def read_some(self, timeout_s: float) -> bytearray:
        """Return what arrives first within ``timeout_s``; empty if nothing does. The caller may wipe it.

        Raises PortLostError when the device went away, PortDeadlineError when the whole time is used up.
        """
        if not self._wait(select.POLLIN, timeout_s):
            return bytearray()
        data = bytearray(_READ_SIZE)
        try:
            count = os.readv(self._fd, [data])
        except BlockingIOError:
            return bytearray()
        except OSError as error:
            raise self._lost(error) from error
        if count == 0:  # readable and yet nothing there: the far end hung up
            raise self._lost(None)
        del data[count:]
        return data

    def discard_output(self) -> None:
        """Drop bytes that the line has not taken yet."""
        with contextlib.suppress(OSError, termios.error):
            termios.tcflush(self._fd, termios.TCOFLUSH)

    def carrier(self) -> bool | None:
        """Whether the far end is there, by the lines DSR or DCD; None where there are none (a PTY, a USB gadget)."""
        try:
            state = fcntl.ioctl(self._fd, termios.TIOCMGET, bytes(4))
        except OSError:
            return None
        return bool(struct.unpack("I", state)[0] & (termios.TIOCM_DSR | termios.TIOCM_CAR))

    def write(self, data: bytes) -> None:
        """Write all of ``data``. Raises PortLostError, or PortDeadlineError when the line takes no bytes."""
        view = memoryview(data)
        while view:
            if not self._wait(select.POLLOUT, self.remaining_s):
                continue
            try:
                view = view[os.write(self._fd, view) :]
            except BlockingIOError:
                continue
            except OSError as error:
                raise self._lost(error) from error

    def _wait(self, events: int, timeout_s: float) -> bool:
        remaining_s = self.remaining_s
        if remaining_s <= 0:
            raise PortDeadlineError(f"The device on {self._port} did not finish in the time it had.")
        poll = select.poll()
        poll.register(self._fd, events)
        ready = poll.poll(max(1, min(timeout_s, remaining_s) * 1000))
        if not ready:
            return False
        if ready[0][1] & _HUNG and not ready[0][1] & select.POLLIN:
            raise self._lost(None)
        return True

    def _lost(self, error: OSError | None) -> PortError:
        if error is None or error.errno in _GONE:
            return PortLostError(f"The device on {self._port} went away while it was being asked.")
        return PortError(f"{self._port} failed: {os.strerror(error.errno or 0)}.")


def open_serial(
    port: str, baud: int, timeout_s: float, lock_folders: Sequence[Path] = LOCK_FOLDERS, flow: str = "none"
) -> SerialPort:
    """Open ``port`` for at most ``timeout_s`` seconds of conversation, unless somebody else uses it.

    ``flow``: ``none``, ``rtscts`` or ``xonxoff``.
    Raises PortHeldError, PortMissingError, or PortError for a speed the port does not know.
    """
    path = Path(port)
    try:
        status = path.stat()
    except OSError as error:
        raise PortMissingError(f"{port} is not there ({os.strerror(error.errno or 0)}).") from error
    if not stat.S_ISCHR(status.st_mode):
        raise PortMissingError(f"{port} is not a serial port.")
    holder = _lock_holder(path, lock_folders) or _opener_of(status.st_rdev)
    if holder is not None:
        raise PortHeldError(port, str(holder))
    return SerialPort(_open(port, baud, status.st_rdev, flow), port, timeout_s)


def _open(port: str, baud: int, device: int, flow: str) -> serial.Serial:
    line = serial.Serial(baudrate=baud, timeout=0, write_timeout=0, exclusive=True)
    line.rtscts, line.xonxoff = flow == "rtscts", flow == "xonxoff"
    line.port = port
    try:
        line.open()
        fcntl.ioctl(line.fileno(), termios.TIOCEXCL)
    except (OSError, ValueError, OverflowError, termios.error) as error:
        line.close()
        number = getattr(error, "errno", None)
        if number in _HELD:
            raise PortHeldError(port, str(_opener_of(device) or "another process")) from error
        if number in (errno.ENOENT, errno.EACCES, errno.EPERM, *_GONE):
            raise PortMissingError(f"{port} cannot be opened ({os.strerror(number)}).") from error
        raise PortError(f"{port} cannot be set up as a serial port at {baud} baud.") from error
    rival = _opener_of(device)  # one that does not lock may have come between looking and opening
    if rival is not None:
        with contextlib.suppress(OSError):
            fcntl.ioctl(line.fileno(), termios.TIOCNXCL)
        line.close()
        raise PortHeldError(port, str(rival))
    return line


def _lock_holder(path: Path, folders: Sequence[Path]) -> _Holder | None:
    """Return the live process that a lock file names; a lock whose process has ended is stale and does not count."""
    names = {f"LCK..{name}" for p in (path, path.resolve()) for name in (p.name, "_".join(p.parts[2:]))}
    for folder in folders:
        for name in sorted(names):
            try:
                raw = (folder / name).read_bytes()[:64]
            except OSError:
                continue
            pid = _parse_lock(raw)
            if pid is not None and pid != os.getpid() and Path(f"/proc/{pid}").exists():
                return _Holder(pid, _name_of(pid))
    return None


def _parse_lock(raw: bytes) -> int | None:
    """Read the process id of a lock file: ASCII (FHS 3.0, 5.9) or, from old programs, a binary int."""
    words = raw.split()
    if words and words[0].isdigit():
        return int(words[0])
    return int(struct.unpack("=i", raw)[0]) if len(raw) == 4 else None


def _opener_of(device: int) -> _Holder | None:
    """Return another process that has the device open, as far as this user may look."""
    for pid in _processes():
        if pid == os.getpid():
            continue
        with contextlib.suppress(OSError), os.scandir(f"/proc/{pid}/fd") as entries:
            if any(_is_device(entry.path, device) for entry in entries):
                return _Holder(pid, _name_of(pid))
    return None


def _is_device(path: str, device: int) -> bool:
    try:
        # the name first: asking a descriptor of a dead network share for its status could hang
        return os.readlink(path).startswith("/dev/") and os.stat(path).st_rdev == device  # noqa: PTH115, PTH116
    except OSError:
        return False


def _processes() -> Iterator[int]:
    return (int(name) for name in os.listdir("/proc") if name.isdigit())  # noqa: PTH208


def _name_of(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/comm").read_text("utf-8", "replace").strip() or "a process"
    except OSError:
        return "a process"
