"""The matrix for 62: every question of a clerk, answered from evidence."""

from __future__ import annotations

import dataclasses

import pytest
from support.frames import PROFILE, UNVERIFIED, answer, card, check, exchange, judge, sale, state

from device.diagnosis.knowledge import CAUSES
from device.evidence import CardFacts, EntryMode, Exchange, MacVerdict, Match, Outcome, TerminalProfile

PASSED = sale("00", "other", 60)
SIGNS_NONE = dataclasses.replace(PROFILE, signs_declines=False)
SIGNS_ALL = dataclasses.replace(PROFILE, signs_declines=True)


def test_every_cause_is_answered_once() -> None:
    assert sorted(cause.id for cause in judge().causes) == sorted(CAUSES)


def test_a_verified_62_refutes_network_maintenance_and_the_reader_used() -> None:
    diagnosis = judge(exchange(), PASSED)
    for cause_id in ("network", "bank_maintenance", "terminal_fault", "card_damaged"):
        assert state(diagnosis, cause_id) == "refuted"
        assert "exchange.mac" in answer(diagnosis, cause_id).because


@pytest.mark.parametrize("cause_id", ["balance", "limits", "card_lost_stolen", "card_not_activated", "card_expired"])
def test_causes_with_a_code_of_their_own_are_sent_there(cause_id: str) -> None:
    assert state(judge(exchange(), PASSED), cause_id) == "other_code"


@pytest.mark.parametrize(
    ("mac", "profile", "words"),
    [
        (MacVerdict.ABSENT, SIGNS_NONE, "signs no declines"),
        (MacVerdict.UNKNOWN, SIGNS_NONE, "signs no declines"),
        (MacVerdict.ABSENT, SIGNS_ALL, "lacks the MAC"),
        (MacVerdict.ABSENT, PROFILE, "not fully verified"),
        (MacVerdict.UNKNOWN, SIGNS_ALL, "not fully verified"),
    ],
)
def test_without_a_verified_mac_network_and_maintenance_are_only_unlikely(
    mac: MacVerdict, profile: TerminalProfile, words: str
) -> None:
    diagnosis = judge(exchange("62", mac=mac), PASSED, profile=profile)
    for cause_id in ("network", "bank_maintenance", "terminal_fault"):
        assert state(diagnosis, cause_id) == "unlikely"
        assert words in answer(diagnosis, cause_id).advice["en"]
    assert "exchange.mac" not in diagnosis.proved


def test_an_expected_mac_that_is_missing_is_a_finding_of_its_own() -> None:
    found = judge(exchange("62", mac=MacVerdict.ABSENT), PASSED, profile=SIGNS_ALL).found_on_terminal
    assert [(item.part, item.fact, item.value) for item in found] == [("exchange", "mac", "absent_expected")]


@pytest.mark.parametrize("weak", [exchange(match=Match.UNCHECKED), exchange(complete=False, note="DE55")])
def test_an_answer_not_matched_or_not_read_whole_refutes_nothing(weak: Exchange) -> None:
    states = {cause.id: cause.state for cause in judge(weak, PASSED).causes}
    assert states["network"] == states["bank_maintenance"] == states["terminal_fault"] == "unlikely"


@pytest.mark.parametrize("mode", [EntryMode.KEYED, EntryMode.QR, EntryMode.UNKNOWN])
def test_a_sale_without_a_reader_proves_no_reader(mode: EntryMode) -> None:
    diagnosis = judge(exchange(entry_mode=mode), PASSED)
    assert state(diagnosis, "terminal_fault") == "unlikely"
    assert state(diagnosis, "card_damaged") == "not_tested"
    assert "exchange.entry_path" not in diagnosis.proved


def test_a_stripe_read_of_a_chip_card_proves_the_head_and_not_the_chip() -> None:
    diagnosis = judge(exchange(entry_mode=EntryMode.STRIPE), PASSED)
    assert state(diagnosis, "card_damaged") == "not_tested"
    assert state(diagnosis, "terminal_fault") == "refuted"
    assert "exchange.entry_path" in diagnosis.proved


def test_a_failed_chip_read_before_the_stripe_leaves_the_card_in_question() -> None:
    diagnosis = judge(exchange(entry_mode=EntryMode.STRIPE, fallback=True), PASSED)
    assert state(diagnosis, "card_damaged") == "possible"
    assert answer(diagnosis, "card_damaged").because == ("card.chip_read",)
    assert state(diagnosis, "terminal_fault") == "unlikely"


