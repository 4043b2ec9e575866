"""Codes other than 62: their meaning, addressee and retry come from the host's table."""

from __future__ import annotations

import pytest
from support.frames import PROFILE, answer, check, exchange, judge, knowledge, sale, state

from device.diagnosis.knowledge import CAUSES
from device.evidence import MacVerdict, Match, Outcome


@pytest.mark.parametrize(
    ("code", "verdict", "addressee", "retry", "cause"),
    [
        ("51", "customer_action", "customer", "no", "balance"),
        ("54", "card", "issuer", "no", "card_expired"),
        ("61", "customer_action", "customer", "after_action", "limits"),
        ("91", "host_system", "wait", "later", "bank_maintenance"),
        ("96", "host_system", "wait", "later", "bank_maintenance"),
        ("03", "merchant_acquirer", "acquirer", "no", "merchant_data"),
        ("97", "merchant_acquirer", "acquirer", "no", "pos_setup"),
        ("A0", "local_action", "local", "after_action", "terminal_fault"),
        ("77", "local_action", "local", "after_action", "pos_setup"),
        ("45", "local_action", "local", "chip_once", "card_damaged"),
        ("41", "card", "issuer", "no", "card_lost_stolen"),
        ("15", "customer_action", "customer", "no", "interbank_route"),
    ],
)
def test_a_code_names_its_cause_and_who_acts(code: str, verdict: str, addressee: str, retry: str, cause: str) -> None:
    diagnosis = judge(exchange(code))
    assert (diagnosis.verdict, diagnosis.addressee, diagnosis.retry) == (verdict, addressee, retry)
    assert state(diagnosis, cause) == "supported"
    assert diagnosis.headline["zh"][0].startswith(code)


def test_an_approval_is_an_approval() -> None:
    diagnosis = judge(exchange("00"))
    assert (diagnosis.verdict, diagnosis.addressee) == ("approved", "none")
    assert diagnosis.charged["en"].startswith("Yes")
    assert {cause.state.value for cause in diagnosis.causes} == {"refuted"}


def test_an_approval_that_was_not_verified_is_not_trusted_with_the_goods() -> None:
    assert "not verified" in judge(exchange("00", mac=MacVerdict.ABSENT)).charged["en"]


@pytest.mark.parametrize("code", ["ZZ", "9G", "\x00\x01", "6 ", "12345678"])
def test_an_unknown_code_says_so(code: str) -> None:
    diagnosis = judge(exchange(code))
    assert diagnosis.verdict == "not_enough_data"
    assert "unknown" in diagnosis.meaning["en"]
    assert "不在主机" in diagnosis.meaning["zh"]
    assert diagnosis.addressee == "acquirer"
    assert state(diagnosis, "balance") == "not_visible"
    assert "Not known" in diagnosis.charged["en"]
    assert "\x00" not in "".join(diagnosis.headline["zh"] + diagnosis.headline_short["en"])


@pytest.mark.parametrize("code", ["97", "58", "03"])
def test_a_registration_code_against_the_signed_profile_points_to_the_setup(code: str) -> None:
    diagnosis = judge(exchange(code, terminal_id="99999999"))
    assert diagnosis.verdict == "terminal_setup"
    assert answer(diagnosis, "pos_setup").because == ("setup.terminal_id",)


def test_a_balance_code_is_not_turned_by_a_wrong_setup() -> None:
    diagnosis = judge(exchange("51", terminal_id="99999999"))
    assert diagnosis.verdict == "customer_action"
    assert [item.fact for item in diagnosis.found_on_terminal] == ["terminal_id"]


def test_an_expired_card_with_a_suspect_clock_has_the_clock_set_first() -> None:
    diagnosis = judge(exchange("54"), checks=(check("clock.host", Outcome.FAIL, 31536000),))
    assert "clock" in diagnosis.headline["en"][2].lower()
    assert state(diagnosis, "pos_setup") == "possible"
    assert "clock.host" in answer(diagnosis, "card_expired").because
    assert "clock" not in judge(exchange("54")).headline["en"][2].lower()


def test_a_front_end_code_proves_nothing_behind_it() -> None:
    diagnosis = judge(exchange("97"))
    assert "exchange.host" not in diagnosis.proved
    assert state(diagnosis, "bank_maintenance") == "other_code"
    assert state(diagnosis, "network") == "refuted"


def test_a_late_answer_leaves_the_network_possible_and_the_money_unknown() -> None:
    diagnosis = judge(exchange("68"))
    assert state(diagnosis, "network") == "possible"
    assert "Not known" in diagnosis.charged["en"]


def test_repeating_a_declined_card_is_warned_about_for_other_codes_too() -> None:
    assert "3 times" in judge(exchange("51"), sale("51", "here", 20), sale("51", "here", 40)).headline["en"][2]


@pytest.mark.parametrize("host", sorted(knowledge().hosts))
def test_every_code_of_every_host_gives_a_whole_diagnosis(host: str) -> None:
    for code, row in knowledge().hosts[host].rows.items():
        for mac in MacVerdict:
            diagnosis = judge(exchange(code, host=host, mac=mac), sale(code, "b", 9), profile=PROFILE)
            assert len(diagnosis.causes) == len(CAUSES)
            if mac is MacVerdict.BAD:
                assert diagnosis.verdict == "no_verified_response"
            elif not row.restricted:
                assert diagnosis.verdict == row.verdict
            if mac is not MacVerdict.VERIFIED:
                assert state(diagnosis, "network") != "refuted"


def test_a_mismatched_approval_is_never_an_approval() -> None:
    assert judge(exchange("00", match=Match.MISMATCHED)).verdict == "no_verified_response"
