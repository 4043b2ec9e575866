"""The chip slot's check against a real pcscd: what a technician is told of each bad card."""

from collections.abc import Iterator

import pytest
from support.pcscd import PrivatePcscd, why_not

pytestmark = pytest.mark.skipif(why_not() is not None, reason=f"no private pcscd here: {why_not()}")

FACTS = ["service", "reader", "present", "atr", "start_time", "select", "answer_time", "line_errors"]
SELECT = 0xA4


@pytest.fixture(scope="module")
def far_side() -> Iterator[PrivatePcscd]:
    side = PrivatePcscd()
    yield side
    side.close()


@pytest.fixture
def slot(far_side: PrivatePcscd) -> Iterator[PrivatePcscd]:
    """A running daemon and an empty slot."""
    far_side.start()
    yield far_side
    far_side.start()
    far_side.remove()


def test_an_empty_slot_is_no_fault(slot: PrivatePcscd) -> None:
    found = slot.check("assisted")
    assert list(found) == FACTS
    assert found["service"]["value"] == "running"
    assert "Virtual PCD" in found["reader"]["value"]
    assert (found["present"]["outcome"], found["present"]["value"]) == ("pass", "empty")
    assert {(found[fact]["outcome"], found[fact]["reason"]) for fact in ("atr", "select")} == {("not_run", "no_card")}


def test_a_good_card_answers_and_no_record_is_read(slot: PrivatePcscd) -> None:
    assert slot.insert(aids=["A000000333010102"])[-1] == "present"
    found = slot.check("assisted")
    assert {row["outcome"] for row in found.values()} == {"pass"}
    assert found["atr"]["value"] == "T=0"
    assert found["select"]["value"] == "ppse pse unionpay_credit"
    assert found["select"]["took_ms"] > 0
    assert found["start_time"]["value"] > 0
    assert found["line_errors"]["value"] == 0
    assert "over T=0" in found["line_errors"]["detail"]
    assert slot.instructions() == {SELECT}


def test_the_safe_level_sends_the_card_nothing(slot: PrivatePcscd) -> None:
    slot.insert()
    found = slot.check("safe")
    assert found["atr"]["outcome"] == "pass"
    assert (found["select"]["outcome"], found["select"]["reason"]) == ("not_run", "needs_assisted")
    assert slot.instructions() == set()


def test_historical_bytes_stay_out_of_the_evidence(slot: PrivatePcscd) -> None:
    slot.insert(atr="3B6800004142434445464748")
    text = repr(slot.check("assisted"))
    assert "ABCDEFGH" not in text
    assert "4142434445464748" not in text


def test_a_t1_card_is_asked_too(slot: PrivatePcscd) -> None:
    slot.insert(atr="3B80810100")
    found = slot.check("assisted")
    assert found["atr"]["value"] == "T=1"
    assert "unionpay_debit" in found["select"]["value"]


def test_a_mute_card_is_told_from_an_empty_slot(slot: PrivatePcscd) -> None:
    slot.insert(until="mute", behaviour="mute")
    found = slot.check("assisted")
    assert (found["present"]["outcome"], found["present"]["value"]) == ("fail", "mute")
    assert (found["atr"]["outcome"], found["atr"]["reason"]) == ("fail", "atr_failed")
    assert (found["start_time"]["outcome"], found["start_time"]["reason"]) == ("fail", "card_mute")
    assert found["select"]["outcome"] == "not_run"


def test_a_garbage_answer_to_reset_is_a_fault_of_the_card(slot: PrivatePcscd) -> None:
    slot.insert(behaviour="garbage_atr")
    found = slot.check("assisted")
    assert (found["atr"]["outcome"], found["atr"]["reason"]) == ("fail", "atr_failed")
    assert "3B or 3F" in found["atr"]["detail"]
    assert (found["start_time"]["outcome"], found["start_time"]["reason"]) == ("fail", "protocol_mismatch")


def test_a_card_gone_in_the_middle_is_no_success(slot: PrivatePcscd) -> None:
    slot.insert(behaviour="gone")
    found = slot.check("assisted")
    assert found["atr"]["outcome"] == "pass"
    assert (found["select"]["outcome"], found["select"]["reason"]) == ("fail", "card_gone")


@pytest.mark.parametrize(("disturbed", "outcome"), [(1, "marginal"), (2, "fail")])
def test_a_bad_contact_is_counted_and_the_exchange_made_again(slot: PrivatePcscd, disturbed: int, outcome: str) -> None:
    slot.insert(behaviour="disturbed", disturbed=disturbed)
    found = slot.check("assisted")
    assert (found["line_errors"]["outcome"], found["line_errors"]["value"]) == (outcome, disturbed)
    assert found["select"]["outcome"] == "pass"


def test_a_contact_that_never_holds_ends_as_a_card_that_is_gone(slot: PrivatePcscd) -> None:
    slot.insert(behaviour="disturbed", disturbed=1000)
    found = slot.check("assisted")
    assert (found["select"]["outcome"], found["select"]["reason"]) == ("fail", "card_gone")
    assert found["line_errors"]["outcome"] == "not_run"


def test_a_slow_card_passes_and_its_time_is_told(slot: PrivatePcscd) -> None:
    slot.insert(behaviour="slow", slow_s=0.05)
    assert slot.check("assisted")["select"]["took_ms"] >= 50


def test_a_card_without_payment_application_is_named_so(slot: PrivatePcscd) -> None:
    slot.insert(aids=[], directories=False)
    found = slot.check("assisted")
    assert (found["select"]["outcome"], found["select"]["reason"]) == ("fail", "no_application")


def test_putting_in_and_pulling_is_seen(slot: PrivatePcscd) -> None:
    assert slot.insert() == ["empty", "present"]
    assert slot.remove() == ["present", "empty"]


def test_a_reader_that_is_not_there_is_missed(slot: PrivatePcscd) -> None:
    found = slot.check(reader="No such reader")
    assert (found["reader"]["outcome"], found["reader"]["reason"]) == ("fail", "no_reader")
    assert {found[fact]["outcome"] for fact in ("present", "atr", "select")} == {"not_run"}


@pytest.mark.parametrize("how", ["stop", "kill"])
def test_without_the_daemon_the_service_fact_says_what_to_do(slot: PrivatePcscd, how: str) -> None:
    slot.stop(how)
    found = slot.check()
    assert list(found) == FACTS
    assert (found["service"]["outcome"], found["service"]["reason"]) == ("fail", "no_service")
    assert "pcscd" in found["service"]["detail"]
    assert {found[fact]["outcome"] for fact in FACTS[1:]} == {"not_run"}


def test_a_daemon_killed_under_us_is_a_service_error(slot: PrivatePcscd) -> None:
    errors = slot.kill_while_open()
    assert [error.split()[0] for error in errors] == ["ServiceError", "ServiceError"]
    assert errors[-1].endswith("SCARD_E_NO_SERVICE")
    slot.start()
    assert slot.check()["service"]["outcome"] == "pass"


def test_two_private_daemons_do_not_see_each_others_card(slot: PrivatePcscd) -> None:
    other = PrivatePcscd()
    try:
        other.start()
        slot.insert()
        assert other.check()["present"]["value"] == "empty"
        assert slot.check()["present"]["value"] == "present"
    finally:
        other.close()
