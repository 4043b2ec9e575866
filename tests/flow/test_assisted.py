"""Checks that need a person: prompts one at a time, what was done is measured, and nobody is waited for in vain."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from support.hal_library import LYING, compile_library, compiler_missing
from support.sheet import KeptSheet
from support.terminal import Terminal

from device.app.board_parts import read_key_names
from device.app.screen_check import check_pattern
from device.commands.line import ask_service
from device.selftest.assisted import check_keys
from device.selftest.hal_parts import HalSetup
from device.settings import ScreenSettings
from tools.simulate.reader import ReaderBehaviour, SimulatedReader

pytestmark = pytest.mark.skipif(compiler_missing() is not None, reason=str(compiler_missing()))


class Bench:
    """A terminal with a reader and a hardware library, and the person who does what the prompts say."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.terminal = Terminal(folder)
        self.habit = folder / "habit"
        self.habit.write_text("")
        monkeypatch.delenv("LYING_HAL", raising=False)
        monkeypatch.setenv("LYING_HAL_FILE", str(self.habit))
        self.reader = SimulatedReader(ReaderBehaviour(tracks=(0, 0, 0)))
        port, library = self.reader.start(), compile_library(LYING, folder)
        self.terminal.configure(f'[reader]\nport = "{port}"\n[hal]\nlibrary = "{library}"')
        self.prompts: list[str] = []
        self.steps: list[str] = []

    def close(self) -> None:
        self.reader.stop()
        self.terminal.remove()

    def run(self, acts: Mapping[str, Callable[[], object]], part: str | None = None) -> dict[str, tuple[str, str]]:
        """Run the assisted level; to each prompt its act is done, and what it returns is the answer."""

        def step(progress: Mapping[str, Any]) -> None:
            if progress["prompt"] is None:
                self.steps.append(str(progress["text"]))
                return
            check = progress["prompt"]["check"]
            self.prompts.append(check)
            self.steps.append(f"prompt {check}")
            seen = acts[check]()
            if progress["prompt"]["confirm"]:
                ask_service(self.terminal.run_dir, "answer", {"check": check, "seen": seen}, lambda _step: None)

        request = {"level": "assisted", "part": part, "person": True}
        runs, result = ask_service(self.terminal.run_dir, "selftest", request, step)
        assert runs
        return {
            row["id"]: (row["outcome"], row["value"] if row["outcome"] != "not_run" else row["reason"])
            for row in result["evidence"]
        }


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    made = Bench(tmp_path, monkeypatch)
    yield made
    made.close()


def test_a_person_is_asked_for_one_thing_at_a_time_and_what_was_done_is_measured(bench: Bench) -> None:
    acts = {
        "reader.swipe": lambda: bench.reader.swipe((1, 1, 2)),
        "contactless.tap": lambda: bench.habit.write_text("contactless:tapped"),
        "keypad.pressed": lambda: bench.habit.write_text("keypad:typed"),
        "screen.pattern": lambda: True,
        "indicator.noticed": lambda: True,
    }
    with bench.terminal.running():
        rows = bench.run(acts)
    told = {fact: rows[fact] for fact in acts}
    assert told == {
        "reader.swipe": ("pass", "read"),
        "contactless.tap": ("pass", "read"),
        "keypad.pressed": ("pass", 0),
        "screen.pattern": ("pass", "yes"),
        "indicator.noticed": ("pass", "yes"),
    }
    assert sorted(bench.prompts) == sorted(acts)
    for prompt in bench.prompts:  # its check ends before the next prompt comes
        begun = bench.steps.index(f"prompt {prompt}")
        ended = bench.steps.index(prompt, begun)
        assert not [step for step in bench.steps[begun + 1 : ended] if step.startswith("prompt")]


def test_what_went_wrong_is_told(bench: Bench) -> None:
    acts = {
        "reader.swipe": lambda: bench.reader.swipe((0, 4, 0)),
        "contactless.tap": lambda: bench.habit.write_text("contactless:tapped_badly"),
        "screen.pattern": lambda: False,
        "indicator.noticed": lambda: None,
    }
    with bench.terminal.running():
        rows = {
            fact: row
            for part in ("reader", "contactless", "screen", "indicator")
            for fact, row in bench.run(acts, part).items()
        }
    assert rows["reader.swipe"] == ("fail", "not_read")
    assert rows["contactless.tap"] == ("fail", "not_read")
    assert rows["screen.pattern"] == ("fail", "no")
    assert rows["indicator.noticed"] == ("not_run", "no_person_answered")


