"""Every command as a technician types it, with and without the running service: output, exit codes, no traceback."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from support.terminal import FIELDS, Terminal

from device.decoding.kinds import KINDS
from tools.simulate.iso_message import Style, build_message, build_tlv, wrap_response
from tools.simulate.running_service import RunningService

COMMANDS = ("run", "selftest", "diagnose", "explain", "decode", "history", "report", "update")
ANSWER = wrap_response(
    build_message("0210", {3: "000000", 11: "000062", 39: "62", 41: "00000062"}, Style.BCD), Style.BCD
)
TLV = build_tlv({"95": bytes(5), "9F1A": b"\x01\x56"})


@dataclass
class Kept:
    """A terminal that has declined one sale; ``service`` is None where it has been stopped again."""

    terminal: Terminal
    service: RunningService | None
    diagnosis: dict[str, Any]
    frame: Path


@pytest.fixture(scope="module")
def declined(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kept]:
    terminal = Terminal(tmp_path_factory.mktemp("declined"))
    with terminal.running() as service:
        with terminal.client() as application:
            application.hello("unionpay")
            application.say("exchange", id="1", fields=FIELDS, mac="verified", entry_mode="chip", scheme="unionpay")
            diagnosis = application.wait_for("diagnosis", id="1", revision=2)["diagnosis"]
        frame = terminal.folder / "frame.json"
        frame.write_text(json.dumps(service.ask("last")["frame"]))
        yield Kept(terminal, service, diagnosis, frame)
    terminal.remove()


@pytest.fixture(scope="module")
def stopped(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kept]:
    terminal = Terminal(tmp_path_factory.mktemp("stopped"))
    with terminal.running(), terminal.client() as application:
        application.hello("unionpay")
        application.say("exchange", id="1", fields=FIELDS)
        diagnosis = application.wait_for("diagnosis", id="1", revision=2)["diagnosis"]
    yield Kept(terminal, None, diagnosis, Path())
    terminal.remove()


@pytest.fixture(params=["with the service", "without the service"])
def kept(request: pytest.FixtureRequest) -> Kept:
    name = "declined" if request.param == "with the service" else "stopped"
    found: Kept = request.getfixturevalue(name)
    return found


def refusal(done: subprocess.CompletedProcess[bytes]) -> str:
    """Return the one line of a refusal."""
    said = done.stderr.decode()
    assert (done.returncode, done.stdout) == (2, b""), said
    assert said.count("\n") == 1, said
    return said


def run(terminal: Terminal, *words: str | Path, given: bytes | None = None) -> subprocess.CompletedProcess[bytes]:
    return terminal.command(*words, given=given, settings=False)


def test_help_names_every_command_and_each_has_its_own(declined: Kept) -> None:
    general = run(declined.terminal, "--help")
    assert general.returncode == 0
    for command in COMMANDS:
        assert command in general.stdout.decode()
        own = run(declined.terminal, command, "--help")
        assert own.returncode == 0
        assert command in own.stdout.decode()


def test_the_self_test_ends_with_0_only_if_no_check_failed(kept: Kept) -> None:
    part = kept.terminal.command("selftest", "--part", "storage", "--json")
    *results, end = (json.loads(line) for line in part.stdout.splitlines())
    assert (part.returncode, end) == (0, {"exit_code": 0})
    outcomes = {item["id"]: item["outcome"] for item in results}
    assert outcomes["storage.writable"] == "pass"
    assert "fail" not in outcomes.values()


def test_a_check_that_failed_is_exit_code_1(tmp_path: Path) -> None:
    terminal = Terminal(tmp_path)
    terminal.configure('[network]\nhost = "127.0.0.1"\nport = 1')
    ended = terminal.command("selftest", "--part", "network", "--json")
    *results, end = (json.loads(line) for line in ended.stdout.splitlines())
    assert (ended.returncode, end) == (1, {"exit_code": 1})
    assert "fail" in {item["outcome"] for item in results}
    terminal.remove()


def test_both_ways_of_a_self_test_check_the_same_facts(declined: Kept, stopped: Kept) -> None:
    facts = [
        sorted(
            json.loads(line).get("id", "") for line in each.terminal.command("selftest", "--json").stdout.splitlines()
        )
        for each in (declined, stopped)
    ]
    assert facts[0] == facts[1]
    assert "service.payment_application" in facts[0]


def test_the_exported_frame_gives_the_very_diagnosis_that_the_service_sent(declined: Kept) -> None:
    told = run(declined.terminal, "diagnose", declined.frame, "--json")
    assert told.returncode == 0
    assert json.loads(told.stdout) == declined.diagnosis


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_diagnosis_is_told_in_the_asked_language(language: str, declined: Kept) -> None:
    told = run(declined.terminal, "diagnose", declined.frame, "--lang", language, "--explain")
    assert told.returncode == 0
    for line in declined.diagnosis["headline"][language]:
        assert line in told.stdout.decode()


@pytest.mark.parametrize("served", [True, False])
def test_a_cleared_history_knows_no_fault_and_no_completed_test(tmp_path: Path, served: bool) -> None:
    terminal = Terminal(tmp_path)
    terminal.configure('[network]\nhost = "127.0.0.1"\nport = 1')
    terminal.command("selftest", "--part", "network")
    with terminal.running() if served else contextlib.nullcontext():
        before = json.loads(terminal.command("history", "--json").stdout)
        assert "network.tcp" in {fault["id"] for fault in before["faults"]}
        assert "network.tcp" not in before["untested"]
        assert before["cleared_at"] is None
        after = json.loads(terminal.command("history", "--clear", "--json").stdout)
        assert (after["faults"], "network.tcp" in after["untested"]) == ([], True)
        assert after["cleared_at"] is not None
    terminal.remove()


def test_the_history_holds_the_decline_and_its_short_code(kept: Kept) -> None:
    told = json.loads(kept.terminal.command("history", "--json").stdout)
    (decline,) = told["declines"]
    assert (decline["code"], decline["short_code"]) == ("62", kept.diagnosis["short_code"])
    assert [row["count"] for row in told["codes"] if row["code"] == "62"] == [1]
    for language in ("zh", "en"):
        page = kept.terminal.command("history", "--lang", language)
        assert page.returncode == 0
        assert "62" in page.stdout.decode()


def test_the_report_is_written_to_the_asked_file_and_shown_otherwise(kept: Kept, tmp_path: Path) -> None:
    out = tmp_path / "report.txt"
    assert kept.terminal.command("report", "--lang", "en", "--out", out).stdout == b""
    shown = kept.terminal.command("report", "--lang", "en")
    assert shown.returncode == 0
    assert out.read_text().splitlines()[0] == shown.stdout.decode().splitlines()[0]
    assert kept.diagnosis["short_code"] in out.read_text()
    assert "cannot be written" in refusal(kept.terminal.command("report", "--out", tmp_path / "no" / "report.txt"))


def test_the_default_language_is_that_of_the_settings(stopped: Kept) -> None:
    stopped.terminal.configure(language="en")
    english = stopped.terminal.command("history").stdout
    stopped.terminal.configure(language="zh")
    chinese = stopped.terminal.command("history").stdout
    assert english.startswith(b"HISTORY")
    assert chinese != english


def test_a_response_code_is_explained_in_both_languages(declined: Kept) -> None:
    row = json.loads(run(declined.terminal, "explain", "62", "--json").stdout)
    assert (row["known"], row["addressee"]) == (True, "issuer")
    for language in ("zh", "en"):
        told = run(declined.terminal, "explain", "62", "--lang", language)
        assert told.returncode == 0
        assert row["meaning"][language] in told.stdout.decode()


def test_an_unknown_code_says_so(declined: Kept) -> None:
    told = run(declined.terminal, "explain", "ZQ", "--json")
    assert (told.returncode, json.loads(told.stdout)["known"]) == (0, False)


def test_the_short_code_of_the_diagnosis_carries_code_and_verdict(declined: Kept) -> None:
    short = declined.diagnosis["short_code"]
    for typed in (short, short.lower(), f"{short[:4]}-{short[4:8]} {short[8:]}"):
        told = json.loads(run(declined.terminal, "explain", typed, "--json").stdout)
        assert (told["code"], told["verdict"]) == ("62", declined.diagnosis["verdict"])


@pytest.mark.parametrize(
    ("kind", "data", "code"),
    [
        ("iso8583", ANSWER, 0),
        ("iso8583", ANSWER[:-3], 1),
        ("iso8583", b"nothing of the kind", 2),
        ("tlv", TLV, 0),
        ("tlv", TLV[:-1], 1),
        ("tlv", b"\x9f", 2),
    ],
)
def test_a_frame_is_decoded_wholly_in_part_or_not_at_all(kind: str, data: bytes, code: int, declined: Kept) -> None:
    typed = run(declined.terminal, "decode", kind, data.hex(), "--json")
    piped = run(declined.terminal, "decode", kind, given=data.hex(" ").encode())
    assert (typed.returncode, piped.returncode) == (code, code)
    told = json.loads(typed.stdout or typed.stderr)
    assert told["decoded"] == ("whole", "partial", "no")[code]
    if code == 1:
        assert isinstance(told["offset"], int)


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("sing",),
        ("explain",),
        ("explain", "not a code"),
        ("explain", "\udcff"),
        ("explain", "62", "--host", "nobody"),
        ("explain", "62", "--lang", "fr"),
        ("explain", "AAAAAAAAAAAA"),
        ("decode", "morse", "00"),
        ("decode", "tlv", "0"),
        ("decode", "tlv", "zz"),
        ("decode", "tlv", "00", "--from", "6200000000000005"),
        ("decode", "tlv", "00", "--lang", "6200000000000005"),
        ("decode", "tlv", "--file", "/nowhere/6200000000000005"),
        ("decode", "tlv", "00", "--file", "-"),
        ("decode", "6200000000000005", "00"),
        ("diagnose",),
        ("diagnose", "/nowhere/frame.json"),
        ("diagnose", "/"),
        ("selftest", "--level", "brutal"),
        ("history", "--settings", "/nowhere/settings.toml"),
        ("update", "install"),
    ],
)
def test_bad_input_is_one_line_on_standard_error_and_exit_code_2(words: tuple[str, ...], declined: Kept) -> None:
    assert "6200000000000005" not in refusal(run(declined.terminal, *words))


def test_an_unknown_part_is_refused_with_the_known_ones(kept: Kept) -> None:
    assert "storage" in refusal(kept.terminal.command("selftest", "--part", "toaster"))


def test_decode_help_names_every_kind_with_what_it_reads(declined: Kept) -> None:
    told = run(declined.terminal, "decode", "--help").stdout.decode()
    for kind, reads in KINDS.items():
        assert f"{kind} " in told
        assert reads in told
    assert "auto" in told


def test_bytes_in_a_pipe_are_decoded_as_they_are(declined: Kept) -> None:
    told = run(declined.terminal, "decode", "iso8583", "-", "--json", given=ANSWER)
    assert (told.returncode, json.loads(told.stdout)["read_as"]) == (0, "raw")


@pytest.mark.parametrize("given", [b"\xff\xfe", b"", b"z" * 300_000])
def test_bytes_that_are_no_text_are_refused_like_other_bad_input(given: bytes, declined: Kept) -> None:
    assert refusal(run(declined.terminal, "decode", "tlv", "-", given=given))


@pytest.mark.parametrize("text", [b"{", b"[]", b"[" * 50_000, b"\xff", b'{"v":1}', b'{"v":9}', b""])
def test_a_file_that_is_no_frame_is_refused_with_its_name(text: bytes, declined: Kept, tmp_path: Path) -> None:
    path = tmp_path / "frame.json"
    path.write_bytes(text)
    assert "frame.json" in refusal(run(declined.terminal, "diagnose", path))


def test_a_reader_that_leaves_early_sees_no_complaint(declined: Kept) -> None:
    line = [
        "sh",
        "-c",
        '"$0" -I -m device report --settings "$1" | true',
        sys.executable,
        str(declined.terminal.settings),
    ]
    ended = subprocess.run(line, capture_output=True, timeout=60, check=False)
    assert b"Traceback" not in ended.stderr
