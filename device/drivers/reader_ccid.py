"""A CCID reader on a serial line: asks its firmware and the slot's status. The card is neither powered nor talked to.

The firmware question is a maker's own Escape (GemPC Twin): a reader that refuses it is alive all the same.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Final

from device.drivers.reader_facts import ReaderFact, ReaderGarbledError, ReaderIdentity, ReaderRefusedError, ReaderStatus
from device.drivers.reader_line import ReaderLine
from device.drivers.reader_profile import ReaderProfile
from device.ports.serial_port import PortDeadlineError, SerialPort
from protocol.ccid_frame import (
    NAK_FRAME,
    CcidDeframer,
    CcidError,
    CcidFault,
    CcidFrame,
    CcidItem,
    CcidNak,
    build_frame,
)
from protocol.ccid_message import (
    ASK_FIRMWARE,
    CcidMessageError,
    CcidType,
    CommandStatus,
    IccStatus,
    parse_firmware,
    parse_status,
)

_NOT_TOLD: Final = "CCID, firmware not told"
_HARDWARE_ERROR: Final = 0xFB  # bError HW_ERROR, CCID rev 1.1, 6.2.6
_SPOILT: Final = (CcidFault.BAD_LRC, CcidFault.BAD_LENGTH, CcidFault.CUT)
_ANSWERS: Final = {CcidType.ESCAPE: CcidType.ESCAPE_ANSWER, CcidType.GET_SLOT_STATUS: CcidType.SLOT_STATUS}


def read_ccid(port: SerialPort, profile: ReaderProfile) -> Iterator[ReaderFact]:
    """Ask identity, then status; each is yielded as soon as it is known. Raises PortError or ReaderError."""
    talk = _Conversation(port, profile)
    yield ReaderIdentity(_firmware_of(talk.ask(CcidType.ESCAPE, ASK_FIRMWARE)))
    status = parse_status(talk.ask(CcidType.GET_SLOT_STATUS))
    failed = status.command == CommandStatus.FAILED
    present = status.icc in (IccStatus.ACTIVE, IccStatus.INACTIVE)
    yield ReaderStatus(fault=failed and status.error == _HARDWARE_ERROR, media_present=present)


def _firmware_of(frame: CcidFrame) -> str:
    if parse_status(frame).command == CommandStatus.FAILED:
        return _NOT_TOLD
    try:
        return parse_firmware(frame)
    except CcidMessageError as error:
        raise ReaderGarbledError(f"The reader's answer cannot be used: {error}.") from error


class _Conversation:
    def __init__(self, port: SerialPort, profile: ReaderProfile) -> None:
        self._line: ReaderLine[CcidItem] = ReaderLine(port, CcidDeframer(), profile.quiet_s)
        self._profile = profile
        self._sequence = 0

    def ask(self, kind: CcidType, data: bytes = b"") -> CcidFrame:
        """Send a command and return its answer; both are sent again where they were spoilt."""
        try:
            answer = self._ask(kind, build_frame(kind, data, sequence=self._sequence))
        except PortDeadlineError as error:
            raise self._line.out_of_time() from error
        self._line.answered()
        self._sequence += 1
        return answer

    def _ask(self, kind: CcidType, command: bytes) -> CcidFrame:
        refused = spoilt = 0
        self._line.write(command)
        until = time.monotonic() + self._profile.answer_s
        while (item := self._next(kind, until)) is not None:
            if isinstance(item, CcidFrame):
                if parse_status(item).command != CommandStatus.TIME_EXTENSION:
                    return item
            elif isinstance(item, CcidNak):
                refused += 1
                if refused > self._profile.most_resends:
                    raise ReaderRefusedError("The reader refused the question each time it was sent.")
                self._line.write(command)
            else:
                spoilt += 1
                if spoilt > self._profile.most_resends:
                    raise ReaderGarbledError("None of the reader's answers was whole.")
                self._line.write(NAK_FRAME)
            until = time.monotonic() + self._profile.answer_s
        raise self._line.out_of_time()

    def _next(self, kind: CcidType, until: float) -> CcidFrame | CcidNak | CcidError | None:
        """The next item that bears on our question: echoes, other answers, notices and noise do not."""
        while (item := self._line.next_item(until)) is not None:
            if isinstance(item, CcidFrame):
                if (item.sequence, item.type) in (
                    (self._sequence, _ANSWERS[kind]),
                    (self._sequence, CcidType.SLOT_STATUS),  # how some readers refuse
                ):
                    return item
                item.wipe()
            elif isinstance(item, CcidNak) or (isinstance(item, CcidError) and item.fault in _SPOILT):
                return item
        return None
