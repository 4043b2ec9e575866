"""The vendor's library: what is believed of it. What it can do to its process is tried with the self-test."""

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from support.hal_library import LINUX, LYING, ROOT, compile_library, compiler_missing
from support.sheet import KeptSheet

from device.selftest.hal_parts import HalSetup, check_indicator
from native.hal import (
    Battery,
    Hal,
    HalCallError,
    HalError,
    HalGarbageError,
    HalMissingError,
    HalUnfitError,
    Identity,
    Keypad,
    Printer,
    Reader,
    Tamper,
)
from tools.try_hal import try_library

pytestmark = pytest.mark.skipif(compiler_missing() is not None, reason=str(compiler_missing()))


@pytest.fixture(scope="module")
def lying(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return compile_library(LYING, tmp_path_factory.mktemp("hal"))


@pytest.fixture(scope="module")
def linux(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return compile_library(LINUX, tmp_path_factory.mktemp("hal"))


def test_everything_a_library_tells_arrives_and_what_it_does_not_tell_is_none(lying: Path) -> None:
    hal = Hal(lying)
    assert hal.read_identity() == Identity("Test", "Terminal 1", "SN-0001", "")
    assert hal.read_reader() == Reader((10, 900, None), (None, 9, None), 1000, 500, 2)
    assert hal.read_printer() == Printer(paper=1, cover_open=0, overheated=0, cutter_fault=0, printed_m=None)
    assert hal.read_battery() == Battery(1, 1, 1, 80, 3900, 251, None)
    assert hal.read_tamper() == Tamper(0, 0)
    assert hal.read_keypad() == Keypad(16, 0, tuple(range(2, 18)))
    hal.light_and_beep(50)


@pytest.mark.parametrize(
    ("habit", "says"),
    [
        ("refuses", "does not serve version 1"),
        ("newer", "was built for version 99"),
        ("no_size", "impossible size of its table, 0"),
        ("odd_size", "impossible size of its table, 33"),
    ],
)
def test_a_library_for_another_version_is_refused(
    lying: Path, monkeypatch: pytest.MonkeyPatch, habit: str, says: str
) -> None:
    monkeypatch.setenv("LYING_HAL", habit)
    with pytest.raises(HalUnfitError, match=says):
        Hal(lying)


@pytest.mark.parametrize(
    ("habit", "call", "says"),
    [
        ("percent_300", Hal.read_battery, "level_percent 300"),
        ("overrun", Hal.read_battery, "beyond the end of posmedic_battery"),
        ("result_99", Hal.read_battery, "returned 99"),
        ("paper_77", Hal.read_printer, "paper 77"),
        ("negative", Hal.read_reader, "track_reads -5"),
        ("endless_text", Hal.read_identity, "firmware has no end"),
        ("not_utf8", Hal.read_identity, "model is not UTF-8"),
        ("control", Hal.read_identity, "model holds control characters"),
    ],
)
def test_what_cannot_be_true_is_not_believed(
    lying: Path, monkeypatch: pytest.MonkeyPatch, habit: str, call: Callable[[Hal], object], says: str
) -> None:
    monkeypatch.setenv("LYING_HAL", habit)
    with pytest.raises(HalGarbageError, match=says):
        call(Hal(lying))


@pytest.mark.parametrize(("habit", "reason"), [("no_answer", "no_answer"), ("busy", "busy")])
def test_a_library_may_say_why_there_is_nothing_to_tell(
    lying: Path, monkeypatch: pytest.MonkeyPatch, habit: str, reason: str
) -> None:
    monkeypatch.setenv("LYING_HAL", habit)
    with pytest.raises(HalCallError) as caught:
        Hal(lying).read_battery()
    assert caught.value.reason == reason


def test_functions_beyond_an_older_tables_end_are_not_called(lying: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LYING_HAL", "short")
    hal = Hal(lying)
    assert hal.read_identity().model == "Terminal 1"
    with pytest.raises(HalCallError) as caught:
        hal.read_battery()
    assert caught.value.reason == "not_supported"


def test_a_function_left_out_and_one_that_fails_are_told_apart(lying: Path) -> None:
    for call in (Hal(lying).print_test_line, lambda: Hal(lying).switch_field(10)):
        with pytest.raises(HalCallError, match="cannot tell"):
            call()
    with pytest.raises(HalCallError, match="cannot do it"):
        Hal(lying).light_and_beep(0)


def test_a_file_that_is_no_library_of_ours_is_named(tmp_path: Path) -> None:
    with pytest.raises(HalMissingError, match="is not there"):
        Hal(tmp_path / "none.so")
    text = tmp_path / "text.so"
    text.write_text("hello")
    with pytest.raises(HalMissingError, match="cannot be loaded"):
        Hal(text)
    source = tmp_path / "other.c"
    source.write_text("int other(void); int other(void) { return 0; }\n")
    with pytest.raises(HalUnfitError, match="does not export posmedic_hal_open"):
        Hal(compile_library(source, tmp_path))


def _supply(root: Path, name: str, **values: str) -> None:
    folder = root / "sys/class/power_supply" / name
    folder.mkdir(parents=True)
    for key, value in values.items():
        (folder / key).write_text(value + "\n")


def test_the_reference_library_reads_battery_and_mains_as_the_kernel_shows_them(
    linux: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POSMEDIC_HAL_ROOT", str(tmp_path))
    with pytest.raises(HalCallError) as caught:
        Hal(linux).read_battery()
    assert caught.value.reason == "not_supported"
    _supply(
        tmp_path,
        "bat",
        **{"type": "Battery", "present": "1", "capacity": "37", "voltage_now": "3712000"},
        **{"temp": "-51", "status": "Discharging"},
    )
    _supply(tmp_path, "usb", type="USB", online="0")
    _supply(tmp_path, "ac", type="Mains", online="1")
    assert Hal(linux).read_battery() == Battery(1, 1, 0, 37, 3712, -51, None)


def test_the_reference_library_reads_the_tamper_line_that_its_settings_name(
    linux: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POSMEDIC_HAL_ROOT", str(tmp_path))
    settings, line = tmp_path / "etc/posmedic/hal.conf", tmp_path / "line"
    settings.parent.mkdir(parents=True)
    settings.write_text("# the latch\ntamper = /line   # gpio 17\n")
    line.write_text("1\n")
    assert Hal(linux).read_tamper().triggered == 1
    settings.write_text("tamper = /line\ntamper_low = 1\n")
    assert Hal(linux).read_tamper().triggered == 0
    line.write_text("x\n")
    with pytest.raises(HalCallError):
        Hal(linux).read_tamper()
    line.unlink()
    with pytest.raises(HalCallError, match="stayed silent"):
        Hal(linux).read_tamper()


def test_the_reference_library_lights_the_named_lamps_and_puts_them_back(
    linux: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POSMEDIC_HAL_ROOT", str(tmp_path))
    lamp = tmp_path / "sys/class/leds/pos:green"
    lamp.mkdir(parents=True)
    (lamp / "brightness").write_text("3\n")
    (lamp / "max_brightness").write_text("255\n")
    (tmp_path / "etc/posmedic").mkdir(parents=True)
    (tmp_path / "etc/posmedic/hal.conf").write_text("leds = pos:green\n")
    Hal(linux).light_and_beep(1)
    assert (lamp / "brightness").read_text() == "3\n"
    (tmp_path / "etc/posmedic/hal.conf").write_text("leds = ../../etc\n")
    with pytest.raises(HalError):
        Hal(linux).light_and_beep(1)


def test_the_reference_library_names_the_machine(linux: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POSMEDIC_HAL_ROOT", str(tmp_path))
    tree = tmp_path / "proc/device-tree"
    tree.mkdir(parents=True)
    (tree / "model").write_bytes(b"Acme POS-1 with a name longer than the member holds\0")
    (tree / "serial-number").write_bytes(b"0123\0")
    identity = Hal(linux).read_identity()
    assert identity.serial_number == "0123"
    assert identity.model == "Acme POS-1 with a name longer t"


def test_the_guide_followed_line_by_line_ends_with_what_it_shows(tmp_path: Path) -> None:
    guide = (ROOT / "native/HAL.md").read_text()
    blocks = re.findall(r"```c\n/\* file: acme_hal\.c \*/\n(.*?)```", guide, re.DOTALL)
    assert len(blocks) == 3
    (tmp_path / "acme_hal.c").write_text("".join(blocks))
    (commands,) = re.findall(r"```sh\n(.*?)```", guide, re.DOTALL)
    (clone,) = re.findall(r"^POSMEDIC=.*$", commands, re.MULTILINE)
    commands = commands.replace(clone, f"POSMEDIC={ROOT}").replace(".venv/bin/python", sys.executable)
    done = subprocess.run(["sh", "-ec", commands], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    (shown,) = re.findall(r"```\n(identity .*?)```", guide, re.DOTALL)
    assert done.stdout == shown
    assert try_library(tmp_path / "libacme_hal.so", active=True)["print_test_line"].startswith("not_supported")


def test_the_reference_library_reads_keys_as_evdev_tells_them(linux: Path, tmp_path: Path) -> None:
    """The kernel's answers come from a preloaded library where there is no input device."""
    source = ROOT / "tests/support/evdev_answers.c"
    preload = compile_library(source, tmp_path)
    (tmp_path / "dev/input").mkdir(parents=True)
    for device in ("event0", "event3"):
        (tmp_path / "dev/input" / device).touch()
    environment = {**os.environ, "POSMEDIC_HAL_ROOT": str(tmp_path), "LD_PRELOAD": str(preload)}
    code = f"from pathlib import Path; from native.hal import Hal; print(Hal(Path({str(linux)!r})).read_keypad())"

    def keypad(**answers: str) -> str:
        done = subprocess.run(
            [sys.executable, "-c", code],
            cwd=ROOT,
            env={**environment, **answers},
            capture_output=True,
            text=True,
            check=False,
        )
        return done.stdout.strip() or done.stderr.strip().splitlines()[-1]

    digits = tuple(range(2, 12))
    assert keypad(EVDEV_KEYS="2-11,28", EVDEV_DOWN="") == f"Keypad(keys=11, pressed=0, fitted={(*digits, 28)}, down=())"
    assert "pressed=2" in keypad(EVDEV_KEYS="2-11,28", EVDEV_DOWN="5,28")
    assert keypad(EVDEV_KEYS="2-11,28", EVDEV_DOWN="5,28").endswith("down=(5, 28))")
    assert keypad(EVDEV_KEYS="71-83", EVDEV_DOWN="").startswith("Keypad(keys=13, pressed=0")  # a block of digits
    assert "no such part" in keypad(EVDEV_KEYS="114,115,116", EVDEV_DOWN="")  # buttons of the case
    assert "no such part" in keypad()  # no input device


@pytest.mark.parametrize(("habit", "told"), [("crash", "crashed"), ("hang", "deadline"), ("abort", "crashed")])
def test_a_vendor_sees_that_a_call_crashes_or_hangs(
    lying: Path, monkeypatch: pytest.MonkeyPatch, habit: str, told: str
) -> None:
    monkeypatch.setenv("LYING_HAL", habit)
    monkeypatch.setattr("tools.try_hal._READS", {"tamper": Hal.read_tamper})
    assert try_library(lying, active=False)["tamper"].startswith(told)


def test_lamps_and_beeper_are_told_by_whether_the_library_could_switch_them(
    lying: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sheet = KeptSheet()
    check_indicator(HalSetup(lying), sheet)
    assert sheet.told("indicator.flash") == ("pass", "")
    monkeypatch.setenv("LYING_HAL", "refuses")
    sheet = KeptSheet()
    check_indicator(HalSetup(lying), sheet)
    assert sheet.told("indicator.flash") == ("error", "library_unfit")
    sheet = KeptSheet()
    check_indicator(None, sheet)
    assert sheet.told("indicator.flash") == ("not_run", "not_fitted")