def test_a_key_that_was_not_felt_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("device.selftest.assisted.KEYS_WAIT_S", 0.3)  # the patience, not the behaviour
    monkeypatch.setenv("LYING_HAL", "typed_but_5")
    sheet = KeptSheet()
    sheet.person = Typing()
    check_keys(HalSetup(compile_library(LYING, tmp_path)), read_key_names(), sheet)
    found = sheet.found["keypad.pressed"]
    assert (found.outcome, found.value, found.detail) == ("fail", 1, "Not felt: 5.")


def test_without_a_person_nothing_is_waited_for(bench: Bench) -> None:
    with bench.terminal.running() as service:
        result = service.ask("selftest", level="assisted", part=None)
        reasons = {row["id"]: row["reason"] for row in result["evidence"]}
    for fact in ("reader.swipe", "contactless.tap", "keypad.pressed", "screen.pattern", "indicator.noticed"):
        assert reasons[fact] == "nobody"


def test_the_command_line_asks_in_the_language_and_takes_the_answer(bench: Bench) -> None:
    for answer, outcome, exit_code in ((b"what?\ny\n", "pass", 0), ("否\n".encode(), "FAIL", 1)):
        done = bench.terminal.command(
            "selftest", "--level", "assisted", "--part", "screen", "--lang", "en", given=answer
        )
        assert "Look at the screen" in done.stderr.decode()
        assert done.returncode == exit_code
        line = next(line for line in done.stdout.decode().splitlines() if "Screen pattern" in line)
        assert outcome in line
    with bench.terminal.running():
        done = bench.terminal.command("selftest", "--level", "assisted", "--part", "screen", given=b"y\n")
        assert "看屏幕" in done.stderr.decode()
        assert done.returncode == 0
        done = bench.terminal.command("selftest", "--level", "assisted", "--part", "screen", "--lang", "en", given=b"")
        assert "nobody answered" in done.stdout.decode()


class Typing:
    """A person who types."""

    def prompt(self, check_id: str, wait_s: float) -> None:
        assert (check_id, wait_s) == ("keypad.pressed", 0.3)

    def confirm(self, check_id: str, wait_s: float) -> bool | None:
        raise AssertionError(check_id, wait_s)


class Looking:
    """A person who keeps what the panel showed when asked."""

    def __init__(self, panel: Path, answer: bool | None) -> None:
        self._panel, self._answer = panel, answer
        self.shown = b""

    def prompt(self, check_id: str, wait_s: float) -> None:
        raise AssertionError(check_id, wait_s)

    def confirm(self, check_id: str, wait_s: float) -> bool | None:
        assert (check_id, wait_s) == ("screen.pattern", 20.0)
        self.shown = self._panel.read_bytes()
        return self._answer


@pytest.mark.parametrize("bits", [1, 16, 32])
def test_the_pattern_goes_to_the_panel_and_what_was_there_comes_back(tmp_path: Path, bits: int) -> None:
    panel = tmp_path / "fb0"
    before = bytes(range(256)) * (160 * 128 * bits // 8 // 256)
    panel.write_bytes(before)
    sheet = KeptSheet()
    sheet.person = person = Looking(panel, True)
    check_pattern(ScreenSettings("framebuffer", panel, 160, 128, bits, ()), sheet, may_draw=True)
    assert sheet.found["screen.pattern"].value == "yes"
    assert person.shown != before
    assert panel.read_bytes() == before
    if bits == 32:
        pixels = Image.frombytes("RGBX", (160, 128), person.shown, "raw", "BGRX").convert("RGB")
        assert [pixels.getpixel((16 + 32 * place, 20)) for place in range(3)] == [(255, 0, 0), (0, 255, 0), (0, 0, 255)]
        assert {pixels.getpixel(corner) for corner in ((0, 0), (159, 0), (0, 127), (159, 127))} == {(255, 255, 255)}


def test_no_pattern_without_a_grant_a_panel_or_a_person(tmp_path: Path) -> None:
    for kind, may_draw, person, reason in (
        ("png", False, True, "no_grant"),
        ("text", True, True, "not_fitted"),
        ("png", True, False, "nobody"),
    ):
        sheet = KeptSheet()
        sheet.person = Looking(tmp_path / "none", None) if person else None
        check_pattern(ScreenSettings(kind, tmp_path, 160, 128, 32, ()), sheet, may_draw=may_draw)
        assert sheet.told("screen.pattern") == ("not_run", reason)
    assert list(tmp_path.iterdir()) == []
