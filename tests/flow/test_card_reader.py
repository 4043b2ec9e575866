from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Final

import pytest
from support.hal_library import LYING, compile_library, compiler_missing
from support.sheet import KeptSheet

import device.catalogue
from device.drivers.card_reader import ReaderSetup
from device.drivers.reader_facts import BUDGET_S
from device.drivers.reader_profile import parse_reader_profile
from device.evidence import CheckSpec, Evidence, Level, Limit, Outcome
from device.selftest.card_reader import check_card_reader
from device.selftest.hal_parts import HalSetup, check_slot_counters
from device.selftest.sheet import Sheet
from device.table import TableError, parse_toml
from tools.simulate.reader import ReaderBehaviour, SimulatedReader

PROFILE_FILE: Final = Path(device.catalogue.__file__).parent / "readers" / "generic.toml"
PROFILE: Final = parse_reader_profile(parse_toml(PROFILE_FILE.read_text("utf-8"), "generic.toml"))
LIMITS: Final = {
    "reader.answer": Limit(pass_values=(True,)),
    "reader.firmware": Limit(),
    "reader.status": Limit(pass_values=("ready", "media_present"), marginal_values=("read_failed",)),
    **{
        f"reader.track_{number}": Limit(pass_values=("not_read", "read", "empty"), marginal_values=("parity",))
        for number in (1, 2, 3)
    },
    "reader.retries": Limit(),
    "reader.errors": Limit(),
    "reader.head_cycles": Limit(),
}
SPECS: Final = {name: CheckSpec(name, Level.SAFE, "", limit, True, "test") for name, limit in LIMITS.items()}


def check(setup: ReaderSetup | None) -> dict[str, Evidence]:
    found: list[Evidence] = []
    began = time.monotonic()
    check_card_reader(setup, Sheet(SPECS, found.append))
    assert time.monotonic() - began < BUDGET_S + 1  # the bound itself is what is promised
    assert sorted(item.id for item in found) == sorted(SPECS)
    return {item.fact: item for item in found}


def check_simulated(behaviour: ReaderBehaviour) -> tuple[dict[str, Evidence], SimulatedReader]:
    reader = SimulatedReader(behaviour)
    port = reader.start()
    try:
        return check(ReaderSetup(port, 9600, PROFILE)), reader
    finally:
        reader.stop()


def test_a_healthy_reader_passes_with_firmware_and_counters() -> None:
    found, reader = check_simulated(ReaderBehaviour(firmware="SIM 9.1", retries=70, errors=8, head_cycles=123456))
    assert {item.outcome for item in found.values()} == {Outcome.PASS}
    assert found["firmware"].value == "SIM 9.1"
    assert found["status"].value == "ready"
    assert (found["retries"].value, found["errors"].value, found["head_cycles"].value) == (70, 8, 123456)
    assert bytes(reader.heard) == bytes.fromhex("02 0001 56 03 54 06 02 0001 53 03 51 06")


def test_each_track_tells_what_its_last_read_came_to() -> None:
    found, _ = check_simulated(ReaderBehaviour(tracks=(2, 4, 77)))
    told = {fact: (item.value, item.outcome) for fact, item in found.items() if fact.startswith("track")}
    assert told == {
        "track_1": ("empty", Outcome.PASS),
        "track_2": ("parity", Outcome.MARGINAL),
        "track_3": ("code_77", Outcome.FAIL),
    }


