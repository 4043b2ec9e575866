"""A host echo (0800/0820) through the payment application: the only way in which this product ever asks for a message.

The application sends it, if it offers that at all and when it likes; we only time what it tells us.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Final

from device.app.host_session import HostSession
from device.evidence import CheckSpec, Evidence, Outcome
from device.loop import Loop, Timer

FACT: Final = "host.echo"
_WAIT_S: Final = 10.0


class Echo:
    """Asks one application at a time; further callers share its answer."""

    def __init__(self, loop: Loop, sessions: Sequence[HostSession]) -> None:
        self._loop = loop
        self._sessions = sessions
        self._numbers = itertools.count(1)
        self._waiting: list[Callable[[Evidence], None]] = []
        self._asked: tuple[HostSession, str] | None = None
        self._spec: CheckSpec | None = None
        self._timer: Timer | None = None

    def ask(self, spec: CheckSpec, report: Callable[[Evidence], None]) -> None:
        """Report the evidence of one echo, at the latest after its deadline."""
        self._waiting.append(report)
        if self._asked is not None:
            return
        self._spec = spec
        session = next((session for session in self._sessions if "echo" in session.can), None)
        if session is None:
            reason = "no_echo" if self._sessions else "not_connected"
            self._end(Outcome.NOT_RUN, None, reason, "No connected payment application offers a host echo.")
        elif any(other.busy for other in self._sessions):
            self._end(Outcome.NOT_RUN, None, "sale_running", "A sale runs, so no echo was asked for.")
        else:
            self._asked = (session, f"echo-{next(self._numbers)}")
            session.send({"type": "echo", "id": self._asked[1]})
            self._timer = self._loop.call_in(_WAIT_S, self._overdue)

    def take(self, session: HostSession, echo_id: str, rtt_ms: float | None) -> None:
        """The application's answer; ``rtt_ms`` None: the host was silent. Late and foreign ones change nothing."""
        if self._asked is None or self._spec is None or self._asked[0] is not session:
            return
        if echo_id not in ("", self._asked[1]):
            return
        if rtt_ms is None:
            self._end(Outcome.FAIL, None, "no_answer", "The host did not answer the payment application's echo.")
            return
        outcome = self._spec.limit.judge(rtt_ms)
        self._end(outcome, rtt_ms, "" if outcome is Outcome.PASS else "outside_limit", "")

    def give_up(self, session: HostSession | None = None) -> None:
        """A sale begins, or ``session`` has left: the echo is not waited for any longer."""
        if self._asked is None or session not in (None, self._asked[0]):
            return
        if session is None:
            self._end(Outcome.NOT_RUN, None, "sale_running", "A sale began before the echo was answered.")
        else:
            self._end(Outcome.NOT_RUN, None, "not_connected", "The payment application left before it answered.")

    def _overdue(self) -> None:
        self._end(Outcome.NOT_RUN, None, "deadline", "The payment application did not say how the echo went.")

    def _end(self, outcome: Outcome, value: float | None, reason: str, detail: str) -> None:
        if self._timer is not None:
            self._timer.cancel()
        spec, waiting = self._spec, self._waiting
        self._asked, self._timer, self._waiting = None, None, []
        unit, limit = (spec.unit, str(spec.limit)) if spec is not None else ("", "")
        evidence = Evidence(FACT, outcome, value, unit, limit, reason, detail, took_ms=value)

        def tell() -> None:
            for report in waiting:
                report(evidence)

        self._loop.call_in(0, tell)
