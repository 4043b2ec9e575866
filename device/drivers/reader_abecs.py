"""A pinpad that follows the ABECS specification: opened without keys, asked who it is, closed. Nothing else is sent.

What the pinpad was waiting for is cancelled first, as the specification wants; nobody else has the port open then.
Closing leaves its display empty. Responses that were not asked for are wiped and forgotten. The whole conversation ends
within :data:`~device.drivers.reader_facts.BUDGET_S`, whatever the pinpad does.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

from device.drivers.reader_facts import (
    ReaderError,
    ReaderFact,
    ReaderGarbledError,
    ReaderIdentity,
    ReaderRefusedError,
    ReaderStatus,
)
from device.drivers.reader_line import ReaderLine
from device.drivers.reader_profile import ReaderProfile
from device.ports.serial_port import PortDeadlineError, SerialPort
from protocol.abecs_frame import AbecsFrame
from protocol.abecs_host import AbecsHost, Acknowledged, Answer, Event, Failed, GaveUp, Send, Waiting
from protocol.abecs_message import (
    ASK_IDENTITY,
    ASK_IDENTITY_OLD,
    CLOSE,
    CLOSE_OLD,
    OPEN,
    QUESTIONS,
    AbecsMessage,
    AbecsStatus,
    parse_identity,
    parse_response,
)


def read_abecs(port: SerialPort, profile: ReaderProfile) -> Iterator[ReaderFact]:
    """Ask identity, then close; each fact is yielded as soon as it is known. Raises PortError or ReaderError."""
    talk = _Conversation(port, profile)
    talk.cancel()
    opened = talk.ask(OPEN)
    if opened.status != AbecsStatus.OK:
        raise ReaderRefusedError(f"The pinpad refused to be opened{_status(opened)}.")
    close, told = CLOSE, talk.ask(ASK_IDENTITY)
    if told.status != AbecsStatus.OK:  # a pinpad from before GIX, or one that keeps it for secure communication
        close, told = CLOSE_OLD, talk.ask(ASK_IDENTITY_OLD)
    text = parse_identity(told).text
    if text:
        yield ReaderIdentity(text)
    closed = talk.ask(close)
    if not text and told.status != AbecsStatus.OK:
        raise ReaderRefusedError(f"The pinpad refused to say who it is{_status(told)}.")
    if not text:
        raise ReaderGarbledError("The pinpad's answer names neither maker nor model.")
    yield ReaderStatus(fault=closed.status != AbecsStatus.OK)


def _status(message: AbecsMessage) -> str:
    return "" if message.status is None else f" with status {message.status:03d}"


class _Conversation:
    def __init__(self, port: SerialPort, profile: ReaderProfile) -> None:
        self._host = AbecsHost(1 + profile.most_resends)
        self._line: ReaderLine[Event] = ReaderLine(port, self._host, profile.quiet_s)
        self._timeouts = {
            Waiting.ACK: profile.acknowledge_s,
            Waiting.EOT: profile.acknowledge_s,
            Waiting.ANSWER: profile.answer_s,
            Waiting.NOTHING: 0.0,  # the last event is still to be taken
        }

    def cancel(self) -> None:
        """Bring the pinpad to rest."""
        self._talk(self._host.cancel())

    def ask(self, command: bytes) -> AbecsMessage:
        """Send one of :data:`~protocol.abecs_message.QUESTIONS` and return the response. Any other: ValueError."""
        if command not in QUESTIONS:
            raise ValueError("this command is not one of those that only ask")
        frame = self._talk(self._host.ask(command))
        message = parse_response(frame.data if frame else b"")
        if frame:
            frame.wipe()
        return message

    def _talk(self, data: bytes) -> AbecsFrame | None:
        """Write ``data`` and do what the conversation needs until it has ended; None where CAN was answered."""
        try:
            self._line.write(data)
            for event in self._events():
                if isinstance(event, Send):
                    self._line.write(event.data)
                elif isinstance(event, Failed):
                    raise self._failure(event.reason)
                elif not isinstance(event, Acknowledged):
                    self._line.answered()
                    return event.frame if isinstance(event, Answer) else None
        except PortDeadlineError as error:
            raise self._line.out_of_time() from error
        return None

    def _events(self) -> Iterator[Event]:
        """What happens, until the reader of it stops; each time it has the time that what comes next is granted."""
        while True:
            event = self._line.next_item(time.monotonic() + self._timeouts[self._host.waiting])
            if event is None:
                yield from self._host.time_over()
            else:
                yield event

    def _failure(self, reason: GaveUp) -> ReaderError:
        if reason is GaveUp.REFUSED:
            return ReaderRefusedError("The pinpad refused the command each time it was sent.")
        if reason is GaveUp.GARBLED:
            return ReaderGarbledError("None of the pinpad's answers was whole.")
        return self._line.out_of_time()
