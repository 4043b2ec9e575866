"""What vendors of payment applications get: clients that fail open, and a stand-in that checks their own."""

from __future__ import annotations

import json
import os
import select
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from support import iso8583_peer as peer
from support.hal_library import ROOT, compiler_missing
from support.terminal import Terminal

from tools.conformance.findings import RULES, Seen
from tools.conformance.stand_in import Conformance
from tools.payment_client import Helper, NoAnswerError, PaymentClient

PATIENCE_S = 30.0
BRIEF_S = 0.25  # what a vendor's application is given here before its silence counts
HOST = "unionpay"


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    made = Terminal(tmp_path)
    yield made
    made.remove()


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return compiled(tmp_path_factory.mktemp("client"))


@pytest.fixture(scope="module")
def hasty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same with a shorter deadline, so that the tests need not wait for it."""
    return compiled(tmp_path_factory.mktemp("hasty"), "-DDEADLINE_MS=100")


def compiled(folder: Path, *more: str) -> Path:
    if missing := compiler_missing():
        pytest.skip(missing)
    built = folder / "payment_client"
    flags = ["-std=c11", "-O2", "-Wall", "-Wextra", "-Werror", *more]
    subprocess.run(["cc", *flags, "-o", str(built), str(ROOT / "tools/payment_client.c")], check=True)
    return built


def run(program: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(program), *words], capture_output=True, text=True, check=False, timeout=PATIENCE_S)


def frames() -> tuple[str, str]:
    request = peer.terminal_message("0200", peer.REQUEST).hex()
    return request, peer.terminal_message("0210", {**peer.RESPONSE, 39: "62"}).hex()


def helper(path: Path, **more: Any) -> Helper:
    return Helper(path, "till", "2.0", HOST, **{"timeout_s": BRIEF_S, "retry_s": 0.0, **more})


def sell(client: Helper) -> Any:
    request, response = frames()
    client.sale_begins()
    found = client.exchange(request=request, response=response, mac="verified", entry_mode="chip")
    client.sale_ends(pending_offline=0)
    return found


# --- the clients with the real service -------------------------------------------------------------------------------


def test_the_example_in_c_hands_over_a_sale_and_shows_who_acts(terminal: Terminal, program: Path) -> None:
    with terminal.running():
        done = run(program, str(terminal.run_dir / "host.sock"), *frames(), "verified")
    assert done.returncode == 0, done.stderr
    told = dict(line.split("=", 1) for line in done.stdout.splitlines())
    assert (told["code"], told["addressee"], told["retry"]) == ("62", "issuer", "no")


def test_the_example_in_c_refuses_what_is_no_hex(program: Path) -> None:
    assert run(program, "/nowhere", "zz", "00", "verified").returncode == 2
    assert run(program).returncode == 2


def test_the_helper_hands_over_a_sale_counts_offline_payments_and_makes_an_echo(terminal: Terminal) -> None:
    with terminal.running() as service, ThreadPoolExecutor(1) as pool:
        client = helper(terminal.run_dir / "host.sock", timeout_s=PATIENCE_S, make_echo=lambda: 85.0)
        found = sell(client)
        assert (found["code"], found["addressee"]) == ("62", "issuer")
        asked = pool.submit(service.ask, "selftest", level="active", part="host")
        while not client.serve():
            assert not asked.done(), asked.result()
        (row,) = asked.result(PATIENCE_S)["evidence"]
        assert (row["id"], row["outcome"], row["value"]) == ("host.echo", "pass", 85)
        assert client.sale_ends(pending_offline=3)
        (row,) = service.ask("selftest", level="active", part="host")["evidence"]
        assert (row["outcome"], row["reason"]) == ("not_run", "offline_pending")
        client.close()


def test_a_refused_exchange_is_no_diagnosis_and_the_next_one_is_taken(terminal: Terminal) -> None:
    with terminal.running():
        client = helper(terminal.run_dir / "host.sock", timeout_s=PATIENCE_S)
        assert client.exchange(request="zz") is None
        assert sell(client)["code"] == "62"
        client.close()


# --- fail open: whatever the service does, the sale goes on ----------------------------------------------------------


def answer_with(data: bytes) -> Callable[[socket.socket], None]:
    def serve(line: socket.socket) -> None:
        while line.recv(65536):
            line.sendall(data)

    return serve


def drip(line: socket.socket) -> None:
    """One byte now and then: never a whole line within anybody's deadline."""
    line.recv(1)
    while True:
        line.sendall(b" ")
        time.sleep(0.02)  # how a slow peer is made; nothing waits for it


