"""A command that runs: what it says, and its one end."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from device.outlets.console.command_table import CommandRow
from device.outlets.console.desk import Tool
from protocol.console_line import Done, Progress, Remark

if TYPE_CHECKING:
    from device.outlets.console.session import Session


class Running:
    """Handlers write through it. Whatever happens, exactly one of :meth:`ok` and :meth:`fail` is sent."""

    def __init__(self, session: Session, row: CommandRow, *, checked: bool) -> None:
        self.session = session
        self.row = row
        self.tool: Tool | None = None
        self.endless = False  # it goes on until it is stopped
        self.on_stop: Callable[[], None] = lambda: None
        self.prompted = ""  # the check whose prompt a person may answer
        self.outcome = ""  # as the audit log tells it
        self._checked = checked
        self._ended = False

    @property
    def ended(self) -> bool:
        """Whether its reply was sent."""
        return self._ended

    def say(self, text: str) -> None:
        """Write ``# text``, one line for each of the text's."""
        if not self._ended:
            for line in text.split("\n"):
                self.session.send(Remark(line.rstrip()), checked=self._checked)

    def progress(self, done: int, total: int, text: str) -> None:
        """Write ``PROGRESS done/total text``."""
        if not self._ended:
            self.session.send(Progress(done, total, text), checked=self._checked)

    def ok(self, text: str = "") -> None:
        """End well."""
        if not self._ended:
            self._ended, self.outcome = True, "ok"
            self.session.send(Done(text), checked=self._checked)
            self.session.ended(self)

    def fail(self, error: str, **values: str) -> None:
        """End with an error of the table."""
        if not self._ended:
            self._ended, self.outcome = True, error
            self.session.fail(error, checked=self._checked, **values)
            self.session.ended(self)

    def bad_words(self) -> None:
        """The words do not fit the command."""
        self.fail("bad_words", usage=self.row.usage)

    def stop(self) -> None:
        """Somebody sent ``stop`` or pulled the cable."""
        tool, self.tool = self.tool, None
        self.on_stop()
        self.fail("stopped")
        if tool is not None:
            tool.cancel()
