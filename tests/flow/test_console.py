"""The technician's port of the real service, from the other end of a real line: everybody's commands, and bad input."""

from __future__ import annotations

import contextlib
import os
import select
import time
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.console_side import Far, Office, plugged_in
from support.terminal import FIELDS, PATIENCE_S, Terminal, wait_until

from protocol.console_line import MOST_LINE, Done, build_line, parse_reply
from tools.payment_client import PaymentClient

ROOT = Path(__file__).resolve().parents[2]
TABLE = tomllib.loads((ROOT / "device/catalogue/console.toml").read_text())
PAN = "6200000000000005"
WITHIN_S = 1.0  # level 0 answers within a second whatever happens
# ModemManager 1.24: port probe (mm-port-probe.c) and plugins; before 1.0 also +GCAP and +CPIN?
PROBES = (
    *(b"AT\r", b"AT\r", b"ATE1 E0\r", b"AT+CGMI\r", b"AT+GMI\r", b"ATI\r", b"AT+CGMM\r", b"AT+GMM\r", b"AT%IPSYS?\r"),
    *(b"AT+XACT=?\r", b"AT+GCAP\r", b"AT+CPIN?\r", b"+++", b"\r", b"\x7e\x00\x78\xf0\x7e", b"\x7e\x00\x78\xf0\x7e"),
)


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    terminal = Terminal(tmp_path / "terminal")
    yield terminal
    terminal.remove()


@pytest.fixture
def far() -> Iterator[Far]:
    far = Far()
    yield far
    far.pull()


def test_everything_of_level_0_answers_in_both_languages(terminal: Terminal, far: Far) -> None:
    with plugged_in(terminal, far):
        with terminal.client() as application:
            exchange_s(application, "1")
        for language in ("en", "zh"):
            assert far.ask(f"lang {language}").ok
            for command in (
                "help",
                "help test run",
                "id",
                "version",
                "status",
                "last",
                "explain 62",
                "history",
                "screen",
            ):
                assert far.ask(command).ok, command
            for command in ("test list", "log tail", "log tail 3", "update status", "stop", "sign-out"):
                assert far.ask(command).ok, command
            run = far.ask("test run safe clock")
            assert [step.done for step in run.progress] == list(range(1, len(run.progress) + 1))
            assert run.progress[-1].done == run.progress[-1].total
        assert any("62" in row for row in far.ask("last").remarks)
        for name, row in TABLE["command"].items():
            if row["level"] > 0:
                assert far.ask(name).error == (4 if name == "answer" else 5), name
            assert far.ask(f"help {name}").ok, name


def test_a_wrong_line_is_answered_with_its_number(terminal: Terminal, far: Far) -> None:
    with plugged_in(terminal, far):
        wrong = {"nonsense": 3, "version 1": 4, "lang fr": 4, 'explain "62': 1, "explain --file /etc/passwd": 4}
        for line, number in wrong.items():
            assert far.ask(line).error == number, line
        assert far.ask(b"x" * (MOST_LINE + 1)).error == 2
        assert far.ask(b"version *0000").error == 1
        assert far.ask(build_line("version", checked=True, end=b"")).ok
        far.send(build_line("version", checked=True, end=b"\r"))
        lines = [far.line(), far.line()]
        assert all(line[-6:-4] == b" *" for line in lines)
        assert isinstance(parse_reply(lines[1]), Done)


def test_probes_for_a_modem_are_ignored_in_silence(terminal: Terminal, far: Far) -> None:
    with plugged_in(terminal, far):
        for probe in PROBES:
            far.send(probe)
        assert far.ask("version").ok
        assert not [line for line in far.quiet(0.3).splitlines() if line]


