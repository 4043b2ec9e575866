"""The terminal as it is sold: power on, self-test, a 62 on the panel, a technician on the line, a card, a watchdog."""

from __future__ import annotations

import base64
import json
import re

from guest.emulated import STEP_S, Emulated, unlike
from PIL import Image

from device.app.overlays import checked_knowledge
from device.diagnosis.engine import diagnose
from device.freeze_frame import frame_from_json
from device.outlets.screen.draw import draw_pages
from device.outlets.screen.fonts import parse_fonts
from device.outlets.screen.panel import Panel
from device.settings import LANGUAGES, read_catalogue, read_settings, read_texts
from tools.image.tree import ROOT
from tools.image.vm import VPCD_PORT
from tools.simulate.card import CardPlan, VirtualCard

PICTURES = ROOT / "build" / "guest"
TOLERANCE = 0.01


def test_it_is_ready_after_power_on_and_tests_itself(terminal: Emulated) -> None:
    assert terminal.vm is not None
    terminal.wait_for_log("selftest run=boot")
    terminal.wait_for_log("gate stays=yes")
    code, failed = terminal.vm.shell("systemctl --failed --no-legend")
    assert (code, failed.strip()) == (0, "")
    _, report = terminal.vm.shell("posmedic report --lang en | grep ^pass")  # the console is slow: no more than that
    passed = {line[12:40].strip() for line in report.splitlines()}
    assert {"Reader answers", "Network registration", "Screen", "Chip card service", "Storage writable"} <= passed


def test_the_boot_self_test_is_on_the_panel(terminal: Emulated) -> None:
    assert terminal.vm is not None
    terminal.wait_for_log("shows=selftest")
    PICTURES.mkdir(parents=True, exist_ok=True)
    shown = PICTURES / f"selftest-{terminal.build.arch}.png"
    terminal.vm.screenshot(shown)
    with Image.open(shown) as picture:
        plain = Image.new("RGB", picture.size, "white")  # the product's ground; a console's is black
    assert 0.02 < unlike(shown, plain) < 0.5


def test_figures_of_the_guest_are_told(terminal: Emulated, figures: list[str]) -> None:
    assert terminal.vm is not None
    _, since = terminal.vm.shell(
        "systemctl show posmedic -p ExecMainStartTimestampMonotonic -p ActiveEnterTimestampMonotonic"
    )
    started, ready = (int(number) / 1e6 for number in re.findall(r"=(\d+)", since))
    began = terminal.vm.shell("cat /proc/uptime; /usr/bin/python3 -I -c pass; cat /proc/uptime")[1].split()
    empty = float(began[2]) - float(began[0])
    words = "journalctl -b -u posmedic -o short-monotonic --no-pager | grep -F shows=selftest | head -1"
    board = float(re.findall(r"\[ *([0-9.]+)\]", terminal.vm.shell(words)[1])[0])
    _, status = terminal.vm.shell("cat /proc/$(systemctl show -p MainPID --value posmedic)/status")
    rss = int(re.findall(r"VmRSS:\s+(\d+)", status)[0]) / 1000
    figures += [
        f"an empty Python {empty:.1f} s",
        f"READY {ready:.1f} s after power on, {ready - started:.1f} s after start, {(ready - started) / empty:.1f}x",
        f"boot self-test on the panel {board:.1f} s after power on, {board - started:.1f} s after start, "
        f"{(board - started) / empty:.1f}x",
        f"RSS {rss:.1f} MB; QEMU {terminal.vm.rss_mib} MiB",
    ]
    assert rss < 30


def test_a_card_is_felt_and_its_chip_answers(terminal: Emulated) -> None:
    assert terminal.vm is not None
    listens = f"grep -qi :{VPCD_PORT:04X} /proc/net/tcp /proc/net/tcp6"
    terminal.vm.shell(f"systemctl start pcscd; until {listens}; do sleep 0.2; done")
    card = VirtualCard(CardPlan(), terminal.vm.card_port)
    card.insert()
    try:
        _, told = terminal.vm.shell("posmedic selftest --part smart_card --lang en", STEP_S)
    finally:
        card.remove()
    assert re.search(r"pass +Card in the slot +card present", told), told
    assert re.search(r"pass +Chip's answer to reset +T=0", told), told


def test_a_62_on_the_host_link_is_on_the_panel(terminal: Emulated) -> None:
    assert terminal.vm is not None
    terminal.decline()
    terminal.wait_for_log("screen page=1")
    terminal.wait_for_log("selftest run=quiet")
    _, told = terminal.vm.shell("posmedic last --json")
    last = json.loads(told)
    assert last["diagnosis"]["code"] == "62"
    PICTURES.mkdir(parents=True, exist_ok=True)
    shown = PICTURES / f"62-{terminal.build.arch}.png"
    terminal.vm.screenshot(shown)
    assert unlike(shown, _drawn_here(last["frame"])) < TOLERANCE


def _drawn_here(frame: object) -> Image.Image:
    """The same page, drawn on this machine from the guest's freeze frame."""
    knowledge, _ = checked_knowledge(read_settings(ROOT / "tools/image/terminal/etc/posmedic/settings.toml").overlay)
    diagnosis = diagnose(frame_from_json(frame, "guest"), knowledge)
    texts = {language: read_texts(language) for language in LANGUAGES}
    fonts = parse_fonts(read_catalogue("fonts.toml"), ())
    return draw_pages(diagnosis, texts, "zh", Panel(480, 800, 32), fonts, 0).images[0]


def test_a_technician_on_the_serial_line_is_answered(terminal: Emulated) -> None:
    assert "posmedic" in terminal.ask("version")
    assert terminal.ask("test run storage").splitlines()[-1].startswith("OK")
    assert "62" in terminal.ask("last")
    assert terminal.ask("test run active").startswith("ERROR 5")


def test_a_technician_on_the_usb_port_is_answered(terminal: Emulated) -> None:
    assert terminal.vm is not None
    script = (
        "import serial, sys\n"
        "port = serial.Serial('/dev/ttyACM0', 115200, timeout=120)\n"
        "port.write(b'version\\r')\n"
        "sys.stdout.write(port.read_until(b'OK posmedic').decode())\n"
    )
    packed = base64.b64encode(script.encode()).decode()
    code, answer = terminal.vm.shell(f"echo {packed} | base64 -d > /tmp/usb.py; python3 /tmp/usb.py 2>&1", STEP_S)
    assert (code, "OK posmedic" in answer) == (0, True), answer


def test_a_service_that_hangs_is_started_again_by_the_watchdog(terminal: Emulated) -> None:
    assert terminal.vm is not None
    _, before = terminal.vm.shell("systemctl show -p MainPID --value posmedic")
    terminal.vm.shell(f"kill -STOP {before.strip()}")
    terminal.wait_for_log("READY", count=2)
    _, why = terminal.vm.shell("journalctl -b --no-pager -o cat | grep -c 'Watchdog timeout'")
    assert int(why) >= 1
    _, kept = terminal.vm.shell("posmedic last --json")
    assert json.loads(kept)["diagnosis"]["code"] == "62"
