"""The network's check, layer by layer: the first layer that fails is named, those above it are not run."""

from __future__ import annotations

import socket
import time
from datetime import UTC, datetime
from typing import Final

from device.drivers.network import (
    HostAddress,
    NetworkError,
    NetworkSetup,
    connect_host,
    is_literal,
    is_loopback,
    read_gateway,
    read_links,
    read_local_address,
    resolve_host,
)
from device.selftest.sheet import Sheet

BUDGET_S: Final = 4.0
_FACTS: Final = (
    *("network.link", "network.gateway", "network.address", "network.dns", "network.tcp", "network.tls"),
    *("network.certificate", "network.chain"),
)


def check_network(setup: NetworkSetup | None, sheet: Sheet) -> None:
    """Write all network facts on the sheet, each as soon as it is known.

    Values: link the interfaces' names, gateway the interface of the default route, address the own one, dns and tcp
    milliseconds, tls the protocol's version, certificate the days until the host's expires, chain the days until the
    first of its issuers' does.
    """
    if setup is None:
        for fact in _FACTS:
            sheet.not_run(fact, "not_fitted", "No payment host is configured.")
        return
    until = time.monotonic() + BUDGET_S
    _check_link(setup, sheet)
    _check_gateway(setup, sheet)
    if not _check_address(setup, sheet):
        _leave(sheet, _FACTS[3:], "needs_address", "Without a network address this was not asked.")
        return
    addresses = _check_dns(setup, sheet, _bound_s(setup, until, 3))
    if not addresses:
        _leave(sheet, _FACTS[4:], "needs_dns", "The host's address is not known, so this was not asked.")
        return
    line = _check_tcp(addresses, sheet, _bound_s(setup, until, 2))
    if line is None:
        _leave(sheet, _FACTS[5:], "needs_tcp", "There is no connection, so this was not asked.")
        return
    with line:
        _check_tls(setup, line, sheet, _bound_s(setup, until, 1))


def _bound_s(setup: NetworkSetup, until: float, layers_left: int) -> float:
    """No layer may take the time of those above it."""
    return max(0.05, min(setup.timeout_s, (until - time.monotonic()) / layers_left))


def _leave(sheet: Sheet, facts: tuple[str, ...], reason: str, detail: str) -> None:
    for fact in facts:
        sheet.not_run(fact, reason, detail)


def _check_link(setup: NetworkSetup, sheet: Sheet) -> None:
    """A missing link does not end the check: an odd driver may hide a working one."""
    links = read_links(setup.sys_root)
    if links:
        sheet.measured("network.link", " ".join(links))
    elif is_loopback(setup.host):
        sheet.measured("network.link", "lo", detail="The host is this machine.")
    else:
        sheet.failed("network.link", "no_interface", "No network interface is up.")


def _check_gateway(setup: NetworkSetup, sheet: Sheet) -> None:
    """A host beside us is reached without a default route, so a missing one fails only where addresses fail too."""
    found = read_gateway(setup.proc_root)
    if found is not None:
        sheet.measured("network.gateway", found)
    elif is_loopback(setup.host) or is_literal(setup.host):
        sheet.not_run("network.gateway", "not_needed", "There is no default route; the host is given by its address.")
    else:
        sheet.failed(
            "network.gateway", "no_route", "There is no default route, so nothing beyond this link is reached."
        )


def _check_address(setup: NetworkSetup, sheet: Sheet) -> bool:
    try:
        sheet.measured("network.address", read_local_address(setup.host))
    except NetworkError as error:
        sheet.failed("network.address", error.reason, str(error))
        return False
    return True


def _check_dns(setup: NetworkSetup, sheet: Sheet, bound_s: float) -> tuple[HostAddress, ...]:
    if is_literal(setup.host):
        sheet.not_run("network.dns", "literal_address", "The host is given by its address, so no name is looked up.")
        family = socket.AF_INET6 if ":" in setup.host else socket.AF_INET
        return (HostAddress(family, setup.host, setup.port),)
    began = time.monotonic()
    try:
        addresses = resolve_host(setup.host, setup.port, bound_s)
    except NetworkError as error:
        _write_trouble("network.dns", error, sheet, began)
        return ()
    took_ms = _since_ms(began)
    sheet.measured("network.dns", took_ms, took_ms=took_ms, detail=f"{len(addresses)} address(es) found.")
    return addresses


def _check_tcp(addresses: tuple[HostAddress, ...], sheet: Sheet, bound_s: float) -> socket.socket | None:
    began = time.monotonic()
    try:
        line = connect_host(addresses, bound_s)
    except NetworkError as error:
        _write_trouble("network.tcp", error, sheet, began)
        return None
    took_ms = _since_ms(began)
    sheet.measured("network.tcp", took_ms, took_ms=took_ms)
    return line


def _write_trouble(fact: str, error: NetworkError, sheet: Sheet, began: float) -> None:
    """What this service itself may not send proves nothing against the network."""
    if error.reason == "not_allowed":
        sheet.not_run(fact, error.reason, str(error))
    else:
        sheet.failed(fact, error.reason, str(error), took_ms=_since_ms(began))


def _check_tls(setup: NetworkSetup, line: socket.socket, sheet: Sheet, bound_s: float) -> None:
    if not setup.tls:
        _leave(sheet, _FACTS[5:], "not_used", "The settings say that this host is reached without TLS.")
        return
    from device.drivers.tls import read_tls  # noqa: PLC0415  ssl costs 5 MB: only this worker pays for it

    began = time.monotonic()
    try:
        session = read_tls(line, setup, bound_s)
    except NetworkError as error:
        if error.reason == "ca_file":
            sheet.broken("network.tls", error.reason, str(error))
        else:
            sheet.failed("network.tls", error.reason, str(error), took_ms=_since_ms(began))
        _leave(sheet, _FACTS[6:], "needs_tls", "Without the secure connection the certificate was not seen.")
        return
    until = session.valid_until.strftime("%Y-%m-%d")
    detail = f"{session.cipher}; the host's certificate is valid until {until}."
    sheet.measured("network.tls", session.version, detail=detail, took_ms=_since_ms(began))
    left = session.valid_until - datetime.now(UTC)
    sheet.measured("network.certificate", left.days, detail=f"Valid until {until} by its own word.")
    _write_chain(session.issuers, sheet)


def _write_chain(issuers: tuple[tuple[str, datetime], ...] | None, sheet: Sheet) -> None:
    if not issuers:
        sheet.not_run(
            "network.chain", "not_supported", "The host's certificate is trusted by itself, or no chain told."
        )
        return
    first, until = min(issuers, key=lambda issuer: issuer[1])
    names = " < ".join(name for name, _until in issuers)
    detail = f"Issued by {names}; {first} is the first to end, on {until:%Y-%m-%d}."
    sheet.measured("network.chain", (until - datetime.now(UTC)).days, detail=detail)


def _since_ms(began: float) -> float:
    return round((time.monotonic() - began) * 1000, 1)
