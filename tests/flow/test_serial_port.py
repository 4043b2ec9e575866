from __future__ import annotations

import os
import pty
import subprocess
import sys
import tty
from collections.abc import Iterator
from pathlib import Path

import pytest

from device.ports.serial_port import (
    PortDeadlineError,
    PortError,
    PortHeldError,
    PortLostError,
    PortMissingError,
    open_serial,
)

HOLDER = "import os, sys; os.open(sys.argv[1], os.O_RDWR | os.O_NOCTTY); print('open', flush=True); sys.stdin.read()"


@pytest.fixture
def line() -> Iterator[tuple[int, str]]:
    master, slave = pty.openpty()
    tty.setraw(slave)
    path = os.ttyname(slave)
    os.close(slave)
    yield master, path
    os.close(master)


def test_bytes_go_both_ways_on_a_pty_without_modem_lines(line: tuple[int, str]) -> None:
    master, path = line
    with open_serial(path, 9600, 5.0) as port:
        port.write(b"\x02A\x03B")
        assert os.read(master, 100) == b"\x02A\x03B"
        os.write(master, b"\x06\x11\x13\xff\x00\r\n")
        assert bytes(port.read_some(1.0)) == b"\x06\x11\x13\xff\x00\r\n"
        assert port.read_some(0.01) == b""


def test_a_port_can_be_opened_again_after_it_was_given_back(line: tuple[int, str]) -> None:
    for _time in range(3):
        with open_serial(line[1], 9600, 5.0) as port:
            port.write(b"x")
        assert os.read(line[0], 10) == b"x"


def test_a_port_that_another_process_uses_is_left_alone_and_the_holder_named(line: tuple[int, str]) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, line[1]], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdin is not None
        assert holder.stdout.readline() == b"open\n"
        with pytest.raises(PortHeldError) as caught:
            open_serial(line[1], 9600, 1.0)
        holder.stdin.close()
    assert f"(pid {holder.pid})" in caught.value.holder
    assert "python" in str(caught.value)
    open_serial(line[1], 9600, 1.0).close()


@pytest.mark.parametrize("form", ["ascii", "binary"])
def test_a_live_lock_file_counts_and_a_stale_one_does_not(line: tuple[int, str], tmp_path: Path, form: str) -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as other:
        pid = other.pid
        name = "LCK.." + "_".join(Path(line[1]).parts[2:])
        raw = f"{pid:10d}\n".encode() if form == "ascii" else pid.to_bytes(4, sys.byteorder)
        (tmp_path / name).write_bytes(raw)
        with pytest.raises(PortHeldError, match=rf"pid {pid}"):
            open_serial(line[1], 9600, 1.0, lock_folders=(tmp_path,))
        other.communicate(b"\n")
    open_serial(line[1], 9600, 1.0, lock_folders=(tmp_path,)).close()


def test_a_port_that_is_not_there_or_no_port_is_missing(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    for path in (tmp_path / "ttyS9", tmp_path / "file"):
        with pytest.raises(PortMissingError, match=path.name):
            open_serial(str(path), 9600, 1.0)


def test_a_device_that_is_no_serial_port_gives_one_sentence() -> None:
    with pytest.raises(PortError, match="cannot be"):
        open_serial("/dev/zero", 9600, 1.0)


def test_a_plug_pulled_while_reading_or_writing_is_told() -> None:
    master, slave = pty.openpty()
    tty.setraw(slave)
    path = os.ttyname(slave)
    os.close(slave)
    with open_serial(path, 9600, 5.0) as port:
        os.close(master)
        with pytest.raises(PortLostError, match="went away"):
            port.read_some(1.0)
        with pytest.raises(PortLostError, match="went away"):
            port.write(b"x")


def test_no_conversation_outlives_its_deadline(line: tuple[int, str]) -> None:
    with open_serial(line[1], 9600, 0.05) as port:
        assert port.read_some(60.0) == b""
        with pytest.raises(PortDeadlineError):
            port.read_some(60.0)
        with pytest.raises(PortDeadlineError):
            port.write(b"x")
        assert port.remaining_s == 0


def test_a_line_that_takes_no_bytes_ends_at_the_deadline(line: tuple[int, str]) -> None:
    with pytest.raises(PortDeadlineError), open_serial(line[1], 9600, 0.1) as port:
        port.write(bytes(1 << 20))
