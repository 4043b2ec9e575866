"""What a power cut left of an emulated terminal: its disks looked at from outside, and started again."""

from __future__ import annotations

import contextlib
import filecmp
import shutil
import sqlite3
import subprocess
from pathlib import Path

from guest.emulated import BOOT_S, STEP_S

from device.store.store import Store
from device.update.records import Records
from tools.image.vm import Boot, Build, Terminal, flatten

_REPAIRED = (0, 1)  # e2fsck(8): nothing wrong, or set right by the journal


class Wreck:
    """The disks of a run in ``layers`` whose power went, as plain ones in ``folder``."""

    def __init__(self, layers: Path, folder: Path) -> None:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        flatten(layers, folder)
        self._folder = folder
        self.boot = Boot(folder / "bootenv.img").read()
        done = subprocess.run(["e2fsck", "-p", str(folder / "data.img")], capture_output=True, text=True, check=False)
        assert done.returncode in _REPAIRED, f"data partition: {done.stdout}"
        self._data = folder / "data"
        self._data.mkdir()
        for name in ("posmedic.db", "posmedic.db-wal", "update"):
            words = ["debugfs", "-R", f"rdump /{name} {self._data}", str(folder / "data.img")]
            subprocess.run(words, check=True, capture_output=True)

    @property
    def next_slot(self) -> str:
        """The slot that the boot loader starts next."""
        return next(name for name in self.boot["ORDER"].split() if int(self.boot[f"{name}_LEFT"]) > 0)

    def slot_is(self, name: str, image: Path) -> bool:
        """Whether that slot holds this file system to the last byte."""
        return filecmp.cmp(self._folder / f"slot{name}.img", image, shallow=False)

    def records(self) -> Records:
        """The records of updates."""
        return Records(self._data / "update")

    def declines(self) -> int:
        """How many declines the database holds; it must be whole."""
        path = self._data / "posmedic.db"
        store = Store(path)
        assert (store.degraded, store.set_aside) == (None, None)
        found = len(store.declines.last())
        store.close()
        with contextlib.closing(sqlite3.connect(path)) as database:
            assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        return found

    def start(self, build: Build) -> str:
        """Power on again, up to a shell; what the terminal then tells of its last update."""
        vm = Terminal(build, self._folder)
        try:
            vm.wait_ready(BOOT_S)
            vm.log_in()
            return vm.shell("posmedic update status --lang en", STEP_S)[1]
        finally:
            vm.power_off()