@pytest.mark.parametrize(
    "limited", [dataclasses.replace(PROFILE, maps_codes=True), dataclasses.replace(PROFILE, stands_in=True)]
)
def test_a_host_that_maps_codes_or_stands_in_proves_less(limited: TerminalProfile) -> None:
    diagnosis = judge(exchange(), PASSED, profile=limited)
    assert state(diagnosis, "bank_maintenance") == "unlikely"
    assert state(diagnosis, "network") == "refuted"
    assert "stand in" in diagnosis.headline["en"][3]
    assert "exchange.host" not in diagnosis.proved


# --- region ---------------------------------------------------------------------------------

ABROAD = {"issuer_country": "840"}


@pytest.mark.parametrize(
    "signs",
    [
        {"service_code": "501"},
        {"service_code": "601"},
        {"usage_control": "AB00"},  # domestic goods and services on, international off
        {"tvr": "0010000000"},
    ],
)
def test_a_foreign_card_that_says_domestic_only_supports_the_region(signs: dict[str, str]) -> None:
    diagnosis = judge(exchange(on=card(**ABROAD, **signs)), PASSED)
    assert state(diagnosis, "region") == "supported"
    assert answer(diagnosis, "region").because == ("card.region",)
    assert diagnosis.causes[0].id == "region"


def test_a_foreign_card_without_that_sign_leaves_the_region_possible() -> None:
    assert state(judge(exchange(on=card(**ABROAD, usage_control="FF00")), PASSED), "region") == "possible"


def test_a_card_of_this_country_refutes_the_region_only_with_a_verified_profile() -> None:
    assert state(judge(exchange(), PASSED), "region") == "refuted"
    assert state(judge(exchange(), PASSED, profile=UNVERIFIED), "region") == "unlikely"
    assert state(judge(exchange(), PASSED, profile=TerminalProfile()), "region") == "unlikely"


def test_without_the_cards_country_the_region_is_not_tested() -> None:
    assert state(judge(exchange(on=card(issuer_country=None)), PASSED), "region") == "not_tested"


def test_a_national_service_code_without_a_country_leaves_the_region_possible() -> None:
    swiped = exchange(entry_mode=EntryMode.STRIPE, on=card(issuer_country=None, service_code="501"))
    assert state(judge(swiped, PASSED), "region") == "possible"


def test_a_wrong_country_of_the_terminal_is_fixed_before_the_region_is_judged() -> None:
    diagnosis = judge(exchange(on=card(terminal_country="840", issuer_country="156", service_code="601")), PASSED)
    assert diagnosis.verdict == "terminal_setup"
    assert state(diagnosis, "region") == "not_tested"
    assert answer(diagnosis, "region").because == ("setup.country",)


def test_a_tvr_left_over_in_a_stripe_sale_says_nothing() -> None:
    swiped = exchange(entry_mode=EntryMode.STRIPE, on=card(**ABROAD, service_code="101", tvr="0050000000"))
    diagnosis = judge(swiped, PASSED)
    assert state(diagnosis, "region") == "possible"
    assert state(diagnosis, "card_expired") == "other_code"


# --- product, expiry ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "signs",
    [
        {"service_code": "701"},
        {"service_code": "203"},
        {"service_code": "204"},
        {"usage_control": "FE00"},  # ATM only
        {"usage_control": "D500"},  # no domestic goods or services
        {"tvr": "0010000000"},
    ],
)
def test_a_card_not_made_for_purchases_supports_the_product(signs: dict[str, str]) -> None:
    assert state(judge(exchange(on=card(**signs)), PASSED), "product_channel") == "supported"


def test_an_ordinary_card_makes_the_product_unlikely() -> None:
    assert state(judge(exchange(on=card(usage_control="FF00")), PASSED), "product_channel") == "unlikely"


def test_a_sale_without_card_facts_tests_neither_product_nor_region() -> None:
    diagnosis = judge(exchange(on=CardFacts()), PASSED)
    assert state(diagnosis, "product_channel") == state(diagnosis, "region") == "not_tested"


@pytest.mark.parametrize("bad", [{"tvr": "zz"}, {"tvr": "00"}, {"usage_control": "x"}, {"service_code": "2"}])
def test_a_malformed_tag_is_no_evidence(bad: dict[str, str]) -> None:
    assert state(judge(exchange(on=card(**bad)), PASSED), "region") == "refuted"


def test_the_expiry_is_refuted_only_by_a_checked_clock() -> None:
    valid = exchange(on=card(expired=False))
    assert state(judge(valid, PASSED, checks=(check("clock.host"),)), "card_expired") == "refuted"
    assert state(judge(valid, PASSED), "card_expired") == "unlikely"
    assert state(judge(valid, PASSED, checks=(check("clock.host", Outcome.FAIL),)), "card_expired") == "other_code"


