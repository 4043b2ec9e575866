from __future__ import annotations

import socket
import subprocess
import sys
import time
from dataclasses import replace
from typing import Final

import pytest

from device.drivers.modem_facts import ModemSetup
from device.drivers.network import NetworkSetup
from device.evidence import CheckSpec, Evidence, Level, Limit, Outcome
from device.selftest.modem import check_modem
from device.selftest.sheet import Sheet
from tools.simulate.modem import QUIRKS, ModemBehaviour, SimulatedModem

LIMITS: Final = {
    "answer": Limit(pass_values=(True,)),
    "identity": Limit(),
    "sim": Limit(pass_values=("READY",)),
    "registration": Limit(pass_values=("home",), marginal_values=("roaming",)),
    "signal": Limit(pass_min=-95, marginal_min=-105),
    "operator": Limit(),
    "attach": Limit(pass_values=("attached",)),
    "data": Limit(pass_values=("address",)),
    "rsrp": Limit(pass_min=-110, marginal_min=-120),
    "rsrq": Limit(),
    "sinr": Limit(),
    "band": Limit(),
    "end_to_end": Limit(pass_max=800, marginal_max=5000),
}
SPECS: Final = {
    f"modem.{fact}": CheckSpec(
        f"modem.{fact}", Level.SAFE, "dBm" if fact in ("signal", "rsrp") else "", limit, True, "test"
    )
    for fact, limit in LIMITS.items()
}


def check(setup: ModemSetup | None) -> dict[str, Evidence]:
    found: list[Evidence] = []
    began = time.monotonic()
    check_modem(setup, Sheet(SPECS, found.append))
    assert time.monotonic() - began < 4  # the promise is 3.5 s; the machine may be busy
    assert sorted(item.id for item in found) == sorted(SPECS)
    return {item.fact: item for item in found}


def check_simulated(behaviour: ModemBehaviour) -> tuple[dict[str, Evidence], SimulatedModem]:
    modem = SimulatedModem(behaviour)
    port = modem.start()
    try:
        return check(ModemSetup(port, 115200)), modem
    finally:
        modem.stop()


def test_a_healthy_modem_passes_with_values_in_their_units() -> None:
    found, modem = check_simulated(ModemBehaviour())
    assert {item.outcome for fact, item in found.items() if fact != "end_to_end"} == {Outcome.PASS}
    assert {fact: item.value for fact, item in found.items() if fact != "end_to_end"} == {
        "answer": True,
        "identity": "Quectel EC20F EC20CEFAGR06A05M4G",
        "sim": "READY",
        "registration": "home",
        "signal": -67,
        "operator": "CHINA MOBILE",
        "attach": "attached",
        "data": "address",
        "rsrp": -93,
        "rsrq": -10,
        "sinr": 8,
        "band": "LTE band 3",
    }
    assert found["signal"].unit == "dBm"
    assert found["rsrp"].detail == "LTE band 3, by +QENG: RSRP -93 dBm, RSRQ -10 dB, SINR 8 dB, RSSI -64 dBm."
    assert "10.20.30.40" in found["data"].detail
    assert not {"AT+CIMI", "AT+CCID", "AT+CGSN"} & set(modem.commands)


@pytest.mark.parametrize("echo", ["on", "off", "doubled", "cut"])
def test_any_echo(echo: str) -> None:
    found, _ = check_simulated(ModemBehaviour(echo=echo))
    assert {item.outcome for fact, item in found.items() if fact != "end_to_end"} == {Outcome.PASS}


@pytest.mark.parametrize("quirk", QUIRKS)
def test_any_quirk(quirk: str) -> None:
    found, _ = check_simulated(ModemBehaviour(quirks=(quirk,)))
    assert {item.outcome for fact, item in found.items() if fact != "end_to_end"} == {Outcome.PASS}


@pytest.mark.parametrize("quirks", [(), ("text_errors",)])
def test_a_missing_sim_fails_and_the_registration_is_still_asked(quirks: tuple[str, ...]) -> None:
    nowhere = {"CREG": "0,0", "CEREG": "0,2"}
    found, _ = check_simulated(
        ModemBehaviour(sim="missing", registration=nowhere, attach=False, address="", operator="0", quirks=quirks)
    )
    assert (found["sim"].outcome, found["sim"].value) == (Outcome.FAIL, "NOT INSERTED")
    assert (found["registration"].outcome, found["registration"].value) == (Outcome.FAIL, "searching")
    assert (found["attach"].value, found["data"].value) == ("detached", "none")
    assert (found["operator"].outcome, found["operator"].reason) == (Outcome.FAIL, "none")


