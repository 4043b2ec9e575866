"""The units that a terminal gets: how exposed they are by systemd's own measure, and who may ask RAUC for anything."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.terminal import PATIENCE_S, wait_until

FILES = Path(__file__).resolve().parents[2] / "tools/image/files"
UNITS = FILES / "usr/lib/systemd/system"
SHARE = FILES / "usr/share/posmedic"
RAUC = "de.pengutronix.rauc"

needs_systemd = pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="needs systemd-analyze")
needs_bus = pytest.mark.skipif(
    any(shutil.which(name) is None for name in ("dbus-daemon", "rauc")) or os.geteuid() != 0,
    reason="needs rauc and dbus-daemon, and root to act for others",
)


def exposure(folder: Path, unit: Path, *drop_ins: Path) -> float:
    """Overall, as ``systemd-analyze security`` tells it: 0.0 to 10.0; its finer figure is in the rows of the JSON."""
    shutil.copy(unit, folder)
    (folder / f"{unit.name}.d").mkdir()
    for drop_in in drop_ins:
        shutil.copy(drop_in, folder / f"{unit.name}.d")
    line = ["systemd-analyze", "security", "--offline=true", "--no-pager", str(folder / unit.name)]
    told = subprocess.run(line, capture_output=True, text=True, check=True, env={**os.environ, "LC_ALL": "C"}).stdout
    return float(told.rpartition("Overall exposure level for")[2].partition(":")[2].split()[0])


@needs_systemd
@pytest.mark.parametrize(
    ("unit", "drop_ins", "most"),
    [
        ("posmedic.service", (), 1.3),
        ("posmedic.service", ("posmedic-network.conf",), 1.3),
        ("posmedic.service", ("posmedic-no-network.conf",), 0.7),
        ("posmedic-selfcheck.service", (), 0.7),
    ],
)
def test_a_unit_is_no_more_exposed_than_promised(
    tmp_path: Path, unit: str, drop_ins: tuple[str, ...], most: float
) -> None:
    assert exposure(tmp_path, UNITS / unit, *(SHARE / name for name in drop_ins)) <= most


@needs_systemd
def test_the_measure_notices_what_is_taken_away(tmp_path: Path) -> None:
    text = (UNITS / "posmedic.service").read_text()
    for number, line in enumerate(("IPAddressDeny=any", "NoNewPrivileges=yes", "ProtectSystem=strict")):
        folder = tmp_path / str(number)
        (folder / "weaker").mkdir(parents=True)
        assert f"{line}\n" in text
        (folder / "weaker" / "posmedic.service").write_text(text.replace(f"{line}\n", ""))
        assert exposure(folder, folder / "weaker" / "posmedic.service") > 1.3


@needs_systemd
def test_the_units_say_nothing_that_systemd_does_not_understand(tmp_path: Path) -> None:
    """Only what the files say themselves: programs and users of the terminal are not on this machine."""
    units = [shutil.copy(unit, tmp_path) for unit in sorted(UNITS.iterdir())]
    done = subprocess.run(
        ["systemd-analyze", "verify", "--recursive-errors=no", *units], capture_output=True, text=True, check=False
    )
    assert [line for line in done.stderr.splitlines() if "Unknown" in line or "Failed to parse" in line] == []


# RAUC's own policy, in the words of its data/de.pengutronix.rauc.conf: everybody may ask for everything
OPEN_POLICY = f"""<busconfig>
  <policy context="default"><allow send_destination="{RAUC}"/></policy>
  <policy user="root"><allow own="{RAUC}"/></policy>
</busconfig>"""

# as the system's bus: /usr/share/dbus-1/system.d, then /etc/dbus-1/system.d
BUS = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-BUS Bus Configuration 1.0//EN"
  "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>system</type>
  <listen>unix:path={folder}/bus</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow user="*"/><deny own="*"/><deny send_type="method_call"/>
    <allow send_type="signal"/><allow send_requested_reply="true" send_type="method_return"/>
    <allow send_requested_reply="true" send_type="error"/><allow receive_type="method_call"/>
    <allow receive_type="method_return"/><allow receive_type="error"/><allow receive_type="signal"/>
    <allow send_destination="org.freedesktop.DBus"/>
  </policy>
  <includedir>{folder}/usr</includedir>
  <includedir>{folder}/etc</includedir>
</busconfig>"""


