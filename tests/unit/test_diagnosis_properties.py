"""What must hold for every frame there is."""

from __future__ import annotations

import dataclasses
import json

from hypothesis import given
from hypothesis import strategies as st
from support.frames import exchange, frame, knowledge
from support.random_frames import FRAMES, SALES

from device.diagnosis.diagnosis_json import diagnosis_to_json
from device.diagnosis.engine import diagnose, reason
from device.diagnosis.knowledge import CAUSES
from device.diagnosis.short_code import decode
from device.diagnosis.verdict import CauseState, Verdict
from device.evidence import FreezeFrame, MacVerdict, Match, Outcome, PastSale
from device.freeze_frame import frame_from_json, frame_to_json


@given(FRAMES)
def test_any_frame_gives_a_whole_diagnosis(random_frame: FreezeFrame) -> None:
    diagnosis = diagnose(random_frame, knowledge())
    assert sorted(cause.id for cause in diagnosis.causes) == sorted(CAUSES)
    for language in ("zh", "en"):
        assert len(diagnosis.headline[language]) == len(diagnosis.headline_short[language]) == 4
    known = {fact.id for fact in reason(random_frame, knowledge()).facts} | {e.id for e in random_frame.evidence}
    for cause in diagnosis.causes:
        assert set(cause.because) <= known
        if cause.state in (CauseState.REFUTED, CauseState.SUPPORTED):
            assert cause.because
    assert decode(diagnosis.short_code).verdict == diagnosis.verdict


@given(FRAMES)
def test_every_fact_and_reason_has_words_for_people(random_frame: FreezeFrame) -> None:
    wording = knowledge().wording
    for fact in reason(random_frame, knowledge()).facts:
        assert f"fact.{fact.id}" in wording
        if fact.outcome is not Outcome.PASS:
            assert all(f"explain.reason.{part}" in wording for part in fact.reason.split("+") if part), fact


@given(FRAMES)
def test_the_recorded_frame_gives_the_identical_diagnosis(random_frame: FreezeFrame) -> None:
    recorded = json.loads(json.dumps(frame_to_json(random_frame), ensure_ascii=False))
    again = frame_from_json(recorded, "frame.json")
    assert again == random_frame
    first, second = diagnose(random_frame, knowledge()), diagnose(again, knowledge())
    assert json.dumps(diagnosis_to_json(first)) == json.dumps(diagnosis_to_json(second))


@given(FRAMES)
def test_network_and_reader_are_refuted_only_by_a_matched_answer_with_a_verified_mac(random_frame: FreezeFrame) -> None:
    of = random_frame.exchange
    proved = of.code and of.mac is MacVerdict.VERIFIED and of.match is Match.MATCHED and of.complete
    states = {cause.id: cause.state for cause in diagnose(random_frame, knowledge()).causes}
    if not proved:
        refuted = {name for name, state in states.items() if state is CauseState.REFUTED}
        assert not refuted & {"network", "bank_maintenance", "terminal_fault", "card_damaged"}


@given(FRAMES)
def test_a_wrong_mac_or_a_strangers_answer_is_never_believed(random_frame: FreezeFrame) -> None:
    of = dataclasses.replace(random_frame.exchange, mac=MacVerdict.BAD)
    diagnosis = diagnose(dataclasses.replace(random_frame, exchange=of), knowledge())
    assert diagnosis.verdict is Verdict.NO_VERIFIED_RESPONSE
    assert diagnosis.proved == ()


def failing(token: str, bank: str, age_s: float, scheme: str) -> PastSale:
    entry = exchange().entry_mode
    return PastSale(age_s, "62", MacVerdict.VERIFIED, entry, token, bank, scheme, False)


@given(
    st.lists(
        st.tuples(st.sampled_from("abcdef"), st.sampled_from(["g1", "g2", "g3"]), st.floats(1, 1700, width=32)),
        min_size=2,
        max_size=8,
        unique_by=lambda item: item[0],
    ),
    st.lists(SALES, max_size=5),
)
def test_many_failing_cards_of_several_banks_are_never_blamed_on_the_card(
    cards: list[tuple[str, str, float]], others: list[PastSale]
) -> None:
    history = [failing(token, bank, age, "visa" if age > 800 else "unionpay") for token, bank, age in cards]
    declined = [dataclasses.replace(sale, code="51") for sale in others]
    diagnosis = diagnose(frame(exchange(), *history, *declined), knowledge())
    if len({bank for _, bank, _ in cards} | {"bank1"}) >= 2:
        assert diagnosis.verdict in (Verdict.MERCHANT_ACQUIRER, Verdict.ACCEPTANCE_RANGE)


@given(FRAMES, st.lists(st.floats(0, 1, width=32), min_size=1, max_size=5))
def test_trying_a_failed_card_again_never_turns_the_verdict(random_frame: FreezeFrame, moments: list[float]) -> None:
    declined = [s for s in random_frame.history if s.code == "62" and s.token and s.age_s <= random_frame.window_s]
    if not declined:
        return
    card = max(declined, key=lambda sale: sale.age_s)
    if any(s.token == card.token and s.code in ("00", "1004") for s in random_frame.history):
        return
    again = [dataclasses.replace(card, age_s=card.age_s * moment) for moment in moments]
    more = dataclasses.replace(random_frame, history=(*random_frame.history, *again))
    assert diagnose(more, knowledge()).verdict == diagnose(random_frame, knowledge()).verdict


@given(FRAMES, st.lists(SALES, max_size=5))
def test_stored_sales_and_test_cards_never_turn_the_verdict(random_frame: FreezeFrame, extra: list[PastSale]) -> None:
    ignored = [dataclasses.replace(sale, stored=True) for sale in extra]
    ignored += [dataclasses.replace(sale, test_card=True) for sale in extra]
    more = dataclasses.replace(random_frame, history=(*random_frame.history, *ignored))
    assert diagnose(more, knowledge()).verdict == diagnose(random_frame, knowledge()).verdict
