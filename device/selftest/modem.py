"""The modem's check: does it answer, and has it a SIM, a network, a signal and an address?"""

from __future__ import annotations

import time

from device.drivers.modem import connect_through, own_address, read_modem, reattach_modem
from device.drivers.modem_facts import (
    CellLevel,
    DataAddresses,
    ModemAnswered,
    ModemError,
    ModemIdentity,
    ModemSetup,
    ModemSimLostError,
    ModemState,
    NetworkRegistration,
    OperatorName,
    PacketAttach,
    SignalLevel,
    SimState,
)
from device.drivers.network import NetworkError, NetworkSetup, find_host
from device.ports.serial_port import PortDeadlineError, PortError, PortHeldError, PortLostError, PortMissingError
from device.selftest.sheet import Sheet
from protocol.at_signal import Signal, SignalKind

_REATTACH = "reattach"
_CELL = ("rsrp", "rsrq", "sinr", "band")
_FACTS = ("answer", "sim", "registration", "signal", "operator", "attach", "data", "identity", *_CELL, "end_to_end")
_WHOLE_S = 3.8  # within the part's deadline
_CONNECT_S = 1.0
_LEAST_S = 0.1


def check_modem(
    setup: ModemSetup | None, sheet: Sheet, host: NetworkSetup | None = None, *, reattach: bool = False
) -> None:
    """Write all modem facts on the sheet, each as soon as it is known.

    Values: answer true, sim the words of +CPIN, registration ``home|roaming|searching|denied|none``, signal dBm
    of RSSI, operator its name, attach ``attached|detached``, data ``address|none``, identity maker, model and
    revision, rsrp dBm, rsrq and sinr dB, band radio and number. With ``reattach`` also reattach: the seconds until the
    modem was back in the packet service; for that time there is no mobile data. end_to_end: milliseconds of a
    connection to ``host`` out of the modem's own data address.
    """
    missing = [f"modem.{fact}" for fact in (*_FACTS, *((_REATTACH,) if reattach else ()))]
    if setup is None:
        _not_run(sheet, missing, "not_fitted", "No modem is configured.")
        return
    until = time.monotonic() + _WHOLE_S
    try:
        addresses = _ask_all(setup, sheet, missing)
        _write_end_to_end(addresses, host, (until - time.monotonic()) / 2, sheet)
        del missing[0]
        if reattach:
            _write_reattach(sheet, missing.pop(0), reattach_modem(setup))
    except PortHeldError as error:
        _not_run(sheet, missing, "port_held", str(error))
    except PortDeadlineError:
        _not_run(sheet, missing, "deadline", "The modem answers so slowly that this was not asked in time.")
    except PortMissingError as error:
        _fail(sheet, missing, "port_missing", str(error))
    except PortLostError as error:
        _fail(sheet, missing, "unplugged", str(error))
    except PortError as error:
        for fact in missing:
            sheet.broken(fact, "port", str(error))
    except ModemError as error:
        _fail(sheet, missing, error.reason, str(error))


def _ask_all(setup: ModemSetup, sheet: Sheet, missing: list[str]) -> tuple[str, ...]:
    """Write each fact as it comes; the data addresses."""
    addresses: tuple[str, ...] = ()
    for state in read_modem(setup):
        if isinstance(state, DataAddresses):
            addresses = state.addresses
        if isinstance(state, CellLevel):
            _write_cell(sheet, state)
            del missing[: len(_CELL)]
        else:
            _write(sheet, missing.pop(0), state)
    return addresses


def _write_end_to_end(addresses: tuple[str, ...], host: NetworkSetup | None, left_s: float, sheet: Sheet) -> None:
    """A connection out of the modem's own address proves that data passes the modem, whatever other line is up.

    ``left_s`` bounds the search for the host's name, and then the connection.
    """
    fact = "modem.end_to_end"
    if not addresses:
        sheet.not_run(fact, "needs_address", "The modem has no data address.")
        return
    if host is None:
        sheet.not_run(fact, "not_used", "The settings name no payment host.")
        return
    own = own_address(addresses)
    if own is None:
        sheet.not_run(fact, "not_routed", "The modem's address is none of this terminal's: it routes by itself.")
        return
    bound_s = max(_LEAST_S, min(_CONNECT_S, left_s))
    try:
        where = find_host(host.host, host.port, bound_s)
    except NetworkError:
        sheet.not_run(fact, "needs_dns", "The host's address is not known, so this was not asked.")
        return
    try:
        took_ms = connect_through(own, where, bound_s)
    except NetworkError as error:
        if error.reason in ("refused", "not_allowed"):  # an answer came back or nothing was sent: it is not the modem
            sheet.not_run(fact, error.reason, str(error))
        else:
            sheet.failed(fact, error.reason, str(error))
    else:
        sheet.measured(fact, took_ms, took_ms=took_ms)


