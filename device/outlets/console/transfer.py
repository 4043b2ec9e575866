"""Files over the technician's port by ZMODEM: the line is lent to the system's ``sz`` or ``rz`` for that long."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from device.outlets.console.desk import Tool
from device.outlets.console.running import Running

_SETTLE_S: Final = 0.5


def send(running: Running, name: str, make: tuple[str, ...]) -> None:
    """Make a file by a command line and send it; none: the log."""
    desk = running.session.desk
    _lend(running, lambda line, done: desk.send_file(line, name, make, done))


def receive(running: Running, kind: str, size: int) -> None:
    """Receive one file of exactly ``size`` bytes."""
    desk = running.session.desk
    _lend(running, lambda line, done: desk.receive_file(line, kind, size, done))


def _lend(running: Running, begin: Callable[[int, Callable[[str], None]], Tool]) -> None:
    """Say that it begins, wait until that is sent, lend the line, and take it back whatever comes of it.

    A far end that does not know ZMODEM gets its line back when the program gives up. The reply comes a moment after
    the transfer and on a fresh line, because the far end's program reads ahead and leaves signs of its own.
    """
    session = running.session

    def done(error: str) -> None:
        running.tool = None
        session.desk.call_in(_SETTLE_S, lambda: finish(error))

    def finish(error: str) -> None:
        session.line.take_back()
        session.transfer(False)
        session.line.write(b"\r\n")
        if error:
            running.fail(error)
        else:
            running.ok()

    def start() -> None:
        running.tool = None
        if session.line.full:  # the far end is slow to read; ZMODEM may begin only behind our own lines
            running.tool = session.desk.call_in(_SETTLE_S, start)
        elif not running.ended:
            running.tool = begin(session.line.lend(), done)

    session.transfer(True)
    running.say("zmodem")
    running.tool = session.desk.call_in(_SETTLE_S, start)
