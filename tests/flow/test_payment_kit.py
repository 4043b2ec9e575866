"""What vendors of payment applications get: a client in C that fails open, and a stand-in that checks their own."""

from __future__ import annotations

import json
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support import iso8583_peer as peer
from support.hal_library import ROOT, compiler_missing
from support.terminal import Terminal

from tools.conformance import Conformance
from tools.payment_client import PaymentClient

PATIENCE_S = 30.0


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    made = Terminal(tmp_path)
    yield made
    made.remove()


@pytest.fixture
def program(tmp_path: Path) -> Path:
    if missing := compiler_missing():
        pytest.skip(missing)
    built = tmp_path / "payment_client"
    flags = ["-std=c11", "-O2", "-Wall", "-Wextra", "-Werror"]
    subprocess.run(["cc", *flags, "-o", str(built), str(ROOT / "tools/payment_client.c")], check=True)
    return built


def run(program: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(program), *words], capture_output=True, text=True, check=False, timeout=PATIENCE_S)


def frames() -> tuple[str, str]:
    request = peer.terminal_message("0200", peer.REQUEST).hex()
    return request, peer.terminal_message("0210", {**peer.RESPONSE, 39: "62"}).hex()


def test_the_example_in_c_hands_over_a_sale_and_shows_who_acts(terminal: Terminal, program: Path) -> None:
    with terminal.running():
        done = run(program, str(terminal.run_dir / "host.sock"), *frames(), "verified")
    assert done.returncode == 0, done.stderr
    told = dict(line.split("=", 1) for line in done.stdout.splitlines())
    assert (told["code"], told["addressee"], told["retry"]) == ("62", "issuer", "no")


def test_the_example_in_c_goes_on_where_nobody_answers(tmp_path: Path, program: Path) -> None:
    request, response = frames()
    done = run(program, str(tmp_path / "none.sock"), request, response, "verified")
    assert (done.returncode, "the sale goes on" in done.stdout) == (3, True)
    path = tmp_path / "mute.sock"
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as mute:
        mute.bind(str(path))
        mute.listen(1)
        done = run(program, str(path), request, response, "verified")
    assert (done.returncode, "the sale goes on" in done.stdout) == (3, True)


def test_the_example_in_c_refuses_what_is_no_hex(program: Path) -> None:
    assert run(program, "/nowhere", "zz", "00", "verified").returncode == 2
    assert run(program).returncode == 2


def judged(tmp_path: Path, application: Callable[[Path], None]) -> dict[str, bool]:
    path = tmp_path / "host.sock"
    stand_in = Conformance(path)
    thread = threading.Thread(target=application, args=(path,), daemon=True)
    thread.start()
    try:
        stand_in.run(PATIENCE_S)
    finally:
        stand_in.close()
    thread.join(PATIENCE_S)
    return stand_in.findings.seen


def sale(client: PaymentClient) -> None:
    client.say("busy")
    client.say("exchange", id="1", fields={"mti": "0210", "39": "62"}, mac="verified", entry_mode="chip")
    client.say("idle", pending_offline=0)


def good_application(path: Path) -> None:
    with PaymentClient(path, PATIENCE_S) as client:
        client.hello("unionpay", ("display", "echo"))
        sale(client)
        client.wait_for("display_wanted")
        client.say("display", state="granted")
        client.wait_for("repaint")
        client.say("display", state="revoked")
        client.say("echo_result", id=client.wait_for("echo")["id"], ok=True, rtt_ms=80)
    with PaymentClient(path, PATIENCE_S) as client:
        client.hello("unionpay", ())
        sale(client)


def test_a_good_application_passes_every_rule(tmp_path: Path) -> None:
    seen = judged(tmp_path, good_application)
    assert seen
    assert all(seen.values())
    assert {"connects", "hello_first", "busy_idle", "echo", "display", "no_wait", "comes_back"} <= set(seen)


@pytest.mark.parametrize(
    ("lines", "rule"),
    [
        ([{"type": "busy"}], "hello_first"),
        (["no json"], "lines"),
        ([{"v": 1, "type": "hello", "application": "x", "card": "6200000000000005"}], "schema"),
        ([{"v": 1, "type": "hello", "application": "6200000000000005"}], "no_card_data"),
        ([{"v": 1, "type": "hello", "application": "x"}, {"v": 1, "type": "exchange", "id": "1"}], "busy_idle"),
    ],
)
def test_a_bad_application_is_told_which_rule_it_broke(tmp_path: Path, lines: list[object], rule: str) -> None:
    def application(path: Path) -> None:
        for _ in range(2):
            with PaymentClient(path, PATIENCE_S) as client:
                for line in lines:
                    client.send_line(line.encode() if isinstance(line, str) else json.dumps(line).encode())

    assert judged(tmp_path, application)[rule] is False
