"""The clock against a time server that answers over a real socket, rightly and wrongly."""

from __future__ import annotations

import socket

import pytest
from support.sheet import KeptSheet
from support.time_server import TimeServerPeer

from device.drivers.sntp import TimeServer, read_drift
from device.selftest.clock import ClockSetup, check_clock


def check(server: TimeServer | None) -> KeptSheet:
    sheet = KeptSheet()
    check_clock(ClockSetup(server=server), sheet, active=True)
    return sheet


@pytest.mark.parametrize(
    ("ahead_s", "outcome"), [(0, "pass"), (29, "pass"), (-200, "marginal"), (3600, "fail"), (-3 * 31_557_600, "fail")]
)
def test_the_drift_against_a_time_server_is_measured_in_both_directions(ahead_s: float, outcome: str) -> None:
    with TimeServerPeer(ahead_s) as peer:
        found = check(TimeServer("127.0.0.1", peer.port)).found["clock.drift"]
    assert isinstance(found.value, float)
    assert found.value == pytest.approx(-ahead_s, abs=2)
    assert (found.outcome, found.unit) == (outcome, "s")


def test_a_server_of_the_era_after_2036_is_understood() -> None:
    with TimeServerPeer(12 * 31_557_600) as peer:
        drift_s = read_drift(TimeServer("127.0.0.1", peer.port), 2.0)
    assert drift_s == pytest.approx(-12 * 31_557_600, abs=2)


@pytest.mark.parametrize("behaviour", ["short", "other_question", "no_time", "kiss_of_death"])
def test_what_is_no_time_is_not_believed(behaviour: str) -> None:
    with TimeServerPeer(3600, behaviour) as peer:
        assert check(TimeServer("127.0.0.1", peer.port)).told("clock.drift") == ("error", "garbled")


def test_a_server_that_is_mute_absent_or_not_named_says_nothing_of_the_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("device.selftest.clock._SERVER_S", 0.2)  # the patience, not the behaviour
    with TimeServerPeer(0, "mute") as peer:
        assert check(TimeServer("127.0.0.1", peer.port)).told("clock.drift") == ("error", "no_answer")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    assert check(TimeServer("127.0.0.1", port)).told("clock.drift") == ("error", "refused")
    assert check(None).told("clock.drift") == ("not_run", "no_server")


def test_the_safe_check_asks_no_server() -> None:
    sheet = KeptSheet()
    check_clock(ClockSetup(server=TimeServer("127.0.0.1", 9)), sheet)
    assert "clock.drift" not in sheet.found
