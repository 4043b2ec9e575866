"""Keys and touch as the kernel tells them, through a FIFO in the place of /dev/input/eventN."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.input_events import SYN, pressed, raw, touched

from device.app.display import Shown
from device.app.pads import Pads
from device.loop import Loop
from device.outlets.screen.look import MOVES, move_at
from device.outlets.screen.panel import Panel
from device.ports.input_port import InputPort, Tap
from device.settings import read_catalogue
from device.settings_parts import parse_inputs
from device.table import TableError, parse_toml
from native.input_device import EVENT_BYTES, parse_events

DEFAULTS = "keys.toml"


class Kernel:
    """The other end of the device."""

    def __init__(self, path: Path) -> None:
        os.mkfifo(path)
        self.path = path
        self._fd = os.open(path, os.O_RDWR)

    def write(self, data: bytes) -> None:
        os.write(self._fd, data)

    def unplug(self) -> None:
        os.close(self._fd)


@pytest.fixture
def kernel(tmp_path: Path) -> Kernel:
    return Kernel(tmp_path / "event0")


class Ear:
    def __init__(self, loop: Loop, path: Path) -> None:
        self.heard: list[int | tuple[int, int] | str] = []
        self._loop = loop
        self.port = InputPort(loop, path, self.heard.append, self._tap, self.heard.append)

    def _tap(self, tap: Tap) -> None:
        assert tap.share == (None, None)  # a FIFO tells no range
        self.heard.append(tap.raw)

    def listen(self) -> list[int | tuple[int, int] | str]:
        self._loop.run_once()
        return self.heard


@pytest.fixture
def ear(kernel: Kernel) -> Iterator[Ear]:
    ear = Ear(Loop(), kernel.path)
    ear.port.open()
    yield ear
    ear.port.close()


def test_a_key_counts_once_however_long_it_is_held(kernel: Kernel, ear: Ear) -> None:
    kernel.write(pressed(28) + pressed(1))
    assert ear.listen() == [28, 1]


def test_a_touch_counts_when_the_finger_is_lifted_and_where_it_was(kernel: Kernel, ear: Ear) -> None:
    kernel.write(touched(17, 230))
    assert ear.listen() == [(17, 230)]


def test_what_comes_around_lost_events_is_not_believed(kernel: Kernel, ear: Ear) -> None:
    kernel.write(raw((1, 28, 1), (0, 3, 0), (1, 1, 1), SYN) + pressed(108))
    assert ear.listen() == [108]


def test_a_report_may_come_in_pieces(kernel: Kernel, ear: Ear) -> None:
    kernel.write(raw((1, 28, 1)))
    assert ear.listen() == []
    kernel.write(raw(SYN))
    assert ear.listen() == [28]


def test_a_closed_port_hears_nothing_and_one_opened_again_hears_only_what_is_new(kernel: Kernel, ear: Ear) -> None:
    ear.port.close()
    ear.port.open()
    kernel.write(pressed(106))
    assert ear.listen() == [106]


def test_a_device_that_goes_away_or_was_never_there_is_told_once(kernel: Kernel, ear: Ear, tmp_path: Path) -> None:
    kernel.unplug()
    assert ear.listen() == ["end of file"]
    ear.port.close()
    missing = Ear(Loop(), tmp_path / "none")
    missing.port.open()
    assert missing.heard == ["No such file or directory"]


def test_half_an_event_is_none() -> None:
    data = raw((1, 28, 1))
    assert len(data) == EVENT_BYTES
    assert list(parse_events(data[:-1])) == []
    assert [event.code for event in parse_events(data + data[:5])] == [28]


@pytest.mark.parametrize(
    ("settings", "place", "move"),
    [
        ("", (10, 10), "back"),
        ("", (200, 10), "next"),
        *(("", (32 + 64 * number, 230), move) for number, move in enumerate(MOVES)),
        ("flip_x = true", (10, 10), "next"),
        ("flip_y = true", (310, 5), "dismiss"),
        ("swap_axes = true", (230, 300), "dismiss"),
    ],
)
def test_a_touch_means_what_stands_there(settings: str, place: tuple[int, int], move: str, kernel: Kernel) -> None:
    root = parse_toml(f'[[input]]\ndevice = "{kernel.path}"\ntouch = true\n{settings}', "settings.toml")
    moves: list[str] = []
    loop = Loop()
    pads = Pads(loop, parse_inputs(root, read_catalogue(DEFAULTS)), moves.append, lambda: Shown(bar=36))
    assert pads.controls is not None
    assert pads.controls.touch
    pads.listen(True)
    kernel.write(touched(*place))
    loop.run_once()
    pads.listen(False)
    assert moves == [move]


def test_keys_of_the_settings_come_before_the_usual_ones_and_their_captions_stand_on_the_bar(kernel: Kernel) -> None:
    own = '[input.keys.next]\ncodes = [2]\ncaption = "1"\n'
    root = parse_toml(f'[[input]]\ndevice = "{kernel.path}"\n{own}', "settings.toml")
    moves: list[str] = []
    loop = Loop()
    pads = Pads(loop, parse_inputs(root, read_catalogue(DEFAULTS)), moves.append, Shown)
    pads.listen(True)
    kernel.write(pressed(28) + pressed(2) + pressed(1) + pressed(11) + pressed(6))
    loop.run_once()
    pads.listen(False)
    assert moves == ["next", "dismiss", "language", "customer"]
    assert pads.controls is not None
    assert pads.controls.captions == ("C", "1", "0", "5", "X")


def test_a_move_that_nobody_knows_is_refused_with_the_known_ones() -> None:
    root = parse_toml('[[input]]\ndevice = "x"\n[input.keys.forward]\ncodes = [2]\ncaption = "1"', "settings.toml")
    with pytest.raises(TableError, match="forward is no move; known are back, next"):
        parse_inputs(root, read_catalogue(DEFAULTS))


@pytest.mark.parametrize("place", [(-5, 230), (0, 239), (319, 239), (400, 400)])
def test_a_touch_outside_of_the_panel_does_no_harm(place: tuple[int, int]) -> None:
    assert move_at(*place, Panel(320, 240), 36) in MOVES
