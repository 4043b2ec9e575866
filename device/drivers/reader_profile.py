"""What kind of reader is fitted: which protocol it speaks, how patient to be, and for control frames their shape."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from device.drivers.reader_facts import BUDGET_S, QUIET_S
from device.table import Table
from protocol.control_frame import FrameProfile, LengthKind


class Protocol(StrEnum):
    """Protocols of readers on a serial line."""

    CONTROL_FRAME = "control_frame"
    NEO = "neo"
    ABECS = "abecs"
    PN532 = "pn532"
    CCID = "ccid"


@dataclass(frozen=True, slots=True)
class Question:
    """What to send, and with what the answer begins."""

    command: bytes
    answer: bytes


@dataclass(frozen=True, slots=True)
class ControlProfile:
    """The dialect of a reader that speaks control-character frames."""

    frame: FrameProfile
    identity: Question
    status: Question


@dataclass(frozen=True, slots=True)
class ReaderProfile:
    """One family of readers, as ``catalogue/readers/*.toml`` describes it. ``control``: only for control frames.

    ``quiet_s``: no byte for this long inside a frame, and the frame is cut; ``budget_s``: the whole conversation.
    """

    name: str
    source: str
    protocol: Protocol
    acknowledge_s: float
    answer_s: float
    most_resends: int
    control: ControlProfile | None = None
    quiet_s: float = QUIET_S
    budget_s: float = BUDGET_S

    def slowed(self, factor: float) -> ReaderProfile:
        """The same reader, seen from a terminal that is so many times slower than hardware (an emulator)."""
        return replace(
            self,
            acknowledge_s=self.acknowledge_s * factor,
            answer_s=self.answer_s * factor,
            quiet_s=self.quiet_s * factor,
            budget_s=self.budget_s * factor,
        )


def parse_reader_profile(root: Table) -> ReaderProfile:
    """Read a reader's profile. Raises TableError."""
    timing = root.table("timing")
    protocol = Protocol(root.choice("protocol", list(Protocol)))
    profile = ReaderProfile(
        name=root.text("name", most=40),
        source=root.text("source"),
        protocol=protocol,
        acknowledge_s=timing.number("acknowledge_s"),
        answer_s=timing.number("answer_s"),
        most_resends=timing.whole("most_resends", most=3),
        control=_control(root) if protocol is Protocol.CONTROL_FRAME else None,
    )
    timing.close()
    root.close()
    return profile


def _control(root: Table) -> ControlProfile:
    frame = root.table("frame")
    shape = FrameProfile(
        length=LengthKind(frame.choice("length", list(LengthKind))),
        lrc_with_start=frame.flag("lrc_with_start"),
        lrc_with_length=frame.flag("lrc_with_length"),
        lrc_with_end=frame.flag("lrc_with_end"),
        most_payload=frame.whole("most_payload", least=16, most=4096),
    )
    frame.close()
    return ControlProfile(shape, _question(root.table("identity")), _question(root.table("status")))


def _question(table: Table) -> Question:
    command, answer = table.text("command", most=8), table.text("answer", most=8)
    for key, text in (("command", command), ("answer", answer)):
        if not text.isascii() or not text.isprintable() or not text:
            raise table.error(key, "must be one to eight printable ASCII characters")
    table.close()
    return Question(command.encode("ascii"), answer.encode("ascii"))