RAUC_CONFIG = """[system]
compatible=test
bootloader=custom
statusfile={folder}/status
[handlers]
bootloader-custom-backend=/bin/false
[slot.rootfs.0]
device=/dev/null
bootname=A
"""


@pytest.fixture
def bus(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[str]:
    """A bus with real RAUC on it, its open policy and, unless the parameter is false, ours; ``games`` is our user."""
    folder = tmp_path_factory.mktemp("bus")
    for path in (folder, *folder.parents):
        if path.is_relative_to("/tmp") and path != Path("/tmp"):  # noqa: S108  where pytest keeps its folders
            path.chmod(0o755)
    (folder / "usr").mkdir()
    (folder / "etc").mkdir()
    (folder / "usr" / f"{RAUC}.conf").write_text(OPEN_POLICY)
    if getattr(request, "param", True):
        policy = (FILES / "etc/dbus-1/system.d/posmedic-rauc.conf").read_text()
        assert 'user="posmedic"' in policy
        (folder / "etc" / "posmedic-rauc.conf").write_text(policy.replace('user="posmedic"', 'user="games"'))
    (folder / "bus.conf").write_text(BUS.format(folder=folder))
    (folder / "system.conf").write_text(RAUC_CONFIG.format(folder=folder))
    address = f"unix:path={folder}/bus"
    line = ["dbus-daemon", f"--config-file={folder}/bus.conf", "--nofork", "--print-address=1"]
    rauc = ["rauc", "-c", str(folder / "system.conf"), "--override-boot-slot=A", "service"]
    with subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as daemon:
        assert daemon.stdout is not None
        assert daemon.stdout.readline().startswith("unix:")
        environment = {**os.environ, "DBUS_SYSTEM_BUS_ADDRESS": address}
        with subprocess.Popen(rauc, env=environment, stderr=subprocess.DEVNULL) as service:
            wait_until(lambda: "true" in has_owner(address), PATIENCE_S, "RAUC on the bus")
            yield address
            service.terminate()
        daemon.terminate()


def said(bus: str, user: str, *words: str) -> str:
    """The answer that this user gets from the bus, or from RAUC behind it."""
    line = ["setpriv", f"--reuid={user}", "--clear-groups", "dbus-send", f"--bus={bus}", "--print-reply", *words]
    done = subprocess.run(line, capture_output=True, text=True, check=False)
    return done.stdout + done.stderr


def has_owner(bus: str) -> str:
    return said(bus, "root", "--dest=org.freedesktop.DBus", "/", "org.freedesktop.DBus.NameHasOwner", f"string:{RAUC}")


def ask_to_install(bus: str, user: str) -> str:
    return said(bus, user, f"--dest={RAUC}", "/", f"{RAUC}.Installer.Install", "string:/nowhere/x.raucb")


@needs_bus
def test_only_root_and_the_service_may_ask_rauc_for_anything(bus: str) -> None:
    for user in ("nobody", "daemon"):
        assert "AccessDenied" in ask_to_install(bus, user)
        mark = (f"{RAUC}.Installer.Mark", "string:bad", "string:booted")
        assert "AccessDenied" in said(bus, user, f"--dest={RAUC}", "/", *mark)
        assert "AccessDenied" in said(bus, user, f"--dest={RAUC}", "/", f"{RAUC}.Installer.GetSlotStatus")
    for user in ("root", "games"):
        assert "method return" in said(bus, user, f"--dest={RAUC}", "/", f"{RAUC}.Installer.GetSlotStatus")
    assert "AccessDenied" not in ask_to_install(bus, "games")


@needs_bus
def test_nobody_but_root_may_pretend_to_be_rauc(bus: str) -> None:
    own = ("--dest=org.freedesktop.DBus", "/", "org.freedesktop.DBus.RequestName", f"string:{RAUC}", "uint32:0")
    for user in ("nobody", "games"):
        assert "AccessDenied" in said(bus, user, *own)


@needs_bus
@pytest.mark.parametrize("bus", [False], indirect=True)
def test_without_our_policy_it_would_be_open(bus: str) -> None:
    assert "AccessDenied" not in ask_to_install(bus, "nobody")
