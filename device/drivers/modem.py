"""A cellular modem on its AT port: asks who it is and whether it has a SIM, a network, a signal and an address.

:func:`read_modem` sends read commands only, and no number of the subscriber or of the SIM is asked. It ends within
:data:`BUDGET_S`; what was not reached by then stays unasked. :func:`reattach_modem` alone changes something: it leaves
the packet service and comes back.
"""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Iterator
from typing import Final

from device.drivers.modem_facts import (
    CellLevel,
    DataAddresses,
    ModemAnswered,
    ModemBabbleError,
    ModemGarbledError,
    ModemIdentity,
    ModemMuteError,
    ModemSetup,
    ModemSimLostError,
    ModemState,
    NetworkRegistration,
    OperatorName,
    PacketAttach,
    SignalLevel,
    SimState,
)
from device.drivers.network import HostAddress, NetworkError, is_forbidden, not_allowed
from device.ports.serial_port import PortDeadlineError, SerialPort, open_serial
from protocol.at_cell import ServingCell
from protocol.at_command import AtConversation, Reply, Unsolicited
from protocol.at_operator import parse_operator
from protocol.at_packet import parse_addresses, parse_attached
from protocol.at_quectel import parse_serving_cells
from protocol.at_registration import Registration, parse_registration, sum_registrations
from protocol.at_result import ResultKind
from protocol.at_signal import parse_cesq, parse_csq
from protocol.at_simcom import parse_cpsi
from protocol.at_status import parse_identity, parse_sim
from protocol.at_vendor import parse_hcsq

BUDGET_S: Final = 3.2
REATTACH_S: Final = 45.0  # leaving takes seconds, coming back depends on the network
_POLL_S: Final = 1.0
_ATTEMPTS: Final = 2
_ANSWER_S: Final = 0.6
_FINAL_S: Final = 0.15  # some modems send +CPIN and never its OK
_READY: Final = "READY"
_SIM_CHANGES: Final = ("+CPIN", "CPIN", "+QSIMSTAT", "QSIMSTAT", "+SIMCARD", "SIMCARD", "^SIMST", "SIMST")
_BABBLE: Final = 1024  # bytes; no modem says as much before its first OK
_REGISTRATIONS: Final = ("AT+CREG?", "AT+CGREG?", "AT+CEREG?", "AT+C5GREG?")
_CELL_COMMANDS: Final = {  # a word of the maker's name -> the command that reads the serving cell
    "QUECTEL": 'AT+QENG="servingcell"',
    "SIMCOM": "AT+CPSI?",
    "HUAWEI": "AT^HCSQ?",
}


def read_modem(setup: ModemSetup) -> Iterator[ModemState]:
    """Ask step by step; each state is yielded as soon as it is known.

    Raises PortError (with PortDeadlineError when the time ran out between two steps), ModemError.
    """
    with open_serial(setup.port, setup.baud, BUDGET_S) as port:
        line = _Line(port)
        yield _wake(line)
        sim = _ask_sim(line)
        yield sim
        for step in _ask_rest(line):
            if sim.state == _READY and line.sim_changed and _ask_sim(line).state != _READY:
                raise ModemSimLostError("The SIM was ready and went away while the modem was asked.")
            yield step


def _ask_rest(line: _Line) -> Iterator[ModemState]:
    """Everything that needs a SIM to mean something, and who the modem is."""
    yield _ask_registration(line)
    yield _ask_signal(line)
    yield _ask_operator(line)
    attached = (parse_attached(text) for text in line.ask("AT+CGATT?").lines)
    yield PacketAttach(next((told for told in attached if told is not None), None))
    addresses = line.ask("AT+CGPADDR")
    yield DataAddresses(parse_addresses(addresses.lines), addresses.result.ok or bool(addresses.lines))
    identity = _ask_identity(line)
    yield identity
    yield CellLevel(_ask_cell(line, identity.manufacturer or ""))


def reattach_modem(setup: ModemSetup) -> float | None:
    """Leave the packet service and attach again (3GPP TS 27.007, 10.1.9); seconds it took, None: it did not come back.

    Raises PortError, ModemError. Never during a sale: for that time there is no mobile data.
    """
    with open_serial(setup.port, setup.baud, REATTACH_S) as port:
        line = _Line(port)
        _wake(line)
        line.ask("AT+CGATT=0", answer_s=REATTACH_S / 3)
        began = time.monotonic()
        line.ask("AT+CGATT=1", answer_s=REATTACH_S / 3)
        while port.remaining_s > _POLL_S:
            told = (parse_attached(text) for text in line.ask("AT+CGATT?").lines)
            if next((attached for attached in told if attached is not None), False):
                return time.monotonic() - began
            time.sleep(_POLL_S)  # a modem is asked: not every one tells unasked that it is attached
    return None


def own_address(addresses: tuple[str, ...]) -> str | None:
    """The first of the modem's data addresses that is one of this terminal's; None: the modem routes by itself."""
    for address in addresses:
        with contextlib.suppress(OSError), socket.socket(_family(address), socket.SOCK_DGRAM) as line:
            line.bind((address, 0))
            return address
    return None