def _write_reattach(sheet: Sheet, fact: str, took_s: float | None) -> None:
    if took_s is None:
        sheet.failed(fact, "no_answer", "The modem left the packet service and did not come back in time.")
    else:
        sheet.measured(fact, round(took_s, 1))


def _not_run(sheet: Sheet, missing: list[str], reason: str, detail: str) -> None:
    for fact in missing:
        sheet.not_run(fact, reason, detail)


def _fail(sheet: Sheet, missing: list[str], reason: str, detail: str) -> None:
    """The first open fact failed; what needed it was not asked."""
    for fact in missing[:1]:
        sheet.failed(fact, reason, detail)
    if reason == ModemSimLostError.reason:
        _not_run(sheet, missing[1:], "needs_sim", "Without a SIM this was not asked.")
    else:
        _not_run(sheet, missing[1:], "needs_answer", "The modem did not answer, so this was not asked.")


def _write(sheet: Sheet, fact: str, state: ModemState) -> None:
    match state:
        case ModemAnswered(took_ms):
            sheet.measured(fact, True, took_ms=took_ms)
        case ModemIdentity(manufacturer, model, revision):
            _told(sheet, fact, " ".join(word for word in (manufacturer, model, revision) if word))
        case SimState(sim):
            _told(sheet, fact, sim)
        case NetworkRegistration(word, registrations):
            detail = ", ".join(f"{name} {registration.stat}" for name, registration in registrations.items())
            _told(sheet, fact, word and str(word), detail and f"The modem says {detail}.")
        case SignalLevel():
            _write_signal(sheet, fact, state)
        case OperatorName(name, answered):
            if name is None and answered:
                sheet.failed(fact, "none", "The modem has chosen no operator.")
            else:
                _told(sheet, fact, name)
        case PacketAttach(attached):
            _told(sheet, fact, None if attached is None else ("attached" if attached else "detached"))
        case DataAddresses(addresses, answered):
            detail = f"Address {', '.join(addresses)}." if addresses else ""
            _told(sheet, fact, ("address" if addresses else "none") if answered else None, detail)


def _write_signal(sheet: Sheet, fact: str, level: SignalLevel) -> None:
    """Only an RSSI is measured by the limit of ``modem.signal``: RSCP and RSRP are other scales."""
    signal = level.signal
    if signal is not None and signal.rssi_dbm is not None:
        sheet.measured(fact, round(signal.rssi_dbm), detail=f"The RSSI of {signal.source}.")
    elif signal is not None:
        sheet.not_run(fact, "other_scale", f"The modem tells no RSSI, but {_levels(signal)}.")
    elif level.answered:
        sheet.failed(fact, "unknown", "The modem hears no cell, or does not know its level.")
    else:
        _told(sheet, fact, None)


def _write_cell(sheet: Sheet, level: CellLevel) -> None:
    """The serving cell's levels, each on its own scale."""
    cell = level.cell
    signal = None if cell is None else cell.signal
    if cell is None or (signal is None and cell.state is None):
        _not_run(sheet, [f"modem.{fact}" for fact in _CELL], "not_told", "This modem tells nothing of its cell.")
        return
    if signal is None or not signal.known:
        why = f"The modem has no cell to measure ({(cell.state or 'no service').lower()})."
        _not_run(sheet, [f"modem.{fact}" for fact in _CELL], "no_cell", why)
        return
    place = f"{cell.radio} band {cell.band}" if cell.band else f"{cell.radio}"
    if signal.rsrp_dbm is None:
        sheet.not_run(
            "modem.rsrp", "other_scale", f"A {cell.radio} cell has no RSRP; the modem tells {_levels(signal)}."
        )
    else:
        sheet.measured("modem.rsrp", round(signal.rsrp_dbm), detail=f"{place}, by {cell.source}: {_levels(signal)}.")
    for fact, value in (("modem.rsrq", signal.rsrq_db), ("modem.sinr", signal.sinr_db)):
        if value is None:
            sheet.not_run(fact, "not_told", "The modem does not tell this of its cell.")
        else:
            sheet.measured(fact, round(value, 1))
    sheet.measured("modem.band", place)


def _levels(signal: Signal) -> str:
    """Every level in words: ``RSRP -95 dBm, RSRQ -11 dB``; RSSI last, as it has its own check."""
    told = {kind: value for kind, value in signal.values().items() if value is not None}
    kinds = sorted(told, key=lambda kind: kind is SignalKind.RSSI)
    return ", ".join(f"{kind} {told[kind]:g} {kind.unit}" for kind in kinds)


def _told(sheet: Sheet, fact: str, value: str | None, detail: str = "") -> None:
    if value:
        sheet.measured(fact, value, detail=detail)
    else:
        sheet.broken(fact, "not_told", "The modem did not answer this question in a form that is understood.")
