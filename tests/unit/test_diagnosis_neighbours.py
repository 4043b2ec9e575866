"""62's neighbours: the same engine holds them against what this terminal knows of itself and of its other sales."""

from __future__ import annotations

import dataclasses

import pytest
from support.frames import UNVERIFIED, answer, card, check, exchange, judge, sale, state

from device.evidence import EntryMode, Outcome, PastSale

FAIL = Outcome.FAIL


def others(code: str, *banks: str) -> list[PastSale]:
    return [sale(code, f"card{number}", 60 + number, bank) for number, bank in enumerate(banks)]


# --- one card or many, in numbers --------------------------------------------------------------


def test_the_counts_are_on_the_screen() -> None:
    many = judge(exchange(), sale("62", "a", 590, "bank2", scheme="visa"), sale("62", "b", 300, "bank3"))
    assert many.counts is not None
    assert many.counts.text["en"] == "3 cards of 3 banks in 10 minutes, no approval"
    assert many.counts.text["zh"] == "10分钟内3家银行的3张卡被拒，其间没有其他卡成功"
    assert "3 cards of 3 banks refused in 10 min" in many.headline["en"][0]
    assert "10分钟内3家银行的3张卡被拒" in many.headline["zh"][0]


def test_the_counts_use_the_right_plural_and_leave_out_what_is_not_known() -> None:
    one = judge(exchange(), sale("00", "other", 60))
    assert one.counts is not None
    assert one.counts.text["en"] == "1 card of 1 bank in 30 minutes, 1 other card approved"
    no_bank = judge(exchange(on=card(bin_group=None)), sale("62", "a", 30, None))
    assert no_bank.counts is not None
    assert no_bank.counts.text["en"] == "2 cards in 1 minute, no approval"
    assert judge(exchange("51")).counts is None
    assert judge(exchange(None)).counts is None


def test_attempts_of_one_card_are_counted_apart_from_cards() -> None:
    diagnosis = judge(exchange(), *(sale("62", "here", age, "bank1") for age in (10, 20, 30, 40)))
    assert diagnosis.counts is not None
    assert (diagnosis.counts.cards, diagnosis.counts.attempts) == (1, 5)
    assert diagnosis.verdict == "not_enough_data"


def test_a_range_says_what_its_cards_have_in_common() -> None:
    abroad = card(issuer_country="840", scheme="visa")
    foreign = [sale("62", token, age, bank, foreign=True) for token, age, bank in (("a", 90, "b2"), ("b", 60, "b3"))]
    assert judge(exchange(on=abroad), *foreign).headline["en"][0].startswith("62 Foreign cards: 3")
    one_scheme = [dataclasses.replace(past, scheme="visa", foreign=None) for past in foreign]
    assert "Cards of one scheme" in judge(exchange(on=card(scheme="visa")), *one_scheme).headline["en"][0]


def test_a_route_that_other_cards_of_the_kind_take_is_open_and_else_it_is_not_known() -> None:
    assert state(judge(exchange(), sale("00", "x", 60)), "interbank_route") == "unlikely"
    visa = exchange(on=card(scheme="visa"))
    assert state(judge(visa, sale("00", "x", 60)), "interbank_route") == "possible"
    same_bank = sale("00", "x", 60, "bank1", scheme=None)
    assert answer(judge(visa, same_bank), "interbank_route").because == ("history.kind_approvals",)


def test_sales_without_an_answer_are_no_sign_that_other_kinds_are_refused() -> None:
    foreign = [sale("62", token, 60, bank, foreign=True) for token, bank in (("a", "b2"), ("b", "b3"))]
    abroad = exchange(on=card(issuer_country="840"))
    assert judge(abroad, *foreign, sale(None, "z", 30)).verdict == "acceptance_range"
    assert judge(abroad, *foreign, sale("62", "z", 30, "b4", scheme="visa")).verdict != "acceptance_range"


