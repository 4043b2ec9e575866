"""The driver of a serial CCID reader against a simulated one on a real PTY."""

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
    ReaderStatus,
)
from device.drivers.reader_profile import parse_reader_profile
from device.ports.serial_port import PortLostError
from device.settings import read_catalogue
from tools.simulate.ccid_reader import CcidBehaviour, SimulatedCcidReader

PROFILE = parse_reader_profile(read_catalogue("readers/ccid.toml"))
ESCAPE, GET_SLOT_STATUS = 0x6B, 0x65


def ask(behaviour: CcidBehaviour) -> tuple[list[ReaderFact], Exception | None, SimulatedCcidReader]:
    reader = SimulatedCcidReader(behaviour)
    port = reader.start()
    facts: list[ReaderFact] = []
    failure: Exception | None = None
    began = time.monotonic()
    try:
        for fact in read_card_reader(ReaderSetup(port, 115200, PROFILE)):
            facts.append(fact)
    except (ReaderError, PortLostError) as error:
        failure = error
    finally:
        reader.stop()
    assert time.monotonic() - began < BUDGET_S + 1  # the bound itself is what is promised
    return facts, failure, reader


@pytest.mark.parametrize("behaviour", ["ok", "noisy", "echo", "notices"])
def test_a_healthy_reader_tells_firmware_and_slot_and_its_card_is_left_alone(behaviour: str) -> None:
    facts, failure, reader = ask(CcidBehaviour(behaviour))
    assert failure is None
    assert facts == [ReaderIdentity("SimTwin 2.10"), ReaderStatus(fault=False, media_present=False)]
    assert reader.asked == [ESCAPE, GET_SLOT_STATUS]


def test_a_reader_that_wants_time_gets_it() -> None:
    facts, failure, _ = ask(CcidBehaviour("busy", icc=1))
    assert (failure, facts[1]) == (None, ReaderStatus(fault=False, media_present=True))


@pytest.mark.parametrize(
    ("icc", "failed_with", "told"),
    [
        (0, None, ReaderStatus(fault=False, media_present=True)),
        (2, 0xFB, ReaderStatus(fault=True, media_present=False)),
        (1, 0xFE, ReaderStatus(fault=False, media_present=True)),
    ],
)
def test_broken_hardware_is_a_fault_and_a_mute_card_is_none(
    icc: int, failed_with: int | None, told: ReaderStatus
) -> None:
    facts, failure, _ = ask(CcidBehaviour(icc=icc, failed_with=failed_with))
    assert failure is None
    assert facts[1] == told


def test_a_reader_without_the_makers_question_is_alive_all_the_same() -> None:
    facts, failure, _ = ask(CcidBehaviour("no_escape"))
    assert (failure, len(facts)) == (None, 2)
    assert facts[0] == ReaderIdentity("CCID, firmware not told")


@pytest.mark.parametrize("behaviour", ["spoilt", "cut", "nak"])
def test_what_was_spoilt_is_sent_again(behaviour: str) -> None:
    facts, failure, _ = ask(CcidBehaviour(behaviour, spoilt=1))
    assert failure is None
    assert facts[0] == ReaderIdentity("SimTwin 2.10")


@pytest.mark.parametrize(
    ("behaviour", "error"),
    [
        ("mute", ReaderMuteError),
        ("spoilt", ReaderGarbledError),
        ("cut", ReaderGarbledError),
        ("nak", ReaderRefusedError),
        ("babble", ReaderBabbleError),
    ],
)
def test_each_trouble_has_its_error_and_no_fact(behaviour: str, error: type[Exception]) -> None:
    facts, failure, _ = ask(CcidBehaviour(behaviour))
    assert facts == []
    assert type(failure) is error


def test_a_firmware_that_is_no_text_is_garbled() -> None:
    assert type(ask(CcidBehaviour(firmware=b"\x07\x08"))[1]) is ReaderGarbledError


def test_a_pulled_plug_keeps_what_was_known() -> None:
    facts, failure, _ = ask(CcidBehaviour("unplugged"))
    assert facts == [ReaderIdentity("SimTwin 2.10")]
    assert type(failure) is PortLostError