def test_noise_of_every_kind_is_ignored_and_the_next_line_answered(terminal: Terminal, far: Far) -> None:
    with plugged_in(terminal, far) as service:
        assert far.ask("version").ok
        before_mb = service.rss_mb
        for noise in (os.urandom(300_000), b"\x00" * 100_000, b"\x1b[2J\x1b]0;x\x07\x1b[6n" * 2000, b"\xff\xfe" * 5000):
            far.send(noise)
            far.send(b"\r")
        far.quiet(0.3)
        began = time.monotonic()
        assert far.ask("version").ok
        assert time.monotonic() - began < WITHIN_S
        assert service.rss_mb < before_mb + 3


def test_a_line_without_end_takes_no_memory(terminal: Terminal, far: Far) -> None:
    """32 MiB; the long test sends a whole gibibyte."""
    size = 1 << 30 if os.environ.get("HYPOTHESIS_PROFILE") == "long" else 32 << 20
    with plugged_in(terminal, far) as service:
        assert far.ask("version").ok
        before_mb = service.rss_mb
        for _ in range(size // 65536):
            far.send(b"x" * 65536)
        assert service.rss_mb < before_mb + 1
        far.send(b"\r")
        answer = far.answer()
        assert answer.error == 2
        assert far.ask("version").ok


def test_half_a_line_is_forgotten_with_the_cable(terminal: Terminal, far: Far, tmp_path: Path) -> None:
    link = tmp_path / "port"
    link.symlink_to(far.port)
    far.port = str(link)
    with plugged_in(terminal, far) as service:
        far.send(b"ver")
        service.wait_for_line("there=yes")
        far.pull()
        service.wait_for_line("there=no")
        other = Far()
        link.unlink()
        link.symlink_to(other.port)
        service.wait_for_line("there=yes", since=service.lines - 1)
        assert other.ask("version").ok
        other.pull()


def test_a_host_that_never_reads_holds_nobody_up(terminal: Terminal, far: Far) -> None:
    second = Far()
    with plugged_in(terminal, far, second) as service:
        before_mb = service.rss_mb
        waits = 0
        while waits < 20:  # until the terminal has taken no more for a while
            try:
                os.write(far.fd, b"help\r" * 10)
            except BlockingIOError:
                waits += 1
                select.select([], [far.fd], [], 0.01)
        assert second.ask("version", WITHIN_S).ok
        assert service.rss_mb < before_mb + 3
        far.drain()
        far.send(b"\r")  # the last write may have ended within a line
        far.drain()
        assert far.ask("version").ok
        second.pull()


def exchange_s(application: PaymentClient, name: str) -> float:
    """A declined sale, and how long its diagnosis took."""
    began = time.monotonic()
    if name == "1":
        application.hello("unionpay")
    application.say("exchange", id=name, fields=FIELDS)
    application.wait_for("diagnosis", id=name)
    return time.monotonic() - began


def test_a_flood_of_commands_does_not_hold_up_a_sale(terminal: Terminal, far: Far) -> None:
    with plugged_in(terminal, far):
        with terminal.client() as application:
            quiet_s = [exchange_s(application, f"{turn}") for turn in range(1, 21)]
            flooded_s = []
            for turn in range(21, 41):
                with contextlib.suppress(BlockingIOError):
                    os.write(far.fd, b"status\rid\r\rtest list\rnonsense\r" * 30)
                flooded_s.append(exchange_s(application, f"{turn}"))
                far.quiet(0.01)
        far.drain()
        began = time.monotonic()
        assert far.ask("version").ok
        assert time.monotonic() - began < WITHIN_S
    assert sorted(flooded_s)[10] < sorted(quiet_s)[10] + 0.1


def test_a_person_edits_recalls_and_completes(terminal: Terminal, far: Far) -> None:
    with plugged_in(terminal, far):
        far.send(b"edit on\r")
        assert b"OK\r\n" in far.quiet(0.3)
        far.send(b"versin\x1b[Do\r")  # the cursor goes back one and mends the word
        assert b"OK posmedic" in far.quiet(0.3)
        far.send(b"\x1b[A\r")
        assert b"OK posmedic" in far.quiet(0.3)
        far.send(b"log t\t2\r")
        assert b"OK\r\n" in far.quiet(0.3)
        far.send(b"test \t")
        assert b"test list  test run" in far.quiet(0.3)
        far.send(b"\x15edit off\r")
        far.quiet(0.3)
        assert far.ask("version").ok


def test_a_terminal_that_knows_ascii_only_gets_ascii_only(terminal: Terminal, far: Far) -> None:
    with plugged_in(terminal, far, language="zh"):
        assert not all(row.isascii() for row in far.ask("help").remarks)
        assert far.ask("ascii on").ok
        for command in ("help", "explain 62", "test list", "history", "status"):
            assert all(row.isascii() for row in far.ask(command).remarks), command


def test_no_card_data_comes_out_again(terminal: Terminal, far: Far, tmp_path: Path) -> None:
    office = Office(tmp_path / "office")
    with plugged_in(terminal, far, more=office.settings()):
        far.sign_in("diag", office.desk)
        shown = []
        for line in (
            f"decode tlv 5A08{PAN}",
            f"explain {PAN}",
            PAN,
            f'explain "{PAN}',
            f"decode --file {PAN} x",
            f"help {PAN}",
        ):
            answer = far.ask(line)
            shown += [*answer.remarks, answer.end.text]
        shown += far.ask("log tail 200").remarks
        shown += terminal.command("report", "--verify").stdout.decode().splitlines()
    assert PAN[:10] not in "\n".join(shown).replace(" ", "")
    assert PAN not in terminal.log.read_text()


def test_live_values_and_the_log_come_until_stop(terminal: Terminal, far: Far, tmp_path: Path) -> None:
    office = Office(tmp_path / "office")
    with plugged_in(terminal, far, more=office.settings()):
        far.sign_in("diag", office.desk)
        far.send(b"live clock\r")
        rows = [far.line() for _row in range(6)]
        assert all(row.startswith(b"# clock.") for row in rows)
        far.send(b"stop\r")
        stopped, done = far.answer(), far.answer()
        assert stopped.error == 7
        assert done.ok
        far.send(b"capture 60\r")
        with terminal.client() as application:
            exchange_s(application, "1")
        assert b"application" in far.line()
        far.send(b"stop\r")
        far.answer()
        far.answer()
        assert far.ask("version").ok


def test_what_disturbs_is_held_back_while_a_sale_runs(terminal: Terminal, far: Far, tmp_path: Path) -> None:
    office = Office(tmp_path / "office")
    with plugged_in(terminal, far, more=office.settings()):
        far.sign_in("maint", office.desk)
        with terminal.client() as application:
            application.hello("unionpay")
            application.say("busy")
            application.wait_for("ok", of="busy")
            for command in ("restart", "settings install", "update install", "upload settings 5", "test run active"):
                held = far.ask(command)
                assert held.error == 12, command
                assert "sale" in held.end.text
            assert far.ask("status").ok


def test_settings_are_checked_before_they_are_used_and_the_service_restarts(
    terminal: Terminal, far: Far, tmp_path: Path
) -> None:
    office = Office(tmp_path / "office")
    with plugged_in(terminal, far, more=office.settings()) as service:
        far.sign_in("maint", office.desk)
        assert far.ask("settings install").error == 24
        whole = terminal.state / "incoming" / "settings" / "whole"
        whole.parent.mkdir(parents=True)
        before = terminal.settings.read_text()
        whole.write_text("[reader]\nprt = 1\n")
        refused = far.ask("settings install")
        assert refused.error == 10
        assert "port is missing" in refused.end.text
        whole.write_text("[service]\n")
        assert "nobody could come back" in far.ask("settings install").end.text
        assert terminal.settings.read_text() == before
        whole.write_text(before + '[clock]\nserver = "ntp.example"\n')
        assert far.ask("settings install").ok
        assert terminal.settings.read_text() != before
        assert (terminal.folder / "settings.toml.old").read_text() == before
        assert far.ask("restart service").ok
        service.wait_for_line("stopped", timeout_s=PATIENCE_S)
        wait_until(lambda: not service.alive, PATIENCE_S, "the end")
        service.restart()