def test_an_expired_card_stays_possible_beside_a_62() -> None:
    assert state(judge(exchange(on=card(expired=True)), PASSED), "card_expired") == "possible"
    assert state(judge(exchange(on=card(tvr="0040000000")), PASSED), "card_expired") == "possible"


# --- causes that only the crowd can tell ----------------------------------------------------


def test_a_block_of_the_card_is_supported_when_others_pass() -> None:
    diagnosis = judge(exchange(), PASSED)
    assert state(diagnosis, "card_blocked") == "supported"
    assert answer(diagnosis, "card_blocked").because == ("history.approvals", "history.cards")
    assert state(judge(exchange()), "card_blocked") == "possible"


def test_many_cards_support_the_merchants_data_and_clear_the_card() -> None:
    many = (sale("62", "b", 20, "bank2", scheme="visa"), sale("62", "c", 30, "bank3"))
    diagnosis = judge(exchange(), *many)
    assert state(diagnosis, "merchant_data") == "supported"
    assert state(diagnosis, "card_blocked") == "unlikely"
    assert set(answer(diagnosis, "merchant_data").because) == {"history.cards", "history.bin_groups"}


def test_one_card_alone_makes_the_merchants_data_unlikely() -> None:
    assert state(judge(exchange(), PASSED), "merchant_data") == "unlikely"


def test_an_acceptance_range_supports_the_route() -> None:
    group = (sale("62", "b", 20, "bank1"), sale("62", "c", 30, "bank1"))
    assert state(judge(exchange(), *group, PASSED), "interbank_route") == "supported"


def test_a_scheme_the_profile_does_not_list_supports_the_route() -> None:
    only_visa = dataclasses.replace(PROFILE, schemes=("visa",))
    diagnosis = judge(exchange(), PASSED, profile=only_visa)
    assert state(diagnosis, "interbank_route") == "supported"
    assert diagnosis.verdict == "card"


def test_a_wrong_parameter_supports_the_setup_and_names_itself() -> None:
    diagnosis = judge(exchange(on=card(currency="840")), PASSED)
    assert answer(diagnosis, "pos_setup").because == ("setup.currency",)
    assert state(diagnosis, "pos_setup") == "supported"


def test_an_unverified_contradiction_leaves_the_setup_possible() -> None:
    assert state(judge(exchange(mcc="5812"), PASSED, profile=UNVERIFIED), "pos_setup") == "possible"


def test_repeated_tries_are_named_under_risk_control() -> None:
    diagnosis = judge(exchange(), sale("62", "here", 20), PASSED)
    assert answer(diagnosis, "risk_control").because == ("history.attempts",)


@pytest.mark.parametrize("cause_id", ["risk_control", "cardholder_controls"])
def test_what_no_terminal_can_see_stays_possible(cause_id: str) -> None:
    assert state(judge(exchange(), PASSED), cause_id) == "possible"


# --- no answer, found on the terminal, proof ------------------------------------------------


def test_without_an_answer_the_broken_link_supports_the_network() -> None:
    diagnosis = judge(exchange(None), checks=(check("modem.sim", Outcome.FAIL),))
    assert state(diagnosis, "network") == "supported"
    assert "modem.sim" in answer(diagnosis, "network").because
    assert state(diagnosis, "balance") == state(diagnosis, "region") == "not_tested"


def test_without_an_answer_nothing_is_refuted() -> None:
    checks = tuple(check(name) for name in ("modem.sim", "network.dns", "network.tcp", "network.tls"))
    assert "refuted" not in {cause.state for cause in judge(exchange(None), checks=checks).causes}


def test_findings_are_listed_apart_and_change_nothing() -> None:
    broken = (check("modem.signal", Outcome.MARGINAL, -101), check("reader.answer", Outcome.FAIL), check("clock.host"))
    diagnosis = judge(exchange(), PASSED, checks=broken)
    assert [f"{item.part}.{item.fact}" for item in diagnosis.found_on_terminal] == ["reader.answer", "modem.signal"]
    assert diagnosis.verdict == "card"
    assert state(diagnosis, "network") == state(diagnosis, "terminal_fault") == "refuted"


def test_a_check_that_did_not_run_is_no_finding_and_a_broken_check_is_one() -> None:
    checks = (check("reader.answer", Outcome.NOT_RUN), check("storage.free", Outcome.ERROR))
    assert [item.fact for item in judge(exchange(), checks=checks).found_on_terminal] == ["free"]


def test_the_pin_key_and_the_self_tests_are_never_among_what_is_proved() -> None:
    proved = judge(exchange(), PASSED, checks=(check("modem.sim"),)).proved
    assert all(fact.startswith("exchange.") for fact in proved)
    assert "pin" not in " ".join(proved)
