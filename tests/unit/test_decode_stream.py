"""``posmedic decode KIND --file``: logs of any length, results as they come, constant memory, a summary at the end."""

from __future__ import annotations

import io
import json
import os
import pty
import re
import signal
import subprocess
import sys
import termios
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support import iso8583_peer as peer

from device.commands.decode_log import LogCommand
from device.commands.progress import Progress, bar_text
from device.decoding.pieces import MOST_LINE_CHARACTERS
from device.decoding.tables import Tables
from device.decoding.text_input import InputForm

TABLES = Tables()
COMMAND = (sys.executable, "-I", "-m", "device", "decode")
MEASURED = (
    "import sys; from device.__main__ import main; sys.argv = ['posmedic', *sys.argv[1:]]; code = main();"
    "sys.stderr.write(open('/proc/self/status').read()); sys.exit(code)"
)
TALK = (
    "2026-11-23 07:00:{:02} [ttyUSB2] --> 'AT+CSQ<CR>'\n"
    "2026-11-23 07:00:{:02} [ttyUSB2] <-- '<CR><LF>+CSQ: 20,99<CR><LF><CR><LF>OK<CR><LF>'\n"
    "2026-11-23 07:00:{:02} [ttyUSB2] device open count is 2\n"
)
IS_LONG = os.environ.get("HYPOTHESIS_PROFILE") == "long"


def run(
    kind: str, raw: bytes, *, as_json: bool = True, form: InputForm | None = None, size: int = 0
) -> tuple[int, Any, str]:
    out, told = io.StringIO(), io.StringIO()
    command = LogCommand(kind, TABLES, as_json=as_json, language="en", out=out, told=told)
    code = command.run(io.BytesIO(raw), form, size=size)
    rows = [json.loads(line) for line in out.getvalue().splitlines()] if as_json else out.getvalue()
    return code, rows, told.getvalue()


