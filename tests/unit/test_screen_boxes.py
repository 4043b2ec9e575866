"""Every text box of every page, size and language measured: samples of all views, and the diagnoses of many answers."""

from __future__ import annotations

import functools
import itertools
import re
from collections.abc import Sequence

import pytest
from support.screen_samples import KEYS, LANGUAGES, PANELS, TEXTS, TOUCH, samples

from device.app.catalogue import load_catalogue
from device.diagnosis.engine import diagnose
from device.diagnosis.verdict import Diagnosis
from device.evidence import (
    CardFacts,
    EntryMode,
    Evidence,
    Exchange,
    FreezeFrame,
    MacVerdict,
    Match,
    Outcome,
    PastSale,
    TerminalProfile,
)
from device.outlets.screen.fonts import Face, FontFile, FontMissingError, find_font, parse_fonts
from device.outlets.screen.layout import Box, Kind, check_layout
from device.outlets.screen.look import MOVES, Controls, Look, move_at
from device.outlets.screen.panel import Panel
from device.outlets.screen.subjects import DeclineView, Running, View
from device.outlets.screen.views import lay_out_view
from device.settings import read_catalogue

FONTS = parse_fonts(read_catalogue("fonts.toml"))
NAMES = {panel: f"{panel.width}x{panel.height}" for panel in PANELS}
MOST_TINY_SCREENS = 24
TAKEN_AT = "2026-05-04T12:00:00+08:00"


@functools.cache
def opened(font: FontFile) -> Face:
    return Face(font)


def face_of(language: str, panel: Panel) -> Face:
    try:
        return opened(find_font(FONTS, language, panel))
    except FontMissingError as error:
        pytest.skip(str(error))


def boxes_of(view: View, look: Look, panel: Panel) -> list[list[Box]]:
    return lay_out_view(view, TEXTS, look, panel, face_of(look.language, panel))[0]


def measure(screens: Sequence[Sequence[Box]], panel: Panel, face: Face) -> None:
    """Inside the panel, apart from each other, and the ink of every text inside its box."""
    for screen in screens:
        check_layout(screen, panel)
        for box in screen:
            if box.kind is Kind.TEXT and box.text:
                stroke = face.stroke(box.size, box.bold)
                left, top, right, bottom = face.at(box.size).getbbox(box.text, stroke_width=stroke)
                assert left + stroke >= 0, box
                assert right + stroke <= box.width + 1, box
                assert top >= -stroke, box
                assert bottom <= box.height + stroke, box


@functools.cache
def diagnoses() -> tuple[Diagnosis, ...]:
    """What the engine says to every code of the usual host and several states of proof, each headline once."""
    knowledge = load_catalogue(languages=LANGUAGES).knowledge
    profile = TerminalProfile(acquirer="示例支付股份有限公司", hotline="400-123-4567", verified=True)
    found = (
        Evidence("modem.signal", Outcome.MARGINAL, -101, "dBm", ">= -95"),
        Evidence("clock.host", Outcome.FAIL, 341.5, "s", "-120 .. 120"),
        Evidence("power.external", Outcome.FAIL, False, "", "True"),
    )
    codes = (*knowledge.hosts["unionpay"].rows, None, "ZZ")
    proofs = ((MacVerdict.VERIFIED, Match.MATCHED), (MacVerdict.ABSENT, Match.MATCHED), (MacVerdict.BAD, Match.MATCHED))
    made: dict[object, Diagnosis] = {}
    for code, (mac, match), many in itertools.product(codes, proofs, (False, True)):
        if many and code not in ("62", "91", "55", None):
            continue
        exchange = Exchange(
            code=code,
            host="unionpay",
            mac=mac,
            match=match,
            entry_mode=EntryMode.CHIP,
            card=CardFacts(token="t0", bin_group="g0", scheme="unionpay"),  # noqa: S106
        )
        past = tuple(
            PastSale(60.0 * number, code, mac, EntryMode.CHIP, f"t{number}", f"g{number}", "unionpay", False)
            for number in range(1, 13 if many else 1)
        )
        frame = FreezeFrame(taken_at=TAKEN_AT, exchange=exchange, history=past, profile=profile, evidence=found)
        diagnosis = diagnose(frame, knowledge)
        made.setdefault((tuple(diagnosis.headline["en"]), diagnosis.charged["en"]), diagnosis)
    return tuple(made.values())


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("panel", PANELS, ids=NAMES.__getitem__)
def test_every_box_of_every_view_is_inside_and_apart(language: str, panel: Panel) -> None:
    face = face_of(language, panel)
    for view, look in samples(language).values():
        measure(boxes_of(view, look, panel), panel, face)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("panel", PANELS, ids=NAMES.__getitem__)
