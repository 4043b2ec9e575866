"""The technician's tool against the real service over PTYs and TCP: plans, pulled cables, wrong things on the port."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from support.cable import Cable
from support.terminal import PATIENCE_S, Terminal

from protocol.console_line import build_line
from tools.simulate.console_bridge import ConsoleBridge
from tools.simulate.pty_peer import PtyPeer
from tools.technician.conversation import CANCEL, Conversation
from tools.technician.link import open_link
from tools.technician.trouble import CableError

Said = subprocess.CompletedProcess[str]


@pytest.fixture(scope="module")
def cable(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cable]:
    """A cable to a running terminal; every test plugs it in and leaves it in whatever state."""
    folder = tmp_path_factory.mktemp("technician")
    terminal = Terminal(folder / "terminal")
    with Cable(folder / "cable") as cable:
        terminal.configure(f'[[console]]\nport = "{cable.terminal}"')
        with terminal.running():
            yield cable


@pytest.fixture
def plugged(cable: Cable) -> Cable:
    if cable.pulled.is_set():
        cable.plug()
    cable.up.clear()
    cable.down.clear()
    cable.cut_when = lambda _up, _down: False
    cable.spoil = lambda data: data
    return cable


def technician(*words: str | Path, port: str | Path, lang: str = "en") -> Said:
    """Run the tool to its end; whatever happens, it ends by itself and shows no traceback."""
    command = [sys.executable, "-m", "tools.technician", *map(str, words), "--port", str(port), "--lang", lang]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S * 3, check=False)
    assert "Traceback" not in done.stdout + done.stderr, done
    return done


def lines_of(done: Said) -> list[dict[str, Any]]:
    """The objects of ``--json``: nothing else stands there, and the last one tells the exit code."""
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert lines[-1]["type"] == "end"
    assert lines[-1]["exit"] == done.returncode
    return lines


def of_type(lines: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    return [line for line in lines if line["type"] == kind]


# --- plans ------------------------------------------------------------------------------------------------------------


def test_a_factory_line_gets_every_check_one_verdict_and_the_exit_code(plugged: Cable, tmp_path: Path) -> None:
    plan = tmp_path / "plan.toml"
    plan.write_text(
        '[plan]\nname = "incoming"\n[[test]]\npart = "storage"\nmust_pass = ["storage.writable", "storage.f*"]\n'
        '[[test]]\npart = "screen"\nmust_pass = ["screen.panel"]\nmay_fail = ["screen.font"]\n'
    )
    done = technician("test", "--json", "--plan", plan, port=plugged.laptop)
    lines = lines_of(done)
    assert done.returncode == 0, done
    assert lines[1]["type"] == "terminal"
    assert lines[1]["v"] == 1
    parts = [line["part"] for line in of_type(lines, "step") if line["step"] == "test"]
    assert parts == ["storage", "screen"]
    checks = {line["check"]: line for line in of_type(lines, "check")}
    assert checks["storage.writable"]["counts"] == "passed"
    assert {check.partition(".")[0] for check in checks} == {"storage", "screen"}
    (verdict,) = of_type(lines, "verdict")
    assert (verdict["verdict"], verdict["plan"]) == ("passed", "incoming")
    assert verdict["passed"] == sum(line["counts"] == "passed" for line in checks.values())


@pytest.mark.parametrize(
    ("must_pass", "code", "word"),
    [
        pytest.param('["storage.life"]', 2, "incomplete", id="did-not-run"),
        pytest.param('["storage.no_such_thing"]', 2, "incomplete", id="not-told-of"),
    ],
)
def test_what_had_to_pass_and_did_not_run_is_never_a_pass(
    plugged: Cable, tmp_path: Path, must_pass: str, code: int, word: str
) -> None:
    plan = tmp_path / "plan.toml"
    plan.write_text(f'[[test]]\npart = "storage"\nmust_pass = {must_pass}\n')
    done = technician("test", "--json", "--plan", plan, port=plugged.laptop)
    assert done.returncode == code
    assert of_type(lines_of(done), "verdict")[0]["verdict"] == word


def test_a_part_that_the_terminal_does_not_know_is_refused_in_its_words(plugged: Cable) -> None:
    done = technician("test", "--part", "antigravity", port=plugged.laptop)
    assert done.returncode == 4
    assert "antigravity" in done.stdout


def test_a_person_reads_the_verdict_in_either_language(plugged: Cable) -> None:
    english = technician("test", "--part", "storage", port=plugged.laptop)
    chinese = technician("test", "--part", "storage", port=plugged.laptop, lang="zh")
    assert "PASSED: " in english.stdout
    assert "合格：" in chinese.stdout
    assert "\x1b" not in english.stdout + chinese.stdout  # a pipe is no screen


def test_the_open_report_has_every_answer_that_anybody_may_read(plugged: Cable, tmp_path: Path) -> None:
    file = tmp_path / "report.txt"
    done = technician("report", file, "--form", "open", port=plugged.laptop)
    assert done.returncode == 0, done
    text = file.read_text()
    for command in ("id", "version", "status", "last", "history", "test list", "log tail"):
        assert f"== {command}" in text
    assert "posmedic 0." in text


# --- the cable --------------------------------------------------------------------------------------------------------


def sent(text: bytes) -> Callable[[bytes, bytes], bool]:
    return lambda up, _down: text in up


def came(text: bytes, after: bytes = b"id *") -> Callable[[bytes, bytes], bool]:
    """``text`` came after that was sent: what an earlier test left running says nothing."""
    before: list[int] = []

    def cut(up: bytes, down: bytes) -> bool:
        if after in up and not before:
            before.append(len(down))
        return bool(before) and text in down[before[0] :]

    return cut


STEPS: dict[str, Callable[[], Callable[[bytes, bytes], bool]]] = {
    "stop": lambda: sent(b"stop"),
    "id": lambda: sent(b"id *"),
    "half-of-id": lambda: came(b"merchant_id"),
    "version": lambda: sent(b"version"),
    "lang": lambda: sent(b"lang en"),
    "test-list": lambda: sent(b"test list"),
    "half-of-test-list": lambda: came(b"modem.sim "),
    "test-run": lambda: sent(b"test run"),
    "half-of-test-run": lambda: came(b"PROGRESS 40/", after=b"test run"),
}


@pytest.mark.parametrize("step", STEPS)
def test_a_pulled_cable_ends_in_one_sentence(plugged: Cable, step: str) -> None:
    plugged.cut_when = STEPS[step]()
    done = technician("test", port=plugged.laptop)
    assert done.returncode == 3, done
    said = [line for line in done.stdout.splitlines() if "was pulled" in line]
    assert said == done.stdout.splitlines()[-1:]


@pytest.mark.parametrize("step", ["half-of-id", "half-of-test-list", "half-of-test-run"])
def test_after_plugging_in_again_it_goes_on(plugged: Cable, step: str) -> None:
    plugged.cut_when = STEPS[step]()

    def plug_in_again() -> None:
        plugged.pulled.wait(PATIENCE_S)
        plugged.plug()

    hand = threading.Thread(target=plug_in_again)
    hand.start()
    done = technician("test", "--json", "--wait", "20", port=plugged.laptop)
    hand.join()
    lines = lines_of(done)
    assert of_type(lines, "verdict"), done
    states = [line["state"] for line in of_type(lines, "cable")]
    assert states == (["awaited"] if step == "half-of-id" else ["lost", "back"])
    judged = of_type(lines, "check")
    assert len({row["check"] for row in judged}) > 50


def test_a_line_that_the_cable_spoils_is_seen_and_asked_for_again(plugged: Cable) -> None:
    spoilt: list[bytes] = []

    def spoil(data: bytes) -> bytes:
        if b"merchant_id" in data and not spoilt:
            spoilt.append(data)
            return data.replace(b"merchant_id", b"merchant^id")
        return data

    plugged.spoil = spoil
    done = technician("ask", "id", port=plugged.laptop)
    assert done.returncode == 0, done
    assert spoilt
    assert "merchant^id" not in done.stdout
    assert plugged.up.count(b"id *") == 3  # to know it, again because of the damage, and what was asked for


def test_a_cable_that_spoils_everything_is_named(plugged: Cable) -> None:
    plugged.spoil = lambda data: data.replace(b"terminal_id", b"terminal^id")
    done = technician("ask", "status", port=plugged.laptop)
    assert done.returncode == 3
    assert "damaged three times" in done.stdout


# --- the wrong thing at the port --------------------------------------------------------------------------------------


class Stranger(PtyPeer):
    """Something at a port; answers each line with what ``answer`` says."""

    def __init__(self, answer: Callable[[bytes], bytes], idle: bytes = b"") -> None:
        super().__init__()
        self._answer = answer
        self._idle = idle
        self.heard = bytearray()

    def hear(self, data: bytes) -> None:
        self.heard += data
        for line in data.splitlines():
            self.send(self._answer(line))

    def babble(self, idle: bytes) -> None:
        """From now on it says this whenever it hears nothing."""
        self._idle = idle

    def idle(self) -> None:
        if self._idle:
            self.send(self._idle)


def at_modem(_line: bytes) -> bytes:
    return b"\r\nERROR\r\n"


def other_console(line: bytes) -> bytes:
    """Keeps to the grammar, but is no terminal of ours."""
    return build_line("# fortune 7", checked=True) + build_line("OK", checked=True) if line else b""


def babbler(line: bytes) -> bytes:
    """A terminal once, then noise for ever."""
    return build_line("OK", checked=True) if line.startswith(b"stop") else b""


STRANGERS = {
    "modem": (at_modem, b"", "is no answer of a terminal"),
    "another-console": (other_console, b"", "no terminal with posmedic"),
    "talks-without-end": (lambda _line: b"", b"\x00\xffgps $GPGGA,1234\r\n", "is no answer of a terminal"),
    "echo": (lambda line: line + b"\r\n", b"", "is no answer of a terminal"),
}


def test_a_terminal_that_falls_mute_babbles_or_never_ends_is_given_up() -> None:
    """Each of them would hold a tool that waits for an end; here each ends in a CableError with its own word."""
    rows = b"".join(build_line(f"# row {number}", checked=True) for number in range(500))
    cases: dict[str, tuple[Callable[[bytes], bytes], bytes]] = {
        "mute": (lambda _line: b"", b""),
        "nonsense": (babbler, b"$GPGGA,1234\r\n"),
        "endless": (babbler, rows),
    }
    for word, (answer, idle) in cases.items():
        stranger = Stranger(answer, b"")
        link = open_link(stranger.start())
        try:
            conversation = Conversation(link)
            if word != "mute":
                conversation.wake()
            stranger.babble(idle)
            with pytest.raises(CableError) as raised:
                conversation.ask("id", silence_s=0.5)
        finally:
            link.close()
            stranger.stop()
        assert raised.value.word == word


def test_a_mute_port_is_not_waited_for_without_end() -> None:
    stranger = Stranger(lambda _line: b"")
    link = open_link(stranger.start())
    try:
        with pytest.raises(CableError) as raised:
            Conversation(link).wake(patience_s=0.5)
    finally:
        link.close()
        stranger.stop()
    assert raised.value.word == "mute"


def test_a_terminal_that_dribbles_its_answer_byte_by_byte_is_understood(plugged: Cable) -> None:
    plugged.one_by_one = True
    try:
        done = technician("ask", "id", port=plugged.laptop)
    finally:
        plugged.one_by_one = False
    assert done.returncode == 0, done
    assert "terminal_id" in done.stdout


@pytest.mark.parametrize("name", STRANGERS)
def test_a_stranger_at_the_port_is_named_and_left_alone(name: str) -> None:
    answer, idle, sentence = STRANGERS[name]
    stranger = Stranger(answer, idle)
    try:
        done = technician("test", port=stranger.start())
    finally:
        stranger.stop()
    assert done.returncode == 3, done
    assert sentence in done.stdout
    heard = bytes(stranger.heard).strip(CANCEL).replace(b"\r", b"\n").split(b"\n")
    assert set(heard) <= {b"", b"stop *B8E2", b"id *9D90"}


def test_another_terminal_that_is_plugged_in_instead_is_left_alone(plugged: Cable) -> None:
    plugged.cut_when = came(b"PROGRESS 40/", after=b"test run")

    def swap() -> None:
        plugged.pulled.wait(PATIENCE_S)
        plugged.spoil = lambda data: data.replace(
            build_line("# terminal_id -", checked=True), build_line("# terminal_id T9999999", checked=True)
        )
        plugged.plug()

    hand = threading.Thread(target=swap)
    hand.start()
    done = technician("test", "--wait", "20", port=plugged.laptop)
    hand.join()
    assert done.returncode == 5
    assert "Another terminal was plugged in: T9999999" in done.stdout
    assert plugged.up.count(b"test run") == 1


def test_a_port_that_is_not_there_is_named() -> None:
    done = technician("test", port="/dev/ttyNOWHERE7")
    assert done.returncode == 3
    assert "There is no port /dev/ttyNOWHERE7" in done.stdout


# --- TCP --------------------------------------------------------------------------------------------------------------


def test_a_simulated_terminal_is_tested_over_tcp_and_leaving_is_a_pulled_cable(tmp_path: Path) -> None:
    terminal = Terminal(tmp_path)
    bridge = ConsoleBridge(socket.create_server(("127.0.0.1", 0)), tmp_path / "console")
    port = f"tcp://127.0.0.1:{bridge.port}"
    terminal.configure(f'[[console]]\nport = "{bridge.start()}"')
    try:
        with terminal.running() as service:
            first = technician("ask", "status", port=port)
            service.wait_for_line(r"console port=.* there=no", timeout_s=PATIENCE_S)
            with socket.create_connection(("127.0.0.1", bridge.port)) as held:
                done = technician("test", "--json", "--part", "storage", port=port)
                assert lines_of(done)[-1]["trouble"] == "lost"  # one at a time
                held.close()
            again = technician("test", "--json", "--part", "storage", port=port)
    finally:
        bridge.stop()
    assert first.returncode == 0, first
    assert again.returncode == 0, again
    nobody = technician("ask", "status", port=port)
    assert nobody.returncode == 3
    assert "No connection" in nobody.stdout
