"""The network's check against real sockets: each broken layer is named, and no layer eats another's time."""

import json
import os
import socket
import ssl
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from support.sheet import KeptSheet
from support.tls_peer import Host, drip, hang_up, speak_something_else, speak_tls, stay_silent

from device.drivers.network import NetworkError, NetworkSetup, read_links, resolve_host
from device.selftest.network import BUDGET_S, check_network
from tools.simulate.authority import Authority


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("certificates") / "ca")


def check(setup: NetworkSetup) -> KeptSheet:
    sheet = KeptSheet()
    began = time.monotonic()
    check_network(setup, sheet)
    assert time.monotonic() - began < BUDGET_S + 0.5
    facts = ("link", "gateway", "address", "dns", "tcp", "tls", "certificate", "chain")
    assert sheet.order == [f"network.{fact}" for fact in facts]
    return sheet


def ask_tls(host: Host, authority: Authority, name: str = "pos.example", timeout_s: float = 1.0) -> KeptSheet:
    return check(NetworkSetup("127.0.0.1", host.port, True, name, str(authority.ca_file), timeout_s))


def test_a_good_host_passes_every_layer_with_version_and_certificate_date(authority: Authority) -> None:
    with Host(speak_tls(authority.issue("pos.example"))) as host:
        sheet = ask_tls(host, authority)
    assert sheet.told("network.dns") == ("not_run", "literal_address")
    assert sheet.told("network.tcp") == ("pass", "")
    assert sheet.told("network.tls") == ("pass", "")
    assert sheet.found["network.tls"].value == "TLSv1.3"
    assert "valid until 2049-12-31" in sheet.found["network.tls"].detail
    assert sheet.found["network.tcp"].took_ms is not None
    assert sheet.told("network.certificate") == ("pass", "")
    assert sheet.told("network.chain") == ("pass", "")
    assert "Issued by Test CA" in sheet.found["network.chain"].detail


@pytest.mark.parametrize(("days", "outcome"), [(400, "pass"), (20, "marginal"), (3, "fail")])
def test_the_issuer_above_the_host_ends_too(authority: Authority, days: int, outcome: str) -> None:
    end = f"{datetime.now(UTC) + timedelta(days=days, hours=12):%Y%m%d%H%M%SZ}"
    with Host(speak_tls(authority.issue_below("pos.example", end))) as host:
        sheet = ask_tls(host, authority)
    found = sheet.found["network.chain"]
    assert (found.outcome, found.value, found.unit) == (outcome, days, "d")
    assert "Issued by Issuing CA < Test CA; Issuing CA is the first to end" in found.detail
    assert sheet.told("network.certificate") == ("pass", "")


@pytest.mark.parametrize(("days", "outcome"), [(60, "pass"), (10, "marginal"), (1, "fail")])
def test_a_certificate_that_soon_ends_is_told_before(authority: Authority, days: int, outcome: str) -> None:
    end = f"{datetime.now(UTC) + timedelta(days=days, hours=12):%Y%m%d%H%M%SZ}"
    with Host(speak_tls(authority.issue("pos.example", end=end))) as host:
        found = ask_tls(host, authority).found["network.certificate"]
    assert (found.outcome, found.value) == (outcome, days)


def test_a_name_is_looked_up_and_timed(authority: Authority) -> None:
    with Host(speak_tls(authority.issue("localhost"), ssl.TLSVersion.TLSv1_2)) as host:
        sheet = check(NetworkSetup("localhost", host.port, True, "", str(authority.ca_file)))
    assert sheet.told("network.dns") == ("pass", "")
    assert sheet.found["network.dns"].unit == "ms"
    assert sheet.found["network.tls"].value == "TLSv1.2"


@pytest.mark.parametrize(
    ("certificate", "reason"),
    [
        (("other.example",), "wrong_name"),
        (("pos.example", "20200101000000Z", "20200201000000Z"), "certificate_expired"),
        (("pos.example", "20480101000000Z", "20491231235959Z"), "certificate_not_yet_valid"),
    ],
)
def test_a_bad_certificate_is_named_for_what_it_is(
    authority: Authority, certificate: tuple[str, ...], reason: str
) -> None:
    with Host(speak_tls(authority.issue(*certificate))) as host:
        sheet = ask_tls(host, authority)
    assert sheet.told("network.tcp")[0] == "pass"
    assert sheet.told("network.tls") == ("fail", reason)


