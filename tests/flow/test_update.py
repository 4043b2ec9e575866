"""Firmware updates with real RAUC: what is installed, what is refused and why, and what a rollback leaves behind."""

from __future__ import annotations

import json
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
from support.clocks import clock_shift
from support.hal_library import compiler_missing
from support.rauc_system import RaucSystem, make_bundle, why_not
from support.terminal import Terminal

from device.update.records import Records
from tools.image.disk import Signer

pytestmark = pytest.mark.skipif(bool(why_not()), reason=f"real RAUC {why_not()}")


@pytest.fixture(scope="module")
def bundle(system: RaucSystem) -> Path:
    return make_bundle(system.folder, system.signer, "99.0")


@pytest.fixture
def terminal(tmp_path: Path, system: RaucSystem, monkeypatch: pytest.MonkeyPatch) -> Terminal:
    system.reach(monkeypatch)
    terminal = Terminal(tmp_path)
    terminal.configure(f'[update]\nconfig = "{system.config}"\nformats = ["plain"]', language="en")
    return terminal


def ask(terminal: Terminal, *words: str | Path) -> tuple[int, dict[str, Any]]:
    done = terminal.command("update", *words, "--json")
    return done.returncode, json.loads(done.stdout)


def other_signer(folder: Path, *days: str) -> Signer:
    """A signer whom the terminal does not trust, or, with negative days, one whose certificate has ended."""
    folder.mkdir()
    key, certificate = folder / "o.key", folder / "o.pem"
    words = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-noenc"]
    words += ["-days", *(days or ("30",)), "-subj", "/CN=other", "-keyout", str(key), "-out", str(certificate)]
    subprocess.run(words, check=True, capture_output=True)
    return Signer(certificate, certificate, key)


def expired_signer(folder: Path, system: RaucSystem) -> Signer:
    """Signed by the terminal's own authority, but ended yesterday."""
    folder.mkdir()
    key, request, certificate = folder / "e.key", folder / "e.csr", folder / "e.pem"
    words = ["openssl", "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-noenc", "-subj", "/CN=old"]
    subprocess.run([*words, "-keyout", str(key), "-out", str(request)], check=True, capture_output=True)
    ca = ["-CA", str(system.signer.ca), "-CAkey", str(system.folder / "keys" / "ca.key"), "-CAcreateserial"]
    words = ["openssl", "x509", "-req", "-in", str(request), *ca, "-days", "-1", "-out", str(certificate)]
    subprocess.run(words, check=True, capture_output=True)
    return Signer(system.signer.ca, certificate, key)


def test_a_good_bundle_is_verified_and_tells_its_signer(terminal: Terminal, bundle: Path) -> None:
    code, answer = ask(terminal, "verify", bundle)
    assert code == 0
    assert answer["bundle"]["version"] == "99.0"
    assert answer["bundle"]["signer"] == "O = posmedic, CN = posmedic development signer"