def hold(line: socket.socket) -> None:
    """Reads nothing and says nothing, until the other side has gone."""
    gone = select.poll()
    gone.register(line, select.POLLRDHUP)
    gone.poll(PATIENCE_S * 1000)


def welcome_then(data: bytes) -> Callable[[socket.socket], None]:
    def serve(line: socket.socket) -> None:
        line.recv(65536)
        line.sendall(b'{"v":1,"type":"welcome","service":"posmedic","version":"0"}\n')
        answer_with(data)(line)

    return serve


def drain(line: socket.socket) -> None:
    while line.recv(65536):
        pass


NONSENSE: dict[str, bytes] = {
    "no json": b"\x00\xff garbage\n",
    "no object": b'[1,2]\n5\n"x"\nnull\n',
    "nested": b"[" * 60_000 + b"\n",
    "endless": b"x" * 300_000,
    "wrong types": b'{"type":"diagnosis","id":"1","diagnosis":"none"}\n{"type":["echo"]}\n{"type":"echo","id":7}\n',
    "other exchange": b'{"type":"diagnosis","id":"99","revision":1,"diagnosis":{"code":"00"}}\n',
    "error": b'{"type":"error","of":"exchange","message":"no"}\n',
}
HABITS: dict[str, Callable[[socket.socket], None]] = {
    "mute": drain,
    "hung": hold,
    "dripping": drip,
    "hangs up": lambda line: None,
    **{f"nonsense: {name}": answer_with(data) for name, data in NONSENSE.items()},
    **{f"welcome, then nonsense: {name}": welcome_then(data) for name, data in NONSENSE.items()},
}


@contextmanager
def service_that(path: Path, habit: Callable[[socket.socket], None]) -> Iterator[None]:
    """A service that takes every connection and then has this habit."""
    server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    server.bind(str(path))
    server.listen(4)

    def one(line: socket.socket) -> None:
        with line:
            try:
                habit(line)
            except OSError:
                return

    def serve() -> None:
        while True:
            try:
                line, _ = server.accept()
            except OSError:
                return
            threading.Thread(target=one, args=(line,), daemon=True).start()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown(socket.SHUT_RDWR)
        server.close()
        thread.join(PATIENCE_S)


@pytest.mark.parametrize("habit", HABITS)
def test_both_clients_fail_open_whatever_the_service_does(habit: str, tmp_path: Path, hasty: Path) -> None:
    path = tmp_path / "host.sock"
    with service_that(path, HABITS[habit]):
        client = helper(path, make_echo=lambda: 5.0, timeout_s=0.05)
        assert [sell(client) for _ in range(2)] == [None, None]
        assert client.serve() in (True, False)
        client.close()
        done = run(hasty, str(path), *frames(), "verified")
    if (
        habit != "welcome, then nonsense: wrong types"
    ):  # the example has no JSON parser: it shows what it finds, nothing
        assert (done.returncode, "the sale goes on" in done.stdout) == (3, True)
    assert done.returncode in (0, 3)


def test_a_service_whose_queue_of_connections_is_full_costs_no_sale_anything(tmp_path: Path, hasty: Path) -> None:
    """connect(2) would wait for ever there: nobody accepts, and the queue is full."""
    path = tmp_path / "host.sock"
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as server:
        server.bind(str(path))
        server.listen(0)
        waiting = []
        try:
            while True:
                line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
                waiting.append(line)
                line.connect(str(path))
        except BlockingIOError:
            pass
        assert sell(helper(path)) is None
        assert run(hasty, str(path), *frames(), "verified").returncode == 3
        for line in waiting:
            line.close()