def test_only_this_card_is_said_where_it_is_the_only_one() -> None:
    alone = answer(judge(exchange(), sale("00", "x", 60)), "card_blocked")
    assert (alone.state, alone.because) == ("supported", ("history.approvals", "history.cards"))
    two = answer(judge(exchange(), sale("00", "x", 60), sale("62", "b", 50)), "card_blocked")
    assert two.state == "possible"
    assert "not the only one" in two.advice["en"]


# --- bursts -----------------------------------------------------------------------------------


@pytest.mark.parametrize("code", ["91", "96"])
def test_a_burst_of_system_codes_is_the_systems_and_not_the_cards(code: str) -> None:
    burst = judge(exchange(code), *others("96", "bank2", "bank3"))
    assert (burst.verdict, burst.addressee, burst.retry) == ("host_system", "wait", "later")
    assert "not the card" in burst.headline["en"][2]
    assert answer(burst, "bank_maintenance").because == ("exchange.response", "history.system_codes")
    assert "not the card" not in judge(exchange(code)).headline["en"][2]


@pytest.mark.parametrize("code", ["98", "68"])
def test_late_answers_in_a_burst_are_queried_first(code: str) -> None:
    burst = judge(exchange(code), *others("91", "bank2", "bank3"))
    assert "query this sale" in burst.headline["en"][2]
    assert state(burst, "bank_maintenance") == "supported"
    assert state(judge(exchange(code)), "bank_maintenance") == ("supported" if code == "98" else "possible")


def test_one_card_tried_again_is_no_burst() -> None:
    again = judge(exchange("91"), *(sale("91", "here", age, "bank1") for age in (10, 20, 30)))
    assert "not the card" not in again.headline["en"][2]


def test_a_late_answer_on_a_weak_link_names_the_link() -> None:
    weak = judge(exchange("68"), checks=(check("modem.signal", FAIL, -113.0),))
    assert answer(weak, "network").because == ("exchange.response", "modem.signal")


def test_system_codes_before_a_verified_62_change_nothing_for_it() -> None:
    diagnosis = judge(exchange(), *others("96", "bank2", "bank3", "bank4"))
    assert state(diagnosis, "bank_maintenance") == "refuted"


# --- keys, versions, chip, clock, registration ------------------------------------------------


def test_a_wrong_pin_is_the_customers_and_on_every_card_it_is_the_terminals_key() -> None:
    assert judge(exchange("55")).addressee == "customer"
    every = judge(exchange("55"), *others("55", "bank2", "bank3"))
    assert (every.verdict, every.addressee, every.retry) == ("local_action", "local", "after_action")
    assert answer(every, "terminal_fault").because == ("exchange.response", "history.same_code")
    between = judge(exchange("55"), *others("55", "bank2", "bank3"), sale("00", "z", 30))
    assert between.addressee == "customer"


@pytest.mark.parametrize("code", ["99", "A0"])
def test_key_codes_send_to_the_sign_on(code: str) -> None:
    diagnosis = judge(exchange(code))
    assert (diagnosis.addressee, diagnosis.retry) == ("local", "after_action")
    assert "ign on" in diagnosis.headline["en"][2]


def test_a_format_error_with_a_program_of_another_version_is_the_vendors() -> None:
    old = judge(exchange("30"), checks=(check("versions.application", FAIL, "1.9"),))
    assert old.addressee == "vendor"
    assert answer(old, "terminal_fault").because == ("exchange.response", "versions.application")
    parameters = judge(exchange("30"), checks=(check("versions.parameters", FAIL, "7"),))
    assert parameters.addressee == "acquirer"
    assert "update first" in parameters.headline["en"][2]
    assert judge(exchange("62"), checks=(check("versions.application", FAIL, "1.9"),)).addressee == "issuer"


