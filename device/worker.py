"""A worker: a forked child for a call that may block, hang or crash, with a deadline and a kill switch.

The service is single-threaded, so that ``fork`` without ``exec`` is sound and costs a millisecond and no imports.
The child reports newline-delimited JSON through a pipe and ends with ``os._exit``: it never runs the parent's
clean-up, never touches the database, and closes every inherited descriptor but its own pipe and the log.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, TypeAlias

from device.loop import READ, Loop, Timer

Report: TypeAlias = Callable[[Any], None]
Task: TypeAlias = Callable[[Report], None]

_MOST_LINE: Final = 1 << 20
_GRACE_S: Final = 2.0
_REAP_S: Final = 0.05
_MOST_REAP_S: Final = 120.0
_MOST_FDS: Final = 65536
_NICE: Final = 10


class End(StrEnum):
    """How a worker ended."""

    DONE = "done"
    CRASHED = "crashed"
    DEADLINE = "deadline"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Ending:
    """The end of one worker: how, after how many seconds, and for a crash what it died of (no data, only names)."""

    end: End
    took_s: float
    detail: str = ""


def give_way() -> None:
    """In a worker whose outcome nobody at the till waits for: let a sale have the processor first.

    Where the service's unit forbids it (@resources), its CPUWeight has settled that already for all of the service.
    """
    with contextlib.suppress(PermissionError):
        os.nice(_NICE)


class Worker:
    """Runs ``task(report)`` in a child. ``on_report`` gets each reported value, ``on_end`` the ending, once.

    ``kept`` is a descriptor that stays open in the child.
    """

    def __init__(
        self,
        loop: Loop,
        task: Task,
        deadline_s: float,
        on_report: Callable[[Any], None],
        on_end: Callable[[Ending], None],
        kept: int | None = None,
    ) -> None:
        self._loop = loop
        self._on_report = on_report
        self._on_end = on_end
        self._buffer = bytearray()
        self._end = End.DONE
        self._detail = ""
        self._started = time.monotonic()
        sys.stdout.flush()
        sys.stderr.flush()
        self._fd, child_fd = os.pipe()
        # a child whose service has died must not go on holding a port
        lifeline, self._lifeline = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            _run_child(task, child_fd, lifeline, deadline_s, kept)
        os.close(child_fd)
        os.close(lifeline)
        os.set_blocking(self._fd, False)
        loop.watch(self._fd, READ, self._read)
        self._timer: Timer = loop.call_in(deadline_s, self._overdue)

    def cancel(self) -> None:
        """Kill the child now; :attr:`on_end` still comes, as CANCELLED."""
        self._kill(End.CANCELLED)

    def _overdue(self) -> None:
        self._kill(End.DEADLINE)

    def _kill(self, end: End) -> None:
        if self._fd < 0:
            return
        self._end = end
        for send in (os.killpg, os.kill):  # the group: a grandchild may hang too
            with contextlib.suppress(ProcessLookupError, PermissionError):
                send(self.pid, signal.SIGKILL)
        self._close()

    def _read(self, _events: int) -> None:
        try:
            chunk = os.read(self._fd, 65536)
        except BlockingIOError:
            return
        if not chunk:
            self._close()
            return
        self._buffer += chunk
        while (end := self._buffer.find(b"\n")) >= 0:
            line = bytes(self._buffer[:end])
            del self._buffer[: end + 1]
            try:
                value = json.loads(line)
            except ValueError:  # a library in the child may write where it likes
                self._detail = "reported something unreadable"
                self._kill(End.CRASHED)
                return
            if isinstance(value, dict) and "crash" in value:
                self._end, self._detail = End.CRASHED, str(value["crash"])
            else:
                self._on_report(value)
            if self._fd < 0:  # the callback cancelled us
                return
        if len(self._buffer) > _MOST_LINE:
            self._detail = "reported a line without end"
            self._kill(End.CRASHED)

    def _close(self) -> None:
        self._timer.cancel()
        self._loop.unwatch(self._fd)
        os.close(self._fd)
        self._fd = -1
        self._reap()

    def _reap(self) -> None:
        """Collect the child without ever waiting: one stuck in the kernel must not stop the loop."""
        pid, status = os.waitpid(self.pid, os.WNOHANG)
        took = time.monotonic() - self._started
        if pid == 0 and took < _MOST_REAP_S:
            self._loop.call_in(_REAP_S, self._reap)
            return
        if self._end is End.DONE and (pid == 0 or status != 0):
            self._end = End.CRASHED
            self._detail = f"ended by signal {os.WTERMSIG(status)}" if os.WIFSIGNALED(status) else "ended early"
        os.close(self._lifeline)
        self._on_end(Ending(self._end, took, self._detail))


def silence() -> None:
    """For a worker that calls a foreign library: what it prints goes nowhere, because nobody can vouch for it."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for descriptor in (1, 2):
        os.dup2(nowhere, descriptor)
    os.close(nowhere)


def _run_child(task: Task, fd: int, lifeline: int, deadline_s: float, kept: int | None) -> None:
    """Everything the child does; it never returns."""
    code = 1
    try:
        os.setsid()
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGCHLD, signal.SIGALRM):
            signal.signal(number, signal.SIG_DFL)
        signal.set_wakeup_fd(-1)
        signal.setitimer(signal.ITIMER_REAL, deadline_s + _GRACE_S)  # the last resort
        _close_all_but({fd, lifeline, *(() if kept is None else (kept,))})
        _end_with_parent(lifeline)

        def report(value: object) -> None:
            _write_all(fd, json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode() + b"\n")

        try:
            task(report)
            code = 0
        except BaseException as error:
            report({"crash": name_of_error(error)})
    finally:
        os._exit(code)


def _close_all_but(kept: set[int]) -> None:
    """Close every descriptor from 3 on that is not ``kept``."""
    start = 3
    for fd in (*sorted(kept), min(os.sysconf("SC_OPEN_MAX"), _MOST_FDS)):
        os.closerange(start, fd)
        start = fd + 1


def _end_with_parent(lifeline: int) -> None:
    """Have the kernel end this child as soon as nobody holds the other end: SIGIO, fcntl(2), whose default is that."""
    signal.signal(signal.SIGIO, signal.SIG_DFL)
    fcntl.fcntl(lifeline, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(lifeline, fcntl.F_SETFL, os.O_ASYNC | os.O_NONBLOCK)
    with contextlib.suppress(BlockingIOError):
        os.read(lifeline, 1)  # end of file: the parent was gone before
        os._exit(1)


def name_of_error(error: BaseException) -> str:
    """Type and place of an error, without its text: a text could carry data."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    place = f" at {trace.tb_frame.f_globals.get('__name__')}:{trace.tb_lineno}" if trace is not None else ""
    return type(error).__name__ + place


def _write_all(fd: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]
