"""A reader that speaks control-character frames: asks who it is and how it is.

Card data that arrives unasked (somebody swipes) is wiped and forgotten: it is no answer to any question of ours.
The whole conversation ends within :data:`~device.drivers.reader_facts.BUDGET_S`, whatever the reader does.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Final, TypeVar

from device.drivers.reader_facts import (
    ReaderBabbleError,
    ReaderError,
    ReaderFact,
    ReaderGarbledError,
    ReaderIdentity,
    ReaderMuteError,
    ReaderRefusedError,
    ReaderSlowError,
    ReaderStatus,
)
from device.drivers.reader_profile import ControlProfile, Question, ReaderProfile
from device.ports.serial_port import PortDeadlineError, SerialPort
from protocol.control_frame import (
    Control,
    ControlCode,
    Deframer,
    Delimiter,
    Frame,
    FrameError,
    FrameFault,
    Item,
    build_frame,
)
from protocol.reader_message import ReaderMessageError, parse_firmware, parse_status

_MOST_BYTES: Final = 1024  # several times what an answer and a swipe need: the reader babbles
_Answer = TypeVar("_Answer")


def read_control(port: SerialPort, profile: ReaderProfile) -> Iterator[ReaderFact]:
    """Ask identity, then status; each is yielded as soon as it is known. Raises PortError or ReaderError."""
    control = profile.control
    if control is None:
        raise ValueError(f"the profile {profile.name} has no control frames")
    talk = _Conversation(port, profile, control)
    identity, status = control.identity, control.status
    yield ReaderIdentity(talk.ask(identity, lambda payload: parse_firmware(payload, identity.answer)))
    told = talk.ask(status, lambda payload: parse_status(payload, status.answer))
    yield ReaderStatus(told.fault, told.media_present, told.tracks, told.retries, told.errors, told.head_cycles)


class _Conversation:
    def __init__(self, port: SerialPort, profile: ReaderProfile, control: ControlProfile) -> None:
        self._port = port
        self._profile = profile
        self._frame = control.frame
        self._deframer = Deframer(control.frame)
        self._waiting: list[Item] = []
        self._heard = 0  # bytes since the last whole answer
        self._answered = False
        self._noise_end = -1  # where in the stream the last noise ended

    def ask(self, question: Question, parse: Callable[[bytes | bytearray], _Answer]) -> _Answer:
        """Send until acknowledged (an answer counts as such), then take the answer."""
        try:
            first = self._send(question)
            return self._receive(question, parse, first)
        except PortDeadlineError as error:
            raise self._out_of_time() from error

    def _send(self, question: Question) -> Frame | FrameError | None:
        """Return what came instead of an ACK, if it was a frame already."""
        data = build_frame(question.command, self._frame)
        refused = False
        for _attempt in range(1 + self._profile.most_resends):
            self._port.write(data)
            item = self._next_item(self._profile.acknowledge_s, question.answer)
            if isinstance(item, Frame | FrameError):
                return item
            if item is ControlCode.ACK:
                return None
            refused = refused or item is ControlCode.NAK
            if item is ControlCode.EOT:
                raise ReaderRefusedError("The reader ended the conversation instead of answering.")
        self._port.write(bytes((ControlCode.EOT,)))
        if refused:
            raise ReaderRefusedError("The reader refused the question each time it was sent.")
        raise self._out_of_time()

    def _receive(
        self,
        question: Question,
        parse: Callable[[bytes | bytearray], _Answer],
        item: Frame | FrameError | ControlCode | None,
    ) -> _Answer:
        spoilt = 0
        while True:
            item = item or self._next_item(self._profile.answer_s, question.answer)
            if isinstance(item, Frame):
                return self._accept(item, parse)
            if item is ControlCode.EOT:
                raise ReaderRefusedError("The reader ended the conversation instead of answering.")
            if item is None:
                raise self._out_of_time()
            if isinstance(item, FrameError):
                spoilt += 1
                if spoilt > self._profile.most_resends:
                    self._port.write(bytes((ControlCode.EOT,)))
                    raise ReaderGarbledError("None of the reader's answers was whole.")
                self._port.write(bytes((ControlCode.NAK,)))
            item = None

    def _accept(self, frame: Frame, parse: Callable[[bytes | bytearray], _Answer]) -> _Answer:
        try:
            answer = parse(frame.payload)
        except ReaderMessageError as error:
            raise ReaderGarbledError(f"The reader's answer cannot be used: {error}.") from error
        self._port.write(bytes((ControlCode.ACK,)))
        self._heard = 0
        self._answered = True
        return answer

    def _next_item(self, timeout_s: float, wanted: bytes) -> Frame | FrameError | ControlCode | None:
        """The next thing that bears on our question; None: it did not come in time."""
        until = time.monotonic() + timeout_s
        while True:
            while self._waiting:
                item = self._waiting.pop(0)
                if isinstance(item, Control) and self._counts(item):
                    return item.code
                if isinstance(item, FrameError) and item.fault is FrameFault.NOISE:
                    self._noise_end = item.offset + item.length
                if isinstance(item, FrameError) and _was_answer(item):
                    return item
                if isinstance(item, Frame):
                    if item.payload.startswith(wanted):
                        return item
                    item.wipe()  # unasked: may be a card that was just swiped
            if time.monotonic() >= until:
                return None
            self._read_more(until)

    def _counts(self, item: Control) -> bool:
        """A NAK or EOT right behind noise is noise: taking it for one would end the conversation too early."""
        if item.code is ControlCode.ACK:
            return True
        return item.code is not ControlCode.ENQ and item.offset != self._noise_end

    def _read_more(self, until: float) -> None:
        pending = self._deframer.pending > 0
        wait_s = max(0.0, until - time.monotonic())
        data = self._port.read_some(min(wait_s, self._profile.quiet_s) if pending else wait_s)
        if not data:
            if pending:
                self._waiting += self._deframer.expire()
            return
        self._heard += len(data)
        self._waiting += self._deframer.feed(data)
        data[:] = bytes(len(data))
        if self._heard > _MOST_BYTES:
            raise ReaderBabbleError("The reader sends without end and does not answer.")

    def _out_of_time(self) -> ReaderError:
        if self._heard == 0 and not self._answered:
            return ReaderMuteError("The reader did not answer at all.")
        return ReaderSlowError("The reader gave no complete answer in time.")


def _was_answer(error: FrameError) -> bool:
    """Answers come between STX and ETX; what begins otherwise is not worth a NAK."""
    return error.delimiter is Delimiter.STX and error.fault in (FrameFault.BAD_LRC, FrameFault.CUT)