def test_45_asks_for_the_chip_and_on_every_card_for_the_technician() -> None:
    stripe = exchange("45", entry_mode=EntryMode.STRIPE, fallback=True)
    once = judge(stripe)
    assert (once.addressee, once.retry, state(once, "terminal_fault")) == ("local", "chip_once", "possible")
    every = judge(stripe, *others("45", "bank2", "bank3"))
    assert every.addressee == "technician"
    assert answer(every, "terminal_fault").because == ("exchange.response", "history.same_code")
    broken = judge(stripe, checks=(check("smart_card.reader", FAIL),))
    assert answer(broken, "terminal_fault").because == ("exchange.response", "smart_card.reader")


def test_54_with_a_wrong_clock_is_looked_after_at_the_terminal_first() -> None:
    wrong = judge(exchange("54"), checks=(check("clock.floor", FAIL),))
    assert (wrong.verdict, wrong.addressee, wrong.retry) == ("card", "local", "after_action")
    sound = judge(exchange("54"), checks=(check("clock.floor"),))
    assert (sound.addressee, sound.retry) == ("issuer", "no")


@pytest.mark.parametrize("code", ["03", "58", "97"])
def test_registration_codes_with_a_terminal_that_agrees_with_its_profile_are_the_acquirers(code: str) -> None:
    diagnosis = judge(exchange(code))
    assert (diagnosis.verdict, diagnosis.addressee) == ("merchant_acquirer", "acquirer")
    if code != "03":
        assert answer(diagnosis, "pos_setup").because == ("exchange.response", "setup.terminal_id", "setup.merchant_id")
        assert "its own registration" in answer(diagnosis, "pos_setup").advice["en"]
        assert answer(judge(exchange(code), profile=UNVERIFIED), "pos_setup").because == ("exchange.response",)


@pytest.mark.parametrize("field", ["terminal_id", "merchant_id", "mcc"])
def test_a_wrong_number_supports_merchant_data_and_set_up_and_names_it(field: str) -> None:
    diagnosis = judge(dataclasses.replace(exchange(), **{field: "9999"}))  # type: ignore[arg-type]
    assert diagnosis.verdict == "terminal_setup"
    for cause in ("merchant_data", "pos_setup"):
        assert state(diagnosis, cause) == "supported"
        assert answer(diagnosis, cause).because == (f"setup.{field}",)


@pytest.mark.parametrize("field", ["terminal_country", "currency"])
def test_a_wrong_country_or_currency_is_the_set_up_and_perhaps_the_merchants_data(field: str) -> None:
    diagnosis = judge(exchange(on=card(**{field: "840"})))
    assert (state(diagnosis, "pos_setup"), state(diagnosis, "merchant_data")) == ("supported", "possible")


def test_a_silent_host_behind_a_good_link_is_the_acquirers() -> None:
    silent = judge(exchange(None), checks=(check("network.tcp"), check("host.echo", FAIL)))
    assert silent.addressee == "acquirer"
    assert "host.echo" in answer(silent, "bank_maintenance").because


@pytest.mark.parametrize("mode", [EntryMode.QR, EntryMode.KEYED])
def test_codes_of_qr_and_keyed_sales_prove_no_reader(mode: EntryMode) -> None:
    diagnosis = judge(exchange(entry_mode=mode, on=card(service_code=None)), sale("00", "x", 9))
    assert diagnosis.verdict == "card"
    assert (state(diagnosis, "card_damaged"), state(diagnosis, "terminal_fault")) == ("not_tested", "unlikely")
    assert state(diagnosis, "network") == "refuted"
    assert "exchange.entry_path" not in diagnosis.proved


@pytest.mark.parametrize("code", ["34", "41", "43", "59"])
def test_a_diagnosis_never_gives_away_what_rule_6_forbids(code: str) -> None:
    diagnosis = judge(exchange(code))
    shown = [*diagnosis.headline["en"], *diagnosis.headline_short["en"], diagnosis.meaning["en"]]
    text = " ".join([*shown, diagnosis.customer_text["en"], diagnosis.contact["en"], diagnosis.charged["en"]]).lower()
    assert not any(word in text for word in ("lost", "stolen", "fraud", "risk", "suspect"))
