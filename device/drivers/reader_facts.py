"""What every card reader driver tells, and the errors it raises: shared by one driver module per protocol.

A driver is ``read_<protocol>(port: SerialPort, profile: ReaderProfile) -> Iterator[ReaderFact]``: it yields a
:class:`ReaderIdentity` and then a :class:`ReaderStatus`, each as soon as it is known.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, TypeAlias

BUDGET_S: Final = 3.2  # the whole conversation ends within this
QUIET_S: Final = 0.1  # no byte for this long inside a frame: the frame is cut


class ReaderError(Exception):
    """The reader did not answer as it must; the text is one sentence. ``reason`` is a short key for evidence."""

    reason = "no_answer"


class ReaderMuteError(ReaderError):
    """No byte came back."""


class ReaderRefusedError(ReaderError):
    """The reader did not accept the question (NAK to the last resend, EOT, or a status that refuses)."""

    reason = "refused"


class ReaderGarbledError(ReaderError):
    """Answers came, but none was whole."""

    reason = "garbled"


class ReaderBabbleError(ReaderError):
    """Bytes come without end and no answer is among them."""

    reason = "babble"


class ReaderSlowError(ReaderError):
    """The answer was not complete in time."""

    reason = "slow"


@dataclass(frozen=True, slots=True)
class ReaderIdentity:
    """The reader answered; its firmware's name and version (printable, at most 64 characters)."""

    firmware: str


@dataclass(frozen=True, slots=True)
class ReaderStatus:
    """State and counters; None where the protocol has no such thing.

    ``tracks`` are the last results of tracks 1 to 3, ``head_cycles`` the head's contacts.
    """

    fault: bool = False
    media_present: bool | None = None
    tracks: tuple[int, int, int] | None = None
    retries: int | None = None
    errors: int | None = None
    head_cycles: int | None = None


ReaderFact: TypeAlias = ReaderIdentity | ReaderStatus
