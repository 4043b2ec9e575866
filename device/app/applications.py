"""What the connected payment applications say of themselves, and what they hold back or can be asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from device.actions import Progress
from device.app.echo import FACT, Echo
from device.app.host_session import HostSession
from device.evidence import CheckSpec, Evidence
from device.loop import Loop


class Applications:
    """A view of the open sessions for the self-test; ``echo`` is told when a sale begins or a session ends."""

    def __init__(
        self, loop: Loop, sessions: Sequence[HostSession], checks: Callable[[], Mapping[str, CheckSpec]]
    ) -> None:
        self._sessions = sessions
        self._checks = checks
        self.echo = Echo(loop, sessions)

    def names(self) -> str:
        """Name and version of each payment application, "" without any."""
        return ", ".join(session.application for session in self._sessions)

    def versions(self) -> Mapping[str, str]:
        """What the first payment application tells of its versions."""
        return self._sessions[0].versions if self._sessions else {}

    def ask_echo(self, report: Callable[[Evidence], None]) -> None:
        """Have a payment application make a host echo, and report its evidence."""
        self.echo.ask(self._checks()[FACT], report)

    def run_began(self, run: str, parts: Sequence[str], total: int) -> None:
        """They are told of results alone."""

    def run_ended(self, run: str) -> None:
        """The last check has told it."""

    def run_told(self, run: str, progress: Progress) -> None:
        """Tell those who want to know that one more check has ended."""
        for session in self._sessions:
            if "selftest" in session.can:
                counts = {"done": progress.done, "total": progress.total}
                for item in progress.evidence:
                    session.send({"type": "selftest", "run": run, "check": item.id, "outcome": item.outcome, **counts})

    def may_draw(self) -> bool:
        """May we draw now: no application is there, or one has granted the panel?"""
        return not self._sessions or any(session.granted for session in self._sessions)

    def held_back(self) -> str:
        """Why nothing above the safe level may run now, as a reason for evidence; "" if it may."""
        if any(session.busy for session in self._sessions):
            return "sale_running"
        return "offline_pending" if any(session.pending_offline for session in self._sessions) else ""