def test_a_locked_sim_is_told_in_its_own_words() -> None:
    assert check_simulated(ModemBehaviour(sim="pin"))[0]["sim"].value == "SIM PIN"


def test_a_data_only_modem_is_registered() -> None:
    found, _ = check_simulated(ModemBehaviour(registration={"CREG": "0,2", "CEREG": "2,05"}))
    assert (found["registration"].value, found["registration"].detail) == ("roaming", "The modem says CREG 2, CEREG 5.")


@pytest.mark.parametrize(
    ("csq", "cesq", "outcome", "value", "reason"),
    [
        ("99,99", "40,3,255,255,255,255", Outcome.PASS, -71, ""),
        ("99,99", "99,99,255,255,20,22", Outcome.NOT_RUN, None, "other_scale"),
        ("99,99", "99,99,30,20,255,255", Outcome.NOT_RUN, None, "other_scale"),
        ("140,99", "99,99,255,255,20,22", Outcome.NOT_RUN, None, "other_scale"),
        ("99,99", "99,99,255,255,255,255", Outcome.FAIL, None, "unknown"),
    ],
)
def test_only_an_rssi_is_judged_as_one(csq: str, cesq: str, outcome: Outcome, value: int | None, reason: str) -> None:
    signal = check_simulated(replace(ModemBehaviour(), csq=csq, cesq=cesq))[0]["signal"]
    assert (signal.outcome, signal.value, signal.reason) == (outcome, value, reason)


SA: Final = "+CPSI: NR5G_SA,Online,460-00,0x1A2B3C,9876543210,88,NR5G_BAND78,627264,-1130,-120,65"
NSA: Final = (
    '+QENG: "servingcell","CONNECT"',
    '+QENG: "LTE","FDD",460,00,A1B2C3D,77,1650,3,5,5,10F2,-88,-9,-59,160,30',
    '+QENG: "NR5G-NSA",460,00,88,-101,9,-13,627264,78,12,1',
)


@pytest.mark.parametrize(
    ("maker", "cell", "outcome", "value", "says"),
    [
        ("SIMCOM INCORPORATED", (SA,), Outcome.MARGINAL, -113, "NR band 78, by +CPSI: RSRP -113 dBm"),
        ("Quectel", NSA, Outcome.PASS, -88, "LTE band 3"),
        ("Huawei", ('^HCSQ: "LTE",40,18,90,20',), Outcome.FAIL, -123, "by ^HCSQ"),
        ("Fibocom", (), Outcome.PASS, -89, "by +CESQ"),
        ("Quectel", (), Outcome.PASS, -89, "by +CESQ"),
    ],
)
def test_the_cell_is_asked_as_its_maker_wants_it(
    maker: str, cell: tuple[str, ...], outcome: Outcome, value: int, says: str
) -> None:
    found, _ = check_simulated(replace(ModemBehaviour(), maker=maker, cell=cell))
    assert (found["rsrp"].outcome, found["rsrp"].value) == (outcome, value)
    assert says in found["rsrp"].detail


NOTHING: Final = "99,99,255,255,255,255"


@pytest.mark.parametrize(
    ("cell", "cesq", "reason"),
    [
        (('+QENG: "servingcell","SEARCH"',), NOTHING, "no_cell"),
        (('+QENG: "servingcell","NOCONN","GSM",460,00,247C,1327,35,82,-,-52,255,255',), NOTHING, "other_scale"),
        (('+QENG: "servingcell","LIMSRV","LTE","FDD",460,00,A1,7,1650,3,5,5,10,-32768,-,-,65535',), NOTHING, "no_cell"),
        ((), NOTHING, "not_told"),
    ],
)
def test_no_rsrp_is_not_a_fault_of_the_modem(cell: tuple[str, ...], cesq: str, reason: str) -> None:
    found, _ = check_simulated(replace(ModemBehaviour(), cell=cell, cesq=cesq))
    assert (found["rsrp"].outcome, found["rsrp"].reason) == (Outcome.NOT_RUN, reason)
    assert found["signal"].outcome is Outcome.PASS


def through_the_modem(address: str, port: int) -> Evidence:
    modem = SimulatedModem(replace(ModemBehaviour(), address=address))
    found: list[Evidence] = []
    try:
        host = NetworkSetup("127.0.0.1", port, tls=False)
        check_modem(ModemSetup(modem.start(), 115200), Sheet(SPECS, found.append), host)
    finally:
        modem.stop()
    return next(item for item in found if item.id == "modem.end_to_end")


def test_data_goes_out_of_the_modems_own_address_to_the_host() -> None:
    with socket.create_server(("127.0.0.1", 0)) as host:
        told = through_the_modem("127.0.0.62", host.getsockname()[1])
        connection, caller = host.accept()
        connection.close()
    assert (told.outcome, caller[0]) == (Outcome.PASS, "127.0.0.62")
    assert isinstance(told.value, float)


