"""What stands on the panel, in which order, and how often it is drawn: the real loop and real workers."""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.sample_diagnosis import sample_diagnosis

from device.actions import Progress
from device.app.display import Display, Layer, Picture
from device.app.screens import Screens
from device.evidence import Evidence, Outcome
from device.loop import Loop
from device.outlets.screen.subjects import DeclineView, Running, SelftestView, UpdatePhase, UpdateView
from device.settings import read_settings, read_texts
from device.worker import Report

PATIENCE_S = 20.0
CONTACT = {"zh": "电话 95500", "en": "Call 95500"}
DECLINE = DeclineView(sample_diagnosis())
BAD = Evidence("storage.free", Outcome.FAIL, 3, "MiB", ">= 50")
SELFTEST = SelftestView(("clock",), Running(0, 9), False, CONTACT)
UPDATE = UpdateView(UpdatePhase.WRITING, "2.4", CONTACT, 10)


class Panel:
    """A display whose worker tells what it would draw; ``shown`` are kind, page, language, customer, checks done."""

    def __init__(self, live: tuple[int, ...] = (6,), languages: tuple[str, ...] = ("zh", "en")) -> None:
        self.loop = Loop()
        self.shown: list[list[Any]] = []
        self.visible: list[bool] = []
        self._live = live
        self.display = Display(self.loop, self._draw, self._told, self.visible.append, languages)

    def _draw(self, picture: Picture, report: Report) -> None:
        view = picture.view
        running = getattr(view, "running", None)
        done = running.done if running is not None else None
        told = [type(view).__name__, picture.page, picture.look.language, picture.look.customer, done]
        report({"finding": json.dumps(told)})
        report({"page": picture.page + 1, "pages": 10, "live": self._live, "panel": (320, 240), "bar": 0, "took_ms": 1})

    def _told(self, finding: Any) -> None:
        self.shown.append(json.loads(finding["finding"]))

    def until(self, what: Callable[[], bool]) -> None:
        ends = time.monotonic() + PATIENCE_S
        tick = self.loop.call_in
        while not what():
            assert time.monotonic() < ends
            tick(0.02, lambda: None)
            self.loop.run_once()

    def drawn(self, count: int) -> list[Any]:
        self.until(lambda: len(self.shown) >= count and self.display._worker is None)
        return self.shown[-1]


def test_a_decline_stands_before_an_update_and_an_update_before_the_self_test() -> None:
    panel = Panel()
    panel.display.show(Layer.SELFTEST, SELFTEST)
    assert panel.drawn(1)[0] == "SelftestView"
    panel.display.show(Layer.UPDATE, UPDATE)
    assert panel.drawn(2)[0] == "UpdateView"
    panel.display.show(Layer.DECLINE, DECLINE)
    assert panel.drawn(3)[0] == "DeclineView"
    assert panel.display.turn("dismiss") is False
    assert panel.drawn(4)[0] == "UpdateView"
    panel.display.drop(Layer.SELFTEST)
    panel.display.drop(Layer.UPDATE)
    assert panel.drawn(5)[0] == "NoneType"  # the bare ground: nobody else clears a panel of our own
    assert panel.visible == [True, False]


def test_the_self_test_is_never_on_a_panel_that_an_application_lends() -> None:
    panel = Panel()
    assert panel.display.permit(allowed=True, owned=False) is False
    panel.display.show(Layer.SELFTEST, SELFTEST)
    assert panel.display.front is None
    panel.display.show(Layer.DECLINE, DECLINE)
    panel.drawn(1)
    assert panel.display.permit(allowed=False, owned=False) is True  # drawn upon, so its owner repaints
    assert [kind for kind, *_ in panel.shown] == ["DeclineView"]


def test_results_fill_in_on_the_page_that_shows_them_and_on_no_other() -> None:
    panel = Panel()
    panel.display.show(Layer.DECLINE, DECLINE)
    panel.drawn(1)
    panel.display.update(Layer.DECLINE, DeclineView(DECLINE.diagnosis, Running(1, 9)))
    assert panel.display._worker is None
    assert panel.display._later is None
    for number in range(6):
        panel.display.turn("next")
        panel.drawn(2 + number)
    assert panel.shown[-1] == ["DeclineView", 6, "zh", False, 1]
    assert [row[4] for row in panel.shown[:2]] == [None, 1]
    panel.display.update(Layer.DECLINE, DeclineView(DECLINE.diagnosis, Running(5, 9, (BAD,))))
    assert panel.drawn(8)[4] == 5


