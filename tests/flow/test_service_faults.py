"""What becomes of the service, and of what it has promised, when it is killed, started twice or starved."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from support.terminal import FIELDS, PATIENCE_S, Terminal, children_of, lives, wait_until

from tools.payment_client import PaymentClient
from tools.simulate.running_service import RunningService

CHECKS = tomllib.loads((Path(__file__).resolve().parents[2] / "device/catalogue/checks.toml").read_text())
OWN_DEADLINE_S: float = CHECKS["part"]["network"]["deadline_s"]  # its own alarm would end a worker after more


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    terminal = Terminal(tmp_path)
    yield terminal
    terminal.remove()


@pytest.fixture
def hanging(terminal: Terminal) -> Iterator[Path]:
    """A part whose check hangs in the kernel for good: the certificate file is a pipe into which nobody writes."""
    pipe = terminal.folder / "ca.pem"
    os.mkfifo(pipe)
    with socket.create_server(("127.0.0.1", 0)) as host:
        port = host.getsockname()[1]
        terminal.configure(f'[network]\nhost = "127.0.0.1"\nport = {port}\nca_file = "{pipe}"')
        yield pipe


@contextlib.contextmanager
def somebody_reading(pipe: Path) -> Iterator[None]:
    """Wait until a check has opened the pipe, and keep it waiting there."""
    held: list[int] = []

    def opened() -> bool:
        with contextlib.suppress(OSError):  # ENXIO: nobody reads yet
            held.append(os.open(pipe, os.O_WRONLY | os.O_NONBLOCK))
        return bool(held)

    wait_until(opened, PATIENCE_S, "a check that opens the pipe")
    try:
        yield
    finally:
        os.close(held[0])


def kill(service: RunningService) -> None:
    """As a power cut would, and with it whatever it had just forked."""
    os.kill(service.pid, signal.SIGSTOP)
    children = children_of(service.pid)
    os.kill(service.pid, signal.SIGKILL)
    wait_until(lambda: not service.alive and not any(map(lives, children)), PATIENCE_S, "the kill")


def history(terminal: Terminal) -> dict[str, Any]:
    told = terminal.command("history", "--json")
    assert told.returncode == 0, told.stderr
    found: dict[str, Any] = json.loads(told.stdout)
    return found


def after_accepted(application: PaymentClient, service: RunningService, terminal: Terminal) -> int:
    """Killed as soon as the exchange was accepted: at most this one may be missing."""
    application.wait_for("accepted")
    del service, terminal
    return 0


def after_diagnosis(application: PaymentClient, service: RunningService, terminal: Terminal) -> int:
    application.wait_for("diagnosis", revision=1)
    del service, terminal
    return 1


def after_revision(application: PaymentClient, service: RunningService, terminal: Terminal) -> int:
    application.wait_for("diagnosis", revision=2)
    del service, terminal
    return 1


def while_drawing(application: PaymentClient, service: RunningService, terminal: Terminal) -> int:
    application.wait_for("diagnosis", revision=2)
    application.say("display", state="granted")
    wait_until(lambda: bool(children_of(service.pid)), PATIENCE_S, "a drawing worker")
    del terminal
    return 1


def after_drawing(application: PaymentClient, service: RunningService, terminal: Terminal) -> int:
    application.say("display", state="granted")
    wait_until(terminal.screen.exists, PATIENCE_S, "a drawn page")
    del service
    return 1


MOMENTS: tuple[Callable[[PaymentClient, RunningService, Terminal], int], ...] = (
    *(after_accepted, after_diagnosis, after_revision, while_drawing, after_drawing),
)


def test_no_acknowledged_decline_is_lost_however_often_the_power_goes(terminal: Terminal) -> None:
    promised: list[str] = []
    for number, moment in enumerate([*MOMENTS, *MOMENTS], 1):
        with terminal.log.open("ab") as log:
            service = RunningService(terminal.settings, terminal.run_dir, log)
            service.wait_for_line("READY", timeout_s=PATIENCE_S)
            with terminal.client() as application:
                application.hello("unionpay")
                fields = {**FIELDS, "11": f"{number:06d}"}
                token = f"card-{number}"
                application.say("exchange", id="1", fields=fields, card_token=token, bin_group="b", mac="verified")
                if moment(application, service, terminal):
                    promised.append(token)
                kill(service)
        terminal.screen.unlink(missing_ok=True)
        kept = history(terminal)
        assert len(kept["declines"]) >= len(promised)
        assert kept["kept"] == "ok"
    with terminal.running() as service, terminal.client() as application:
        application.hello("unionpay")
        application.say("exchange", id="2", fields=FIELDS, card_token="new", bin_group="b", mac="verified")  # noqa: S106
        application.wait_for("diagnosis", revision=1)
        window = [sale["token"] for sale in service.ask("last")["frame"]["history"]]
    assert len(window) >= len(promised)
    assert len(window) == len(set(window)), "a decline was counted twice"


def test_a_second_service_refuses_in_one_sentence_and_leaves_the_first_alone(terminal: Terminal) -> None:
    with terminal.running() as service:
        second = terminal.command("run")
        assert second.returncode == 2
        assert second.stdout == b""
        assert second.stderr.decode().count("\n") == 1
        assert "another posmedic service runs already" in second.stderr.decode()
        assert service.ask("status")["problems"] is not None
        with terminal.client() as application:
            assert application.hello("unionpay")["service"] == "posmedic"


SETTINGS = {
    "unknown key": ('[service]\nlanguage = "zh"\n\nlanguag = "en"\n', ("line 4", "languag")),
    "unknown section": ("[service]\n[srceen]\nkind = 'png'\n", ("line 2", "srceen")),
    "wrong type": ("[service]\n[modem]\nport = 7\n", ("line 3", "port")),
    "wrong word": ("[screen]\nkind = 'paper'\n", ("line 2", "kind")),
    "out of range": ("[network]\nhost = 'h'\nport = 70000\n", ("line 3", "port")),
    "missing": ("[screen]\nkind = 'png'\n", ("[screen]", "path")),
    "size": ("[screen]\nkind = 'text'\nsize = '3x4x5'\n", ("line 3", "size")),
    "no TOML": ("[service\n", ("not TOML", "line 1")),
    "no text": ("\udcff\udcfe", ("not UTF-8",)),
}


@pytest.mark.parametrize("kind", SETTINGS)
@pytest.mark.parametrize("command", ["run", "history"])
def test_bad_settings_are_one_line_with_file_line_and_key(kind: str, command: str, terminal: Terminal) -> None:
    text, words = SETTINGS[kind]
    terminal.settings.write_text(text, errors="surrogateescape")
    ended = terminal.command(command)
    said = ended.stderr.decode()
    assert (ended.returncode, ended.stdout, said.count("\n")) == (2, b"", 1), said
    assert said.startswith("posmedic: ")
    for word in ("settings.toml", *words):
        assert word in said


def test_settings_that_are_not_there_are_one_line(terminal: Terminal) -> None:
    terminal.settings.unlink()
    ended = terminal.command("run")
    assert (ended.returncode, ended.stderr.decode().count("\n")) == (2, 1)
    assert str(terminal.settings) in ended.stderr.decode()


def test_a_socket_that_cannot_be_made_is_one_line(terminal: Terminal) -> None:
    terminal.configure(f'[host_socket]\npath = "/tmp/{"long" * 40}.sock"')
    ended = terminal.command("run")
    assert (ended.returncode, ended.stderr.decode().count("\n")) == (2, 1)
    assert "too long" in ended.stderr.decode()


def without_power_over_files() -> list[str]:
    """For root: give up the right to write where the file's mode forbids it."""
    if os.geteuid() != 0:
        return []
    return ["setpriv", "--bounding-set=-dac_override,-dac_read_search", "--"]