def test_silence_through_the_modem_has_failed() -> None:
    with socket.socket() as listener:  # a full queue of callers: Linux drops further SYN segments
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        callers = [socket.socket() for _ in range(4)]
        for caller in callers:
            caller.setblocking(False)
            caller.connect_ex(listener.getsockname())
        told = through_the_modem("127.0.0.62", listener.getsockname()[1])
        for caller in callers:
            caller.close()
    assert (told.outcome, told.reason) == (Outcome.FAIL, "no_answer")


def test_a_host_that_refuses_and_a_modem_that_routes_by_itself_are_no_fault_of_the_modem() -> None:
    with socket.create_server(("127.0.0.1", 0)) as host:
        port = host.getsockname()[1]
        routed = through_the_modem("198.51.100.7", port)
        without = through_the_modem("", port)
    told = through_the_modem("127.0.0.62", port)
    assert (told.outcome, told.reason) == (Outcome.NOT_RUN, "refused")
    assert (routed.outcome, routed.reason) == (Outcome.NOT_RUN, "not_routed")
    assert (without.outcome, without.reason) == (Outcome.NOT_RUN, "needs_address")


def test_a_mute_modem_fails_and_nothing_else_is_asked() -> None:
    found, modem = check_simulated(ModemBehaviour(mute=True))
    assert (found["answer"].outcome, found["answer"].reason) == (Outcome.FAIL, "no_answer")
    assert {item.reason for fact, item in found.items() if fact != "answer"} == {"needs_answer"}
    assert set(modem.commands) == {"AT"}


def test_a_slow_modem_tells_what_it_can_and_the_rest_is_not_run() -> None:
    found, _ = check_simulated(ModemBehaviour(slow_s=0.45))
    assert found["answer"].outcome is Outcome.PASS
    assert found["sim"].value == "READY"
    assert (found["identity"].outcome, found["identity"].reason) == (Outcome.NOT_RUN, "deadline")


def test_a_plug_pulled_in_the_middle_keeps_what_was_told() -> None:
    found, _ = check_simulated(ModemBehaviour(unplugged_after=4))
    assert found["sim"].outcome is Outcome.PASS
    assert (found["registration"].outcome, found["registration"].reason) == (Outcome.FAIL, "unplugged")
    assert (found["data"].outcome, found["data"].reason) == (Outcome.NOT_RUN, "needs_answer")


def test_a_modem_that_is_not_configured_is_not_fitted() -> None:
    assert {item.reason for item in check(None).values()} == {"not_fitted"}


def test_a_port_held_by_another_process_is_not_run_and_names_it() -> None:
    modem = SimulatedModem(ModemBehaviour())
    port = modem.start()
    hold = "import os,sys; os.open(sys.argv[1], os.O_RDWR|os.O_NOCTTY); print(flush=True); sys.stdin.read()"
    with subprocess.Popen([sys.executable, "-c", hold, port], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        found = check(ModemSetup(port, 115200))
        holder.communicate()
    modem.stop()
    assert {(item.outcome, item.reason) for item in found.values()} == {(Outcome.NOT_RUN, "port_held")}
    assert f"pid {holder.pid}" in found["sim"].detail
    assert modem.commands == []


def reattached(behaviour: ModemBehaviour) -> Evidence:
    modem = SimulatedModem(behaviour)
    port = modem.start()
    specs = {
        **SPECS,
        "modem.reattach": CheckSpec("modem.reattach", Level.ACTIVE, "s", Limit(pass_max=15), False, "test"),
    }
    found: list[Evidence] = []
    try:
        check_modem(ModemSetup(port, 115200), Sheet(specs, found.append), reattach=True)
    finally:
        modem.stop()
    assert {"AT+CGATT=0", "AT+CGATT=1"} <= set(modem.commands)
    return next(item for item in found if item.id == "modem.reattach")


def test_an_active_test_leaves_mobile_data_and_tells_how_long_coming_back_took() -> None:
    told = reattached(ModemBehaviour())
    assert (told.outcome, told.unit) == (Outcome.PASS, "s")
    assert isinstance(told.value, float)


def test_a_modem_that_does_not_come_back_has_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("device.drivers.modem.REATTACH_S", 4.0)  # the patience, not the behaviour
    assert (reattached(replace(ModemBehaviour(), attach=False)).outcome) is Outcome.FAIL


def test_the_safe_check_never_touches_the_attachment() -> None:
    _, modem = check_simulated(ModemBehaviour())
    assert not [command for command in modem.commands if command.startswith("AT+CGATT=")]
