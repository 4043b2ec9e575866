"""What the technician's port asks of the app."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from device.actions import Actions


class Tool(Protocol):
    """A command line that runs in a process of its own."""

    def cancel(self) -> None:
        """End it now; its end is told all the same."""


class ConsoleDesk(Actions, Protocol):
    """The actions, and what only this port needs."""

    def texts(self, language: str) -> Mapping[str, Mapping[str, Any]]:
        """The catalogue's texts of one language."""

    def tool(self, words: Sequence[str], on_line: Callable[[str], None], done: Callable[[int | None], None]) -> Tool:
        """Run ``posmedic`` with these words in a process of its own.

        Each line of its output goes to ``on_line``, then its exit code to ``done`` (None: it broke off or was ended).
        """

    def log_tail(self, lines: int) -> Sequence[str]:
        """The last lines of the service's log, without any card data."""