def test_a_burst_of_results_is_drawn_once() -> None:
    panel = Panel(live=(0,))
    panel.display.show(Layer.SELFTEST, SELFTEST)
    for done in range(1, 9):
        panel.display.update(Layer.SELFTEST, SelftestView(("clock",), Running(done, 9), False, CONTACT))
    panel.drawn(2)
    assert panel.shown[-1][4] == 8
    assert len(panel.shown) <= 3
    panel.display._began = time.monotonic() + PATIENCE_S  # a drawing began just now
    panel.display.update(Layer.SELFTEST, SelftestView(("clock",), Running(9, 9), False, CONTACT))
    assert panel.display._worker is None
    assert panel.display._later is not None


def test_language_goes_round_and_the_customers_page_ends_with_next() -> None:
    panel = Panel(languages=("zh-Hant", "zh", "en"))
    panel.display.show(Layer.DECLINE, DECLINE)
    panel.drawn(1)
    for number, language in enumerate(("zh", "en", "zh-Hant")):
        panel.display.turn("language")
        assert panel.drawn(2 + number)[2] == language
    panel.display.turn("next")
    panel.drawn(5)
    panel.display.turn("customer")
    assert panel.drawn(6)[1:4] == [0, "zh-Hant", True]
    for number in range(10):
        panel.display.turn("next")
        panel.drawn(7 + number)
    assert panel.shown[-1][1:4] == [0, "zh-Hant", False]


class Desk:
    """The real screens on a text file, without a service around them."""

    def __init__(self, folder: Path, kind: str) -> None:
        path = folder / "settings.toml"
        where = folder / "screen.txt" if kind == "text" else folder
        path.write_text(f'[service]\nlanguage = "en"\n[screen]\nkind = "{kind}"\npath = "{where}"\n')
        self.folder = folder
        self.loop = Loop()
        self.findings: list[Any] = []
        texts = {language: read_texts(language) for language in ("zh", "en")}
        settings = read_settings(path)
        self.screens = Screens(self.loop, settings, lambda: texts, lambda: CONTACT, [], self.findings.append)

    def until_there(self, name: str, words: str = "") -> str:
        ends = time.monotonic() + PATIENCE_S
        path = self.folder / name
        while not path.exists() or (words and words not in path.read_text()):
            assert time.monotonic() < ends, path.read_text() if path.exists() else "nothing was drawn"
            self.loop.call_in(0.02, lambda: None)
            self.loop.run_once()
        assert self.findings == []
        return path.read_text() if words else ""


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ({"version": "2.4", "installed": True}, ["Installed", "Version 2.4"]),
        ({"version": "v.raucb", "refused": "downgrade"}, ["older than", "Bundle v.raucb", "95500"]),
        (
            {"version": "2.4", "ending": "regressed", "check": "modem.answer", "expected": "pass", "got": "fail"},
            ["Taken back", "Modem answers was OK, then Not OK", "95500"],
        ),
    ],
)
def test_an_update_tells_how_it_ended(told: dict[str, Any], words: list[str], tmp_path: Path) -> None:
    desk = Desk(tmp_path, "text")
    desk.screens.update_told({"version": "v.raucb", "percent": 0})
    desk.screens.update_told({"version": "v.raucb", "percent": 40})
    desk.screens.update_told(told)
    text = " ".join(desk.until_there("screen.txt", words[0]).split())
    assert [word for word in words if word not in text] == []


def test_an_update_under_way_is_a_picture_with_its_progress(tmp_path: Path) -> None:
    desk = Desk(tmp_path, "png")
    desk.screens.update_told({"version": "v.raucb", "percent": 0})
    desk.until_there("update.png")


def test_the_boot_self_test_tells_in_the_end_what_is_not_in_order(tmp_path: Path) -> None:
    desk = Desk(tmp_path, "text")
    desk.screens.run_began("boot", ["storage", "clock"], 2)
    desk.screens.run_told("boot", Progress(1, 2, BAD.id, (BAD,)))
    desk.screens.run_told("boot", Progress(2, 2, "clock.host", (Evidence("clock.host", Outcome.NOT_RUN),)))
    desk.screens.run_ended("boot")
    text = " ".join(desk.until_there("screen.txt", "1 is not in order").split())
    assert "1 was not made" in text
    assert "passed" not in text  # what was not made is no pass
    assert "3 MiB (limit >= 50)" in text
