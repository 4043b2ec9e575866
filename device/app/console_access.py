"""Who may sign in at the technician's ports: challenges, answers, the lock after failures, and the audit log."""

from __future__ import annotations

import dataclasses
import json
import os
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Final

from device.app.journal import note
from device.drivers.clock import SOFTWARE_FLOOR, keeps_time
from device.drivers.console_signature import SignInRules, SignInVerdict, check_sign_in, tool_is_there
from device.loop import Loop, Timer
from device.outlets.console.desk import AccessRefusedError, Begun, Granted
from device.outlets.screen.subjects import ChallengeView
from device.settings_parts import ConsoleAccessSettings
from device.store.clock import Clock
from device.store.store import Store
from device.table import Table
from device.worker import Ending, Report, Worker
from protocol.console_challenge import Challenge, Signature, build_challenge, plain_name

_VERIFY_S: Final = 12.0
_MINUTE_S: Final = 60.0
_TICK_S: Final = 60.0
_RESERVED: Final = 64
_SIGNATURES: Final = {"vendor": 2}
_FAR: Final = timedelta(days=365 * 20)


@dataclass(frozen=True, slots=True)
class AccessLimits:
    """The limits of the catalogue, in seconds; ``failures`` refused answers lead to the next of ``locks_s``."""

    challenge_s: int
    session_s: int
    idle_s: int
    certificate_s: int
    failures: int
    locks_s: tuple[int, ...]
    challenges_a_minute: int


def parse_limits(table: Table) -> AccessLimits:
    """Read ``[access]`` of ``console.toml``."""
    limits = AccessLimits(
        table.whole("challenge_s", least=1, most=3600),
        table.whole("session_s", least=1, most=86400),
        table.whole("idle_s", least=1, most=86400),
        table.whole("certificate_s", least=1, most=7 * 86400),
        table.whole("failures", least=1, most=100),
        table.wholes("locks_s", least=1, most=86400),
        table.whole("challenges_a_minute", least=1, most=600),
    )
    table.close()
    return limits


@dataclass(slots=True)
class _Failures:
    """Kept over a power cut: refused answers in a row, locks so far, seconds that the lock still lasts."""

    count: int = 0
    locks: int = 0
    left_s: float = 0.0


@dataclass(frozen=True, slots=True)
class _Outstanding:
    """The one challenge whose answer is awaited, the port that asked for it, and when it was made."""

    port: str
    challenge: Challenge
    made_s: float
    over: Timer


