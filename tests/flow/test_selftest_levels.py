"""What may run when, and what a vendor's library can do to the service: nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from support.hal_library import LYING, compile_library, compiler_missing
from support.terminal import Terminal

from device.commands.line import ask_service
from tools.simulate.files import sign_with_new_key
from tools.simulate.running_service import RunningService

SAFE_BUDGET_S = 5.0
needs_compiler = pytest.mark.skipif(compiler_missing() is not None, reason=str(compiler_missing()))


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    made = Terminal(tmp_path)
    yield made
    made.remove()


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(1) as threads:
        yield threads


def rows_of(result: Mapping[str, Any]) -> dict[str, tuple[str, str]]:
    return {row["id"]: (row["outcome"], row["reason"]) for row in result["evidence"]}


def ask_host(service: RunningService) -> Any:
    return service.ask("selftest", level="active", part="host")


def ask(pool: ThreadPoolExecutor, service: RunningService, level: str, part: str | None = None) -> Future[Any]:
    return pool.submit(service.ask, "selftest", level=level, part=part)


def test_an_active_test_times_a_host_echo_that_the_payment_application_makes(
    terminal: Terminal, pool: ThreadPoolExecutor
) -> None:
    with terminal.running() as service, terminal.client() as application:
        application.hello("unionpay", ("echo",))
        asked = ask(pool, service, "active", "host")
        echo = application.wait_for("echo")
        application.say("echo_result", id=echo["id"], ok=True, rtt_ms=120)
        (row,) = asked.result(20)["evidence"]
        assert (row["id"], row["outcome"], row["value"], row["unit"]) == ("host.echo", "pass", 120, "ms")
        asked = ask(pool, service, "active", "host")
        echo = application.wait_for("echo")
        application.say("echo_result", id=echo["id"], ok=False)
        assert rows_of(asked.result(20)) == {"host.echo": ("fail", "no_answer")}


def test_an_echo_that_nobody_can_make_or_that_was_cut_off_is_not_run(
    terminal: Terminal, pool: ThreadPoolExecutor
) -> None:
    with terminal.running() as service:
        assert rows_of(ask_host(service)) == {"host.echo": ("not_run", "not_connected")}
        with terminal.client() as application:
            application.hello("unionpay", ("display",))
            assert rows_of(ask_host(service)) == {"host.echo": ("not_run", "no_echo")}
        with terminal.client() as application:
            application.hello("unionpay", ("echo",))
            asked = ask(pool, service, "active", "host")
            application.wait_for("echo")
            application.say("busy")
            assert rows_of(asked.result(20)) == {"host.echo": ("not_run", "sale_running")}
            application.say("idle")
            asked = ask(pool, service, "active", "host")
            application.wait_for("echo")
        assert rows_of(asked.result(20)) == {"host.echo": ("not_run", "not_connected")}


def test_unsent_offline_payments_hold_back_everything_above_safe_and_say_so(terminal: Terminal) -> None:
    with terminal.running() as service, terminal.client() as application:
        application.hello("unionpay", ("echo", "offline_count"))
        application.say("busy")
        application.say("idle", pending_offline=2)
        application.wait_for("ok", of="idle")
        rows = rows_of(service.ask("selftest", level="assisted", part=None))
        above = {"host.echo", "contactless.field", "smart_card.select"}
        assert above <= set(rows)
        assert {rows[fact] for fact in above} == {("not_run", "offline_pending")}
        assert rows["storage.writable"] == ("pass", "")
        application.say("idle", pending_offline=0)
        application.wait_for("ok", of="idle")
        rows = rows_of(service.ask("selftest", level="assisted", part="contactless"))
        assert rows["contactless.field"] == ("not_run", "not_fitted")


def with_library(terminal: Terminal, folder: Path, habit: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LYING_HAL", habit)
    library = compile_library(LYING, folder)
    terminal.configure(f'[hal]\nlibrary = "{library}"')


@needs_compiler
@pytest.mark.parametrize(
    ("habit", "part", "told"),
    [
        ("crash", "power", {"power.external": ("error", "crashed")}),
        ("abort", "tamper", {"tamper.latch": ("error", "crashed")}),
        ("exit", "tamper", {"tamper.latch": ("not_run", "not_reported")}),
        ("hang", "keypad", {"keypad.keys": ("error", "deadline"), "keypad.stuck": ("not_run", "deadline")}),
        ("spin", "tamper", {"tamper.latch": ("error", "deadline")}),
        ("babble", "power", {"power.battery": ("pass", "")}),
        ("percent_300", "power", {"power.battery": ("fail", "garbage")}),
        ("overrun", "power", {"power.external": ("fail", "garbage")}),
        ("refuses", "tamper", {"tamper.latch": ("error", "library_unfit")}),
        ("no_answer", "power", {"power.battery": ("fail", "no_answer")}),
        ("busy", "power", {"power.battery": ("not_run", "busy")}),
        ("tampered", "tamper", {"tamper.latch": ("fail", "outside_limit")}),
        ("stuck_key", "keypad", {"keypad.keys": ("pass", ""), "keypad.stuck": ("fail", "outside_limit")}),
    ],
)
def test_a_vendors_library_harms_its_own_part_and_no_other(
    terminal: Terminal,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    habit: str,
    part: str,
    told: dict[str, tuple[str, str]],
) -> None:
    with_library(terminal, tmp_path, habit, monkeypatch)
    with terminal.running() as service:
        rows = rows_of(service.ask("selftest", level="safe", part=None))
        assert told.items() <= {fact: row for fact, row in rows.items() if fact.startswith(part)}.items()
        assert rows["storage.writable"] == ("pass", "")
        assert rows["memory.available"][0] in ("pass", "marginal")
    assert "43 bytes" not in terminal.log.read_text()
    assert "outcome" not in terminal.log.read_text()


@needs_compiler
def test_a_missing_library_is_named_and_every_other_part_is_tested(terminal: Terminal) -> None:
    terminal.configure('[hal]\nlibrary = "/usr/lib/none/libposmedic_hal.so"')
    with terminal.running() as service:
        result = service.ask("selftest", level="safe", part="tamper")
        (row,) = result["evidence"]
        assert (row["outcome"], row["reason"]) == ("error", "library_missing")
        assert "/usr/lib/none/libposmedic_hal.so is not there" in row["detail"]


def with_profile(terminal: Terminal, folder: Path, text: str, more: str = "") -> None:
    profile = folder / "terminal.toml"
    profile.write_text(text)
    signers = sign_with_new_key(profile)
    terminal.configure(f'[profile]\npath = "{profile}"\nsigners = "{signers}"\n{more}')


def test_a_part_that_the_signed_profile_requires_but_lacks_has_failed(terminal: Terminal, tmp_path: Path) -> None:
    text = (
        '[terminal]\nterminal_id = "00000062"\n[parts]\nfitted = ["reader", "printer", "modem"]\n'
        'required = ["printer", "modem"]\n[versions]\nposmedic = "0.0.1"\n[limits."storage.free"]\npass_min = 1e9\n'
    )
    with_profile(terminal, tmp_path, text)
    with terminal.running() as service:
        rows = rows_of(service.ask("selftest", level="safe", part=None))
        assert rows["modem.answer"] == ("fail", "required_missing")
        assert rows["reader.answer"] == ("not_run", "fitted_untested")
        assert rows["tamper.latch"] == ("not_run", "not_fitted")
        assert rows["versions.posmedic"] == ("fail", "outside_limit")
        assert rows["versions.system"][1] in ("no_reference", "not_told")
        assert rows["storage.free"] == ("fail", "outside_limit")


def test_without_a_good_profile_the_selftest_says_which_checks_have_no_reference(
    terminal: Terminal, tmp_path: Path
) -> None:
    with terminal.running() as service:
        found = {row["id"]: row for row in service.ask("selftest", level="safe", part="profile")["evidence"]}
        row = found["profile.reference"]
        assert (row["outcome"], row["reason"]) == ("not_run", "needs_profile")
        assert "Without reference: parts, usb.expected, identity.serial_number" in row["detail"]
        assert rows_of(service.ask("selftest", level="safe", part="versions"))["versions.posmedic"][1] == "no_reference"
    with_profile(terminal, tmp_path, '[terminal]\nterminal_id = "00000062"\n[parts]\nusb = []\n')
    with terminal.running() as service:
        found = {row["id"]: row for row in service.ask("selftest", level="safe", part="profile")["evidence"]}
        assert (found["profile.reference"]["value"], found["profile.loaded"]["value"]) == ("partial", "00000062")
        assert "usb.expected" not in found["profile.reference"]["detail"]
        (tmp_path / "terminal.toml.sig").unlink()
        found = {row["id"]: row for row in service.ask("selftest", level="safe", part="profile")["evidence"]}
        assert found["profile.signature"]["reason"] == "absent"
        assert "No good signature vouches" in found["profile.reference"]["detail"]


@needs_compiler
def test_a_profile_of_another_terminal_is_known_by_its_serial_number(
    terminal: Terminal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LYING_HAL", "")
    hal = f'[hal]\nlibrary = "{compile_library(LYING, tmp_path)}"'
    for number, outcome in (("SN-0001", ("pass", "")), ("SN-0002", ("fail", "outside_limit"))):
        with_profile(terminal, tmp_path, f'[terminal]\nserial_number = "{number}"\n', hal)
        with terminal.running() as service:
            rows = rows_of(service.ask("selftest", level="safe", part="identity"))
            assert rows["identity.serial_number"] == outcome
            assert rows["identity.model"] == ("pass", "")
            assert rows["identity.firmware"] == ("not_run", "not_supported")


def test_the_daily_reset_of_the_secure_part_starts_a_safe_test_that_is_told_check_by_check(terminal: Terminal) -> None:
    with terminal.running() as service, terminal.client() as application:
        application.hello("unionpay", ("selftest",))
        application.say("reset")
        steps = [application.wait_for("selftest", run="reset")]
        while steps[-1]["done"] < steps[-1]["total"]:
            steps.append(application.wait_for("selftest", run="reset"))
        assert [step["done"] for step in steps] == list(range(1, steps[-1]["total"] + 1))
        assert {step["check"] for step in steps} >= {"storage.free", "memory.available", "clock.floor"}
        service.wait_for_line("selftest run=reset")
        asked = {row["id"] for row in service.ask("selftest", level="safe", part="memory")["evidence"]}
        told = application.wait_for("selftest", run="asked")
        assert told["check"] in asked


def test_an_application_that_does_not_ask_for_it_is_told_nothing_of_self_tests(terminal: Terminal) -> None:
    with terminal.running() as service, terminal.client() as application:
        application.hello("unionpay", ("display",))
        service.ask("selftest", level="safe", part="memory")
        application.say("idle")
        application.wait_for("ok", of="idle")
        assert "selftest" not in {message["type"] for message in application._unread}


def test_the_command_line_is_told_of_each_check(terminal: Terminal) -> None:
    steps: list[Mapping[str, Any]] = []
    with terminal.running():
        _, result = ask_service(terminal.run_dir, "selftest", {"level": "safe", "part": "storage"}, steps.append)
    assert [step["done"] for step in steps] == list(range(1, len(result["evidence"]) + 1))
    assert [step["text"] for step in steps] == [step["evidence"][0]["id"] for step in steps]
    assert steps[-1]["done"] == steps[-1]["total"]
    timed = [row for row in result["evidence"] if row["outcome"] != "not_run"]
    assert timed
    assert all(row["took_ms"] is not None for row in timed)
