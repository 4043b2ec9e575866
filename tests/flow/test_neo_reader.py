"""The driver of ID TECH NEO readers against a simulated one on a real PTY."""

from __future__ import annotations

import time

import pytest

from device.drivers.card_reader import ReaderSetup, read_card_reader
from device.drivers.reader_facts import (
    BUDGET_S,
    ReaderBabbleError,
    ReaderError,
    ReaderFact,
    ReaderGarbledError,
    ReaderIdentity,
    ReaderMuteError,
    ReaderRefusedError,
    ReaderSlowError,
    ReaderStatus,
)
from device.drivers.reader_profile import parse_reader_profile
from device.ports.serial_port import PortLostError
from device.settings import read_catalogue
from protocol.neo_message import build_question
from tools.simulate.neo_reader import NeoBehaviour, SimulatedNeo

PROFILE = parse_reader_profile(read_catalogue("readers/neo.toml"))
VERSION = bytes.fromhex("5669564f746563683200 2900 0000 dea0")
PING = bytes.fromhex("5669564f746563683200 1801 0000 b3cd")
HEALTHY = [ReaderIdentity("SIM NEO v2.01.004"), ReaderStatus(fault=False)]


def ask(behaviour: NeoBehaviour) -> tuple[list[ReaderFact], Exception | None, SimulatedNeo]:
    device = SimulatedNeo(behaviour)
    port = device.start()
    facts: list[ReaderFact] = []
    failure: Exception | None = None
    began = time.monotonic()
    try:
        for fact in read_card_reader(ReaderSetup(port, 115200, PROFILE)):
            facts.append(fact)
    except (ReaderError, PortLostError) as error:
        failure = error
    finally:
        device.stop()
    assert time.monotonic() - began < BUDGET_S + 1  # the bound itself is what is promised
    assert bytes(device.heard).replace(VERSION, b"").replace(PING, b"") == b""  # it was asked nothing else
    return facts, failure, device


@pytest.mark.parametrize(
    "behaviour",
    [NeoBehaviour(), NeoBehaviour("noisy"), NeoBehaviour("echo"), NeoBehaviour(crc_low_first=True)],
    ids=["ok", "noisy", "echo", "crc_low_first"],
)
def test_a_healthy_reader_tells_version_and_state_in_either_crc_order(behaviour: NeoBehaviour) -> None:
    facts, failure, device = ask(behaviour)
    assert failure is None
    assert facts == HEALTHY
    assert bytes(device.heard) == VERSION + PING


@pytest.mark.parametrize("behaviour", ["wrong_crc", "cut"])
def test_a_spoilt_answer_is_asked_for_again(behaviour: str) -> None:
    facts, failure, device = ask(NeoBehaviour(behaviour, spoilt=2))
    assert (facts, failure) == (HEALTHY, None)
    assert bytes(device.heard) == VERSION * 3 + PING


def test_a_reader_that_got_a_spoilt_question_is_asked_again() -> None:
    facts, failure, device = ask(NeoBehaviour(complaints=2))
    assert (facts, failure) == (HEALTHY, None)
    assert bytes(device.heard) == VERSION * 3 + PING


@pytest.mark.parametrize(
    ("behaviour", "error"),
    [
        (NeoBehaviour("mute"), ReaderMuteError),
        (NeoBehaviour("wrong_crc"), ReaderGarbledError),
        (NeoBehaviour("cut"), ReaderGarbledError),
        (NeoBehaviour("babble"), ReaderBabbleError),
        (NeoBehaviour(complaints=1000), ReaderRefusedError),
        (NeoBehaviour(version_status=0x0B), ReaderRefusedError),
        (NeoBehaviour(version=b""), ReaderGarbledError),
        (NeoBehaviour(version=b"\x01\x02"), ReaderGarbledError),
    ],
)
def test_a_bad_reader_is_told_by_its_reason(behaviour: NeoBehaviour, error: type[ReaderError]) -> None:
    facts, failure, _ = ask(behaviour)
    assert facts == []
    assert type(failure) is error


def test_a_slow_reader_is_slow_or_mute_but_never_late() -> None:
    facts, failure, _ = ask(NeoBehaviour("slow", delay_s=5.0))
    assert facts == []
    assert type(failure) in (ReaderMuteError, ReaderSlowError)


def test_a_reader_that_is_up_but_not_well_has_a_fault() -> None:
    facts, failure, _ = ask(NeoBehaviour(ping_status=0x1D))
    assert (facts[1], failure) == (ReaderStatus(fault=True), None)


def test_a_list_of_modules_gives_the_firmware_that_it_begins_with() -> None:
    facts, _, _ = ask(NeoBehaviour(version=b"FW,SIM V1.00,,\r\nCL L1,SIM v1.00\0"))
    assert facts[0] == ReaderIdentity("FW,SIM V1.00")


def test_a_plug_pulled_between_the_answers_keeps_what_was_told() -> None:
    facts, failure, _ = ask(NeoBehaviour("unplugged"))
    assert facts == HEALTHY[:1]
    assert type(failure) is PortLostError


def test_a_card_tapped_meanwhile_is_never_told() -> None:
    facts, failure, _ = ask(NeoBehaviour("tapping", card=b"6200000000000005=3012"))
    assert (facts, failure) == (HEALTHY, None)


@pytest.mark.parametrize("question", [(0x02, 0x01), (0x12, 0x01), (0x18, 0x00), (0x24, 0x01), (0x29, 0x17)])
def test_no_other_command_can_be_built(question: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="ping or asks the version"):
        build_question(question)
