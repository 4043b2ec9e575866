"""Rules 1, 2, 4 and 7: who is to blame for a 62, and what a clerk is told to do."""

from __future__ import annotations

import dataclasses

import pytest
from support.frames import PROFILE, UNVERIFIED, card, check, exchange, judge, sale

from device.evidence import EntryMode, Exchange, MacVerdict, Match, Outcome, PastSale

PASSED = sale("00", "other", 60)


# --- rule 1 ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "untrusted",
    [
        exchange(None),
        exchange("62", mac=MacVerdict.BAD),
        exchange("62", match=Match.MISMATCHED, mismatched=("DE11",)),
        exchange("62", match=Match.MISMATCHED, mac=MacVerdict.VERIFIED),
    ],
)
def test_without_a_believable_answer_it_is_not_a_62_case(untrusted: Exchange) -> None:
    diagnosis = judge(untrusted, PASSED)
    assert diagnosis.verdict == "no_verified_response"
    assert diagnosis.proved == ()
    assert diagnosis.retry == "after_action"
    assert "先查询" in diagnosis.charged["zh"]
    assert "query" in diagnosis.charged["en"]


@pytest.mark.parametrize("mac", [MacVerdict.ABSENT, MacVerdict.UNKNOWN])
def test_an_answer_without_a_checked_mac_still_is_a_62(mac: MacVerdict) -> None:
    assert judge(exchange("62", mac=mac), PASSED).verdict == "card"


def test_setup_is_not_asked_before_the_answer_is_believed() -> None:
    wrong = exchange("62", mac=MacVerdict.BAD, terminal_id="99999999")
    assert judge(wrong).verdict == "no_verified_response"


@pytest.mark.parametrize(
    ("failed", "addressee", "words"),
    [
        ("modem.sim", "local", "SIM"),
        ("modem.answer", "technician", "modem"),
        ("modem.registration", "local", "registered"),
        ("modem.signal", "local", "signal"),
        ("modem.data", "technician", "APN"),
        ("network.dns", "technician", "name"),
        ("network.tcp", "acquirer", "port"),
        ("network.tls", "acquirer", "secure"),
    ],
)
def test_no_answer_names_the_broken_layer(failed: str, addressee: str, words: str) -> None:
    diagnosis = judge(exchange(None), checks=(check(failed, Outcome.FAIL),))
    assert diagnosis.addressee == addressee
    assert words in diagnosis.headline["en"][2]


def test_the_lowest_broken_layer_is_named_first() -> None:
    broken = tuple(check(name, Outcome.FAIL) for name in ("network.tls", "network.tcp", "network.dns", "modem.sim"))
    assert "SIM" in judge(exchange(None), checks=broken).headline["en"][2]


def test_an_unpaid_sim_with_a_perfect_signal_is_suspected() -> None:
    checks = (check("modem.signal", Outcome.PASS, -65), check("network.dns", Outcome.FAIL))
    assert "paid" in judge(exchange(None), checks=checks).headline["en"][2]


@pytest.mark.parametrize("outcome", [Outcome.NOT_RUN, Outcome.ERROR, Outcome.PASS])
def test_a_check_that_did_not_fail_is_not_blamed_for_the_silence(outcome: Outcome) -> None:
    diagnosis = judge(exchange(None), checks=(check("modem.sim", outcome),))
    assert "SIM" not in diagnosis.headline["en"][2]
    assert diagnosis.addressee == "local"


# --- rule 2a --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "wrong",
    [
        exchange(terminal_id="99999999"),
        exchange(merchant_id="898000000000009"),
        exchange(mcc="5812"),
        exchange(on=card(terminal_country="840")),
        exchange(on=card(currency="840")),
    ],
)
def test_a_sale_that_contradicts_the_signed_profile_sends_the_shop_to_the_acquirer(wrong: Exchange) -> None:
    diagnosis = judge(wrong, PASSED)
    assert (diagnosis.verdict, diagnosis.addressee, diagnosis.retry) == ("terminal_setup", "acquirer", "after_action")


def test_setup_goes_before_the_crowd() -> None:
    many = (sale("62", "b", 20, "bank2"), sale("62", "c", 30, "bank3"))
    assert judge(exchange(mcc="5812"), *many).verdict == "terminal_setup"


def test_the_technician_is_called_only_for_what_the_shop_may_fix_itself() -> None:
    may_fix = dataclasses.replace(PROFILE, shop_may_fix=("mcc",))
    assert judge(exchange(mcc="5812"), profile=may_fix).addressee == "technician"
    assert judge(exchange(mcc="5812", terminal_id="9"), profile=may_fix).addressee == "acquirer"


def test_an_unverified_profile_turns_no_verdict_but_is_listed() -> None:
    diagnosis = judge(exchange(mcc="5812"), PASSED, profile=UNVERIFIED)
    assert diagnosis.verdict == "card"
    assert [(item.part, item.fact) for item in diagnosis.found_on_terminal] == [("setup", "mcc")]