def talk(lines: int) -> Iterator[bytes]:
    """A conversation in the form of a modem manager's log, in chunks."""
    for at in range(0, lines // 3, 500):
        yield "".join(TALK.format(*[n % 60] * 3) for n in range(at, min(at + 500, lines // 3))).encode()


def peak_kb(lines: int, out: Path) -> int:
    """The most memory that the command ever held for a log of so many lines."""
    words = (sys.executable, "-c", MEASURED, "decode", "at", "--json", "--file", "-")
    errors = out.with_suffix(".errors")
    with out.open("wb") as kept, errors.open("wb") as told_to:
        process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=kept, stderr=told_to)
        assert process.stdin is not None
        for chunk in talk(lines):
            process.stdin.write(chunk)
        process.stdin.close()
        assert process.wait(600) == 0, errors.read_text()
    told = errors.read_text()
    with out.open("rb") as kept_:
        kept_.seek(-600, os.SEEK_END)
        summary = json.loads(kept_.read().splitlines()[-1])["summary"]
    assert (summary["lines"], summary["whole"], summary["lines_without_data"]) == (lines, lines, lines // 3)
    found = re.search(r"VmHWM:\s+(\d+) kB", told)
    assert found is not None
    return int(found[1])


def test_memory_does_not_grow_with_the_log(tmp_path: Path) -> None:
    many = 999_999 if IS_LONG else 60_000
    assert peak_kb(many, tmp_path / "many") < 1.1 * peak_kb(9_999, tmp_path / "few")


def test_every_piece_is_one_line_of_json_with_its_line_and_direction() -> None:
    message = peer.terminal_message("0210", peer.RESPONSE).hex()
    code, rows, told = run("iso8583", f"opened\n10:00:00 RX {message}\nTX {message[:90]}\nRX 06\n".encode())
    assert code == 1
    assert [(row["log_line"], row["direction"], row["decoded"]) for row in rows[:-1]] == [
        (2, "received", "whole"),
        (3, "sent", "partial"),
        (4, "received", "no"),
    ]
    summary = rows[-1]["summary"]
    assert [summary[key] for key in ("lines", "lines_without_data", "pieces", "whole", "partial", "no", "noise")] == [
        *(4, 1, 3, 1, 1, 1, 1)
    ]
    assert told == ""


def test_a_frame_cut_over_lines_is_put_together_each_direction_on_its_own() -> None:
    wire = bytes.fromhex("0000FF02FED4022A00")
    answer = bytes.fromhex("0000FF06FAD50332010607E800")
    log = f"TX {wire[:4].hex()}\nRX {answer[:5].hex()}\nTX {wire[4:].hex()}\nRX {answer[5:].hex()}\n"
    code, rows, _ = run("pn532", log.encode())
    assert code == 0
    assert [(row["log_line"], row["direction"]) for row in rows[:-1]] == [(3, "sent"), (4, "received")]


@pytest.mark.parametrize(("log", "code"), [("TX AT\nRX OK\n", 0), ("TX AT\nRX OK\nTX 'zzz<CR>'\n", 1), ("RX zz\n", 2)])
def test_the_exit_code_says_all_some_or_nothing(log: str, code: int) -> None:
    assert run("at", log.encode())[0] == code


def test_people_get_a_line_a_row_and_the_summary_apart() -> None:
    code, shown, told = run("at", b"10:00:00 TX AT+CSQ\nx\n10:00:01 RX +CSQ: 20,99\n10:00:01 RX OK\n", as_json=False)
    assert code == 0
    assert shown.splitlines()[0] == "line 1 sent: command  AT+CSQ"
    assert len(shown.splitlines()) == 3
    assert told.startswith("4 lines, 1 without data, 3 pieces: 3 decoded, 0 in part, 0 not at; 0 faults")
    assert told.count("\n") == 1


def test_lines_too_long_are_reported_and_the_rest_is_decoded() -> None:
    log = b"TX AT\nRX OK\n" + b"RX " + b"4" * (MOST_LINE_CHARACTERS + 9) + b"\nTX ATI\nRX OK\n"
    code, rows, _ = run("at", log)
    assert (code, rows[-1]["summary"]["lines_too_long"], rows[-1]["summary"]["whole"]) == (0, 1, 4)
    assert "1 lines were longer" in run("at", log, as_json=False)[2]


def test_a_small_file_of_one_message_is_one_result_and_raw_bytes_stream() -> None:
    wire = peer.terminal_message("0210", peer.RESPONSE)
    folded = "\n".join(wire.hex(" ")[at : at + 48] for at in range(0, 3 * len(wire), 48)).encode()
    for raw in (wire, wire.hex().encode(), folded, b"RX:\n" + folded):
        code, rows, _ = run("iso8583", raw, size=len(raw))
        assert (code, rows[0]["decoded"], len(rows)) == (0, "whole", 2)
    code, rows, _ = run("control", peer.framed(wire) * 3000)
    assert (code, rows[-1]["summary"]["lines"], rows[-1]["summary"]["noise"]) == (0, 0, 0)


def test_messages_a_line_are_decoded_a_line_each() -> None:
    wire = peer.terminal_message("0210", peer.RESPONSE).hex()
    code, rows, _ = run("iso8583", f"{wire}\n{wire}\n{wire}\n".encode(), size=3 * len(wire) + 3)
    assert (code, [row["log_line"] for row in rows[:-1]]) == (0, [1, 2, 3])


def test_results_come_while_the_log_goes_on_and_ctrl_c_ends_with_the_summary() -> None:
    process = subprocess.Popen(
        ["env", "--default-signal=INT", *COMMAND, "at", "--json", "--file", "-"],  # a job in the background ignores it
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stderr is not None
    watch = threading.Timer(60, process.kill)  # a hang is a failure, not a standstill
    watch.start()
    process.stdin.write(b"TX AT\nRX OK\n")
    process.stdin.flush()
    rows = [json.loads(process.stdout.readline()) for _ in range(2)]
    assert [row["log_line"] for row in rows] == [1, 2]
    process.send_signal(signal.SIGINT)
    rest = process.stdout.read().splitlines()
    summary = json.loads(rest[-1])["summary"]
    assert process.wait(30) == 130
    watch.cancel()
    assert (summary["interrupted"], summary["whole"]) == (True, 2)
    assert process.stderr.read() == b""
    process.stdin.close()
    process.stdout.close()
    process.stderr.close()


def shell(words: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """What a shell makes of a redirection around the command."""
    line = f"{' '.join(COMMAND)} {words}"
    return subprocess.run(["bash", "-c", line, "bash", *arguments], capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        ("tlv 9A03261123 >/dev/full", 2, "No space left on device"),
        ("at --file <(yes 'TX AT' | head -n 30000) >/dev/full", 2, "No space left on device"),
        ("tlv 9A03261123 >&-", 0, ""),
        ("auto <&-", 2, "The input is empty"),
        ("auto --file /dev/null", 2, "The input is empty"),
        ("auto --json --file - </dev/null", 2, "The input is empty"),
        ("auto --file /tmp", 2, "Is a directory"),
        ("auto --file /nonexistent", 2, "No such file"),
        ("tlv zz 2>&-", 2, ""),
        ("at --file <(yes 'TX AT' | head -n 30000) | head -n 1 >/dev/null; exit ${PIPESTATUS[0]}", 141, ""),
    ],
)
def test_whatever_fails_around_it_is_one_line_and_never_a_traceback(words: str, code: int, says: str) -> None:
    ended = shell(words)
    assert ended.returncode == code
    assert says in ended.stderr
    assert ended.stderr.count("\n") == bool(says)
    assert ended.stderr.startswith("posmedic: " if says else "")


def test_tables_are_as_wide_as_the_terminal() -> None:
    leader, follower = pty.openpty()
    termios.tcsetwinsize(follower, (24, 80))
    wire = peer.terminal_message("0210", peer.RESPONSE).hex()
    process = subprocess.Popen([*COMMAND, "iso8583", "--lang", "en", wire], stdout=follower)
    os.close(follower)
    said = b""
    try:
        while piece := os.read(leader, 4096):
            said += piece
    except OSError:  # EIO: the far side has closed
        pass
    os.close(leader)
    assert process.wait(60) == 0
    lines = said.decode().splitlines()
    assert len(lines) > 20
    assert max(map(len, lines)) <= 80


def test_standard_input_of_more_than_a_small_size_is_streamed() -> None:
    done = subprocess.run([*COMMAND, "at", "--json"], input=b"".join(talk(6000)), capture_output=True, check=False)
    rows = done.stdout.splitlines()
    assert (done.returncode, done.stderr) == (0, b"")
    assert json.loads(rows[-1])["summary"]["lines"] == 6000


class Screen(io.StringIO):
    """Standard error that is a terminal."""

    def isatty(self) -> bool:
        return True


def test_the_bar_tells_bytes_rate_and_time_left() -> None:
    assert bar_text(12_000_000, 48_000_000, 4.0) == "[#####---------------] 12.0 MB of 48.0 MB  3.0 MB/s  0:12 left"
    assert bar_text(1500, 0, 0.5) == "1.5 kB  3.0 kB/s"
    assert bar_text(0, 100, 0.0) == "[--------------------] 0 B of 100 B  0 B/s"


def test_the_bar_is_drawn_on_a_terminal_and_taken_off_again() -> None:
    screen = Screen()
    progress = Progress(screen, 100)
    while not screen.getvalue():  # it waits a fraction of a second before it shows itself
        progress.show(50)
    progress.clear()
    assert "50 B of 100 B" in screen.getvalue()
    assert screen.getvalue().endswith("\r\x1b[K")
    silent = io.StringIO()
    Progress(silent, 100).show(50)
    assert silent.getvalue() == ""


def test_on_a_real_terminal_the_summary_is_the_last_thing_said(tmp_path: Path) -> None:
    log = tmp_path / "modem.log"
    log.write_bytes(b"".join(talk(15_000)))
    leader, follower = pty.openpty()
    process = subprocess.Popen([*COMMAND, "at", "--json", "--file", log], stdout=subprocess.DEVNULL, stderr=follower)
    os.close(follower)
    said = b""
    try:
        while piece := os.read(leader, 4096):
            said += piece
    except OSError:  # EIO: the far side has closed
        pass
    os.close(leader)
    assert process.wait(60) == 0
    assert re.search(rb"\[#*-*\] [\d.]+ [kM]?B of [\d.]+ [kM]B  [\d.]+ [kM]?B/s", said)
    assert said.endswith(b"\r\x1b[K")
