"""The driver of ABECS pinpads against a simulated one on a real PTY."""

from __future__ import annotations

import time

import pytest

from device.drivers import reader_abecs
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
from device.ports.serial_port import PortLostError, open_serial
from device.settings import read_catalogue
from protocol.abecs_message import QUESTIONS
from tools.simulate.abecs_pinpad import AbecsBehaviour, SimulatedAbecs

PROFILE = parse_reader_profile(read_catalogue("readers/abecs.toml"))
HEALTHY = [ReaderIdentity("SIMPADS SP-7;16MB OS 4.10 ABECS 2.12"), ReaderStatus(fault=False)]
GIX = b"GIX016" + bytes.fromhex("0001000c 800380048006800780088009")
CLO = b"CLO032" + b" " * 32
ALLOWED = (b"OPN", GIX, b"GIN00200", b"CLX", CLO)


def ask(behaviour: AbecsBehaviour) -> tuple[list[ReaderFact], Exception | None, SimulatedAbecs]:
    device = SimulatedAbecs(behaviour)
    port = device.start()
    facts: list[ReaderFact] = []
    failure: Exception | None = None
    began = time.monotonic()
    try:
        for fact in read_card_reader(ReaderSetup(port, 19200, PROFILE)):
            facts.append(fact)
    except (ReaderError, PortLostError) as error:
        failure = error
    finally:
        device.stop()
    assert time.monotonic() - began < BUDGET_S + 1  # the bound itself is what is promised
    assert set(device.commands) <= set(ALLOWED)
    return facts, failure, device


@pytest.mark.parametrize("behaviour", ["ok", "noisy", "no_ack", "waiting", "echo"])
def test_a_healthy_pinpad_is_brought_to_rest_opened_asked_and_closed(behaviour: str) -> None:
    facts, failure, device = ask(AbecsBehaviour(behaviour))
    assert failure is None
    assert facts == HEALTHY
    assert device.commands == [b"OPN", GIX, b"CLX"]
    assert device.heard[0] == 0x18


def test_the_bytes_on_the_line_are_those_of_the_specification() -> None:
    _, _, device = ask(AbecsBehaviour())
    assert bytes(device.heard).startswith(bytes.fromhex("18 164f504e17a8a9 16474958303136"))


def test_an_old_pinpad_is_asked_the_old_way() -> None:
    facts, failure, device = ask(AbecsBehaviour(old=True))
    assert (facts, failure) == (HEALTHY, None)
    assert device.commands == [b"OPN", GIX, b"GIN00200", CLO]


def test_the_serial_number_is_never_told() -> None:
    for old in (False, True):
        facts, _, _ = ask(AbecsBehaviour(old=old))
        assert "6200" not in repr(facts)


@pytest.mark.parametrize("behaviour", ["wrong_crc", "cut"])
def test_spoilt_answers_are_asked_for_again_by_nak(behaviour: str) -> None:
    facts, failure, device = ask(AbecsBehaviour(behaviour, spoilt=2))
    assert (facts, failure) == (HEALTHY, None)
    assert device.naks == 2
    assert device.commands == [b"OPN", GIX, b"CLX"]


def test_a_refused_command_is_sent_three_times_at_most() -> None:
    facts, failure, device = ask(AbecsBehaviour("refusing", spoilt=2))
    assert (facts, failure) == (HEALTHY, None)
    facts, failure, device = ask(AbecsBehaviour("refusing"))
    assert (facts, type(failure)) == ([], ReaderRefusedError)
    assert device.heard.count(b"OPN") == 3
    assert device.heard[-1] == 0x18


@pytest.mark.parametrize(
    ("behaviour", "error"),
    [
        (AbecsBehaviour("mute"), ReaderMuteError),
        (AbecsBehaviour("wrong_crc"), ReaderGarbledError),
        (AbecsBehaviour("cut"), ReaderGarbledError),
        (AbecsBehaviour("babble"), ReaderBabbleError),
        (AbecsBehaviour("slow"), ReaderSlowError),
        (AbecsBehaviour(statuses={"OPN": 40}), ReaderRefusedError),
        (AbecsBehaviour(statuses={"GIX": 9, "GIN": 9}), ReaderRefusedError),
        (AbecsBehaviour(fields={}), ReaderGarbledError),
    ],
)
def test_a_bad_pinpad_is_told_by_its_reason(behaviour: AbecsBehaviour, error: type[ReaderError]) -> None:
    facts, failure, _ = ask(behaviour)
    assert facts == []
    assert type(failure) is error


def test_a_refusal_names_its_status_and_leaves_the_pinpad_closed() -> None:
    _, failure, device = ask(AbecsBehaviour(statuses={"GIX": 9, "GIN": 11}))
    assert "status 011" in str(failure)
    assert device.commands[-1] == CLO


def test_a_pinpad_that_cannot_close_has_a_fault() -> None:
    facts, failure, _ = ask(AbecsBehaviour(statuses={"CLX": 40}))
    assert (facts[1], failure) == (ReaderStatus(fault=True), None)


def test_a_pulled_plug_is_told() -> None:
    facts, failure, _ = ask(AbecsBehaviour("unplugged"))
    assert (facts, type(failure)) == ([], PortLostError)


def test_no_other_command_can_be_sent() -> None:
    assert QUESTIONS == ALLOWED
    device = SimulatedAbecs(AbecsBehaviour())
    with open_serial(device.start(), 19200, 1.0) as port:
        talk = reader_abecs._Conversation(port, PROFILE)
        for command in (b"GPN", b"GCX000", b"CKE0031100", b"TLI010", b"DWK036", CLO + b"0", b"OPN519"):
            with pytest.raises(ValueError, match="only ask"):
                talk.ask(command)
    device.stop()
    assert device.heard == b""
