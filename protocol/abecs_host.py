"""The terminal's side of the conversation with an ABECS pinpad: pure, it neither reads, writes nor measures time.

The pinpad answers a good frame with ACK and then with a response, a spoilt one with NAK; the terminal answers only a
spoilt response, with NAK. Each may happen three times. CAN ends whatever the pinpad is at; it answers EOT. Source:
Abecs, Pinpad Abecs, Protocolo de comunicação e funcionamento, 2.12, 2.2.2 and 2.2.3. That a command is sent again
after silence too goes beyond it, so it is fit only for commands that may be done twice.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final, TypeAlias

from protocol.abecs_frame import (
    AbecsCode,
    AbecsControl,
    AbecsDeframer,
    AbecsError,
    AbecsFault,
    AbecsFrame,
    AbecsItem,
    build_frame,
)
from protocol.abecs_message import NOTICE, UNKNOWN

MOST_SENDS: Final = 3
_NAK: Final = bytes((AbecsCode.NAK,))
_CAN: Final = bytes((AbecsCode.CAN,))


class Waiting(StrEnum):
    """What the terminal waits for; the specification gives ACK and EOT 2 s, the answer 10 s."""

    NOTHING = "nothing"
    ACK = "ack"
    ANSWER = "answer"
    EOT = "eot"


class GaveUp(StrEnum):
    """Why a command or a cancellation came to nothing."""

    REFUSED = "refused"  # NAK to each sending
    SILENT = "silent"  # no ACK, or no EOT
    SLOW = "slow"  # ACK, but no whole response in time
    GARBLED = "garbled"  # the response was spoilt each time


@dataclass(frozen=True, slots=True)
class Send:
    """Bytes to write to the line now."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """The pinpad has the command: the time for the answer begins."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The response to the command that was asked. It may be card data: not in the text form; wipe it after use."""

    frame: AbecsFrame


@dataclass(frozen=True, slots=True)
class Cancelled:
    """The pinpad answered CAN with EOT: it is idle now."""


@dataclass(frozen=True, slots=True)
class Failed:
    """The command or cancellation is given up."""

    reason: GaveUp


Event: TypeAlias = Send | Acknowledged | Answer | Cancelled | Failed


@dataclass(slots=True)
class _Tries:
    """How often the command under way was sent, and how its answers failed."""

    sent: int = 0
    refused: bool = False
    spoilt: int = 0


class AbecsHost:
    """Ask one command at a time. Do each :class:`Send` at once; call :meth:`time_over` where nothing came in time."""

    def __init__(self, most_sends: int = MOST_SENDS) -> None:
        self._most_sends = most_sends
        self._deframer = AbecsDeframer()
        self._waiting = Waiting.NOTHING
        self._command = b""
        self._frame = b""
        self._tries = _Tries()
        self._noise_end = -1  # where in the stream the last noise ended

    @property
    def waiting(self) -> Waiting:
        """What comes next, if all goes well."""
        return self._waiting

    @property
    def pending(self) -> int:
        """Bytes held back, as of the deframer: :meth:`expire` when the line goes quiet."""
        return self._deframer.pending

    def ask(self, command: bytes) -> bytes:
        """Begin a command and return the bytes to send. Raises ValueError where it is too long for a frame."""
        self._frame = build_frame(command)
        self._command = command
        self._tries = _Tries(sent=1)
        self._waiting = Waiting.ACK
        return self._frame

    def cancel(self) -> bytes:
        """End what the pinpad is at, and return the byte to send. What comes before EOT is forgotten."""
        self._deframer.wipe()
        self._tries = _Tries(sent=1)
        self._waiting = Waiting.EOT
        return _CAN

    def feed(self, data: bytes | bytearray) -> list[Event]:
        """Take bytes from the line."""
        if self._waiting is not Waiting.EOT:
            return self._take(self._deframer.feed(data))
        end = data.find(AbecsCode.EOT)  # all else is to be ignored here, 2.2.2.3, be it noise that looks like a frame
        if end < 0:
            return []
        self._waiting = Waiting.NOTHING
        return [Cancelled(), *self._take(self._deframer.feed(data[end + 1 :]))]

    def expire(self) -> list[Event]:
        """The line went quiet inside a frame: it is spoilt."""
        return self._take(self._deframer.expire())

    def time_over(self) -> list[Event]:
        """What was waited for did not come in time."""
        events = self.expire()
        if events:
            return events
        if self._waiting is Waiting.ANSWER:
            return self._fail(GaveUp.GARBLED if self._tries.spoilt else GaveUp.SLOW)
        if self._waiting is Waiting.NOTHING:
            return []
        return self._send_again(GaveUp.SILENT)

    def _take(self, items: list[AbecsItem]) -> list[Event]:
        events: list[Event] = []
        for item in items:
            if isinstance(item, AbecsError):
                self._noise_end = item.offset + item.length
                events += self._spoilt(item)
            elif isinstance(item, AbecsFrame):
                events += self._answer(item)
            else:
                events += self._control(item)
        return events

    def _control(self, item: AbecsControl) -> list[Event]:
        if self._waiting is Waiting.ACK and item.code is AbecsCode.ACK:
            self._waiting = Waiting.ANSWER
            return [Acknowledged()]
        if self._waiting is Waiting.ACK and item.code is AbecsCode.NAK and item.offset != self._noise_end:
            self._tries.refused = True  # one right behind noise is noise: it would end the conversation too early
            return self._send_again(GaveUp.REFUSED)
        return []

    def _answer(self, frame: AbecsFrame) -> list[Event]:
        name, echo = bytes(frame.data[:3]), frame.data == self._command  # of a line that hears itself
        mine = name in (self._command[:3], UNKNOWN.encode())
        if mine and not echo and self._waiting in (Waiting.ACK, Waiting.ANSWER):
            self._waiting = Waiting.NOTHING
            return [Answer(frame)]
        frame.wipe()
        if self._waiting is Waiting.ACK and name == NOTICE.encode():
            self._waiting = Waiting.ANSWER  # the ACK was lost
            return [Acknowledged()]
        return []

    def _spoilt(self, error: AbecsError) -> list[Event]:
        if error.fault is AbecsFault.NOISE or self._waiting not in (Waiting.ACK, Waiting.ANSWER):
            return []
        self._tries.spoilt += 1
        if self._tries.spoilt >= self._most_sends:
            return self._fail(GaveUp.GARBLED)
        self._waiting = Waiting.ANSWER  # a response, so the command has arrived
        return [Send(_NAK)]

    def _send_again(self, reason: GaveUp) -> list[Event]:
        if self._tries.sent >= self._most_sends:
            return self._fail(GaveUp.REFUSED if self._tries.refused else reason)
        self._tries.sent += 1
        return [Send(_CAN if self._waiting is Waiting.EOT else self._frame)]

    def _fail(self, reason: GaveUp) -> list[Event]:
        """Give up; CAN leaves the pinpad idle, whatever it took the command for."""
        after = [] if self._waiting is Waiting.EOT else [Send(_CAN)]
        self._waiting = Waiting.NOTHING
        return [*after, Failed(reason)]