def spoilt(bundle: Path, to: Path, how: str) -> Path:
    data = bytearray(bundle.read_bytes())
    if how == "flipped":
        data[len(data) // 2] ^= 0x01
    elif how == "truncated":
        del data[len(data) // 2 :]
    elif how == "noise":
        data = bytearray(b"\x00\xff" * 5000)
    else:
        data.clear()
    path = to / f"{how}.raucb"
    path.write_bytes(data)
    return path


@pytest.mark.parametrize(
    ("how", "reason"),
    [
        ("flipped", "altered"),
        ("truncated", "truncated"),
        ("noise", "truncated|not_a_bundle"),
        ("empty", "not_a_bundle"),
    ],
)
def test_a_spoilt_bundle_is_refused_and_changes_nothing(
    terminal: Terminal, system: RaucSystem, bundle: Path, tmp_path: Path, how: str, reason: str
) -> None:
    before = system.next_slot
    for action in ("verify", "install"):
        code, answer = ask(terminal, action, spoilt(bundle, tmp_path, how))
        assert code == 1
        assert answer["refused"] in reason.split("|"), answer
    assert system.next_slot == before
    assert Records(terminal.state / "update").pending() is None


def test_every_other_reason_to_refuse_has_its_word(terminal: Terminal, system: RaucSystem, tmp_path: Path) -> None:
    stranger = make_bundle(tmp_path, other_signer(tmp_path / "stranger"), "99.1")
    old = make_bundle(tmp_path, expired_signer(tmp_path / "old", system), "99.2")
    foreign = make_bundle(tmp_path, system.signer, "99.3", compatible="another terminal")
    verity = make_bundle(tmp_path, system.signer, "99.4", bundle_format="verity")
    downgrade = make_bundle(tmp_path, system.signer, "0.1")
    nameless = make_bundle(tmp_path, system.signer, "newest")
    expected = {
        stranger: "signer_unknown",
        old: "signer_expired",
        foreign: "wrong_compatible",
        verity: "wrong_format",
        downgrade: "downgrade",
        nameless: "version_unreadable",
        tmp_path / "none.raucb": "no_file",
    }
    told = {path: [ask(terminal, action, path)[1]["refused"] for action in ("verify", "install")] for path in expected}
    assert told == {path: [reason, reason] for path, reason in expected.items()}


def test_unless_told_otherwise_only_bundles_of_format_verity_are_taken(
    terminal: Terminal, system: RaucSystem, bundle: Path
) -> None:
    terminal.configure(f'[update]\nconfig = "{system.config}"', language="en")
    for action in ("verify", "install"):
        code, answer = ask(terminal, action, bundle)
        assert (code, answer["refused"], answer["said"]) == (1, "wrong_format", "plain; taken is verity")
    assert Records(terminal.state / "update").pending() is None


@pytest.mark.skipif(compiler_missing() is not None, reason=str(compiler_missing()))
def test_at_1970_a_bundle_is_refused_because_of_the_clock_and_is_taken_when_that_is_right(
    terminal: Terminal, system: RaucSystem, bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = system.next_slot
    with clock_shift(tmp_path, monkeypatch) as shift:
        shift(wall_s=-int(time.time()) + 60)
        for action in ("verify", "install"):
            assert ask(terminal, action, bundle)[1]["refused"] == "signer_not_yet_valid"
        assert (system.next_slot, Records(terminal.state / "update").pending()) == (before, None)
        shift()
        assert ask(terminal, "verify", bundle)[0] == 0


def test_a_refusal_is_one_plain_sentence_in_the_language_of_the_reader(terminal: Terminal) -> None:
    done = terminal.command("update", "verify", "/nowhere/x.raucb", "--lang", "en")
    assert done.returncode == 1
    assert done.stderr.decode().startswith("posmedic: The file is not there or cannot be read.")
    done = terminal.command("update", "install", "/nowhere/x.raucb", "--lang", "zh")
    assert "文件不存在或无法读取" in done.stderr.decode()


def test_without_an_updater_the_command_says_so(tmp_path: Path) -> None:
    terminal = Terminal(tmp_path)
    assert ask(terminal, "install", tmp_path / "x.raucb") == (1, {"refused": "no_updater", "said": ""})


def test_nothing_is_installed_while_a_sale_runs_or_offline_payments_wait(terminal: Terminal, bundle: Path) -> None:
    with terminal.running() as service, terminal.client() as client:
        service.wait_for_line("selftest run=again")
        client.hello("unionpay")
        client.say("busy")
        client.wait_for("ok", of="busy")
        assert ask(terminal, "install", bundle)[1]["refused"] == "sale_running"
        client.say("idle", pending_offline=2)
        client.wait_for("ok", of="idle")
        assert ask(terminal, "install", bundle)[1]["refused"] == "offline_pending"


def test_an_installed_update_is_started_next_and_is_remembered_until_it_is_judged(
    terminal: Terminal, system: RaucSystem, bundle: Path
) -> None:
    with terminal.running() as service:
        service.wait_for_line("selftest run=again")
        code, answer = ask(terminal, "install", bundle)
        assert (code, answer.get("installed")) == (0, True), answer
    assert system.holds("B", b"new system ")
    assert system.next_slot == "B"
    records = Records(terminal.state / "update")
    pending = records.pending()
    assert pending is not None
    assert (pending.version, pending.installed, pending.source.slot) == ("99.0", True, "A")
    baseline = records.baseline()
    assert baseline is not None
    assert baseline.outcomes["storage.writable"] == "pass"


def test_status_tells_slots_and_how_the_last_update_ended(terminal: Terminal) -> None:
    code, status = ask(terminal, "status")
    assert code == 0
    assert {slot["name"] for slot in status["system"]["slots"]} == {"A", "B"}
    assert status["last"] is None
    text = terminal.command("update", "status", "--lang", "en").stdout.decode()
    assert "Last update: none since this terminal was set up" in text