def test_a_state_folder_that_cannot_be_written_costs_the_memory_of_restarts_and_nothing_else(
    terminal: Terminal,
) -> None:
    terminal.state.mkdir()
    terminal.state.chmod(0o555)
    line = [*without_power_over_files(), sys.executable, "-I", "-m", "device", "run", "--settings"]
    with subprocess.Popen([*line, str(terminal.settings)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
        assert process.stdout is not None
        lines = iter(process.stdout.readline, b"")
        assert any(b"READY" in said for said in lines)
        with terminal.client() as application:
            application.hello("unionpay")
            for number in (1, 2):
                application.say("exchange", id=str(number), fields=FIELDS, card_token=f"c{number}")
                application.wait_for("diagnosis", id=str(number), revision=2)
        told = json.loads(terminal.command("history", "--json").stdout)
        assert len(told["declines"]) == 2
        assert str(terminal.state) in told["kept"]
        process.terminate()
        rest = b"".join(lines)
    assert process.returncode == 0
    assert b"Traceback" not in rest
    assert list(terminal.state.iterdir()) == []


def test_terminating_during_a_self_test_ends_at_once_and_leaves_no_child(terminal: Terminal, hanging: Path) -> None:
    with terminal.log.open("ab") as log:
        service = RunningService(terminal.settings, terminal.run_dir, log)
        with somebody_reading(hanging):
            children = children_of(service.pid)
            assert service.stop() == 0
            wait_until(lambda: not any(map(lives, children)), OWN_DEADLINE_S, "the end of its workers")
    assert children
    assert "run=boot" not in terminal.log.read_text(), "the self-test had ended before"


def test_workers_of_a_killed_service_end_with_it(terminal: Terminal, hanging: Path) -> None:
    with terminal.log.open("ab") as log:
        service = RunningService(terminal.settings, terminal.run_dir, log)
        with somebody_reading(hanging):
            children = children_of(service.pid)
            os.kill(service.pid, signal.SIGKILL)
            wait_until(lambda: not any(map(lives, children)), OWN_DEADLINE_S, "the end of its workers")
        wait_until(lambda: not service.alive, PATIENCE_S, "the kill")
    assert children
    terminal.configure()
    with terminal.running() as again:
        assert again.ask("status")["problems"] is not None


def test_a_command_that_hangs_up_in_the_middle_of_its_self_test_harms_nobody(terminal: Terminal) -> None:
    with terminal.running() as service:
        with socket.socket(socket.AF_UNIX) as hasty:
            hasty.connect(str(terminal.run_dir / "control.sock"))
            hasty.sendall(b'{"command":"selftest"}\n')
        service.wait_for_line("run=asked", timeout_s=PATIENCE_S)
        assert service.ask("status")["sale_running"] is False
