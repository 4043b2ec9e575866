"""What the modem driver tells, step by step, and the errors it raises."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from protocol.at_cell import ServingCell
from protocol.at_registration import Registration, RegistrationState
from protocol.at_signal import Signal


class ModemError(Exception):
    """The modem did not do what it must; the text is one sentence. ``reason`` is a short key for evidence."""

    reason = "no_answer"


class ModemMuteError(ModemError):
    """No byte came to ``AT``."""


class ModemGarbledError(ModemError):
    """Bytes came to ``AT``, but no answer; often a wrong speed."""

    reason = "garbled"


class ModemBabbleError(ModemError):
    """Bytes come without end and no answer is among them."""

    reason = "babble"


class ModemSimLostError(ModemError):
    """The SIM was ready and went away while the modem was asked."""

    reason = "sim_lost"


@dataclass(frozen=True, slots=True)
class ModemSetup:
    """The modem's AT port (the profile's second one where another process owns the first)."""

    port: str
    baud: int


@dataclass(frozen=True, slots=True)
class ModemAnswered:
    """The modem answers."""

    took_ms: float


@dataclass(frozen=True, slots=True)
class ModemIdentity:
    """Manufacturer, model, revision; None where the modem did not say."""

    manufacturer: str | None
    model: str | None
    revision: str | None


@dataclass(frozen=True, slots=True)
class SimState:
    """The SIM, in the words of +CPIN; None: the modem did not say."""

    state: str | None


@dataclass(frozen=True, slots=True)
class NetworkRegistration:
    """The sum of the registrations that the modem told, by command; ``state`` is None if it told none."""

    state: RegistrationState | None
    registrations: dict[str, Registration]


@dataclass(frozen=True, slots=True)
class SignalLevel:
    """What +CSQ tells, or +CESQ where that knows nothing; None: unknown. ``answered``: it said something at all."""

    signal: Signal | None
    answered: bool


@dataclass(frozen=True, slots=True)
class CellLevel:
    """The serving cell's own levels (RSRP, RSRQ, SINR), asked as this maker's modems want it; None: not told."""

    cell: ServingCell | None


@dataclass(frozen=True, slots=True)
class OperatorName:
    """The operator; None: none is chosen. ``answered``: the modem said something at all."""

    name: str | None
    answered: bool


@dataclass(frozen=True, slots=True)
class PacketAttach:
    """Attached to packet service? None: the modem did not say."""

    attached: bool | None


@dataclass(frozen=True, slots=True)
class DataAddresses:
    """The addresses of the data contexts. ``answered``: the modem said something at all."""

    addresses: tuple[str, ...]
    answered: bool


ModemState: TypeAlias = (
    ModemAnswered
    | ModemIdentity
    | SimState
    | NetworkRegistration
    | SignalLevel
    | OperatorName
    | PacketAttach
    | DataAddresses
    | CellLevel
)
