"""Signing in at one port: the role that the far end has, for how long, and the lines of its answer to a challenge.

The commands and their formats are told in :mod:`protocol.console_challenge`.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from device.outlets.console.desk import AccessRefusedError, Granted, Tool
from protocol.console_challenge import BEGIN, END, MOST_ANSWER, ROLES, ChallengeError, parse_answer
from protocol.console_line import Overlong, Remark, Request, crc16

if TYPE_CHECKING:
    from device.outlets.console.running import Running
    from device.outlets.console.session import Session

_MINUTE_S: Final = 60
_MOST_MINUTES: Final = 15
_CHECK: Final = 6  # signs of " *0000" behind a line


class SignIn:
    """What one session may do. Everything here is forgotten when the cable is pulled."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._granted: Granted | None = None
        self._until_s = 0.0
        self._touched_s = 0.0
        self._timer: Tool | None = None
        self._answer: list[str] | None = None
        self._answer_size = 0
        self._patience: Tool | None = None
        self._waiting = False  # a challenge was made and its answer is awaited

    @property
    def level(self) -> int:
        """0 unless somebody signed in and the time is not up; time asleep counts."""
        if self._granted is not None and _now_s() >= self._until_s:
            self.leave("time_up")
        return 0 if self._granted is None else ROLES.index(self._granted.role)

    @property
    def collecting(self) -> bool:
        """Whether lines belong to an answer."""
        return self._answer is not None

    def touch(self) -> None:
        """Something came from the far end: it is not idle, unless it was for too long before; time asleep counts."""
        now_s = _now_s()
        if self._granted is not None and now_s - self._touched_s >= self._granted.idle_s and not self._session.busy:
            self.leave("idle")
        self._touched_s = now_s

    # --- challenge and answer -----------------------------------------------------------------------------------------

    def begin(self, running: Running, words: tuple[str, ...]) -> None:
        """Print a challenge for a role."""
        minutes = words[1] if len(words) > 1 else str(_MOST_MINUTES)
        if not words or len(words) > 2 or words[0] not in ROLES[1:] or not _is_minutes(minutes):
            running.bad_words()
            return
        session = self._session
        self.leave("signs_in_anew")
        try:
            begun = session.desk.access.begin(session.port, words[0], int(minutes) * _MINUTE_S)
        except AccessRefusedError as refused:
            running.fail(refused.error, **refused.values)
            return
        self._waiting = True
        session.line.guard(True)
        running.say(BEGIN)
        for line in begun.text.decode().splitlines():
            running.say(line)
        running.say(END)
        running.say("clock ok" if begun.clock_ok else "clock wrong")
        if not begun.clock_ok:
            running.say(str(session.words()["console"]["clock_wrong"]))
        running.ok(str(begun.seconds))

    def open_answer(self) -> None:
        """From now on lines belong to the answer."""
        self._answer, self._answer_size = [], 0
        limit_s = 5 * _MINUTE_S
        self._patience = self._session.desk.call_in(limit_s, self._give_up)

    def collect(self, line: bytes | Overlong) -> bool:
        """Take a line of the answer; False where it ends it: ``answer-end`` and ``stop`` are commands."""
        assert self._answer is not None  # noqa: S101  asked for by the caller
        text = line.decode("ascii", "replace").strip() if isinstance(line, bytes) else ""
        if text[-_CHECK:-4] == " *" and isinstance(line, bytes):
            if f"{crc16(line.rstrip()[:-_CHECK]):04X}" != text[-4:].upper():
                self._answer_size = MOST_ANSWER + 1  # a damaged line: whatever comes of it, it is no answer
            text = text[:-_CHECK]
        if text.lower() in ("answer-end", "stop"):
            if self._patience is not None:
                self._patience.cancel()
            if text.lower() == "stop":
                self._answer = None
            self._session.run(Request(text.lower(), (), checked=_is_checked(line)))
            return True
        self._answer_size += len(line) if isinstance(line, bytes) else line.length
        if self._answer_size <= MOST_ANSWER:
            self._answer.append(text)
        return True

    def end_answer(self, running: Running, words: tuple[str, ...]) -> None:
        """Have the collected answer checked."""
        lines, self._answer = self._answer, None
        if words:
            running.bad_words()
            return
        self._waiting = False
        try:
            if lines is None or self._answer_size > MOST_ANSWER:
                raise ChallengeError("no answer")  # noqa: TRY301
            answer = parse_answer(lines)
        except ChallengeError:
            answer = ()

        def done(granted: Granted | None) -> None:
            if granted is None or running.ended:
                self._session.line.guard(False)
                running.fail("sign_in_refused")
            else:
                self._enter(granted)
                running.ok(f"{granted.role} {granted.lifetime_s}")

        running.on_stop = self._session.desk.access.answer(self._session.port, answer, done)

    # --- signed in, signed out ----------------------------------------------------------------------------------------

    def sign_out(self, running: Running, words: tuple[str, ...]) -> None:
        """Give the role back; count and head of the audit log are told."""
        if words:
            running.bad_words()
            return
        head = self.leave("signed_out")
        if head:
            running.say(f"audit {head.replace(':', ' ')}")
        running.ok()

    def leave(self, why: str) -> str:
        """Forget role and challenge; returns count and head of the audit log where somebody was signed in."""
        session = self._session
        if self._answer is not None and self._patience is not None:
            self._patience.cancel()
        self._answer = None
        if self._waiting or self._granted is not None:
            session.desk.access.forget(session.port)
            session.line.guard(False)
        self._waiting = False
        granted, self._granted = self._granted, None
        if granted is None:
            return ""
        if self._timer is not None:
            self._timer.cancel()
        session.stop_endless()
        return session.desk.access.log("signed_out", f"{session.port} {granted.role} {why}")

    def command_ended(self, running: Running) -> None:
        """Write into the audit log what a signed-in person did; what was typed is not kept, it may be card data."""
        self.touch()
        if running.row.level > 0:
            self._session.desk.access.log("command", f"{self._session.port} {running.row.name} {running.outcome}")

    def _enter(self, granted: Granted) -> None:
        self._granted = granted
        self._until_s = _now_s() + granted.lifetime_s
        self.touch()
        self._session.line.guard(True)
        self._watch_time()

    def _watch_time(self) -> None:
        """Leave when the session's time is up, or when nothing came for too long."""
        granted = self._granted
        if granted is None:
            return
        if self._session.busy:
            self.touch()
        now_s = _now_s()
        left_s = min(self._until_s - now_s, self._touched_s + granted.idle_s - now_s)
        if left_s > 0:
            self._timer = self._session.desk.call_in(left_s, self._watch_time)
            return
        why = "time_up" if now_s >= self._until_s else "idle"
        self.leave(why)
        self._session.send(Remark(str(self._session.words()["console"][why])), checked=False)

    def _give_up(self) -> None:
        """The end of the answer did not come."""
        if self._answer is not None:
            self._answer = None
            self._session.fail("no_answer")


def _is_minutes(text: str) -> bool:
    return text.isascii() and text.isdecimal() and 0 < int(text[:9]) <= _MOST_MINUTES


def _is_checked(line: bytes | Overlong) -> bool:
    return isinstance(line, bytes) and line.rstrip()[-_CHECK:-4] == b" *"


def _now_s() -> float:
    return time.clock_gettime(time.CLOCK_BOOTTIME)