def test_a_host_of_an_unknown_issuer_is_told_apart(authority: Authority, tmp_path: Path) -> None:
    stranger = Authority(tmp_path / "stranger")
    with Host(speak_tls(stranger.issue("pos.example"))) as host:
        assert ask_tls(host, authority).told("network.tls") == ("fail", "unknown_ca")


@pytest.mark.parametrize(
    ("serve", "reason"),
    [(speak_something_else, "not_tls"), (hang_up, "closed"), (stay_silent, "no_answer"), (drip, "no_answer")],
)
def test_a_host_that_breaks_the_handshake_is_named_in_time(
    authority: Authority,
    serve: object,
    reason: str,
) -> None:
    assert callable(serve)
    with Host(serve) as host:
        assert ask_tls(host, authority, timeout_s=0.4).told("network.tls") == ("fail", reason)


def test_an_unreadable_ca_file_is_a_broken_check_and_no_fault_of_the_host(authority: Authority, tmp_path: Path) -> None:
    with Host(stay_silent) as host:
        sheet = check(NetworkSetup("127.0.0.1", host.port, True, "pos.example", str(tmp_path / "missing.pem")))
    assert sheet.told("network.tls") == ("error", "ca_file")


def test_a_host_without_tls_is_not_asked_for_it() -> None:
    with Host(stay_silent) as host:
        sheet = check(NetworkSetup("127.0.0.1", host.port, tls=False))
    assert sheet.told("network.tls") == ("not_run", "not_used")


def test_a_closed_port_is_refused_and_tls_not_run() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    sheet = check(NetworkSetup("127.0.0.1", port))
    assert sheet.told("network.tcp") == ("fail", "refused")
    assert sheet.told("network.tls") == ("not_run", "needs_tcp")


def test_a_host_that_drops_every_packet_costs_its_bound_and_no_more() -> None:
    with socket.socket() as listener:  # a full queue of callers: Linux drops further SYN segments
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        address = listener.getsockname()
        callers = [socket.socket() for _ in range(4)]
        for caller in callers:
            caller.setblocking(False)
            caller.connect_ex(address)
        sheet = check(NetworkSetup("127.0.0.1", address[1], timeout_s=0.3))
        for caller in callers:
            caller.close()
    assert sheet.told("network.tcp") == ("fail", "no_answer")


def test_an_unknown_name_ends_at_dns_with_the_layers_above_not_run() -> None:
    sheet = check(NetworkSetup("terminal-host.invalid", 9443, timeout_s=1.0))
    if sheet.told("network.address")[0] == "fail":
        pytest.skip("this machine has no route, so the name is not asked for")
    assert sheet.told("network.dns")[0] == "fail"
    assert sheet.told("network.tcp") == ("not_run", "needs_dns")
    assert sheet.told("network.tls") == ("not_run", "needs_dns")


def test_a_resolver_that_hangs_for_ever_is_ended_at_the_bound() -> None:
    never, _kept = os.pipe()
    began = time.monotonic()
    with pytest.raises(NetworkError) as caught:
        resolve_host("pos.example", 9443, 0.2, lookup=lambda *_a, **_k: [os.read(never, 1)])
    assert caught.value.reason == "deadline"
    assert time.monotonic() - began < 2
    with pytest.raises(ChildProcessError):  # nothing is left behind
        os.waitpid(-1, os.WNOHANG)
    os.close(never)
    os.close(_kept)


_DEAD_DNS = """
import fcntl, socket, struct, sys, time
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
    fcntl.ioctl(control, 0x8914, struct.pack("16sh", b"lo", 0x49))
silent = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
silent.bind(("127.0.0.1", 53))
from device.drivers.network import NetworkError, resolve_host
began = time.monotonic()
try:
    resolve_host("pos.example", 9443, 0.5)
except NetworkError as error:
    print(error.reason, time.monotonic() - began < 3)
"""