@pytest.mark.skipif(compiler_missing() is not None, reason=str(compiler_missing()))
def test_a_built_in_reader_is_asked_through_the_vendors_library(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LYING_HAL", "")
    hal = HalSetup(compile_library(LYING, tmp_path))
    sheet = KeptSheet()
    check_card_reader(None, sheet, hal)
    check_slot_counters(hal, sheet, fitted=False)
    values = {fact: item.value for fact, item in sheet.found.items() if item.outcome is Outcome.PASS}
    assert values == {
        **{"reader.answer": True, "reader.errors": 9, "reader.head_cycles": 1000},
        **{"smart_card.contact_cycles": 500, "smart_card.start_errors": 2},
    }
    assert "track 2: 900 read, 9 failed" in sheet.found["reader.errors"].detail
    assert sheet.told("reader.track_1") == ("not_run", "not_supported")
    monkeypatch.setenv("LYING_HAL", "negative")
    sheet = KeptSheet()
    check_card_reader(None, sheet, hal)
    assert sheet.told("reader.answer") == ("fail", "garbage")


def test_a_slot_without_a_library_has_no_counters_and_no_fault() -> None:
    for fitted, reason in ((True, "not_supported"), (False, "not_fitted")):
        sheet = KeptSheet()
        check_slot_counters(None, sheet, fitted=fitted)
        assert sheet.told("smart_card.contact_cycles") == ("not_run", reason)


@pytest.mark.parametrize(
    ("behaviour", "value", "outcome"),
    [
        (ReaderBehaviour(media_present=True), "media_present", Outcome.PASS),
        (ReaderBehaviour(tracks=(1, 5, 0)), "read_failed", Outcome.MARGINAL),
        (ReaderBehaviour(tracks=(1, 99, 0)), "read_failed", Outcome.MARGINAL),
        (ReaderBehaviour(fault=True), "fault", Outcome.FAIL),
    ],
)
def test_the_status_is_one_word(behaviour: ReaderBehaviour, value: str, outcome: Outcome) -> None:
    status = check_simulated(behaviour)[0]["status"]
    assert (status.value, status.outcome) == (value, outcome)


@pytest.mark.parametrize(
    ("behaviour", "reason"),
    [
        ("mute", "no_answer"),
        ("wrong_lrc", "garbled"),
        ("refusing", "refused"),
        ("babble", "babble"),
    ],
)
def test_a_bad_reader_fails_with_its_reason_and_the_rest_is_not_run(behaviour: str, reason: str) -> None:
    found, reader = check_simulated(ReaderBehaviour(behaviour))
    assert (found["answer"].outcome, found["answer"].reason) == (Outcome.FAIL, reason)
    for fact in ("firmware", "status"):
        assert (found[fact].outcome, found[fact].reason) == (Outcome.NOT_RUN, "needs_answer")
    if behaviour == "refusing":
        assert reader.heard.count(b"V") == 4
        assert reader.heard[-1] == 0x04


def test_a_slow_reader_has_time_on_a_terminal_that_is_slow_itself() -> None:
    reader = SimulatedReader(ReaderBehaviour("slow", delay_s=2.0))  # beyond the time that one on hardware has
    found: list[Evidence] = []
    try:
        setup = ReaderSetup(reader.start(), 9600, PROFILE.slowed(40.0))
        check_card_reader(setup, Sheet(SPECS, found.append))
    finally:
        reader.stop()
    assert {item.fact: item.outcome for item in found}["status"] is Outcome.PASS


def test_a_slow_reader_answers_but_its_status_does_not_come_in_time() -> None:
    found, _ = check_simulated(ReaderBehaviour("slow", delay_s=2.0))
    assert found["answer"].outcome is Outcome.PASS
    assert (found["status"].outcome, found["status"].reason) == (Outcome.FAIL, "slow")


def test_noise_around_the_answers_does_no_harm() -> None:
    found, _ = check_simulated(ReaderBehaviour("noisy"))
    assert {item.outcome for item in found.values()} == {Outcome.PASS}


def test_a_wrong_checksum_is_answered_by_nak_and_the_repeated_answer_counts() -> None:
    found, reader = check_simulated(ReaderBehaviour("wrong_lrc", spoilt=2))
    assert found["answer"].outcome is Outcome.PASS
    assert reader.heard.count(0x15) == 2


def test_a_plug_pulled_between_the_answers_keeps_what_was_told() -> None:
    found, _ = check_simulated(ReaderBehaviour("unplugged"))
    assert found["firmware"].outcome is Outcome.PASS
    assert (found["status"].outcome, found["status"].reason) == (Outcome.FAIL, "unplugged")


def test_a_card_swiped_meanwhile_is_never_reported() -> None:
    found, _ = check_simulated(ReaderBehaviour("swiping", swipe=b"6200000000000005^TEST^30122010000000000000?"))
    assert {item.outcome for item in found.values()} == {Outcome.PASS}
    assert "62000" not in repr(found)


def test_a_reader_that_is_not_configured_is_not_fitted() -> None:
    assert {item.reason for item in check(None).values()} == {"not_fitted"}


def test_a_missing_port_fails(tmp_path: Path) -> None:
    found = check(ReaderSetup(str(tmp_path / "ttyS9"), 9600, PROFILE))
    assert (found["answer"].outcome, found["answer"].reason) == (Outcome.FAIL, "port_missing")


def test_a_port_held_by_the_payment_application_is_not_run_and_names_it() -> None:
    reader = SimulatedReader(ReaderBehaviour())
    port = reader.start()
    hold = "import os,sys; os.open(sys.argv[1], os.O_RDWR|os.O_NOCTTY); print(flush=True); sys.stdin.read()"
    with subprocess.Popen([sys.executable, "-c", hold, port], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        found = check(ReaderSetup(port, 9600, PROFILE))
        holder.communicate()
    reader.stop()
    assert {(item.outcome, item.reason) for item in found.values()} == {(Outcome.NOT_RUN, "port_held")}
    assert f"pid {holder.pid}" in found["answer"].detail
    assert reader.heard == b""


@pytest.mark.parametrize("change", ['length = "ascii"', "most_payload = 99999", 'command = ""', "most_resends = 9"])
def test_a_profile_that_does_not_fit_is_refused_with_its_place(change: str) -> None:
    key = change.partition(" ")[0]
    lines = [change if line.startswith(f"{key} ") else line for line in PROFILE_FILE.read_text("utf-8").splitlines()]
    with pytest.raises(TableError, match=rf"mine\.toml.*{key}"):
        parse_reader_profile(parse_toml("\n".join(lines), "mine.toml"))


def test_construct_is_loaded_only_to_read_a_status() -> None:
    code = "import sys, device.selftest.card_reader, device.selftest.modem; print('construct' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=dict(os.environ)
    )
    assert done.stdout.strip() == "False"