def test_numeric_codes_compare_whatever_their_leading_zeros_and_padding() -> None:
    assert judge(exchange(terminal_id="12345678 ", on=card(terminal_country="0156")), PASSED).verdict == "card"


# --- rules 2b to 2e -------------------------------------------------------------------------


def mixed(code: str, token: str, age_s: float, bank: str, scheme: str) -> PastSale:
    return sale(code, token, age_s, bank, scheme=scheme)


MANY_BANKS = (mixed("62", "b", 20, "bank2", "visa"), mixed("62", "c", 30, "bank3", "unionpay"))


def test_three_cards_of_several_banks_without_an_approval_point_to_the_merchant() -> None:
    diagnosis = judge(exchange(), *MANY_BANKS)
    assert (diagnosis.verdict, diagnosis.addressee) == ("merchant_acquirer", "acquirer")


def test_an_approval_before_the_first_of_them_does_not_clear_the_merchant() -> None:
    assert judge(exchange(), *MANY_BANKS, sale("00", "d", 100)).verdict == "merchant_acquirer"


def test_an_approval_since_the_first_of_them_clears_the_merchant() -> None:
    assert judge(exchange(), *MANY_BANKS, sale("00", "d", 25)).verdict == "card"


def test_two_cards_are_not_a_crowd() -> None:
    assert judge(exchange(), MANY_BANKS[0]).verdict == "not_enough_data"


def test_three_cards_of_one_bank_alone_are_not_enough() -> None:
    alone = (sale("62", "b", 20, "bank1"), sale("62", "c", 30, "bank1"))
    assert judge(exchange(), *alone).verdict == "not_enough_data"


def test_one_card_tried_five_times_is_still_one_card() -> None:
    again = [sale("62", "here", age, "bank1") for age in (20, 40, 60, 80)]
    assert judge(exchange(), *again).verdict == "not_enough_data"
    assert judge(exchange(), *again, PASSED).verdict == "card"


def test_only_foreign_cards_failing_is_an_acceptance_range() -> None:
    foreign = card(issuer_country="840", scheme="visa")
    others = (
        sale("62", "b", 20, "bank2", foreign=True, scheme="mastercard"),
        sale("62", "c", 30, "bank3", foreign=True, scheme="jcb"),
    )
    assert judge(exchange(on=foreign), *others).verdict == "acceptance_range"
    assert judge(exchange(on=foreign), *others, sale("00", "d", 25)).verdict == "acceptance_range"


def test_one_scheme_failing_while_nothing_else_was_tried_is_an_acceptance_range() -> None:
    others = (sale("62", "b", 20, "bank2"), sale("62", "c", 30, "bank3"))
    assert judge(exchange(), *others).verdict == "acceptance_range"


def test_one_scheme_failing_while_another_failed_otherwise_is_the_merchant() -> None:
    others = (sale("62", "b", 20, "bank2"), sale("62", "c", 30, "bank3"), sale("03", "d", 25, "bank4", scheme="visa"))
    assert judge(exchange(), *others).verdict == "merchant_acquirer"


def test_one_bin_group_failing_while_others_pass_is_an_acceptance_range() -> None:
    group = (sale("62", "b", 20, "bank1"), sale("62", "c", 30, "bank1"))
    assert judge(exchange(), *group, PASSED).verdict == "acceptance_range"


def test_one_bin_group_whose_other_cards_pass_is_no_range() -> None:
    group = (sale("62", "b", 20, "bank1"), sale("62", "c", 30, "bank1"))
    assert judge(exchange(), *group, sale("00", "d", 10, "bank1"), PASSED).verdict == "card"


def test_a_card_outside_the_failing_bin_group_is_judged_alone() -> None:
    group = [sale("62", token, 20, "bank9") for token in ("b", "c", "d")]
    assert judge(exchange(), *group, sale("00", "e", 10, "bank2")).verdict == "card"


def test_another_approved_card_points_to_the_card() -> None:
    diagnosis = judge(exchange(), PASSED)
    assert (diagnosis.verdict, diagnosis.addressee, diagnosis.retry) == ("card", "issuer", "no")
    assert diagnosis.charged["en"].startswith("No")


@pytest.mark.parametrize("code", ["00", "10", "11", "16", "Y1"])
def test_every_class_a_code_is_an_approval(code: str) -> None:
    assert judge(exchange(), sale(code, "other", 60)).verdict == "card"


def test_an_approval_of_the_same_card_is_not_another_card() -> None:
    assert judge(exchange(), sale("00", "here", 60)).verdict == "not_enough_data"


