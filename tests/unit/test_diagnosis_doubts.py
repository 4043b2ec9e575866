"""What a decline does not prove: answers that must stay in doubt, and words that must not say more than is known."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from support.frames import PROFILE, UNVERIFIED, answer, card, check, exchange, judge, knowledge, sale, state

from device.diagnosis.codes import CodeRow
from device.evidence import MacVerdict, Match, Outcome

PASSED = sale("00", "other", 60)
MAPS = dataclasses.replace(PROFILE, maps_codes=True)
STANDS_IN = dataclasses.replace(PROFILE, stands_in=True)
SIGNS_NONE = dataclasses.replace(PROFILE, signs_declines=False)
BANKS = (sale("36", "a", 300, "bank2"), sale("36", "b", 200, "bank3"))
ROWS = [row for table in knowledge().hosts.values() for row in table.rows.values()]


def test_a_62_that_is_not_believed_says_nothing_of_the_card_however_often_it_was_tried() -> None:
    diagnosis = judge(exchange(mac=MacVerdict.BAD), sale("62", "here", 60))
    assert state(diagnosis, "risk_control") == "not_tested"


def test_an_answer_to_another_request_is_no_sign_of_life_of_the_bank() -> None:
    strange = exchange(match=Match.MISMATCHED, mac=MacVerdict.ABSENT, mismatched=("DE11",))
    assert state(judge(strange, profile=SIGNS_NONE), "bank_maintenance") == "not_tested"


def test_a_host_that_maps_codes_leaves_terminal_and_merchant_in_doubt_though_the_mac_is_good() -> None:
    diagnosis = judge(exchange(), PASSED, profile=MAPS)
    assert state(diagnosis, "terminal_fault") == "unlikely"
    for cause_id in ("terminal_fault", "merchant_data", "balance", "limits"):
        assert "map codes" in answer(diagnosis, cause_id).advice["en"]
        assert "exchange.host" in answer(diagnosis, cause_id).because


@pytest.mark.parametrize("mac", [MacVerdict.VERIFIED, MacVerdict.ABSENT, MacVerdict.UNKNOWN])
def test_behind_a_host_that_maps_codes_a_62_may_be_a_51_or_a_misread(mac: MacVerdict) -> None:
    diagnosis = judge(exchange(mac=mac), PASSED, profile=MAPS)
    for cause_id in ("balance", "limits", "card_lost_stolen", "card_not_activated", "card_damaged"):
        assert state(diagnosis, cause_id) == "unlikely"
        assert "exchange.host" in answer(diagnosis, cause_id).because


def test_codes_other_than_62_are_what_they_say_behind_a_host_that_maps() -> None:
    diagnosis = judge(exchange("61"), PASSED, profile=MAPS)
    assert (state(diagnosis, "limits"), state(diagnosis, "balance")) == ("supported", "other_code")


@pytest.mark.parametrize("test_of_the_clock", ["clock.host", "clock.floor"])
def test_a_card_called_expired_beside_a_wrong_clock_leaves_the_terminal_in_question(test_of_the_clock: str) -> None:
    wrong = judge(exchange("54"), checks=(check(test_of_the_clock, Outcome.FAIL),))
    assert state(wrong, "terminal_fault") == "possible"
    assert answer(wrong, "terminal_fault").because == (test_of_the_clock,)


def test_a_silent_host_behind_a_sound_link_is_not_called_a_fault_of_the_network() -> None:
    echo, sound = check("host.echo", Outcome.FAIL), (check("network.tcp"), check("network.tls"))
    silent = judge(exchange(None), checks=(*sound, echo))
    assert (state(silent, "network"), state(silent, "bank_maintenance")) == ("possible", "possible")
    broken = judge(exchange(None), checks=(*sound, echo, check("modem.sim", Outcome.FAIL)))
    assert state(broken, "network") == "supported"


def test_a_stand_in_has_still_taken_terminal_and_merchant() -> None:
    diagnosis = judge(exchange(), PASSED, profile=STANDS_IN)
    assert state(diagnosis, "terminal_fault") == "refuted"
    assert "accepted" in answer(diagnosis, "merchant_data").advice["en"]


def test_an_unknown_code_may_name_the_card_or_the_terminal_so_it_refutes_neither() -> None:
    diagnosis = judge(exchange("Q7"), PASSED)
    assert state(diagnosis, "terminal_fault") == state(diagnosis, "card_damaged") == "not_visible"
    assert state(diagnosis, "network") == "refuted"


@pytest.mark.parametrize("code", ["Q7", "09", "68", "94", "98"])
def test_a_customer_is_not_told_that_nothing_was_paid_while_that_is_open(code: str) -> None:
    assert judge(exchange(code), PASSED).customer_text["en"].startswith("The result of this payment is not confirmed")


def test_a_customer_who_paid_in_part_is_told_that_the_rest_is_open() -> None:
    assert "rest" in judge(exchange("10")).customer_text["en"]
    assert "not confirmed" in judge(exchange("10", mac=MacVerdict.BAD)).customer_text["en"]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.code)
def test_no_customer_is_told_that_a_decline_has_nothing_to_do_with_the_card(row: CodeRow) -> None:
    text = judge(exchange(row.code), PASSED, profile=UNVERIFIED).customer_text
    assert "nothing to do with" not in text["en"]
    assert "无关" not in text["zh"]


@pytest.mark.parametrize("code", ["35", "37"])
def test_a_card_to_be_held_is_not_blamed_on_the_shop(code: str) -> None:
    diagnosis = judge(exchange(code))
    assert (diagnosis.verdict, diagnosis.addressee) == ("card", "acquirer")


def test_the_headline_and_the_addressee_of_many_cards_to_be_held_name_the_same_party() -> None:
    visa = judge(exchange("36", on=card(scheme="visa")), *BANKS)
    assert (visa.verdict, visa.addressee) == ("merchant_acquirer", "acquirer")
    assert visa.headline["en"][1] == "The merchant calls the acquirer"


def test_the_cards_of_one_kind_are_counted_without_the_others() -> None:
    bank1 = [sale("62", token, age, "bank1") for token, age in (("a", 900), ("b", 800))]
    others = [sale("00", "c", 700, "bank2"), sale("62", "d", 600, "bank3")]
    diagnosis = judge(exchange(), *bank1, *others)
    assert diagnosis.verdict == "acceptance_range"
    assert "Cards of one bank: 3 refused in 15 min" in diagnosis.headline["en"][0]


def test_the_habit_of_not_signing_declines_is_not_held_against_an_approval() -> None:
    assert "no proof" not in judge(exchange("00", mac=MacVerdict.UNKNOWN), profile=SIGNS_NONE).headline["en"][3]


def test_the_pin_key_is_never_said_to_have_worked() -> None:
    advice = answer(judge(exchange(), PASSED), "terminal_fault").advice
    assert "MAC key" in advice["en"]
    assert "MAC密钥" in advice["zh"]


@pytest.mark.parametrize("doubt", [{"match": Match.UNCHECKED}, {"complete": False, "note": "DE55"}])
def test_an_answer_with_a_good_mac_is_never_called_unverified_for_another_reason(doubt: dict[str, Any]) -> None:
    for cause in judge(exchange(**doubt), PASSED).causes:
        assert "MAC was not verified" not in cause.advice["en"]


@pytest.mark.parametrize(
    ("code", "verdict", "addressee"),
    [
        ("104", "card", "issuer"),
        ("100", "card", "issuer"),
        ("109", "merchant_acquirer", "acquirer"),
        ("911", "host_system", "wait"),
        ("916", "local_action", "local"),
    ],
)
def test_a_1993_host_is_read_in_its_own_codes(code: str, verdict: str, addressee: str) -> None:
    diagnosis = judge(exchange(code, host="iso1993"), sale("000", "other", 60))
    assert (diagnosis.verdict, diagnosis.addressee) == (verdict, addressee)
