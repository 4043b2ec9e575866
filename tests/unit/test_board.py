"""What the kernel's files say of the board, on folders laid out as the kernel lays them out."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.sheet import KeptSheet

from device.drivers.board import (
    BoardError,
    ResetReason,
    read_backlight_percent,
    read_load,
    read_reset_reason,
    read_uptime_h,
    read_usb_devices,
    read_watchdog,
)
from device.drivers.flash import FlashWear, _wear_of, read_mount, read_wear
from device.drivers.timekeeping import has_rtc, read_rtc_s, read_synchronised
from device.drivers.uart import UartError, parse_driver, read_uarts
from device.selftest.uart import UartSetup, check_uart

SERIAL = """serinfo:1.0 driver revision:
0: uart:16550A port:000003F8 irq:4 tx:120 rx:4711 fe:2 pe:1 brk:3 oe:4 RTS|CTS|DTR|DSR|CD
1: uart:16550A port:000002F8 irq:3 tx:0 rx:0
2: uart:unknown port:000003E8 irq:4
"""


def put(root: Path, name: str, text: str) -> None:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def test_load_and_uptime_are_read_and_their_absence_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    put(tmp_path, "loadavg", "3.00 1.00 0.50 1/100 4242\n")
    put(tmp_path, "uptime", "7200.55 100.00\n")
    assert read_load(tmp_path) == 1.5
    assert read_uptime_h(tmp_path) == pytest.approx(2.0001, abs=0.001)
    for name in ("loadavg", "uptime"):
        put(tmp_path, name, "\n")
    with pytest.raises(BoardError, match="loadavg"):
        read_load(tmp_path)
    with pytest.raises(BoardError, match="uptime"):
        read_uptime_h(tmp_path / "none")


def test_a_reset_by_the_watchdog_is_told_from_a_panic_and_from_silence(tmp_path: Path) -> None:
    assert read_reset_reason(tmp_path) is ResetReason.NOT_TOLD
    put(tmp_path, "fs/pstore/dmesg-ramoops-0", "Panic")
    assert read_reset_reason(tmp_path) is ResetReason.PANIC
    put(tmp_path, "class/watchdog/watchdog0/bootstatus", "1\n")
    assert read_reset_reason(tmp_path) is ResetReason.OVERHEATED
    put(tmp_path, "class/watchdog/watchdog0/bootstatus", "32\n")
    assert read_reset_reason(tmp_path) is ResetReason.WATCHDOG


def test_the_watchdog_is_armed_or_not_or_not_there(tmp_path: Path) -> None:
    assert read_watchdog(tmp_path) is None
    put(tmp_path, "class/watchdog/watchdog0/state", "active\n")
    put(tmp_path, "class/watchdog/watchdog0/timeout", "30\n")
    put(tmp_path, "class/watchdog/watchdog0/identity", "imx2+ watchdog\n")
    found = read_watchdog(tmp_path)
    assert found is not None
    assert (found.armed, found.timeout_s, found.name) == (True, 30, "imx2+ watchdog")
    put(tmp_path, "class/watchdog/watchdog0/state", "inactive\n")
    found = read_watchdog(tmp_path)
    assert found is not None
    assert not found.armed


def test_usb_devices_are_counted_without_hubs(tmp_path: Path) -> None:
    assert read_usb_devices(tmp_path) is None
    for name, vendor, product, kind in (("usb1", "1d6b", "0002", "09"), ("1-1", "2c7c", "0125", "ef")):
        put(tmp_path, f"bus/usb/devices/{name}/idVendor", f"{vendor}\n")
        put(tmp_path, f"bus/usb/devices/{name}/idProduct", f"{product}\n")
        put(tmp_path, f"bus/usb/devices/{name}/bDeviceClass", f"{kind}\n")
    (tmp_path / "bus/usb/devices/1-1:1.0").mkdir()
    assert read_usb_devices(tmp_path) == ("2c7c:0125",)


def test_serial_counters_and_modem_lines_of_each_port() -> None:
    found = parse_driver(SERIAL, "/dev/ttyS")
    assert set(found) == {"/dev/ttyS0", "/dev/ttyS1"}
    first = found["/dev/ttyS0"]
    assert (first.sent, first.received, first.framing, first.parity, first.breaks, first.overruns) == (
        120,
        4711,
        2,
        1,
        3,
        4,
    )
    assert first.errors == 10
    assert first.lines == ("RTS", "CTS", "DTR", "DSR", "CD")
    assert found["/dev/ttyS1"].errors == 0
    assert found["/dev/ttyS1"].lines == ()


def test_the_lines_in_use_are_counted_by_kind_of_error(tmp_path: Path) -> None:
    put(tmp_path, "tty/drivers", "serial               /dev/ttyS       4 64-95 serial\n")
    put(tmp_path, "tty/driver/serial", SERIAL)
    sheet = KeptSheet()
    check_uart(UartSetup(("/dev/ttyS0", "/dev/ttyS1"), tmp_path), sheet)
    values = {fact: item.value for fact, item in sheet.found.items()}
    assert values == {
        **{"uart.errors": 10, "uart.framing": 2, "uart.parity": 1, "uart.overruns": 4, "uart.breaks": 3},
        "uart.lines": "/dev/ttyS0: RTS CTS DTR DSR CD; /dev/ttyS1: none",
    }
    put(tmp_path, "tty/driver/serial", SERIAL.replace("fe:2", "fe:2000"))
    sheet = KeptSheet()
    check_uart(UartSetup(("/dev/ttyS0",), tmp_path), sheet)
    assert sheet.told("uart.errors") == ("fail", "outside_limit")
    for ports, reason in (((), "not_fitted"), (("/dev/ttyUSB7",), "not_supported")):
        sheet = KeptSheet()
        check_uart(UartSetup(ports, tmp_path), sheet)
        assert {item.reason for item in sheet.found.values()} == {reason}
        assert len(sheet.found) == 6


def test_serial_drivers_are_found_by_the_kernels_own_list(tmp_path: Path) -> None:
    with pytest.raises(UartError, match="does not list"):
        read_uarts(tmp_path)
    put(
        tmp_path,
        "tty/drivers",
        "serial               /dev/ttyS       4 64-95 serial\npty_slave /dev/pts 136 0-1048575 pty:slave\n",
    )
    assert read_uarts(tmp_path) == {}
    put(tmp_path, "tty/driver/serial", SERIAL)
    assert sorted(read_uarts(tmp_path)) == ["/dev/ttyS0", "/dev/ttyS1"]


@pytest.mark.parametrize(
    ("life_time", "pre_eol", "wear"),
    [
        ("0x01 0x03\n", "0x01\n", FlashWear(30, "normal")),
        ("0x0b 0x0b\n", "0x03\n", FlashWear(110, "urgent")),
        ("0x00 0x00\n", "0x02\n", FlashWear(None, "warning")),
        ("0x00 0x00\n", "0x00\n", None),
        ("garbage\n", "", None),
    ],
)
def test_flash_tells_its_wear_in_ten_percent_steps(
    tmp_path: Path, life_time: str, pre_eol: str, wear: FlashWear | None
) -> None:
    put(tmp_path, "life_time", life_time)
    put(tmp_path, "pre_eol_info", pre_eol)
    assert _wear_of(tmp_path) == wear


def test_a_disk_without_wear_figures_and_how_a_folder_is_mounted(tmp_path: Path) -> None:
    assert read_wear(tmp_path, tmp_path) is None
    assert read_mount(tmp_path) == "read_write"
    assert read_mount(Path("/sys")) in ("read_only", "read_write")
    with pytest.raises(OSError, match="No such file"):
        read_mount(tmp_path / "none")


def test_the_battery_backed_clock_may_be_absent_empty_or_told(tmp_path: Path) -> None:
    assert (has_rtc(tmp_path), read_rtc_s(tmp_path)) == (False, None)
    (tmp_path / "class/rtc/rtc0").mkdir(parents=True)
    assert (has_rtc(tmp_path), read_rtc_s(tmp_path)) == (True, None)
    put(tmp_path, "class/rtc/rtc0/since_epoch", "1795400000\n")
    assert read_rtc_s(tmp_path) == 1795400000


def test_the_kernel_says_whether_its_clock_is_synchronised() -> None:
    assert read_synchronised() in (True, False, None)


def test_the_backlight_is_told_in_percent_of_its_most(tmp_path: Path) -> None:
    assert read_backlight_percent(tmp_path) is None
    put(tmp_path, "class/backlight/panel/actual_brightness", "64\n")
    put(tmp_path, "class/backlight/panel/max_brightness", "255\n")
    assert read_backlight_percent(tmp_path) == 25
    put(tmp_path, "class/backlight/panel/max_brightness", "0\n")
    assert read_backlight_percent(tmp_path) is None