@pytest.mark.parametrize(
    "ignored",
    [
        sale("00", "other", 60, stored=True),
        sale("00", "other", 60, test_card=True),
        sale("00", "other", 60, mac=MacVerdict.BAD),
        sale("00", "other", 60, match=Match.MISMATCHED),
        sale("00", "other", 1801),
        sale(None, "other", 60),
        sale("ZZ", "other", 60),
    ],
)
def test_stored_tests_strangers_and_old_sales_never_turn_the_verdict(ignored: PastSale) -> None:
    assert judge(exchange(), ignored).verdict == "not_enough_data"


def test_stored_declines_never_make_a_crowd() -> None:
    stored = [dataclasses.replace(past, stored=True) for past in MANY_BANKS]
    assert judge(exchange(), *stored).verdict == "not_enough_data"


def test_cards_without_tokens_never_make_a_crowd() -> None:
    unknown = [dataclasses.replace(past, token=None) for past in MANY_BANKS]
    assert judge(exchange(), *unknown).verdict == "not_enough_data"


def test_not_enough_data_says_what_is_missing() -> None:
    assert "no other card" in judge(exchange()).headline["en"][2]
    same_bank = dataclasses.replace(PASSED, bin_group="bank1")
    assert "token" in judge(exchange(on=card(token=None)), same_bank).headline["en"][2]
    assert "only 2 cards" in judge(exchange(), MANY_BANKS[0]).headline["en"][2]
    one_bank = [sale("62", token, age, "bank1") for token, age in (("b", 60), ("c", 50))]
    assert "one bank" in judge(exchange(), *one_bank).headline["en"][2]
    no_bank = [dataclasses.replace(past, bin_group=None) for past in one_bank]
    assert "banks not told" in judge(exchange(on=card(bin_group=None)), *no_bank).headline["en"][2]


def test_a_card_of_another_bank_is_another_card_though_nobody_gave_it_a_token() -> None:
    assert judge(exchange(on=card(token=None)), PASSED).verdict == "card"
    assert judge(exchange(), dataclasses.replace(PASSED, token=None)).verdict == "card"


def test_a_card_that_passed_on_a_later_try_is_not_failing() -> None:
    saved = (sale("62", "b", 50, "bank2"), sale("00", "b", 40, "bank2"))
    assert judge(exchange(), *saved, MANY_BANKS[1]).verdict == "card"


# --- rules 4 and 7 --------------------------------------------------------------------------


@pytest.mark.parametrize("service_code", ["201", "601"])
def test_a_chip_card_by_stripe_may_be_tried_once_by_chip(service_code: str | None) -> None:
    swiped = exchange(entry_mode=EntryMode.STRIPE, on=card(service_code=service_code))
    assert judge(swiped, PASSED).retry == "chip_once"


def test_a_fallback_is_a_chip_card_even_without_its_service_code() -> None:
    swiped = exchange(entry_mode=EntryMode.STRIPE, fallback=True, on=card(service_code=None))
    assert judge(swiped, PASSED).retry == "chip_once"


@pytest.mark.parametrize("service_code", ["101", "501", None])
def test_a_stripe_card_is_not_sent_to_the_chip(service_code: str | None) -> None:
    swiped = exchange(entry_mode=EntryMode.STRIPE, on=card(service_code=service_code))
    assert judge(swiped, PASSED).retry == "no"


def test_the_chip_is_advised_once_not_twice() -> None:
    swiped = exchange(entry_mode=EntryMode.STRIPE)
    assert judge(swiped, sale("62", "here", 20, entry_mode=EntryMode.CHIP), PASSED).retry == "no"


def test_the_second_try_of_a_card_is_warned_about() -> None:
    diagnosis = judge(exchange(), sale("62", "here", 20), PASSED)
    assert "2 times" in diagnosis.headline["en"][2]
    assert "已试2次" in diagnosis.headline["zh"][2]


def test_an_earlier_approval_of_the_card_is_not_a_try_that_failed() -> None:
    assert "times" not in judge(exchange(), sale("00", "here", 20), PASSED).headline["en"][2]


def test_the_held_twin_of_62_is_never_retried() -> None:
    diagnosis = judge(exchange("36", entry_mode=EntryMode.STRIPE), PASSED)
    assert (diagnosis.verdict, diagnosis.retry) == ("card", "no")
    assert "rules" in diagnosis.headline["en"][2]


@pytest.mark.parametrize("code", ["104", "1004", "2004", "204", "62", "36"])
def test_the_twins_of_62_are_judged_like_it(code: str) -> None:
    diagnosis = judge(exchange(code, host="iso1987"), sale(code, "b", 20), sale("00", "c", 30))
    assert diagnosis.verdict == "card"
    assert diagnosis.headline["zh"][0].startswith(code)


def test_the_hotline_of_the_profile_is_always_told() -> None:
    assert all("400-000-0000" in judge(exchange(code), PASSED).contact["zh"] for code in ("62", "51", "91", None))
