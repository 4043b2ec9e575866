"""The technician's tool, signed in: reports and uploads by the real lrzsz, a real agent, pulled cables."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from support.cable import Cable
from support.console_side import Office
from support.terminal import PATIENCE_S, Terminal

from tools.simulate.running_service import RunningService

UPDATE = bytes(range(256)) * 1200


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Office:
    return Office(tmp_path_factory.mktemp("office") / "desk")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, office: Office) -> Iterator[tuple[Cable, Terminal, RunningService]]:
    folder = tmp_path_factory.mktemp("technician")
    terminal = Terminal(folder / "terminal")
    with Cable(folder / "cable") as cable:
        terminal.configure(f'[[console]]\nport = "{cable.terminal}"\n{office.settings()}')
        with terminal.running() as service:
            yield cable, terminal, service


@pytest.fixture
def plugged(world: tuple[Cable, Terminal, RunningService]) -> Cable:
    """The cable, at a terminal that has just started: challenges are counted by the minute."""
    cable, _, service = world
    service.restart()
    if cable.pulled.is_set():
        cable.plug()
    cable.up.clear()
    cable.down.clear()
    cable.cut_when = lambda _up, _down: False
    return cable


@pytest.fixture(scope="module")
def agent(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """A real SSH agent of its own, as environment."""
    path = tmp_path_factory.mktemp("agent") / "socket"
    process = subprocess.Popen(["ssh-agent", "-D", "-a", str(path)], stdout=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.readline()
    yield {"SSH_AUTH_SOCK": str(path)}
    process.kill()
    process.communicate()


def technician(
    *words: str | Path, cable: Cable, agent: dict[str, str] | None = None
) -> tuple[list[dict[str, Any]], str]:
    """Run the tool to its end with ``--json``; its lines, and its last sentence."""
    command = [sys.executable, "-m", "tools.technician", *map(str, words), "--json"]
    environment = {name: value for name, value in os.environ.items() if name != "SSH_AUTH_SOCK"} | (agent or {})
    done = subprocess.run(
        [*command, "--port", str(cable.laptop), "--lang", "en"],
        capture_output=True,
        text=True,
        timeout=PATIENCE_S * 4,
        check=False,
        env=environment,
    )
    assert "Traceback" not in done.stdout + done.stderr, done
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert lines[-1]["exit"] == done.returncode, done
    return lines, lines[-1]["text"]


def steps(lines: list[dict[str, Any]], kind: str = "done") -> list[str]:
    return [line["step"] for line in lines if line["type"] == kind]


def plug_in_again(cable: Cable) -> threading.Thread:
    def plug() -> None:
        if cable.pulled.wait(PATIENCE_S):
            cable.plug()

    hand = threading.Thread(target=plug)
    hand.start()
    return hand


# --- signing in -------------------------------------------------------------------------------------------------------


def test_the_agents_certificate_signs_in_and_the_audit_head_is_told_on_leaving(
    plugged: Cable, office: Office, agent: dict[str, str]
) -> None:
    certificate = office.technician("li", "diag")
    subprocess.run(
        ["ssh-add", "-q", certificate.with_name("li")], env=os.environ | agent, check=True, capture_output=True
    )
    lines, _ = technician("watch", "--live", "storage", "--seconds", "0.5", cable=plugged, agent=agent)
    assert lines[-1]["exit"] == 0, lines
    assert steps(lines) == ["signed_in", "signed_out"]
    audit = next(line["audit"] for line in lines if line.get("step") == "signed_out")
    assert len(audit.split()[-1]) == 64
    assert any(row["check"] == "storage.free" for line in lines if line["type"] == "live" for row in line["checks"])
    lines, sentence = technician("ask", "--role", "maint", "settings", "show", cable=plugged, agent=agent)
    assert (lines[-1]["exit"], lines[-1]["trouble"]) == (4, "no_certificate")
    assert "posmedic-maint" in sentence


def test_each_refusal_has_its_own_sentence(plugged: Cable, office: Office, agent: dict[str, str]) -> None:
    stranger = office.key("stranger")
    cases: dict[str, tuple[list[str | Path], dict[str, str] | None]] = {
        "no_agent": ([], None),
        "sign_in_refused": (["--key", stranger], None),
        "no_file": (["--key", office.folder / "nowhere"], None),
        "not_signed": (["--key", office.signers], None),
    }
    for trouble, (words, where) in cases.items():
        lines, sentence = technician("ask", "--role", "diag", "live", *words, cable=plugged, agent=where)
        assert lines[-1]["trouble"] == trouble, lines
        assert len(sentence) > 30
    for line in (b"BEGIN OPENSSH", b"PRIVATE KEY"):
        assert line not in bytes(plugged.up)


def test_a_certificate_that_is_over_is_said_before_the_terminal_is_asked(
    plugged: Cable, office: Office, agent: dict[str, str]
) -> None:
    office.technician("wang", "vendor", "-3h:-1h")
    key = office.folder / "wang"
    subprocess.run(["ssh-add", "-q", str(key)], env=os.environ | agent, check=True, capture_output=True)
    lines, sentence = technician("ask", "--role", "vendor", "slot", "switch", cable=plugged, agent=agent)
    assert lines[-1]["trouble"] == "certificate_over"
    assert "fetch a new one" in sentence
    assert b"sign-in" not in bytes(plugged.up)


# --- files ------------------------------------------------------------------------------------------------------------


def test_the_html_report_comes_whole_by_zmodem(plugged: Cable, office: Office, tmp_path: Path) -> None:
    file = tmp_path / "report.html"
    lines, _ = technician("report", file, "--key", office.technician("zhao", "diag"), cable=plugged)
    assert lines[-1]["exit"] == 0, lines
    text = file.read_text()
    assert text.lstrip().lower().startswith("<!doctype html")
    assert text.rstrip().endswith("</html>")
    (told,) = [line for line in lines if line.get("step") == "report" and line["type"] == "done"]
    assert told["bytes"] == len(file.read_bytes())


CUTS: dict[str, Callable[[bytes, bytes], bool]] = {
    "sign-in": lambda up, _down: b"sign-in diag" in up,
    "half-of-challenge": lambda _up, down: b"challenge-begin" in down,
    "half-of-answer": lambda up, _down: b"BEGIN SSH SIGNATURE" in up,
    "answer-end": lambda up, _down: b"answer-end" in up,
    "report": lambda up, _down: b"report export" in up,
    "half-of-report": lambda _up, down: len(down.partition(b"zmodem")[2]) > 9000,
    "sign-out": lambda up, _down: b"sign-out" in up,
}
QUICK = ("half-of-challenge", "half-of-answer", "half-of-report")  # the long test pulls it at every step


@pytest.mark.parametrize("step", CUTS if os.environ.get("HYPOTHESIS_PROFILE") == "long" else QUICK)
def test_a_pulled_cable_is_gone_on_with_in_every_step_of_a_report(
    plugged: Cable, office: Office, tmp_path: Path, step: str
) -> None:
    file = tmp_path / "report.html"
    certificate = office.technician(f"cut-{step}", "diag")
    plugged.cut_when = CUTS[step]
    hand = plug_in_again(plugged)
    lines, _ = technician("report", file, "--key", certificate, "--wait", "30", cable=plugged)
    hand.join()
    assert lines[-1]["exit"] == 0, lines
    assert [line["state"] for line in lines if line["type"] == "cable"] == ["lost", "back"]
    assert file.read_text().rstrip().endswith("</html>")


def test_a_cut_upload_goes_on_where_it_ended(
    plugged: Cable, office: Office, tmp_path: Path, world: tuple[Cable, Terminal, RunningService]
) -> None:
    file = tmp_path / "update.raucb"
    file.write_bytes(UPDATE)
    plugged.cut_when = lambda up, _down: len(up.partition(b"upload update")[2]) > len(UPDATE) * 2 // 3
    hand = plug_in_again(plugged)
    words = ("update", file, "--key", office.technician("qian", "maint"), "--wait", "30")
    lines, sentence = technician(*words, cable=plugged)
    hand.join()
    assert "upload" in steps(lines), lines
    assert [line["state"] for line in lines if line["type"] == "cable"] == ["lost", "back"]
    whole = list((world[1].state).rglob("whole"))
    assert [path.read_bytes() for path in whole] == [UPDATE]
    again = bytes(plugged.up).rpartition(b"upload update")[2]
    assert len(again) < len(UPDATE) * 2 // 3  # what had arrived was not sent again
    assert lines[-1]["exit"] == 4  # this terminal has no updater: said so, not passed over
    assert "update verify" in sentence
