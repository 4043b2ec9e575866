"""What the tool tells while it works: to a person (:mod:`tools.technician.person`) or a program (``json_lines``)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from tools.technician.terminal import Identity
    from tools.technician.trouble import Exit, TroubleError


@dataclass(frozen=True, slots=True)
class CheckRow:
    """One check's result: its id, its name in the terminal's texts, ``pass``, ``marginal``, ``fail`` or ``not_run``.

    ``said``: the measured value with its unit and the reason, as the terminal words them. ``counts``: what the plan
    makes of it: ``passed``, ``failed``, ``missing`` (had to pass and did not run), ``allowed`` (found, but the plan
    allows it) or ``""`` (nothing was asked of it).
    """

    check: str
    name: str
    outcome: str
    said: str
    counts: str = ""


class Outlet(Protocol):
    """All of it may be called at any time, in the order in which things happen."""

    def terminal(self, identity: Identity) -> None:
        """A terminal is there."""

    def begin(self, step: str, **values: object) -> None:
        """A step begins; ``step`` is a word of the texts (``step``)."""

    def progress(self, done: int, total: int, text: str) -> None:
        """So many of so many; checks by their number, files by their bytes."""

    def check(self, row: CheckRow) -> None:
        """A check has a result."""

    def rows(self, command: str, rows: Sequence[str]) -> None:
        """The terminal's answer to a command."""

    def live(self, facts: Mapping[str, str], checks: Sequence[CheckRow], log: Sequence[str]) -> None:
        """What the terminal is doing now."""

    def prompt(self, text: str) -> None:
        """Somebody at the terminal is asked for something."""

    def done(self, step: str, **values: object) -> None:
        """A step has ended well; ``step`` is a word of the texts (``done``)."""

    def cable(self, state: str, trouble: TroubleError | None) -> None:
        """The cable: ``awaited``, ``lost`` or ``back``."""

    def verdict(self, word: str, rows: Sequence[CheckRow], **values: object) -> None:
        """How the plan ended: ``passed``, ``failed`` or ``incomplete``."""

    def end(self, code: Exit, trouble: TroubleError | None) -> None:
        """The last that is told."""
