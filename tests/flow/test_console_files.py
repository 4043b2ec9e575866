"""Files over the technician's port with the real lrzsz at both ends, and senders that lie."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.console_side import Far, Office, after_transfer, plugged_in, transfer
from support.terminal import Terminal

pytestmark = pytest.mark.skipif(
    subprocess.run(["sh", "-c", "command -v rz && command -v sz"], capture_output=True, check=False).returncode != 0,
    reason="lrzsz is not installed",
)
RECEIVE = ["rz", "--binary", "--quiet"]
SEND = ["sz", "--binary", "--quiet"]
WRONG_SIZE = 22
BROKEN = 21


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


@pytest.fixture
def desk(terminal: Terminal, far: Far, tmp_path: Path) -> Iterator[Path]:
    """Somebody is signed in who may upload; a folder for the laptop's files."""
    office, laptop = Office(tmp_path / "office"), tmp_path / "laptop"
    laptop.mkdir()
    with plugged_in(terminal, far, more=office.settings()):
        assert far.sign_in("maint", office.desk).ok
        yield laptop
        assert far.ask("version").ok  # whatever was tried, the line is served again
        assert not {path.name for path in terminal.state.rglob("*") if path.is_file()} & {"evil", "posmedic.db.evil"}


def begin(far: Far, command: str) -> None:
    far.send(command.encode() + b"\r")
    assert far.line() == b"# zmodem"


@pytest.mark.parametrize("form", ["html", "text", "json"])
def test_the_report_and_the_log_are_received_whole(far: Far, desk: Path, form: str) -> None:
    begin(far, f"report export {form}")
    assert transfer(far, RECEIVE, desk)[0] == 0
    assert after_transfer(far).ok
    begin(far, "log export")
    assert transfer(far, RECEIVE, desk)[0] == 0
    assert after_transfer(far).ok
    ending = "txt" if form == "text" else form
    assert (desk / f"posmedic-report.{ending}").stat().st_size > 1000
    assert "READY" in (desk / "posmedic.log").read_text()


def test_an_upload_comes_whole_and_a_broken_one_is_resumed(far: Far, desk: Path, terminal: Terminal) -> None:
    bundle = desk / "update.raucb"
    content = os.urandom(8 << 20)
    bundle.write_bytes(content)
    command = f"upload update {len(content)}"
    begin(far, command)
    assert transfer(far, [*SEND, "update.raucb"], desk, most=5 << 20)[0] == -9
    far.send(b"\x18" * 10)  # CAN ends ZMODEM, as a serial program sends it
    assert after_transfer(far).error == BROKEN
    begin(far, command)
    code, sent = transfer(far, [*SEND, "--resume", "update.raucb"], desk)
    assert code == 0
    assert after_transfer(far).ok
    assert sent < len(content)
    assert (terminal.state / "incoming" / "update" / "whole").read_bytes() == content


def test_a_sender_that_sends_more_than_it_said_is_cut_off(far: Far, desk: Path, terminal: Terminal) -> None:
    (desk / "big").write_bytes(os.urandom(1 << 20))
    begin(far, "upload update 1000")
    transfer(far, [*SEND, "big"], desk)
    assert after_transfer(far).error == WRONG_SIZE
    assert not list((terminal.state / "incoming").rglob("big"))


def test_a_file_without_end_is_cut_off(far: Far, desk: Path, terminal: Terminal) -> None:
    endless = ["sh", "-c", "mkfifo pipe; cat /dev/zero > pipe & exec sz --binary --quiet pipe"]
    begin(far, "upload settings 5000")
    transfer(far, endless, desk)
    assert after_transfer(far).error in (WRONG_SIZE, BROKEN)
    kept = [path for path in (terminal.state / "incoming").rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in kept) <= 5000


def test_a_name_that_leads_out_of_the_folder_or_several_files_come_to_nothing(
    far: Far, desk: Path, terminal: Terminal
) -> None:
    (desk / "evil").write_bytes(b"x" * 100)
    (desk / "two").write_bytes(b"y" * 100)
    (desk / "deep").mkdir()
    for words in (
        ["sz", "--binary", "--quiet", "--full-path", "../laptop/evil"],
        ["sz", "--binary", "--quiet", "--full-path", str(desk / "evil")],
        ["sz", "--binary", "--quiet", "evil", "two"],
    ):
        begin(far, "upload update 100")
        transfer(far, words, desk)
        outcome = after_transfer(far)
        inside = terminal.state / "incoming" / "update"
        assert outcome.ok == (words[-1] == str(desk / "evil") and (inside / "whole").exists()), words
        names = {path.name for path in inside.rglob("*")}
        assert names <= {"part", "whole", "name", "kept"}, (words, names)
        outside = [path for path in terminal.folder.rglob("*") if path.name in ("evil", "two", "laptop")]
        assert not outside, words


def test_a_far_end_that_knows_no_zmodem_gets_its_line_back(far: Far, desk: Path) -> None:
    begin(far, "upload settings 10")
    far.send(b"\x18" * 10)
    assert after_transfer(far).error == BROKEN


def test_a_size_out_of_bounds_is_refused_before_anything_is_sent(far: Far, desk: Path) -> None:
    for size, number in (("0", 23), (str(2 << 20), 23), ("-1", 4), ("x", 4)):
        assert far.ask(f"upload settings {size}").error == number
    assert far.ask("upload signers 10").error == 4  # only for level 3


def test_a_cable_pulled_in_the_middle_of_an_upload_ends_it_and_the_session(
    terminal: Terminal, far: Far, tmp_path: Path
) -> None:
    office, link = Office(tmp_path / "office"), tmp_path / "port"
    link.symlink_to(far.port)
    far.port = str(link)
    (tmp_path / "big").write_bytes(os.urandom(8 << 20))
    with plugged_in(terminal, far, more=office.settings()) as service:
        assert far.sign_in("maint", office.desk).ok
        begin(far, f"upload update {8 << 20}")
        transfer(far, [*SEND, "big"], tmp_path, most=3 << 20)
        far.pull()
        service.wait_for_line("there=no")
        other = Far()
        link.unlink()
        link.symlink_to(other.port)
        service.wait_for_line("there=yes", since=service.lines - 1)
        assert other.ask("settings show").error == 5
        assert other.ask("version").ok
        other.pull()