def connect_through(address: str, host: HostAddress, bound_s: float) -> float:
    """Milliseconds of a TCP connection to the host out of the modem's own data address. Raises NetworkError.

    ``refused``: the host has answered, so data does pass; ``no_answer`` and ``unreachable``: none came back;
    ``not_allowed``: it was not sent.
    """
    with socket.socket(_family(address), socket.SOCK_STREAM) as line:
        line.settimeout(bound_s)
        began = time.monotonic()
        try:
            line.bind((address, 0))
            line.connect((host.address, host.port))
        except TimeoutError as error:
            if is_forbidden(host.address):
                raise not_allowed(host.address) from error
            raise NetworkError("no_answer", "The host does not answer through the modem.") from error
        except ConnectionRefusedError as error:
            raise NetworkError("refused", "The host answers through the modem, but refuses the connection.") from error
        except OSError as error:
            text = f"The host is not reached through the modem: {error.strerror}."
            raise NetworkError("unreachable", text) from error
        return round((time.monotonic() - began) * 1000, 1)


def _family(address: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in address else socket.AF_INET


class _Line:
    def __init__(self, port: SerialPort) -> None:
        self._port = port
        self._talk = AtConversation()
        self.heard = 0  # bytes so far
        self.sim_changed = False  # the modem told something of its SIM unasked

    def ask(self, command: str, final_s: float = _ANSWER_S, answer_s: float = _ANSWER_S) -> Reply:
        """Ask and wait at most ``answer_s``; an answer without an end is returned as far as it came.

        ``final_s`` bounds the wait for the final result once the information is there.
        """
        if self._port.remaining_s <= 0:
            raise PortDeadlineError("The modem did not finish in the time it had.")
        self._port.write(self._talk.ask(command))
        until = time.monotonic() + answer_s
        informed = False
        while (wait_s := until - time.monotonic()) > 0 and self._port.remaining_s > 0:
            data = self._port.read_some(wait_s)
            self.heard += len(data)
            for event in self._talk.feed(data):
                if isinstance(event, Reply):
                    return event
                self.sim_changed |= isinstance(event, Unsolicited) and event.name in _SIM_CHANGES
            if self._talk.informed and not informed:
                informed = True
                until = min(until, time.monotonic() + final_s)
        return self._talk.expire()


def _wake(line: _Line) -> ModemAnswered:
    for _attempt in range(_ATTEMPTS):
        began = time.monotonic()
        if line.ask("AT").result.kind is not ResultKind.NONE:
            return ModemAnswered((time.monotonic() - began) * 1000)
    if line.heard > _BABBLE:
        raise ModemBabbleError("The modem's line sends without end, and no answer to AT is in it.")
    if line.heard:
        raise ModemGarbledError("Bytes come, but no answer to AT is in them; the speed may be set wrongly.")
    raise ModemMuteError("The modem did not answer AT.")


def _ask_sim(line: _Line) -> SimState:
    line.sim_changed = False
    return SimState(parse_sim(line.ask("AT+CPIN?", final_s=_FINAL_S)))


def _ask_identity(line: _Line) -> ModemIdentity:
    told = {command: _ask_name(line, command) for command in ("AT+CGMI", "AT+CGMM", "AT+CGMR")}
    model = told["AT+CGMM"] or _ask_name(line, "ATI")
    return ModemIdentity(told["AT+CGMI"], model, told["AT+CGMR"])


def _ask_name(line: _Line, command: str) -> str | None:
    """A name; one without a letter or digit is noise."""
    told = parse_identity(line.ask(command).lines)
    return told if told is not None and any(sign.isalnum() for sign in told) else None


def _ask_registration(line: _Line) -> NetworkRegistration:
    """Ask all four: a data-only modem may be unregistered in one and registered in another."""
    found: dict[str, Registration] = {}
    for command in _REGISTRATIONS:
        registration = parse_registration(line.ask(command).lines)
        if registration is not None:
            found[command[3:-1]] = registration
    return NetworkRegistration(sum_registrations(found.values()) if found else None, found)


def _ask_signal(line: _Line) -> SignalLevel:
    """Ask +CSQ; where that knows no level, +CESQ, whose values keep their own scale."""
    simple = line.ask("AT+CSQ")
    signal = next((told for text in simple.lines if (told := parse_csq(text)) is not None), None)
    if signal is not None and signal.known:
        return SignalLevel(signal, answered=True)
    extended = line.ask("AT+CESQ")
    found = [told for text in extended.lines for told in parse_cesq(text)]
    return SignalLevel(found[0] if found else None, bool(simple.lines or extended.lines))


def _ask_operator(line: _Line) -> OperatorName:
    lines = line.ask("AT+COPS?").lines
    operator = next((told for text in lines if (told := parse_operator(text)) is not None), None)
    return OperatorName(None if operator is None else operator.name or operator.code, bool(lines))


def _ask_cell(line: _Line, maker: str) -> ServingCell | None:
    """Ask this maker's command; where it has none, or that tells no level, the standard's +CESQ."""
    command = next((command for word, command in _CELL_COMMANDS.items() if word in maker.upper()), None)
    cells = _cells(line.ask(command)) if command else ()
    known = [cell for cell in cells if cell.signal is not None and cell.signal.known]
    if known:
        return next((cell for cell in known if cell.signal and cell.signal.rsrp_dbm is not None), known[0])
    signals = [signal for text in line.ask("AT+CESQ").lines for signal in parse_cesq(text)]
    if signals:
        return ServingCell("+CESQ", radio=signals[0].radio, signal=signals[0])
    return cells[0] if cells else None


def _cells(reply: Reply) -> tuple[ServingCell, ...]:
    if reply.command.startswith("AT+QENG"):
        return parse_serving_cells(reply.lines)
    if reply.command.startswith("AT+CPSI"):
        return tuple(cell for text in reply.lines if (cell := parse_cpsi(text)) is not None)
    signals = (parse_hcsq(text) for text in reply.lines)
    return tuple(ServingCell("^HCSQ", radio=signal.radio or None, signal=signal) for signal in signals if signal)