def test_no_service_no_socket_and_a_bad_path_are_all_the_same_to_a_sale(tmp_path: Path, hasty: Path) -> None:
    left_over = tmp_path / "left.sock"
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as gone:
        gone.bind(str(left_over))
    for path in (tmp_path / "none.sock", left_over, tmp_path, tmp_path / ("x" * 200)):
        assert sell(helper(path)) is None
        assert run(hasty, str(path), *frames(), "verified").returncode == 3
    with pytest.raises(NoAnswerError):
        PaymentClient(tmp_path / "none.sock")


def test_a_helper_whose_connection_is_lost_within_a_sale_says_so_again(tmp_path: Path) -> None:
    path, heard = tmp_path / "host.sock", list[list[str]]()

    def listen(line: socket.socket) -> None:
        """Welcome it, hang up on the first after its ``busy``, answer the exchange of the second."""
        said: list[str] = []
        heard.append(said)
        for text in line.makefile("r"):
            said.append(json.loads(text)["type"])
            if said[-1] == "hello":
                line.sendall(b'{"type":"welcome"}\n')
            elif said[-1] == "busy" and len(heard) == 1:
                return
            elif said[-1] == "exchange":
                line.sendall(b'{"type":"diagnosis","id":"2","diagnosis":{"code":"62"}}\n')

    with service_that(path, listen):
        client = helper(path, timeout_s=PATIENCE_S)
        assert client.sale_begins()
        assert client.exchange(mac="verified") is None  # the connection is found to be lost
        assert client.exchange(mac="verified") == {"code": "62"}
        assert client.sale_ends()
        client.close()
    assert heard[-1][:3] == ["hello", "busy", "exchange"]


def test_a_helper_leaves_a_dead_service_alone_and_finds_it_again(terminal: Terminal) -> None:
    path = terminal.run_dir / "host.sock"
    alone = helper(path, retry_s=1e9)
    assert sell(alone) is None
    patient = helper(path, timeout_s=PATIENCE_S)
    assert sell(patient) is None
    with terminal.running():
        assert sell(alone) is None
        assert sell(patient)["code"] == "62"
    patient.close()


# --- the stand-in: every rule, kept and broken -----------------------------------------------------------------------


def judged(folder: Path, application: Callable[[Path], None], total_s: float = PATIENCE_S) -> Conformance:
    path = folder / "host.sock"
    stand_in = Conformance(path, patience_s=BRIEF_S)

    def until_it_is_over() -> None:
        with suppress(NoAnswerError):  # the stand-in hung up: it has seen enough
            application(path)

    thread = threading.Thread(target=until_it_is_over, daemon=True)
    thread.start()
    try:
        stand_in.run(total_s)
    finally:
        stand_in.close()
    thread.join(PATIENCE_S)
    return stand_in


def sale(client: PaymentClient) -> None:
    client.say("busy")
    client.say("exchange", id="1", fields={"mti": "0210", "39": "62"}, mac="verified", entry_mode="chip")
    client.say("idle", pending_offline=0)


def greet(client: PaymentClient, *can: str) -> None:
    client.say("hello", application="till", version="2", host=HOST, can=list(can))


def first_visit(path: Path) -> None:
    with PaymentClient(path, PATIENCE_S) as client:
        greet(client, "display", "echo", "offline_count")
        sale(client)
        client.wait_for("display_wanted")
        client.say("display", state="granted")
        client.wait_for("repaint")
        client.say("display", state="revoked")
        client.say("echo_result", id=client.wait_for("echo")["id"], ok=True, rtt_ms=80)
        until_hung_up(client)


def until_hung_up(client: PaymentClient) -> None:
    with pytest.raises(NoAnswerError):
        client.wait_for("nothing")


def lonely_sale(path: Path) -> None:
    """A sale that waits for nothing, then an application that waits to be hung up on."""
    with PaymentClient(path, PATIENCE_S) as client:
        greet(client, "offline_count")
        try:
            sale(client)
        finally:
            until_hung_up(client)


