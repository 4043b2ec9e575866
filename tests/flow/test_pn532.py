"""The NFC controller's driver against a simulated PN532 on a real PTY."""

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
from tools.simulate.pn532_device import Pn532Behaviour, SimulatedPn532

PROFILE = parse_reader_profile(read_catalogue("readers/pn532.toml"))


def ask(behaviour: Pn532Behaviour) -> tuple[list[ReaderFact], Exception | None, SimulatedPn532]:
    device = SimulatedPn532(behaviour)
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
    return facts, failure, device


@pytest.mark.parametrize("behaviour", ["ok", "noisy", "echo", "other"])
def test_a_healthy_controller_tells_firmware_and_status_and_is_asked_nothing_else(behaviour: str) -> None:
    facts, failure, device = ask(Pn532Behaviour(behaviour))
    assert failure is None
    assert facts == [ReaderIdentity("PN532 1.6"), ReaderStatus(fault=False, media_present=False)]
    assert device.asked == [b"\x02", b"\x04"]


@pytest.mark.parametrize(
    ("status", "told"),
    [
        ("0D000080", ReaderStatus(fault=True, media_present=False)),
        ("01000080", ReaderStatus(fault=False, media_present=False)),
        ("000001010000008 0", ReaderStatus(fault=False, media_present=True)),
    ],
)
def test_heat_is_a_fault_and_a_lost_card_is_none(status: str, told: ReaderStatus) -> None:
    facts, failure, _ = ask(Pn532Behaviour(status=bytes.fromhex(status.replace(" ", ""))))
    assert failure is None
    assert facts[1] == told


@pytest.mark.parametrize("behaviour", ["spoilt", "cut"])
def test_a_spoilt_answer_is_asked_for_again(behaviour: str) -> None:
    facts, failure, device = ask(Pn532Behaviour(behaviour, spoilt=1))
    assert (failure, len(facts), device.asked) == (None, 2, [b"\x02", b"\x04"])


@pytest.mark.parametrize(
    ("behaviour", "error"),
    [
        ("mute", ReaderMuteError),
        ("deaf", ReaderSlowError),
        ("spoilt", ReaderGarbledError),
        ("cut", ReaderGarbledError),
        ("nack", ReaderRefusedError),
        ("syntax", ReaderRefusedError),
        ("babble", ReaderBabbleError),
    ],
)
def test_each_trouble_has_its_error_and_no_fact(behaviour: str, error: type[Exception]) -> None:
    facts, failure, _ = ask(Pn532Behaviour(behaviour))
    assert facts == []
    assert type(failure) is error


def test_a_mute_controller_is_asked_as_often_as_the_profile_says() -> None:
    assert ask(Pn532Behaviour("mute"))[2].asked == [b"\x02"] * (1 + PROFILE.most_resends)


def test_an_answer_of_another_form_is_garbled() -> None:
    assert type(ask(Pn532Behaviour(firmware=b"\x32"))[1]) is ReaderGarbledError


def test_a_pulled_plug_keeps_what_was_known() -> None:
    facts, failure, _ = ask(Pn532Behaviour("unplugged"))
    assert facts == [ReaderIdentity("PN532 1.6")]
    assert type(failure) is PortLostError