def test_a_name_server_that_never_answers_does_not_eat_the_deadline(tmp_path: Path) -> None:
    conf = tmp_path / "resolv.conf"
    conf.write_text("nameserver 127.0.0.1\n")
    inside = f"mount --bind {conf} /etc/resolv.conf && exec {sys.executable} -c '{_DEAD_DNS}'"
    found = subprocess.run(
        ["unshare", "-rmn", "sh", "-c", inside], capture_output=True, text=True, timeout=20, check=False
    )
    if found.returncode != 0 and "Traceback" not in found.stderr:
        pytest.skip(f"this machine allows no namespaces: {found.stderr.strip()}")
    assert found.stdout.split() == ["deadline", "True"], found.stderr


def test_a_terminal_without_any_address_names_that_layer(tmp_path: Path) -> None:
    code = (
        "from pathlib import Path; from support.sheet import KeptSheet; from device.selftest.network import *;"
        f" s = KeptSheet(); check_network(NetworkSetup('pos.example', 9443, sys_root=Path('{tmp_path}')), s);"
        " print(*[s.told(i)[1] for i in s.order])"
    )
    found = subprocess.run(
        ["unshare", "-rn", sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=False,
        timeout=20,
        env={**os.environ, "PYTHONPATH": "tests:."},
    )
    if found.returncode != 0 and "Traceback" not in found.stderr:
        pytest.skip(f"this machine allows no namespaces: {found.stderr.strip()}")
    assert found.stdout.split() == ["no_interface", "no_route", "no_route", *["needs_address"] * 5], found.stderr


def test_links_are_read_from_the_kernels_own_words(tmp_path: Path) -> None:
    interfaces = {
        "lo": ("0x9", "unknown", "1"),
        "eth0": ("0x1003", "down", "0"),
        "ppp0": ("0x10d1", "unknown", "1"),
        "wlan0": ("0x1003", "up", "1"),
        "wwan0": ("0x1002", "down", None),
        "tun0": ("0x1003", "unknown", "0"),
    }
    for name, (flags, state, carrier) in interfaces.items():
        folder = tmp_path / "class/net" / name
        folder.mkdir(parents=True)
        (folder / "flags").write_text(flags + "\n")
        (folder / "operstate").write_text(state + "\n")
        if carrier is not None:
            (folder / "carrier").write_text(carrier + "\n")
    assert read_links(tmp_path) == ("ppp0", "wlan0")
    assert read_links(tmp_path / "nowhere") == ()


def test_a_terminal_without_a_host_in_its_settings_says_not_fitted() -> None:
    sheet = KeptSheet()
    check_network(None, sheet)
    assert {evidence.reason for evidence in sheet.found.values()} == {"not_fitted"}


ASK_ALL = """
import json, sys
from support.sheet import KeptSheet
from device.drivers.network import NetworkError, NetworkSetup
from device.drivers.sntp import TimeServer, read_drift
from device.selftest.network import check_network
told = {}
for host in ("192.0.2.9", "pos.example"):
    sheet = KeptSheet()
    check_network(NetworkSetup(host, 443, timeout_s=1.0), sheet)
    told[host] = {fact: sheet.told(fact) for fact in sheet.order[2:]}
try:
    read_drift(TimeServer("192.0.2.8"), 1.0)
except NetworkError as error:
    told["time"] = error.reason
print(json.dumps(told))
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root for a cgroup of its own")
def test_what_the_unit_does_not_allow_is_told_as_not_asked_and_never_as_a_dead_network(tmp_path: Path) -> None:
    """The kernel's own refusal, as IPAddressDeny=any brings it about."""
    (tmp_path / "resolv.conf").write_text("nameserver 192.0.2.7\n")
    world = "ip link set lo up; ip addr add 192.0.2.1/24 dev lo; ip route add default dev lo"
    world += f"; mount --bind {tmp_path}/resolv.conf /etc/resolv.conf"
    filtered = [sys.executable, str(Path(__file__).parents[1] / "support/address_filter.py")]
    inside = ["unshare", "-n", "-m", "sh", "-ec", f'{world}; exec "$@"', "in", *filtered]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    line = [*inside, sys.executable, "-c", ASK_ALL]
    done = subprocess.run(line, capture_output=True, text=True, check=False, env=environment)
    if done.returncode == 77:
        pytest.skip("this kernel has no filter of addresses for a cgroup")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["192.0.2.9"]["network.tcp"] == ["not_run", "not_allowed"], told
    assert told["pos.example"]["network.dns"] == ["not_run", "not_allowed"], told
    assert told["pos.example"]["network.address"] == ["pass", ""], told
    assert told["time"] == "not_allowed"