def good_application(path: Path) -> None:
    for visit in (first_visit, lonely_sale, lonely_sale):
        visit(path)


def test_a_good_application_passes_every_rule(tmp_path: Path) -> None:
    found = judged(tmp_path, good_application).findings
    assert {rule: found.of(rule) for rule in RULES} == dict.fromkeys(RULES, Seen.PASS), found.table()
    assert found.conforms


def test_what_is_not_offered_needs_not_be_done(tmp_path: Path) -> None:
    def application(path: Path) -> None:
        for _ in range(3):
            with PaymentClient(path, PATIENCE_S) as client:
                greet(client)
                sale(client)
                until_hung_up(client)

    found = judged(tmp_path, application).findings
    assert found.conforms, found.table()
    assert {found.of(rule) for rule in ("echo", "display", "offline_count")} == {Seen.NOT_OFFERED}


def nobody(_path: Path) -> None:
    pass


def opening(*lines: object) -> Callable[[Path], None]:
    """An application that says these lines on each visit, then makes its sale as it should."""

    def application(path: Path) -> None:
        for _ in range(3):
            with PaymentClient(path, PATIENCE_S) as client:
                for line in lines:
                    client.send_line(line.encode() if isinstance(line, str) else json.dumps(line).encode())
                sale(client)
                until_hung_up(client)

    return application


def without_idle(path: Path) -> None:
    with PaymentClient(path, PATIENCE_S) as client:
        greet(client)
        client.say("busy")
        client.say("exchange", id="1", fields={"39": "62"})
        until_hung_up(client)


def first_then(*visits: Callable[[Path], None]) -> Callable[[Path], None]:
    def application(path: Path) -> None:
        for visit in (first_visit, *visits):
            visit(path)

    return application


def offers(word: str) -> Callable[[Path], None]:
    """Offers it, and never does it."""

    def application(path: Path) -> None:
        with PaymentClient(path, PATIENCE_S) as client:
            greet(client, word)
            sale(client)
            until_hung_up(client)

    return application


def wrong_echo(path: Path) -> None:
    with PaymentClient(path, PATIENCE_S) as client:
        greet(client, "echo")
        sale(client)
        client.wait_for("echo")
        client.say("echo_result", id="another", ok=True, rtt_ms=3)
        until_hung_up(client)


def no_count(path: Path) -> None:
    with PaymentClient(path, PATIENCE_S) as client:
        greet(client, "offline_count")
        client.say("busy")
        client.say("exchange", id="1", fields={"39": "62"})
        client.say("idle")
        until_hung_up(client)


def waits_for_its_diagnosis(path: Path) -> None:
    with PaymentClient(path, PATIENCE_S) as client:
        greet(client)
        client.say("busy")
        client.say("exchange", id="1", fields={"39": "62"})
        client.wait_for("diagnosis")


def waits(path: Path) -> None:
    with pytest.raises(NoAnswerError):
        waits_for_its_diagnosis(path)


def reads_on(path: Path) -> None:
    """Reads whatever comes, waiting for what it can use."""
    with PaymentClient(path, PATIENCE_S) as client:
        greet(client)
        client.say("busy")
        client.say("exchange", id="1", fields={"39": "62"})
        drain(client._sock)


def hangs_up_for_ever(path: Path) -> None:
    with PaymentClient(path, PATIENCE_S) as client:
        greet(client)
        client.say("busy")


