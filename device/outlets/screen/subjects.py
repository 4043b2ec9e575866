"""What can be on the screen: decline, self-test under way, firmware update, challenge. Values without pixels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, TypeAlias

from device.diagnosis.verdict import Diagnosis, Text
from device.evidence import Evidence, Outcome

BAD: Final = (Outcome.FAIL, Outcome.MARGINAL, Outcome.ERROR)


@dataclass(frozen=True, slots=True)
class Running:
    """A self-test under way: ``done`` of ``total`` checks, and the evidence told so far."""

    done: int
    total: int
    evidence: tuple[Evidence, ...] = ()

    @property
    def bad(self) -> tuple[Evidence, ...]:
        """What is not in order, worst first."""
        return tuple(sorted((item for item in self.evidence if item.outcome in BAD), key=_badness))


@dataclass(frozen=True, slots=True)
class DeclineView:
    """A diagnosis; ``running`` is the self-test that began after it, as long as it runs."""

    diagnosis: Diagnosis
    running: Running | None = None


@dataclass(frozen=True, slots=True)
class SelftestView:
    """The self-test of this boot. ``parts`` are all parts of the run in their order; ``contact`` is whom to call."""

    parts: tuple[str, ...]
    running: Running
    ended: bool
    contact: Text

    def outcome_of(self, part: str) -> Outcome | None:
        """The worst outcome of a part so far; None while nothing of it is known."""
        told = [item.outcome for item in self.running.evidence if item.part == part]
        return next((outcome for outcome in _WORST_FIRST if outcome in told), None)


class UpdatePhase(StrEnum):
    """Where a firmware update stands."""

    WRITING = "writing"
    INSTALLED = "installed"
    REFUSED = "refused"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class UpdateView:
    """A firmware update. ``version`` is the bundle's or the file's name; ``percent`` as the updater tells it.

    ``reason`` is a key of ``[refusals]`` for REFUSED and of ``[update_ending]`` for ENDED; ``check`` with ``expected``
    and ``got`` is the check that counted against a version that was taken back.
    """

    phase: UpdatePhase
    version: str
    contact: Text
    percent: int = 0
    reason: str = ""
    check: str = ""
    expected: str = ""
    got: str = ""

    @property
    def good(self) -> bool:
        """Nothing is wrong with it."""
        return self.phase in (UpdatePhase.WRITING, UpdatePhase.INSTALLED) or self.reason == "good"


@dataclass(frozen=True, slots=True)
class ChallengeView:
    """A challenge of the technician's port. ``text`` is to be signed byte for byte; nothing in it is secret."""

    role: str
    counter: int
    text: str


View: TypeAlias = DeclineView | SelftestView | UpdateView | ChallengeView

_WORST_FIRST: Final[Sequence[Outcome]] = (
    Outcome.FAIL,
    Outcome.ERROR,
    Outcome.MARGINAL,
    Outcome.PASS,
    Outcome.NOT_RUN,
)
_RANKS: Final[Mapping[Outcome, int]] = {outcome: rank for rank, outcome in enumerate(_WORST_FIRST)}


def _badness(item: Evidence) -> int:
    return _RANKS[item.outcome]