class ConsoleAccess:
    """One for all ports of the terminal; ``port`` names the one that asks. ``who()``: terminal id and hardware id.

    ``on_challenge`` is told what is outstanding: it is shown on the screen, and None takes it away.
    """

    def __init__(
        self,
        loop: Loop,
        settings: ConsoleAccessSettings,
        limits: AccessLimits,
        store: Store,
        clock: Clock,
        who: Callable[[], tuple[str, str]],
        on_challenge: Callable[[ChallengeView | None], None],
    ) -> None:
        self._loop = loop
        self._settings = settings
        self.limits = limits
        self._store = store
        self._clock = clock
        self._who = who
        self._on_challenge = on_challenge
        self._last_seen = store.last_time_seen()
        self._failures = _read_failures(store.notes.get("console failures"))
        self._counter = int(store.notes.get("console counter") or 0)
        self._reserved = self._counter
        self._outstanding: _Outstanding | None = None
        self._recent: deque[float] = deque(maxlen=limits.challenges_a_minute)
        self._locked_at_s = clock.monotonic_s()
        self._tick: Timer | None = None
        if self._failures.left_s:
            self._go_on_locked()

    def begin(self, port: str, role: str, lifetime_s: int) -> Begun:
        """Make a challenge; one made before, for whichever port, is void. Raises AccessRefusedError."""
        now_s = self._clock.monotonic_s()
        if self._settings.signers is None:
            raise AccessRefusedError("no_signers")
        if not tool_is_there():
            raise AccessRefusedError("no_tool")
        if left_s := self._left_s():
            raise AccessRefusedError("locked", minutes=str(-int(-left_s // 60)))
        if len(self._recent) == self._recent.maxlen and now_s - self._recent[0] < _MINUTE_S:
            raise AccessRefusedError("slow_down")
        self._recent.append(now_s)
        device, hardware = self._who()
        challenge = Challenge(
            device=plain_name(device),
            hardware=plain_name(hardware),
            boot=plain_name(self._clock.boot_id),
            counter=self._next_counter(),
            nonce=os.urandom(16),
            role=role,
            lifetime_s=min(lifetime_s, self.limits.session_s),
            expires=datetime.fromtimestamp(int(self._clock.wall_s()) + self.limits.challenge_s, UTC),
        )
        text = build_challenge(challenge)
        over = self._loop.call_in(self.limits.challenge_s, self._challenge_over)
        self._put(_Outstanding(port, challenge, now_s, over))
        self._on_challenge(ChallengeView(role, challenge.counter, text.decode()))
        self.log("challenge", f"{port} {role} {challenge.counter}")
        return Begun(text, self.limits.challenge_s, self._clock_ok())

    def answer(
        self, port: str, answer: Sequence[Signature], done: Callable[[Granted | None], None]
    ) -> Callable[[], None]:
        """Check an answer in a worker; ``done`` gets what was granted, or None. Returns what ends the check.

        The challenge is used up whatever comes of it. None: refused, and nobody is told why but the audit log.
        """
        outstanding = self._take(port)
        if outstanding is None or self._settings.signers is None or self._left_s():
            return self._refuse_later(port, "no_challenge", done)
        challenge = outstanding.challenge
        if self._clock.monotonic_s() - outstanding.made_s > self.limits.challenge_s:
            return self._refuse_later(port, "late", done)
        rules = SignInRules(
            self._settings.signers,
            self._settings.revoked,
            timedelta(seconds=self.limits.certificate_s),
            self._now() if self._clock_ok() else self._floor(),
            self._clock_ok(),
        )
        needed = _SIGNATURES.get(challenge.role, 1)
        told: list[SignInVerdict] = []

        def ended(ending: Ending) -> None:
            verdict = told[0] if told else SignInVerdict(str(ending.end))
            if verdict.refused:
                self._refuse(port, challenge, verdict)
                done(None)
            else:
                done(self._grant(port, challenge, verdict))

        worker = Worker(
            self._loop,
            partial(_verify, build_challenge(challenge), challenge.role, tuple(answer), needed, rules),
            _VERIFY_S,
            lambda value: told.append(SignInVerdict(**value)),
            ended,
        )
        return worker.cancel

    def forget(self, port: str) -> None:
        """The cable was pulled, or the port was opened anew: its challenge is void."""
        self._take(port)

    def _take(self, port: str) -> _Outstanding | None:
        """The outstanding challenge if it is this port's: it is used up. What another port says takes nobody's."""
        outstanding = self._outstanding
        if outstanding is None or outstanding.port != port:
            return None
        self._put(None)
        self._on_challenge(None)
        return outstanding

    def _put(self, outstanding: _Outstanding | None) -> None:
        if self._outstanding is not None:
            self._outstanding.over.cancel()
        self._outstanding = outstanding

    def _challenge_over(self) -> None:
        """The screen is given back; an answer that comes yet is refused as late."""
        self._on_challenge(None)

    def log(self, event: str, detail: str = "") -> str:
        """Write a step into the audit log; returns its new count and head. Never any card data."""
        return str(self._store.audit.add(event, detail))

    # --- refused, granted ---------------------------------------------------------------------------------------------

    def _refuse_later(self, port: str, why: str, done: Callable[[Granted | None], None]) -> Callable[[], None]:
        """Nothing was asked, so nothing can have been guessed: it is no failure that counts towards a lock."""

        def refuse() -> None:
            note("console", port=port, refused=why)
            done(None)

        return self._loop.call_in(0, refuse).cancel

    def _refuse(self, port: str, challenge: Challenge, verdict: SignInVerdict) -> None:
        self.log("refused", f"{port} {challenge.role} {challenge.counter} {verdict.refused} {verdict.who}".rstrip())
        note("console", port=port, refused=verdict.refused)
        if verdict.refused in ("no_tool", "not_checked", "deadline", "cancelled", "crashed", "no_signers"):
            return  # the terminal's fault, not the answer's
        failures = self._failures
        failures.count += 1
        if failures.count >= self.limits.failures:
            failures.count = 0
            failures.left_s = float(self.limits.locks_s[min(failures.locks, len(self.limits.locks_s) - 1)])
            failures.locks += 1
            self.log("locked", f"{failures.left_s:.0f} s")
            self._go_on_locked()
        self._keep_failures()

    def _grant(self, port: str, challenge: Challenge, verdict: SignInVerdict) -> Granted:
        self._failures = _Failures()
        self._keep_failures()
        if self._clock_ok():  # somebody whom the terminal trusts was here at this time: no clock before it is right
            self._store.notes.put("console floor", str(self._clock.wall_s()))
        self.log("signed_in", f"{port} {challenge.role} {challenge.counter} {verdict.who}")
        note("console", port=port, signed_in=challenge.role)
        return Granted(challenge.role, challenge.lifetime_s, self.limits.idle_s, verdict.who)

    # --- lock, counter, clock -----------------------------------------------------------------------------------------

    def _left_s(self) -> float:
        passed_s = self._clock.monotonic_s() - self._locked_at_s
        return max(0.0, self._failures.left_s - passed_s) if self._failures.left_s else 0.0

    def _go_on_locked(self) -> None:
        """Count the lock down and write it every minute, so that a power cut neither ends it nor begins it anew."""
        self._locked_at_s = self._clock.monotonic_s()
        self._tick = self._loop.call_in(min(_TICK_S, self._failures.left_s), self._count_down)

    def _count_down(self) -> None:
        self._failures.left_s = self._left_s()
        self._keep_failures()
        if self._failures.left_s:
            self._go_on_locked()

    def _keep_failures(self) -> None:
        self._store.notes.put("console failures", json.dumps(dataclasses.asdict(self._failures)))

    def _next_counter(self) -> int:
        """The next number; they are reserved in blocks, so that not every challenge writes to the flash."""
        self._counter += 1
        if self._counter > self._reserved:
            self._reserved = self._counter + _RESERVED
            self._store.notes.put("console counter", str(self._reserved))
        return self._counter

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self._clock.wall_s(), UTC)

    def _floor(self) -> datetime:
        """No time before it is right: the software's making, the last time seen at start, the last sign-in."""
        signed = datetime.fromtimestamp(float(self._store.notes.get("console floor") or 0), UTC)
        return max(SOFTWARE_FLOOR, signed, self._last_seen or SOFTWARE_FLOOR)

    def _clock_ok(self) -> bool:
        now = self._now()
        return keeps_time(now, self._floor(), None) and now < SOFTWARE_FLOOR + _FAR


def _read_failures(text: str | None) -> _Failures:
    try:
        return _Failures(**json.loads(text or "{}"))
    except (TypeError, ValueError):
        return _Failures()


def _verify(
    text: bytes, role: str, answer: Sequence[Signature], needed: int, rules: SignInRules, report: Report
) -> None:
    verdict: Any = dataclasses.asdict(check_sign_in(text, role, answer, needed, rules))
    report(verdict)