HELLO = {"v": 1, "type": "hello", "application": "x"}
PAN = "6200000000000005"
BROKEN: dict[str, tuple[Callable[[Path], None], str]] = {
    "nobody comes": (nobody, "connects"),
    "busy before hello": (opening({"type": "busy"}, HELLO), "hello_first"),
    "no json": (opening(HELLO, "no json"), "lines"),
    "no object": (opening(HELLO, "[1]"), "lines"),
    "too long": (opening(HELLO, json.dumps({"type": "x" * 300_000})), "lines"),
    "a key too many": (opening({**HELLO, "card": "1"}), "schema"),
    "an unknown type": (opening(HELLO, {"v": 1, "type": "sale"}), "schema"),
    "can is no list": (opening({**HELLO, "can": 5}), "schema"),
    "a card number": (opening({**HELLO, "version": PAN}), "no_card_data"),
    "exchange without busy": (opening(HELLO, {"v": 1, "type": "exchange", "id": "1"}), "busy_idle"),
    "no idle": (without_idle, "busy_idle"),
    "no count": (no_count, "offline_count"),
    "echo offered, not made": (offers("echo"), "echo"),
    "echo of another id": (wrong_echo, "echo"),
    "display offered, not granted": (offers("display"), "display"),
    "waits for a diagnosis": (first_then(waits), "no_wait"),
    "gives up for ever": (first_then(hangs_up_for_ever), "no_wait"),
    "never comes back": (first_then(), "comes_back"),
    "stuck in nonsense": (first_then(lonely_sale, reads_on), "nonsense"),
    "killed by nonsense": (first_then(lonely_sale, hangs_up_for_ever), "nonsense"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_each_broken_rule_is_named_with_its_reason(name: str, tmp_path: Path) -> None:
    application, rule = BROKEN[name]
    found = judged(tmp_path, application, total_s=3 * BRIEF_S if name != "nobody comes" else BRIEF_S).findings
    wanted = Seen.NOT_SEEN if rule == "connects" else Seen.FAIL
    assert found.of(rule) is wanted, found.table()
    assert not found.conforms
    assert rule == "connects" or found.why[rule]
    assert PAN not in found.table()


def test_every_rule_is_broken_by_some_application() -> None:
    assert {rule for _, rule in BROKEN.values()} == set(RULES)


def test_the_helper_and_the_example_in_c_keep_the_contract(tmp_path: Path, hasty: Path) -> None:
    over = threading.Event()

    def application(path: Path) -> None:
        client = helper(path, make_echo=lambda: 42.0)
        while not over.is_set():
            sell(client)
            client.serve()

    def judge(each: Callable[[Path], None]) -> Conformance:
        over.clear()
        path = tmp_path / "host.sock"
        stand_in = Conformance(path, patience_s=PATIENCE_S)
        with ThreadPoolExecutor(1) as pool:
            running = pool.submit(each, path)
            stand_in.run(PATIENCE_S)
            over.set()
            stand_in.close()
            running.result(PATIENCE_S)
        return stand_in

    def in_c(path: Path) -> None:
        while not over.is_set():
            run(hasty, str(path), *frames(), "verified", "1", "42")

    for each in (application, in_c):
        found = judge(each).findings
        assert found.conforms, found.table()
        assert found.of("echo") is Seen.PASS


def test_the_kit_runs_in_a_folder_of_its_own(tmp_path: Path) -> None:
    """What a vendor gets is these files, the schema and jsonschema; nothing of ours is installed there."""
    shutil.copytree(ROOT / "tools/conformance", tmp_path / "conformance")
    shutil.copy(ROOT / "device/catalogue/host_socket.schema.json", tmp_path / "conformance")
    shutil.copy(ROOT / "tools/payment_client.py", tmp_path)
    path = tmp_path / "host.sock"
    script = (
        "import sys; from pathlib import Path; from payment_client import Helper\n"
        "client = Helper(Path(sys.argv[1]), 'till', '2', 'unionpay', timeout_s=0.3, retry_s=0)\n"
        "while True:\n"
        " client.sale_begins(); client.exchange(fields={'39': '62'}); client.sale_ends(); client.serve()\n"
    )
    bare = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    words = [sys.executable, "-m", "conformance", "--listen", str(path), "--seconds", "20", "--patience", "5"]
    with subprocess.Popen(words, cwd=tmp_path, env=bare, stdout=subprocess.PIPE, text=True) as judge:
        maker = subprocess.Popen([sys.executable, "-c", script, str(path)], cwd=tmp_path, env=bare)
        told, _ = judge.communicate(timeout=PATIENCE_S)
        maker.kill()
        maker.wait()
    assert (judge.returncode, "keeps to the contract" in told) == (0, True), told
