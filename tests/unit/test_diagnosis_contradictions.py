"""Frames out of an editor, another version or a careless tool: what cannot be believed is left out and told."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest
from support.frames import PROFILE, card, check, exchange, frame, judge, knowledge, sale, state

from device.commands.diagnose import diagnose_file
from device.diagnosis.engine import diagnose
from device.diagnosis.verdict import Diagnosis
from device.evidence import EntryMode, MacVerdict, Match, Outcome
from device.freeze_frame import absent_parts, frame_from_json, frame_to_json

PASSED = sale("00", "other", 60)


def said(diagnosis: Diagnosis) -> str:
    return "\n".join(f"{note.place}: {note.text['en']}" for note in diagnosis.notes)


def test_a_sound_frame_has_no_notes() -> None:
    assert judge(exchange(), PASSED, checks=(check("modem.signal"),)).notes == ()


@pytest.mark.parametrize(
    ("facts", "place"),
    [
        ({"mismatched": ("DE11",)}, "exchange.match"),
        ({"mti": "0200"}, "exchange.mti"),
        ({"source": "tap"}, "exchange.mac"),
    ],
)
def test_an_answer_that_contradicts_itself_refutes_nothing(facts: dict[str, Any], place: str) -> None:
    diagnosis = judge(exchange(**facts), PASSED)
    states = {cause.id: cause.state.value for cause in diagnosis.causes}
    assert not {"network", "bank_maintenance", "terminal_fault", "card_damaged"} & {
        cause for cause, told in states.items() if told == "refuted"
    }
    assert place in said(diagnosis)
    assert "exchange.mac" not in diagnosis.proved


def test_a_mac_without_an_answer_proves_nothing() -> None:
    diagnosis = judge(exchange(None, mac=MacVerdict.VERIFIED, match=Match.MATCHED))
    assert diagnosis.verdict == "no_verified_response"
    assert diagnosis.proved == ()
    assert "exchange.mac" in said(diagnosis)


@pytest.mark.parametrize("mode", [EntryMode.CHIP, EntryMode.CONTACTLESS, EntryMode.QR])
def test_a_fallback_to_the_stripe_that_was_no_stripe_proves_no_reader(mode: EntryMode) -> None:
    diagnosis = judge(exchange(entry_mode=mode, fallback=True), PASSED)
    assert state(diagnosis, "card_damaged") == "not_tested"
    assert state(diagnosis, "terminal_fault") == "unlikely"
    assert "exchange.entry_mode" in said(diagnosis)


def test_chip_data_of_a_stripe_sale_are_not_this_cards() -> None:
    restricted = card(issuer_country="840", service_code="101", tvr="0010000000", usage_control="2800")
    stripe = judge(exchange(entry_mode=EntryMode.STRIPE, on=restricted), PASSED)
    assert state(stripe, "region") == "possible"
    assert "exchange.card.tvr" in said(stripe)
    assert "exchange.card.usage_control" in said(stripe)
    zeros = judge(exchange(entry_mode=EntryMode.STRIPE, on=card(service_code="101", tvr="0000000000")), PASSED)
    assert zeros.notes == ()


@pytest.mark.parametrize("mode", [EntryMode.KEYED, EntryMode.QR])
def test_a_sale_without_a_card_has_no_service_code(mode: EntryMode) -> None:
    diagnosis = judge(exchange(entry_mode=mode, on=card(service_code="701")), PASSED)
    assert state(diagnosis, "product_channel") == "not_tested"
    assert "service_code" in said(diagnosis)


@pytest.mark.parametrize(("expired", "tvr"), [(True, "0000000000"), (False, "0040000000")])
def test_two_words_on_the_expiry_that_differ_are_both_left_out(expired: bool, tvr: str) -> None:
    diagnosis = judge(exchange(on=card(expired=expired, tvr=tvr)), PASSED, checks=(check("clock.host"),))
    assert state(diagnosis, "card_expired") == "other_code"
    assert "exchange.card.expired" in said(diagnosis)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("issuer_country", "CN"),
        ("terminal_country", "15"),
        ("currency", "CNY"),
        ("service_code", "2x1"),
        ("usage_control", "FF"),
        ("tvr", "00000000"),
    ],
)
def test_values_in_a_wrong_form_are_left_out_and_named(name: str, value: str) -> None:
    diagnosis = judge(exchange(on=card(**{name: value})), PASSED)
    assert f"exchange.card.{name}" in said(diagnosis)
    assert value in said(diagnosis)
    assert state(diagnosis, "region") in ("not_tested", "refuted", "unlikely")


def test_what_the_profile_says_of_another_host_is_not_said_of_this_one() -> None:
    profile = dataclasses.replace(PROFILE, host="visa", signs_declines=False, maps_codes=True)
    diagnosis = judge(exchange(mac=MacVerdict.ABSENT), PASSED, profile=profile)
    assert "not fully verified" in diagnosis.headline["en"][3]
    assert "profile.host" in said(diagnosis)
    same = dataclasses.replace(PROFILE, host="interbank", maps_codes=True)  # a message profile of UnionPay's hosts
    assert "map codes" in judge(exchange(), PASSED, profile=same).headline["en"][3]


def test_a_mac_on_a_host_that_signs_no_declines_stands_and_the_profile_is_doubted() -> None:
    diagnosis = judge(exchange(), PASSED, profile=dataclasses.replace(PROFILE, signs_declines=False))
    assert state(diagnosis, "network") == "refuted"
    assert "check the profile" in said(diagnosis)


def test_sales_from_the_future_do_not_count() -> None:
    later = dataclasses.replace(PASSED, age_s=-5.0)
    diagnosis = judge(exchange(), later)
    assert diagnosis.verdict == "not_enough_data"
    assert "1 sales of the history" in said(diagnosis)


def test_evidence_that_contradicts_itself_names_no_culprit() -> None:
    twice = (check("modem.answer", Outcome.FAIL), check("modem.answer"))
    diagnosis = judge(exchange(None), checks=twice)
    assert state(diagnosis, "network") == "possible"
    assert "modem.answer" in said(diagnosis)
    assert diagnosis.found_on_terminal == ()


def test_evidence_that_this_program_concludes_itself_is_not_taken_from_a_file() -> None:
    forged = (check("exchange.mac"), check("setup.anything", Outcome.FAIL), check("history.approvals"))
    diagnosis = judge(exchange(mac=MacVerdict.UNKNOWN), checks=forged)
    assert state(diagnosis, "network") == "unlikely"
    assert state(diagnosis, "pos_setup") == "unlikely"
    assert diagnosis.found_on_terminal == ()
    assert all(fact.id in said(diagnosis) for fact in forged)


def test_an_unknown_check_is_shown_but_nothing_rests_on_it() -> None:
    diagnosis = judge(exchange(None), checks=(check("modem.quantum_state", Outcome.FAIL),))
    assert state(diagnosis, "network") == "possible"
    assert [row.fact for row in diagnosis.found_on_terminal] == ["quantum_state"]
    assert "does not know" in said(diagnosis)


@pytest.mark.parametrize("age_s", [7201.0, -1.0])
def test_an_old_test_or_one_of_the_future_says_nothing_of_this_sale(age_s: float) -> None:
    mute = dataclasses.replace(check("modem.answer", Outcome.FAIL), age_s=age_s)
    diagnosis = judge(exchange(None), checks=(mute,))
    assert state(diagnosis, "network") == "possible"
    assert "modem.answer" in said(diagnosis)
    fresh = judge(exchange(None), checks=(check("modem.answer", Outcome.FAIL),))
    assert state(fresh, "network") == "supported"


def test_a_host_without_a_table_is_read_by_the_default_one_and_that_is_told() -> None:
    assert "default table" in said(judge(exchange(host="elsewhere"), PASSED))
    assert judge(exchange("000", host="iso1993")).notes == ()
    assert judge(exchange(host="ebcdic")).notes == ()


@pytest.mark.parametrize(("facts", "word"), [({"stored": True}, "stored"), ({"test_card": True}, "test card")])
def test_a_sale_that_does_not_count_says_so(facts: dict[str, Any], word: str) -> None:
    many = (sale("62", "a", 300, "bank2"), sale("62", "b", 200, "bank3"))
    diagnosis = judge(exchange(**facts), *many)
    assert diagnosis.verdict == "not_enough_data"
    assert word in said(diagnosis)


def test_notes_exist_in_chinese_too_and_hold_no_control_characters() -> None:
    nasty = exchange(host="x\x1b[2J\n" * 20, on=card(service_code="\x07" * 50))
    diagnosis = judge(nasty, PASSED)
    assert diagnosis.notes
    for note in diagnosis.notes:
        assert note.text["zh"] != note.text["en"]
        assert all(text.isprintable() for text in note.text.values())


# --- files ------------------------------------------------------------------------------------


def with_file(tmp_path: Path, change: Any) -> tuple[int, str]:
    values = frame_to_json(frame(exchange(), PASSED))
    change(values)
    path = tmp_path / "frame.json"
    path.write_text(json.dumps(values))
    return diagnose_file(path, language="en", as_json=True)


@pytest.mark.parametrize("name", ["taken_at", "history", "profile", "evidence", "window_s", "software"])
def test_a_frame_that_lacks_a_part_is_diagnosed_and_says_so(tmp_path: Path, name: str) -> None:
    status, text = with_file(tmp_path, lambda values: values.pop(name))
    assert status == 0
    assert {note["place"] for note in json.loads(text)["notes"]} == {name}


@pytest.mark.parametrize("name", ["host", "mac", "match", "entry_mode", "card"])
def test_an_exchange_that_lacks_a_part_proves_less(tmp_path: Path, name: str) -> None:
    status, text = with_file(tmp_path, lambda values: values["exchange"].pop(name))
    diagnosis = json.loads(text)
    assert status == 0
    assert f"exchange.{name}" in [note["place"] for note in diagnosis["notes"]]
    refuted = {cause["id"] for cause in diagnosis["causes"] if cause["state"] == "refuted"}
    if name in ("mac", "match"):
        assert not refuted & {"network", "bank_maintenance", "terminal_fault", "card_damaged"}
    if name == "card":
        assert not refuted & {"region", "card_expired"}
    if name == "entry_mode":
        assert not refuted & {"card_damaged", "terminal_fault"}


@pytest.mark.parametrize("version", [0, 2, 99])
def test_a_frame_of_another_version_is_refused_in_one_sentence(tmp_path: Path, version: int) -> None:
    status, text = with_file(tmp_path, lambda values: values.update(v=version))
    assert status == 2
    assert f"v is {version}" in text
    assert "\n" not in text


@pytest.mark.parametrize(
    "change",
    [
        lambda values: values.pop("exchange"),
        lambda values: values["exchange"].update(mac="sort_of"),
        lambda values: values["exchange"].update(surprise=1),
        lambda values: values.update(history="many"),
        lambda values: values["history"][0].update(age_s="old"),
        lambda values: values.update(evidence=[{"id": "modem.signal", "outcome": "fine", "age_s": 1}]),
    ],
)
def test_what_cannot_be_read_is_refused_and_never_guessed(tmp_path: Path, change: Any) -> None:
    status, text = with_file(tmp_path, change)
    assert status == 2
    assert text.startswith("frame.json")
    assert "\n" not in text


def test_absent_parts_of_anything_at_all() -> None:
    assert absent_parts(None) == absent_parts([]) == ()
    assert absent_parts(frame_to_json(frame())) == ()
    assert "exchange.mac" in absent_parts({"exchange": 5})


def test_a_bare_frame_is_judged_on_what_it_has() -> None:
    bare = frame_from_json({"v": 1, "exchange": {"code": "62"}}, "frame.json")
    diagnosis = diagnose(bare, knowledge())
    assert diagnosis.verdict == "not_enough_data"
    assert not {cause.state.value for cause in diagnosis.causes} & {"refuted", "supported"}


def test_the_retry_guard_is_told_where_the_headline_says_something_else() -> None:
    again = judge(exchange(terminal_id="99999999"), sale("62", "here", 20))
    assert again.verdict == "terminal_setup"
    assert "declined 2 times" in said(again)
    assert judge(exchange(terminal_id="99999999")).notes == ()
