"""A reader that speaks ID TECH NEO frames: asks its version, then pings it. No other command can be sent.

Card data that arrives unasked (somebody taps a card) is wiped and forgotten: it is no answer to any question of ours.
The whole conversation ends within :data:`~device.drivers.reader_facts.BUDGET_S`, whatever the reader does.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Final

from device.drivers.reader_facts import (
    ReaderFact,
    ReaderGarbledError,
    ReaderIdentity,
    ReaderRefusedError,
    ReaderStatus,
)
from device.drivers.reader_line import ReaderLine
from device.drivers.reader_profile import ReaderProfile
from device.ports.serial_port import PortDeadlineError, SerialPort
from protocol.neo_frame import CrcOrder, NeoDeframer, NeoError, NeoFault, NeoFrame, NeoItem
from protocol.neo_message import GET_VERSION, PING, NeoMessageError, NeoStatus, build_question, parse_version

_MOST_DATA: Final = 1024  # bytes; several times what a version needs


def read_neo(port: SerialPort, profile: ReaderProfile) -> Iterator[ReaderFact]:
    """Ask the version, then ping; each is yielded as soon as it is known. Raises PortError or ReaderError."""
    talk = _Conversation(port, profile)
    version = talk.ask(GET_VERSION)
    if version.second != NeoStatus.OK:
        raise ReaderRefusedError(f"The reader answered with status {version.second:02X} instead of its version.")
    try:
        yield ReaderIdentity(parse_version(version))
    except NeoMessageError as error:
        raise ReaderGarbledError(f"The reader's answer cannot be used: {error}.") from error
    yield ReaderStatus(fault=talk.ask(PING).second != NeoStatus.OK)


class _Conversation:
    def __init__(self, port: SerialPort, profile: ReaderProfile) -> None:
        self._line: ReaderLine[NeoItem] = ReaderLine(port, NeoDeframer(_MOST_DATA), profile.quiet_s)
        self._profile = profile

    def ask(self, question: tuple[int, int]) -> NeoFrame:
        """Send until answered; an answer that tells a CRC error of the command counts as none."""
        data = build_question(question)
        refused = spoilt = False
        try:
            for _attempt in range(1 + self._profile.most_resends):
                self._line.write(data)
                item = self._next(question)
                if isinstance(item, NeoFrame) and item.second != NeoStatus.CRC_ERROR:
                    self._line.answered()
                    return item
                refused = refused or isinstance(item, NeoFrame)
                spoilt = spoilt or isinstance(item, NeoError)
        except PortDeadlineError as error:
            raise self._line.out_of_time() from error
        if refused:
            raise ReaderRefusedError("The reader told a CRC error each time it was asked.")
        if spoilt:
            raise ReaderGarbledError("None of the reader's answers was whole.")
        raise self._line.out_of_time()

    def _next(self, question: tuple[int, int]) -> NeoFrame | NeoError | None:
        """The next item that bears on our question; None: it did not come in time."""
        until = time.monotonic() + self._profile.answer_s
        while (item := self._line.next_item(until)) is not None:
            if isinstance(item, NeoError):
                if item.fault is not NeoFault.NOISE:
                    return item
            elif isinstance(item, NeoFrame) and item.command == question[0] and not _is_echo(item, question):
                return item
            else:
                item.wipe()  # unasked: may be a card that was just tapped
        return None


def _is_echo(frame: NeoFrame, question: tuple[int, int]) -> bool:
    """A line on which the terminal hears itself gives the command back, CRC order and all."""
    return frame.second == question[1] and not frame.data and frame.order is CrcOrder.LOW_FIRST