def test_every_box_of_many_diagnoses_is_inside_and_apart(language: str, panel: Panel) -> None:
    face = face_of(language, panel)
    many = diagnoses()
    assert len(many) > 60
    place = PANELS.index(panel)  # every diagnosis on one panel in every language
    looks = itertools.cycle((Look(language), Look(language, controls=TOUCH), Look(language, controls=KEYS)))
    for number, (diagnosis, look) in enumerate(zip(many[place :: len(PANELS)], looks, strict=False)):
        running = Running(7, 60, (Evidence("storage.free", Outcome.FAIL, 3, "MiB", ">= 50"),)) if number % 2 else None
        measure(boxes_of(DeclineView(diagnosis, running), look, panel), panel, face)
        measure(boxes_of(DeclineView(diagnosis), Look(language, customer=True), panel), panel, face)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_clerk_can_page_through_a_tiny_panel(language: str) -> None:
    panel = PANELS[0]
    face_of(language, panel)
    counts = [len(boxes_of(DeclineView(diagnosis), Look(language), panel)) for diagnosis in diagnoses()]
    assert max(counts) <= MOST_TINY_SCREENS, max(counts)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("panel", PANELS[1:], ids=NAMES.__getitem__)
def test_every_page_of_every_diagnosis_says_whether_money_moved_and_whom_to_call(language: str, panel: Panel) -> None:
    for diagnosis in diagnoses()[:: 4 * len(PANELS)]:
        for screen in boxes_of(DeclineView(diagnosis), Look(language, controls=TOUCH), panel):
            shown = re.sub(r"\s", "", "".join(box.text for box in screen))
            assert re.sub(r"\s", "", diagnosis.charged[language]) in shown
            assert "400-123-4567" in shown


@pytest.mark.parametrize("controls", [TOUCH, KEYS], ids=["touch", "keys"])
@pytest.mark.parametrize("panel", PANELS[1:], ids=NAMES.__getitem__)
def test_a_finger_on_a_word_of_the_bar_makes_its_move(panel: Panel, controls: Controls) -> None:
    look = Look("en", controls=controls)
    screen = boxes_of(samples("en")["decline"][0], look, panel)[0]
    words = [box for box in screen if box.kind is Kind.TEXT][-len(MOVES) :]
    top = min(box.y for box in words)
    bar = panel.height - max(box.y for box in screen if box.kind is Kind.FILL and box.y <= top and box.height > 9)
    for box, move in zip(words, MOVES, strict=True):
        assert move_at(box.x + box.width // 2, box.y + box.height // 2, panel, bar) == move


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_customers_page_shows_nothing_but_what_a_customer_may_see(language: str) -> None:
    for diagnosis in diagnoses():
        texts = [
            box.text
            for screen in boxes_of(DeclineView(diagnosis), Look(language, customer=True), PANELS[2])
            for box in screen
            if box.kind is Kind.TEXT
        ]
        shown = re.sub(r"\s", "", "".join(texts))
        assert re.sub(r"\s", "", diagnosis.customer_text[language]) in shown
        assert diagnosis.short_code not in shown
        assert not any(text == diagnosis.code for text in texts)
        for line in (diagnosis.headline[language][0], diagnosis.headline[language][3]):  # the others are harmless
            assert re.sub(r"\s", "", line) not in shown
