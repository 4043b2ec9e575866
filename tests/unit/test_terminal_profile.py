"""The terminal's profile: every field arrives, and each mistake is told with file, line and reason."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from device.app.catalogue import load_catalogue
from device.app.terminal import known_names
from device.evidence import Limit, TerminalProfile
from device.table import TableError
from device.terminal_profile import KnownNames, Reference, read_terminal_file, without_reference

WHOLE = """\
[terminal]
terminal_id = "00000062"
merchant_id = "123456789012345"
mcc = "5411"
country = "156"
currency = "156"
serial_number = "SN-0001"
[host]
profile = "unionpay"
signs_declines = true
maps_codes = false
stands_in = false
source = "letter of the acquirer of 2026-11-02"
[acquirer]
name = "Example Acquirer"
hotline = "400-800-0062"
[shop]
may_fix = ["country", "currency"]
[schemes]
enabled = ["unionpay", "visa"]
[parts]
fitted = ["reader", "modem", "printer"]
required = ["modem", "printer"]
usb = ["2c7c:0125"]
[versions]
system = "12"
application = "2.1"
posmedic = "0.1.0"
parameters = "P7"
aid_table = "2026-10"
ca_keys = "2026-09"
firmware = "B3"
[limits."modem.signal"]
pass_min = -85
marginal_min = -95
[limits."smart_card.present"]
pass_values = ["present"]
[bin_countries]
622202 = "156"
"4" = "840"
"""


@pytest.fixture(scope="module")
def known() -> KnownNames:
    return known_names(load_catalogue())


def test_every_field_of_a_profile_arrives(tmp_path: Path, known: KnownNames) -> None:
    path = tmp_path / "terminal.toml"
    path.write_text(WHOLE)
    file = read_terminal_file(path, known)
    assert file.profile == TerminalProfile(
        terminal_id="00000062",
        merchant_id="123456789012345",
        mcc="5411",
        country="156",
        currency="156",
        host="unionpay",
        signs_declines=True,
        maps_codes=False,
        stands_in=False,
        schemes=("unionpay", "visa"),
        shop_may_fix=("country", "currency"),
        acquirer="Example Acquirer",
        hotline="400-800-0062",
    )
    assert file.reference == Reference(
        required=frozenset({"modem", "printer"}),
        fitted=frozenset({"reader", "modem", "printer"}),
        serial_number="SN-0001",
        usb=("2c7c:0125",),
        limits={
            "modem.signal": Limit(pass_min=-85, marginal_min=-95),
            "smart_card.present": Limit(pass_values=("present",)),
        },
        bin_countries={"622202": "156", "4": "840"},
        versions={
            **{"system": "12", "application": "2.1", "posmedic": "0.1.0", "parameters": "P7"},
            **{"aid_table": "2026-10", "ca_keys": "2026-09", "firmware": "B3"},
        },
    )
    assert file.content == WHOLE.encode()
    assert without_reference(file.reference) == []


def test_what_a_profile_leaves_out_has_no_reference() -> None:
    checks = [
        *("usb.expected", "identity.serial_number", "identity.firmware", "versions.system", "versions.application"),
        *("versions.posmedic", "versions.parameters", "versions.aid_table", "versions.ca_keys"),
    ]
    assert without_reference(Reference()) == ["parts", *checks]
    assert without_reference(Reference(required=frozenset({"modem"}))) == checks


BROKEN = {  # what is wrong: (old line, what stands there instead, line of the mistake, words of the reason)
    "no TOML": ("[host]", "[host", 8, "not TOML"),
    "unknown section": ("[schemes]", "[skemes]", 19, "skemes is not known here"),
    "misspelt key": ('mcc = "5411"', 'mmc = "5411"', 4, "mmc is not known here"),
    "mcc too short": ('mcc = "5411"', 'mcc = "541"', 4, "mcc must be a numeric code of 4 digits, like 5411"),
    "country by letters": ('country = "156"', 'country = "CN"', 5, "numeric code of 3 digits"),
    "number for text": ('currency = "156"', "currency = 156", 6, "currency must be text, not int"),
    "terminal in Chinese": ('"00000062"', '"终端六十二"', 2, "terminal_id must be printable ASCII"),
    "merchant too long": ('"123456789012345"', f'"{"1" * 36}"', 3, "merchant_id is longer than 35"),
    "no word for yes": ("signs_declines = true", 'signs_declines = "yes"', 10, "signs_declines must be true or false"),
    "nobody vouches": ("source =", "# source =", 10, "needs a source"),
    "no telephone": ('"400-800-0062"', '"call us"', 16, "hotline must be a telephone number"),
    "may not be fixed": ('["country", "currency"]', '["mac_key"]', 18, "may_fix names 'mac_key'; known are country"),
    "unknown scheme": ('"unionpay", "visa"', '"union_pay"', 20, "enabled names 'union_pay'"),
    "unknown part": ('required = ["modem", "printer"]', 'required = ["prniter"]', 23, "required names 'prniter'"),
    "required, not fitted": (
        '"reader", "modem", "printer"',
        '"reader", "modem"',
        23,
        "'printer', which [parts] fitted",
    ),
    "twice": ('fitted = ["reader", ', 'fitted = ["modem", ', 22, "fitted names 'modem' twice"),
    "USB in words": ('"2c7c:0125"', '"Quectel EC20"', 24, "usb must list vendor:product in hex"),
    "unknown table": ('ca_keys = "2026-09"', 'ca_kyes = "2026-09"', 31, "ca_kyes is not known here"),
    "unknown check": ('[limits."modem.signal"]', '[limits."modem.singal"]', 33, "modem.singal is no check"),
    "empty limit": ("pass_min = -85\nmarginal_min = -95\n", "", 33, "changes nothing"),
    "margin inside": ("marginal_min = -95", "marginal_min = -80", 35, "marginal_min must be below pass_min"),
    "nothing can pass": ("marginal_min = -95", "pass_max = -90", 34, "pass_min must not be above pass_max"),
    "words for a number": ("pass_min = -85\nmarginal_min = -95", 'pass_values = ["good"]', 33, "needs pass_min or"),
    "a bank that is no number": ('"4" = "840"', '"visa" = "840"', 40, "first 1 to 8 digits"),
    "a country in letters": ('"4" = "840"', '"4" = "US"', 40, "must be"),
    "number for words": ('pass_values = ["present"]', "pass_min = 3", 36, "so it needs pass_values"),
}


@pytest.mark.parametrize("mistake", BROKEN)
def test_a_broken_profile_is_told_with_file_line_and_reason(mistake: str, tmp_path: Path, known: KnownNames) -> None:
    old, new, line, reason = BROKEN[mistake]
    assert WHOLE.count(old) == 1 or mistake == "no TOML"
    path = tmp_path / "terminal.toml"
    path.write_text(WHOLE.replace(old, new, 1))
    with pytest.raises(TableError) as caught:
        read_terminal_file(path, known)
    told = str(caught.value)
    assert told.startswith("terminal.toml")
    assert f"line {line}" in told
    assert reason in told


def test_a_broken_profile_is_not_signed(tmp_path: Path) -> None:
    path = tmp_path / "terminal.toml"
    path.write_text(WHOLE.replace('mcc = "5411"', 'mcc = "food"'))
    line = [sys.executable, "-m", "tools.sign_profile", str(path), "--key", str(tmp_path / "none")]
    done = subprocess.run(line, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert "terminal.toml [terminal], line 4: mcc must be" in done.stderr
    assert not path.with_name("terminal.toml.sig").exists()
