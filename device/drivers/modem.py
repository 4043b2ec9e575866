"""A cellular modem on its AT port: asks who it is and whether it has a SIM, a network, a signal and an address.

Only read commands are sent; nothing on the modem is changed, and no number of the subscriber or of the SIM is asked.
The whole conversation ends within :data:`BUDGET_S`; what was not reached by then stays unasked.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, TypeAlias

from device.ports.serial_port import PortDeadlineError, SerialPort, open_serial
from protocol.at_command import AtConversation, Reply, ResultKind
from protocol.at_registration import (
    Registration,
    RegistrationState,
    Signal,
    parse_addresses,
    parse_attached,
    parse_cesq,
    parse_csq,
    parse_identity,
    parse_operator,
    parse_registration,
    parse_sim,
    sum_registrations,
)

BUDGET_S: Final = 3.2
_ATTEMPTS: Final = 2
_ANSWER_S: Final = 0.6
_FINAL_S: Final = 0.15  # some modems send +CPIN and never its OK
_REGISTRATIONS: Final = ("AT+CREG?", "AT+CGREG?", "AT+CEREG?", "AT+C5GREG?")


class ModemMuteError(Exception):
    """Nothing that could be an answer came to ``AT``."""


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
    """The level; None: the modem says that it is unknown. ``answered``: it said something at all."""

    signal: Signal | None
    answered: bool


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
)


def read_modem(setup: ModemSetup) -> Iterator[ModemState]:
    """Ask step by step; each state is yielded as soon as it is known.

    Raises PortError (with PortDeadlineError when the time ran out between two steps), ModemMuteError.
    """
    with open_serial(setup.port, setup.baud, BUDGET_S) as port:
        line = _Line(port)
        yield _wake(line)
        yield SimState(parse_sim(line.ask("AT+CPIN?", final_s=_FINAL_S)))
        yield _ask_registration(line)
        yield _ask_signal(line)
        operator = line.ask("AT+COPS?")
        yield OperatorName(parse_operator(operator), bool(operator.lines))
        yield PacketAttach(parse_attached(line.ask("AT+CGATT?")))
        addresses = line.ask("AT+CGPADDR")
        yield DataAddresses(parse_addresses(addresses), addresses.result.ok or bool(addresses.lines))
        yield _ask_identity(line)


class _Line:
    def __init__(self, port: SerialPort) -> None:
        self._port = port
        self._talk = AtConversation()

    def ask(self, command: str, final_s: float = _ANSWER_S) -> Reply:
        """Ask and wait; an answer without an end is returned as far as it came.

        ``final_s`` bounds the wait for the final result once the information is there.
        """
        if self._port.remaining_s <= 0:
            raise PortDeadlineError("The modem did not finish in the time it had.")
        self._port.write(self._talk.ask(command))
        until = time.monotonic() + _ANSWER_S
        informed = False
        while (wait_s := until - time.monotonic()) > 0 and self._port.remaining_s > 0:
            for event in self._talk.feed(self._port.read_some(wait_s)):
                if isinstance(event, Reply):
                    return event
            if self._talk.informed and not informed:
                informed = True
                until = min(until, time.monotonic() + final_s)
        return self._talk.expire()


def _wake(line: _Line) -> ModemAnswered:
    for _attempt in range(_ATTEMPTS):
        began = time.monotonic()
        if line.ask("AT").result.kind is not ResultKind.NONE:
            return ModemAnswered((time.monotonic() - began) * 1000)
    raise ModemMuteError("The modem did not answer AT.")


def _ask_identity(line: _Line) -> ModemIdentity:
    manufacturer = parse_identity(line.ask("AT+CGMI"))
    model = parse_identity(line.ask("AT+CGMM"))
    revision = parse_identity(line.ask("AT+CGMR"))
    if model is None:
        model = parse_identity(line.ask("ATI"))
    return ModemIdentity(manufacturer, model, revision)


def _ask_registration(line: _Line) -> NetworkRegistration:
    """Ask all four: a data-only modem may be unregistered in one and registered in another."""
    found: dict[str, Registration] = {}
    for command in _REGISTRATIONS:
        registration = parse_registration(line.ask(command))
        if registration is not None:
            found[command[3:-1]] = registration
    return NetworkRegistration(sum_registrations(found.values()) if found else None, found)


def _ask_signal(line: _Line) -> SignalLevel:
    simple = line.ask("AT+CSQ")
    signal = parse_csq(simple)
    if signal is not None:
        return SignalLevel(signal, answered=True)
    extended = line.ask("AT+CESQ")
    return SignalLevel(parse_cesq(extended), bool(simple.lines or extended.lines))
