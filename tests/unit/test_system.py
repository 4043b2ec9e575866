"""Memory and temperature, read from a tree like the kernel's."""

from pathlib import Path

import pytest
from support.sheet import KeptSheet

from device.selftest.system import SystemSetup, check_memory, check_temperature


def zone(root: Path, number: int, kind: str, temp: str) -> None:
    folder = root / f"class/thermal/thermal_zone{number}"
    folder.mkdir(parents=True)
    (folder / "type").write_text(kind + "\n")
    (folder / "temp").write_text(temp + "\n")


def check(root: Path) -> KeptSheet:
    sheet = KeptSheet()
    check_memory(SystemSetup(root, root), sheet)
    check_temperature(SystemSetup(root, root), sheet)
    return sheet


@pytest.mark.parametrize(("kib", "mb", "outcome"), [(500000, 512, "pass"), (20000, 20, "marginal"), (8000, 8, "fail")])
def test_available_memory_is_judged_in_mb(tmp_path: Path, kib: int, mb: int, outcome: str) -> None:
    (tmp_path / "meminfo").write_text(f"MemTotal: 999999 kB\nMemFree: 1 kB\nMemAvailable:   {kib} kB\n")
    sheet = check(tmp_path)
    assert sheet.found["memory.available"].value == mb
    assert sheet.told("memory.available")[0] == outcome


@pytest.mark.parametrize("text", [None, "", "MemTotal: 999999 kB\n"])
def test_a_kernel_that_tells_no_memory_breaks_the_check_and_fails_nothing(tmp_path: Path, text: str | None) -> None:
    if text is not None:
        (tmp_path / "meminfo").write_text(text)
    assert check(tmp_path).told("memory.available") == ("error", "unreadable")


def test_the_hottest_sensor_of_the_processor_counts(tmp_path: Path) -> None:
    zone(tmp_path, 0, "cpu-thermal", "61200")
    zone(tmp_path, 1, "soc-thermal", "79800")
    zone(tmp_path, 2, "battery", "99000")
    sheet = check(tmp_path)
    assert sheet.found["temperature.cpu"].value == 80
    assert sheet.told("temperature.cpu")[0] == "marginal"
    assert "soc-thermal" in sheet.found["temperature.cpu"].detail


def test_sensors_that_are_off_or_absurd_are_passed_over(tmp_path: Path) -> None:
    zone(tmp_path, 0, "cpu", "-274000")
    zone(tmp_path, 1, "cpu", "not a number")
    zone(tmp_path, 2, "board", "30000")
    assert check(tmp_path).found["temperature.cpu"].value == 30


def test_a_machine_without_sensors_is_not_run(tmp_path: Path) -> None:
    assert check(tmp_path).told("temperature.cpu") == ("not_run", "no_sensor")


def test_this_machine_tells_its_memory() -> None:
    sheet = KeptSheet()
    check_memory(SystemSetup(), sheet)
    assert isinstance(sheet.found["memory.available"].value, int)
