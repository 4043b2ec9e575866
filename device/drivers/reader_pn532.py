"""The NFC controller PN532 on a serial line: asks firmware and general status. The RF field stays off.

A command is acknowledged, then answered (NXP UM0701-02, 6.2.2); a spoilt answer is asked for again by NACK (6.2.1.4).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Final, TypeVar

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
from protocol.pn532_frame import (
    WAKE_UP,
    Pn532Deframer,
    Pn532Error,
    Pn532Fault,
    Pn532Frame,
    Pn532Item,
    Pn532Mark,
    Pn532Signal,
    Tfi,
    build_frame,
    build_mark,
)
from protocol.pn532_message import Pn532Command, Pn532MessageError, parse_firmware, parse_status

_HARDWARE_ERRORS: Final = frozenset((0x0D, 0x2D))  # too hot, over-current: the part itself, not a card (7.1)
_SPOILT: Final = (Pn532Fault.BAD_CHECKSUM, Pn532Fault.BAD_LENGTH, Pn532Fault.CUT)
_Answer = TypeVar("_Answer")


def read_pn532(port: SerialPort, profile: ReaderProfile) -> Iterator[ReaderFact]:
    """Ask identity, then status; each is yielded as soon as it is known. Raises PortError or ReaderError."""
    talk = _Conversation(port, profile)
    yield ReaderIdentity(talk.ask(Pn532Command.GET_FIRMWARE_VERSION, parse_firmware).text)
    status = talk.ask(Pn532Command.GET_GENERAL_STATUS, parse_status)
    yield ReaderStatus(fault=status.error in _HARDWARE_ERRORS, media_present=bool(status.targets))


class _Conversation:
    def __init__(self, port: SerialPort, profile: ReaderProfile) -> None:
        self._line: ReaderLine[Pn532Item] = ReaderLine(port, Pn532Deframer(), profile.quiet_s)
        self._profile = profile

    def ask(self, command: Pn532Command, parse: Callable[[bytes | bytearray], _Answer]) -> _Answer:
        """Send until acknowledged (an answer counts as such), then take the answer."""
        try:
            frame = self._send(command) or self._receive(command)
        except PortDeadlineError as error:
            raise self._line.out_of_time() from error
        try:
            answer = parse(frame.data)
        except Pn532MessageError as error:
            raise ReaderGarbledError(f"The reader's answer cannot be used: {error}.") from error
        self._line.answered()
        return answer

    def _send(self, command: Pn532Command) -> Pn532Frame | None:
        """None: acknowledged. The frame: the answer came at once, its ACK was lost."""
        question = WAKE_UP + build_frame(Tfi.TO_PN532, bytes((command,)))
        refused = False
        for _attempt in range(1 + self._profile.most_resends):
            self._line.write(question)
            until = time.monotonic() + self._profile.acknowledge_s
            while (item := self._next(command, until)) is not None:
                if isinstance(item, Pn532Frame):
                    return item
                if isinstance(item, Pn532Mark) and item.signal is Pn532Signal.ACK:
                    return None
                if isinstance(item, Pn532Mark):
                    refused = True
                    break
        if refused:
            raise ReaderRefusedError("The reader refused the question each time it was sent.")
        raise self._line.out_of_time()

    def _receive(self, command: Pn532Command) -> Pn532Frame:
        spoilt = 0
        until = time.monotonic() + self._profile.answer_s
        while (item := self._next(command, until)) is not None:
            if isinstance(item, Pn532Frame):
                return item
            if isinstance(item, Pn532Mark) and item.signal is Pn532Signal.ERROR:
                raise ReaderRefusedError("The reader does not know the question.")
            if isinstance(item, Pn532Error):
                spoilt += 1
                if spoilt > self._profile.most_resends:
                    raise ReaderGarbledError("None of the reader's answers was whole.")
                self._line.write(build_mark(Pn532Signal.NACK))
                until = time.monotonic() + self._profile.answer_s
        raise self._line.out_of_time()

    def _next(self, command: Pn532Command, until: float) -> Pn532Item | None:
        """The next item that bears on our question: echoes, other answers and noise do not."""
        while (item := self._line.next_item(until)) is not None:
            if isinstance(item, Pn532Frame):
                if item.tfi is Tfi.FROM_PN532 and item.data[:1] == bytes((command + 1,)):
                    return item
                item.wipe()
            elif isinstance(item, Pn532Mark):
                if item.signal is not Pn532Signal.WAKE_UP:
                    return item
            elif item.fault in _SPOILT:
                return item
        return None
