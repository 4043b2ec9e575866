"""Storage: real file systems, full, read-only, missing."""

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest
from support.sheet import KeptSheet

from device.drivers.storage import StorageError, read_free_storage
from device.selftest.storage import StorageSetup, StoreState, check_storage

_CHECK = """
from pathlib import Path; from support.sheet import KeptSheet
from device.selftest.storage import StorageSetup, check_storage
s = KeptSheet(); check_storage(StorageSetup(Path("{folder}")), s)
print(*s.told("storage.writable"), *s.told("storage.free"))
"""


def check_on_tmpfs(folder: Path, options: str, before: str = "true") -> list[str]:
    """The check on a file system of its own, mounted with ``options``, after the shell's ``before``."""
    inside = f"mount -t tmpfs none {folder} && {before} && mount -o remount,{options} {folder} && exec {sys.executable}"
    found = subprocess.run(
        ["unshare", "-rm", "sh", "-c", f"{inside} -c '{_CHECK.format(folder=folder)}'"],
        capture_output=True,
        text=True,
        check=False,
        timeout=20,
        env={**os.environ, "PYTHONPATH": "tests:."},
    )
    if found.returncode != 0 and "Traceback" not in found.stderr:
        pytest.skip(f"this machine allows no mounts: {found.stderr.strip()}")
    return found.stdout.split()


def test_a_healthy_folder_passes_and_keeps_nothing_of_the_probe(tmp_path: Path) -> None:
    sheet = KeptSheet()
    check_storage(StorageSetup(tmp_path, StoreState(None, None)), sheet)
    assert sheet.told("storage.writable") == ("pass", "")
    assert sheet.told("storage.history") == ("pass", "")
    assert sheet.found["storage.free"].unit == "MB"
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_called_full(tmp_path: Path) -> None:
    fill = f"dd if=/dev/zero of={tmp_path}/fill bs=4k count=999 2>/dev/null; true"
    told = check_on_tmpfs(tmp_path, "rw", f"mount -o remount,size=64k {tmp_path} && ({fill})")
    assert told == ["fail", "disk_full", "fail", "outside_limit"]


def test_a_read_only_mount_is_called_read_only(tmp_path: Path) -> None:
    assert check_on_tmpfs(tmp_path, "ro")[:2] == ["fail", "read_only"]


def test_a_missing_folder_is_called_missing(tmp_path: Path) -> None:
    sheet = KeptSheet()
    check_storage(StorageSetup(tmp_path / "gone"), sheet)
    assert sheet.told("storage.writable") == ("fail", "no_folder")
    assert sheet.told("storage.free") == ("fail", "no_folder")
    assert sheet.told("storage.history") == ("not_run", "not_told")


def test_a_store_in_memory_and_one_begun_anew_are_told(tmp_path: Path) -> None:
    memory, anew = KeptSheet(), KeptSheet()
    check_storage(StorageSetup(tmp_path, StoreState("Storage is full.", None)), memory)
    check_storage(StorageSetup(tmp_path, StoreState(None, tmp_path / "posmedic.db.corrupt-1")), anew)
    assert memory.told("storage.history") == ("fail", "outside_limit")
    assert memory.found["storage.history"].detail == "Storage is full."
    assert anew.found["storage.history"].value == "begun_anew"
    assert "posmedic.db.corrupt-1" in anew.found["storage.history"].detail


def test_free_storage_is_what_the_file_system_says(tmp_path: Path) -> None:
    free = read_free_storage(tmp_path)
    assert 0 <= free.free_mb <= free.total_mb
    assert 0 <= free.percent <= 100


def test_an_unknown_error_is_still_one_sentence() -> None:
    error = StorageError(OSError(errno.ENODEV, "No such device"), Path("/state"))
    assert (error.reason, str(error)) == ("io_error", "/state: Storage reports: No such device.")
