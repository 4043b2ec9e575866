"""An overlay replaces what it says, whole; whatever is wrong with it, the built-in knowledge stays and says so."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest
from support.frames import PROFILE, answer, exchange, frame, judge
from support.overlay import CAUSE, CODE, FACTS, HEADER, signed

from device.app.overlays import build_knowledge, checked_knowledge
from device.commands.diagnose import diagnose_file
from device.commands.explain import explain_code
from device.diagnosis.engine import diagnose
from device.evidence import MacVerdict
from device.freeze_frame import frame_to_json
from device.settings import OverlaySettings
from device.table import Table, TableError, parse_toml
from tools.sign_overlay import sign_overlay
from tools.signing import SigningError

ALL = HEADER + CODE + CAUSE + '[texts.zh.act]\nother_card = { full = "换卡", short = "换卡" }\n'
ALL += '[texts.en.act]\nother_card = { full = "Other card", short = "Other card" }\n'


def parsed(text: str, name: str = "acquirer.toml") -> Table:
    return parse_toml(text, name)


def test_causes_codes_host_facts_and_words_of_a_signed_overlay_are_used(tmp_path: Path) -> None:
    known, refused = checked_knowledge(signed(tmp_path, ALL))
    assert refused == ""
    assert known.overlays == 1
    limits = answer(diagnose(frame(), known), "limits")
    assert (limits.state, limits.advice["en"]) == ("possible", "Prepaid: take another card.")
    other = diagnose(frame(exchange("Q7")), known)
    assert (other.verdict, other.headline["zh"][2]) == ("customer_action", "换卡")
    assert diagnose(frame(exchange("51")), known).headline["en"][2] == "Other card"
    assert len(known.hosts["unionpay"].rows) == len(build_knowledge().hosts["unionpay"].rows) + 1


def test_what_is_known_of_a_host_stands_behind_the_terminals_own_profile(tmp_path: Path) -> None:
    known, _ = checked_knowledge(signed(tmp_path, HEADER + FACTS))
    absent = exchange(mac=MacVerdict.ABSENT)
    assert "signs no declines" in diagnose(frame(absent), known).headline["en"][3]
    signs = dataclasses.replace(PROFILE, signs_declines=True)
    assert "lacks the MAC" in diagnose(frame(absent, profile=signs), known).headline["en"][3]
    assert "not fully verified" in judge(absent).headline["en"][3]


def test_link_rows_of_an_overlay_are_asked_first() -> None:
    row = '[[link]]\nwhen = ["exchange.match is fail"]\nact = "tls"\naddressee = "vendor"\n'
    assert build_knowledge((parsed(HEADER + row),)).link[0].act == "tls"


def test_an_overlay_may_bring_a_host_of_its_own() -> None:
    name = 'profile = "acme"\nname = { zh = "甲", en = "Acme" }'
    known = build_knowledge((parsed(HEADER + CODE.replace('profile = "unionpay"', name)),))
    assert known.table_of("acme").name["en"] == "Acme"


def test_two_overlays_stand_beside_each_other() -> None:
    known = build_knowledge((parsed(HEADER + CODE), parsed(HEADER + CAUSE, "vendor.toml")))
    assert known.overlays == 2
    assert known.hosts["unionpay"].find("Q7") is not None


# --- refused: the built-in knowledge stays ----------------------------------------------------


def assert_refused(settings: OverlaySettings, words: str) -> None:
    known, refused = checked_knowledge(settings)
    assert known.overlays == 0
    assert words in refused
    assert known.hosts["unionpay"].find("Q7") is None


def test_an_unsigned_overlay_is_refused(tmp_path: Path) -> None:
    settings = signed(tmp_path, ALL)
    Path(f"{settings.files[0]}.sig").unlink()
    assert_refused(settings, "has no signature")


def test_without_allowed_signers_no_signature_counts(tmp_path: Path) -> None:
    assert_refused(dataclasses.replace(signed(tmp_path, ALL), signers=None), "no allowed signers")


def test_an_overlay_that_was_changed_after_signing_is_refused(tmp_path: Path) -> None:
    settings = signed(tmp_path, ALL)
    settings.files[0].write_text(ALL.replace("Prepaid", "Prepaids"))
    assert_refused(settings, "changed after signing")


def test_a_signature_for_a_profile_is_none_for_an_overlay(tmp_path: Path) -> None:
    assert_refused(signed(tmp_path, ALL, "posmedic-profile"), "changed after signing, or its signer")


def test_a_foreign_signer_is_refused(tmp_path: Path) -> None:
    settings = signed(tmp_path, ALL)
    other = tmp_path / "other"
    other.mkdir()
    foreign = signed(other, ALL).signers
    assert_refused(dataclasses.replace(settings, signers=foreign), "signer is not allowed")


def test_a_signed_overlay_that_does_not_fit_is_refused_with_file_and_line(tmp_path: Path) -> None:
    assert_refused(signed(tmp_path, ALL.replace('"possible"', '"surely"')), "acquirer.toml")


@pytest.mark.parametrize("content", [b"\xff\xfe", b"[overlay", None])
def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path, content: bytes | None) -> None:
    settings = signed(tmp_path, ALL)
    settings.files[0].unlink() if content is None else settings.files[0].write_bytes(content)
    assert_refused(settings, "acquirer.toml")


def test_one_bad_overlay_takes_the_good_one_with_it(tmp_path: Path) -> None:
    good = signed(tmp_path, ALL)
    bad = tmp_path / "vendor.toml"
    bad.write_text(HEADER)
    assert_refused(dataclasses.replace(good, files=(*good.files, bad)), "vendor.toml has no signature")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (ALL.replace('"possible"', '"surely"'), r"acquirer.toml \[cause 1\].*line \d+: state must be one of"),
        (ALL.replace('advice = "prepaid"', 'advice = "gone"'), r"acquirer.toml.*line \d+: advice has no text 'gone'"),
        (ALL.replace('id = "limits"', 'id = "weather"'), r"line \d+: id must be one of"),
        (ALL.replace("weight = 70\n", ""), r"acquirer.toml \[cause 1\].*weight is missing"),
        (ALL.replace('verdict = "customer_action"', 'verdict = "maybe"'), r"\[host 1\] \[code 1\], line 11: verdict"),
        (ALL.replace("[texts.en.cause.limits]", "[texts.en.cause.network]"), r"given in \w\w only"),
        (ALL.replace('act = "other_card"', 'act = "dance"'), "act must be one of"),
        (ALL + CAUSE.split("[texts")[0], r"id sets cause limits, which acquirer.toml \(acquirer\) sets already"),
        (ALL.replace('other_card = { full = "换卡"', 'other_card = { full = "换{cards}卡"'), "other placeholders"),
        (ALL.replace('short = "换卡"', 'short = "请换一张别家银行的卡"'), "wider than the 16 columns"),
        (HEADER + FACTS.replace('facts_source = "test host guide"', ""), "facts_source is missing"),
        (HEADER + "surprise = 1\n", "surprise is not known here"),
        (HEADER + '[[host]]\nprofile = "unionpay"\ncolour = 1\n', "colour is not known here"),
        (CODE, "overlay is missing"),
    ],
)
def test_gaps_and_conflicts_are_load_errors_with_their_place(text: str, words: str) -> None:
    with pytest.raises(TableError, match=words):
        build_knowledge((parsed(text),))


def test_what_two_overlays_set_both_is_a_conflict() -> None:
    with pytest.raises(TableError, match=r"vendor.toml.*line \d+: code sets code Q7 of host unionpay.*acquirer.toml"):
        build_knowledge((parsed(HEADER + CODE), parsed(HEADER + CODE, "vendor.toml")))
    texts = '[texts.zh.customer]\ncard = "请换一张卡。"\n[texts.en.customer]\ncard = "Another card, please."\n'
    with pytest.raises(TableError, match=r"vendor.toml.*card sets text customer.card"):
        build_knowledge((parsed(HEADER + texts), parsed(HEADER + texts, "vendor.toml")))


@pytest.mark.parametrize(
    ("zh", "en"),
    [("您的余额不足。", "Another card, please."), ("请换一张卡。", "Your card was reported stolen.")],
)
def test_no_overlay_makes_a_cardholder_read_what_is_not_for_his_eyes(zh: str, en: str) -> None:
    texts = f'[texts.zh.customer]\ncard = "{zh}"\n[texts.en.customer]\ncard = "{en}"\n'
    with pytest.raises(TableError, match="not for a cardholder's eyes"):
        build_knowledge((parsed(HEADER + texts),))


# --- commands ---------------------------------------------------------------------------------


def test_a_refused_overlay_is_told_with_the_diagnosis_and_the_explanation(tmp_path: Path) -> None:
    recorded = tmp_path / "frame.json"
    recorded.write_text(json.dumps(frame_to_json(frame())))
    settings = signed(tmp_path, ALL)
    _, good = diagnose_file(recorded, language="en", overlay=settings)
    assert "Prepaid" in good
    Path(f"{settings.files[0]}.sig").unlink()
    status, text = diagnose_file(recorded, language="en", as_json=True, overlay=settings)
    assert status == 0
    (note,) = json.loads(text)["notes"]
    assert "built-in knowledge is used" in note["text"]["en"]
    assert "内置知识" in note["text"]["zh"]
    status, page = explain_code("62", language="en", overlay=settings)
    assert status == 0
    assert "The overlay was refused" in page.splitlines()[-1]
    assert "note_on_overlay" in json.loads(explain_code("62", as_json=True, overlay=settings)[1])


def test_the_signing_tool_signs_nothing_that_a_terminal_would_refuse(tmp_path: Path) -> None:
    settings = signed(tmp_path, ALL.replace('"possible"', '"surely"'))
    signature = Path(f"{settings.files[0]}.sig")
    signature.unlink()
    with pytest.raises(SigningError, match=r"state must be one of.*nothing was signed"):
        sign_overlay(settings.files[0], tmp_path / "acquirer.key")
    assert not signature.exists()
    settings.files[0].write_text(ALL)
    assert sign_overlay(settings.files[0], tmp_path / "acquirer.key") == signature
    assert checked_knowledge(settings)[1] == ""
