"""What outlets may ask of the service, and how it tells them of progress. The app implements it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from device.evidence import Evidence, Level


@dataclass(frozen=True, slots=True)
class Prompt:
    """What a person is asked for: ``check`` has the words in the texts, ``wait_s`` is how long it is waited for.

    ``confirm``: the answer is yes or no, through :meth:`Actions.answer`; else doing it is the answer.
    """

    check: str
    wait_s: float
    confirm: bool


@dataclass(frozen=True, slots=True)
class Progress:
    """``done`` of ``total`` steps; ``text`` names the step that just ended, ``evidence`` is what it has found.

    The steps of a self-test are its checks. With ``prompt`` nothing has ended: a person is asked for something.
    """

    done: int
    total: int
    text: str
    evidence: Sequence[Evidence] = ()
    prompt: Prompt | None = None


@dataclass(frozen=True, slots=True)
class SelftestResult:
    """The evidence of one self-test, and whether every required check ran and passed."""

    evidence: Sequence[Evidence]
    exit_code: int  # 0 all required checks ran and passed, 1 one failed, 2 one could not run


class Actions(Protocol):
    """The requests a person or a program may make, whatever outlet they come through."""

    def status(self) -> Mapping[str, Any]:
        """Tell version, uptime in seconds, who is connected, and what the service cannot do and why."""

    def selftest(
        self,
        level: Level,
        part: str | None,
        progress: Callable[[Progress], None],
        done: Callable[[SelftestResult], None],
        *,
        person: bool = False,
    ) -> None:
        """Run the checks up to ``level`` of one part or all; raises ValueError for an unknown part.

        ``person``: somebody at the terminal follows the prompts of the progress.
        """

    def answer(self, check: str, *, seen: bool | None) -> bool:
        """Say what the person answered to this check's prompt, None: nobody does; False where nobody waits for it."""

    def history(self) -> Mapping[str, Any]:
        """Return the fault memory: declines and faults, newest first."""

    def clear_faults(self) -> Mapping[str, Any]:
        """Forget every fault and every completed test; return how many faults were ``cleared``. Declines stay."""

    def last(self) -> Mapping[str, Any] | None:
        """Return the last decline: ``at``, ``frame``, ``diagnosis`` and the evidence known otherwise ``before``."""

    def audit(self) -> Mapping[str, Any]:
        """Return the audit log of the technician's port: ``entries``, oldest first, and ``anchor`` (count and head)."""

    def facts(self) -> Mapping[str, Any]:
        """Return ``software``, ``terminal`` (the profile) and ``evidence`` (the newest of every check)."""

    def trends(self, check: str | None) -> Mapping[str, Any]:
        """Return one check's samples by ``hour``, ``day``, ``month``; without ``check`` which ``checks`` have any."""

    def update_status(self) -> Mapping[str, Any]:
        """What runs, what is under way, how the last firmware update ended."""

    def update_verify(self, path: Path, done: Callable[[Mapping[str, Any]], None]) -> None:
        """Check a bundle; ``done`` gets ``{"bundle": ...}`` or ``{"refused": reason, "said": ...}``."""

    def update_install(
        self, path: Path, progress: Callable[[Progress], None], done: Callable[[Mapping[str, Any]], None]
    ) -> None:
        """Have a bundle installed; ``done`` gets ``{"bundle": ..., "installed": true}`` or why it was refused."""

    def gate(self, done: Callable[[bool], None]) -> None:
        """Call ``done(may stay)`` as soon as the version that runs is judged by its first self-test."""

    def report(self, language: str) -> str:
        """Return the redacted report of this terminal as text."""
