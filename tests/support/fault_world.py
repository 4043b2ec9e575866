"""A whole terminal in a namespace of its own, whose parts can be broken one by one: the far side of the fault matrix.

The real service runs against a real pcscd with a virtual card, PTYs, sockets, a name server, a hardware library, its
own /sys and kernel files below /proc, a file system of its own and a wall clock that can be shifted. It takes JSON
orders on standard input, one cell of the matrix each, and answers with what the self-test said.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import struct
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from support import tls_peer  # noqa: E402
from support.terminal import children_of  # noqa: E402

from tools.simulate.authority import Authority  # noqa: E402
from tools.simulate.card import CardPlan, VirtualCard  # noqa: E402
from tools.simulate.files import sign_with_new_key  # noqa: E402
from tools.simulate.host import HOST_NAME, NameServer  # noqa: E402
from tools.simulate.modem import ModemBehaviour, SimulatedModem  # noqa: E402
from tools.simulate.namespace import Pcscd, start_pcscd  # noqa: E402
from tools.simulate.printer import PrinterBehaviour, SimulatedPrinter  # noqa: E402
from tools.simulate.pty_peer import PtyPeer  # noqa: E402
from tools.simulate.reader import ReaderBehaviour, SimulatedReader  # noqa: E402
from tools.simulate.running_service import RunningService, wait_until  # noqa: E402

PATIENCE_S = 30.0
HOST_PORT = 9443
_PEERS: Mapping[str, Callable[..., PtyPeer]] = {
    "reader": lambda **how: SimulatedReader(ReaderBehaviour(**how)),
    "modem": lambda **how: SimulatedModem(ModemBehaviour(**{"address": "10.20.30.2", **how})),
    "printer": lambda **how: SimulatedPrinter(PrinterBehaviour(**how)),
}
_UARTS = "serinfo:1.0 driver revision:\n" + "".join(
    f"{line}: uart:16550A port:000003F8 irq:4 tx:120 rx:4711 RTS|CTS|DTR|DSR|CD\n" for line in range(256)
)
KERNEL = {  # what a healthy board's kernel tells; the names below /sys and /proc are the kernel's own
    "sys/class/net/wwan0/flags": "0x10d1",
    "sys/class/net/wwan0/operstate": "unknown",
    "sys/class/net/wwan0/carrier": "1",
    "sys/class/thermal/thermal_zone0/type": "cpu-thermal",
    "sys/class/thermal/thermal_zone0/temp": "48000",
    "sys/class/watchdog/watchdog0/state": "active",
    "sys/class/watchdog/watchdog0/timeout": "30",
    "sys/class/watchdog/watchdog0/identity": "test watchdog",
    "sys/class/watchdog/watchdog0/bootstatus": "0",
    "sys/class/backlight/panel/actual_brightness": "200",
    "sys/class/backlight/panel/max_brightness": "255",
    "sys/bus/usb/devices/1-1/idVendor": "2c7c",
    "sys/bus/usb/devices/1-1/idProduct": "0125",
    "sys/bus/usb/devices/1-1/bDeviceClass": "ef",
    "proc/meminfo": "MemTotal: 250000 kB\nMemAvailable:     150000 kB",
    "proc/loadavg": "0.10 0.10 0.10 1/100 4242",
    "proc/uptime": "7200.55 100.00",
    "proc/tty/drivers": "serial               /dev/pts/       4 64-320 serial",
}


def _quietly(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True)


class World:
    """The terminal and everything around it. ``folder`` must not lie below /run, /sys or /proc."""

    def __init__(self, folder: Path, library: Path, clock: Path) -> None:
        self.folder = folder
        self.state = folder / "state"
        self.run_dir = Path(tempfile.mkdtemp(prefix="posmedic-"))
        self._habit, self._shift = folder / "habit", folder / "shift"
        self._habit.write_text("")
        self._shift.write_bytes(struct.pack("q", 0))
        self._files: dict[str, Path] = {}
        self._peers: dict[str, PtyPeer] = {}
        self._serve: Callable[[Any], None] = tls_peer.stay_silent
        self._names = NameServer("ok")
        authority = Authority(folder / "ca")
        self._good = tls_peer.speak_tls(authority.issue(HOST_NAME))
        self._ca_file = authority.ca_file
        self._host: tls_peer.Host | None = None
        self._pcscd: Pcscd | None = start_pcscd()
        self._card: VirtualCard | None = None
        self._network()
        self._kernel()
        self._storage()
        for part in _PEERS:
            self._plug(part, {})
        self._insert({})
        self._listen("ok")
        os.environ |= {"LYING_HAL_FILE": str(self._habit), "CLOCK_SHIFT_FILE": str(self._shift)}
        self._clock = clock
        self._log = (folder / "service.log").open("ab")
        self._settings = self._write_settings(library)
        self._service = self._start()

    def _start(self) -> RunningService:
        os.environ["LD_PRELOAD"] = str(self._clock)
        service = RunningService(self._settings, self.run_dir, self._log)
        del os.environ["LD_PRELOAD"]
        service.wait_for_line("selftest run=boot", timeout_s=PATIENCE_S)
        return service

    # --- the healthy world ----------------------------------------------------------------------------------------

    def _network(self) -> None:
        """The namespace has a loopback only; a terminal has an address and a way out."""
        _quietly("ip", "address", "replace", "10.20.30.2/32", "dev", "lo")
        _quietly("ip", "route", "replace", "default", "dev", "lo", "src", "10.20.30.2")

    def _kernel(self) -> None:
        tree = self.folder / "kernel"
        for name, text in {**KERNEL, "proc/tty/driver/serial": _UARTS.rstrip("\n")}.items():
            path = tree / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text + "\n")
            self._files[name] = path
        rtc = tree / "sys/class/rtc/rtc0/since_epoch"
        rtc.parent.mkdir(parents=True)
        self._files["sys/class/rtc/rtc0/since_epoch"] = rtc
        _quietly("mount", "--bind", str(tree / "sys"), "/sys")
        _quietly("mount", "--bind", str(tree / "proc/tty/driver"), "/proc/tty/driver")
        for name in KERNEL:
            if name.startswith("proc/"):
                _quietly("mount", "--bind", str(tree / name), f"/{name}")

    def _storage(self) -> None:
        self.state.mkdir()
        _quietly("mount", "-t", "tmpfs", "-o", "size=96m", "tmpfs", str(self.state))
        device = self.state.stat().st_dev
        wear = self.folder / f"kernel/sys/dev/block/{os.major(device)}:{os.minor(device)}/device"
        wear.mkdir(parents=True)
        for name, text in (("life_time", "0x01 0x02"), ("pre_eol_info", "0x01")):
            self._files[f"wear/{name}"] = wear / name
            (wear / name).write_text(text + "\n")

    def _write_settings(self, library: Path) -> Path:
        profile = self.folder / "terminal.toml"
        profile.write_text('[terminal]\nterminal_id = "00000062"\n[parts]\nusb = ["2c7c:0125"]\n')
        signers = sign_with_new_key(profile)
        path = self.folder / "settings.toml"
        path.write_text(
            f'[service]\nstate_dir = "{self.state}"\nrun_dir = "{self.run_dir}"\n'
            f'[profile]\npath = "{profile}"\nsigners = "{signers}"\n'
            f'[screen]\nkind = "png"\npath = "{self.folder}"\nsize = "320x240"\n'
            f'[hal]\nlibrary = "{library}"\n[smart_card]\nreader = "Virtual PCD"\n'
            f'[network]\nhost = "{HOST_NAME}"\nport = {HOST_PORT}\nca_file = "{self._ca_file}"\ntimeout_s = 1.0\n'
            + "".join(f'[{part}]\nport = "{self.folder / part}"\n' for part in _PEERS)
        )
        return path

    def _plug(self, part: str, how: Mapping[str, Any]) -> None:
        """Plug a peer in behind the port's name."""
        peer = _PEERS[part](**how)
        link = self.folder / part
        link.unlink(missing_ok=True)
        link.symlink_to(peer.start())
        self._peers[part] = peer

    def _insert(self, how: Mapping[str, Any]) -> None:
        self._card = VirtualCard(CardPlan.from_dict(how))
        self._card.insert()

    def _listen(self, how: str) -> None:
        """The payment host: ``ok``, how it misbehaves, or ``absent``."""
        if self._host is not None:
            self._host.__exit__()
            self._host = None
        serves = {
            **{"ok": self._good, "mute": tls_peer.stay_silent, "slow": tls_peer.drip, "babble": tls_peer.babble},
            **{"nonsense": tls_peer.speak_something_else, "hangs_up": tls_peer.hang_up},
        }
        if how != "absent":
            self._host = tls_peer.Host(serves[how], HOST_PORT)

    # --- faults: each returns what makes the part whole again -------------------------------------------------------

    def break_part(self, what: str, how: Any) -> Callable[[], None]:
        """Break one thing; ``what`` is a key of a cell's ``do``."""
        if what in _PEERS:
            return self._break_peer(what, how)
        if what.startswith(("sys/", "proc/", "wear/")):
            return self._break_file(what, how)
        breaks: Mapping[str, Callable[[Any], Callable[[], None]]] = {
            "hal": self._break_hal,
            "card": self._break_card,
            "pcscd": self._break_pcscd,
            "host": self._break_host,
            "dns": self._break_dns,
            "route": self._break_route,
            "storage": self._break_storage,
            "clock_s": self._break_clock,
        }
        return breaks[what](how)

    def _break_peer(self, part: str, how: Any) -> Callable[[], None]:
        self._peers[part].stop()
        (self.folder / part).unlink()
        if how != "absent":
            self._plug(part, how)

        def repair() -> None:
            self._peers[part].stop()
            self._plug(part, {})

        return repair

    def _break_file(self, name: str, how: str) -> Callable[[], None]:
        """A text stands in the file; ``absent`` takes it away, ``hang`` makes it one that never answers."""
        path = self._files[name]
        before = path.read_text()
        mounted = name.startswith("proc/") and name in KERNEL
        if how not in ("absent", "hang"):
            path.write_text(how + "\n")
            return lambda: _restore(path, before)
        if mounted:
            pipe = self.folder / f"pipe-{path.name}"
            os.mkfifo(pipe)
            _quietly("mount", "--bind", str(pipe), f"/{name}")

            def uncover() -> None:
                _quietly("umount", "-l", f"/{name}")
                pipe.unlink()

            return uncover
        path.unlink()
        if how == "hang":
            os.mkfifo(path)

        def put_back() -> None:
            path.unlink(missing_ok=True)
            _restore(path, before)

        return put_back

    def _break_hal(self, how: str) -> Callable[[], None]:
        self._habit.write_text(how)
        return lambda: _restore(self._habit, "")

    def _break_card(self, how: Any) -> Callable[[], None]:
        if self._card is not None:
            self._card.remove()
            self._card = None
        if how != "absent":
            self._insert(how)
        _settle()

        def repair() -> None:
            if self._card is not None:
                self._card.remove()
            _settle()
            self._insert({})
            _settle()

        return repair

    def _break_pcscd(self, how: str) -> Callable[[], None]:
        assert self._pcscd is not None
        pcscd = self._pcscd
        if how == "frozen":
            pcscd.freeze()
        elif how == "killed_in_test":
            pcscd.freeze()
            threading.Thread(target=self._kill_when_asked, args=(pcscd,), daemon=True).start()
        else:
            pcscd.kill()
        if how == "restarted":
            self._restart_pcscd()
            return lambda: None

        def repair() -> None:
            pcscd.kill()
            self._restart_pcscd()

        return repair

    def _kill_when_asked(self, pcscd: Pcscd) -> None:
        wait_until(lambda: bool(children_of(self._service.pid)), PATIENCE_S, "a check that runs")
        pcscd.kill()

    def _restart_pcscd(self) -> None:
        if self._card is not None:
            self._card.remove()
        self._pcscd = start_pcscd()
        self._insert({})
        _settle()

    def _break_host(self, how: str) -> Callable[[], None]:
        self._listen(how)
        return lambda: self._listen("ok")

    def _break_dns(self, how: str) -> Callable[[], None]:
        self._names.mode = how

        def repair() -> None:
            self._names.mode = "ok"

        return repair

    def _break_route(self, how: str) -> Callable[[], None]:
        del how
        _quietly("ip", "route", "del", "default")
        return self._network

    def _break_storage(self, how: str) -> Callable[[], None]:
        if how == "full":
            filler = self.state / "filler"
            with filler.open("wb", buffering=0) as file, contextlib.suppress(OSError):
                while file.write(b"\0" * 65536):
                    pass
            return lambda: self._after_storage(filler.unlink)
        _quietly("mount", "--bind", str(self.state), str(self.state))
        _quietly("mount", "-o", "remount,ro,bind", str(self.state))
        return lambda: self._after_storage(lambda: _quietly("umount", "-l", str(self.state)))

    def _after_storage(self, repair: Callable[[], object]) -> None:
        """A service that could not keep its history goes on in memory until it is started again."""
        repair()
        self._service.stop()
        self._service = self._start()

    def _break_clock(self, how: int) -> Callable[[], None]:
        self._shift.write_bytes(struct.pack("q", how))
        return lambda: _restore(self._shift, struct.pack("q", 0))

    # --- one cell ---------------------------------------------------------------------------------------------------

    def run(self, do: Mapping[str, Any]) -> dict[str, Any]:
        """Break what the cell says, run the safe level, repair; the rows, and how long the run took."""
        self._files["sys/class/rtc/rtc0/since_epoch"].write_text(f"{int(time.time())}\n")
        repairs = [self.break_part(what, how) for what, how in do.items()]
        try:
            began = time.monotonic()
            found = self._service.ask("selftest", level="safe", part=None)
            took_s = time.monotonic() - began
        finally:
            for repair in reversed(repairs):
                repair()
        rows = {row["id"]: [row["outcome"], row["reason"], row["value"]] for row in found["evidence"]}
        return {"rows": rows, "count": len(found["evidence"]), "took_s": took_s, "alive": self._service.alive}

    def close(self) -> None:
        """End the service in order."""
        self._service.stop()
        self._log.close()
        for peer in self._peers.values():
            peer.stop()
        self._listen("absent")
        shutil.rmtree(self.run_dir, ignore_errors=True)


def _restore(path: Path, content: str | bytes) -> None:
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        path.write_text(content)


def _settle() -> None:
    """pcscd looks for cards every 0.4 s and has no way to be asked whether it has."""
    time.sleep(0.9)


def main() -> None:
    """Take cells until standard input ends."""
    folder, library, clock = map(Path, sys.argv[1:4])
    world = World(folder, library, clock)
    for line in sys.stdin:
        sys.stdout.write(json.dumps(world.run(json.loads(line))) + "\n")
        sys.stdout.flush()
    world.close()


if __name__ == "__main__":
    try:
        main()
    except BaseException:
        traceback.print_exc()
        os._exit(1)  # peers' threads may wait for ever
