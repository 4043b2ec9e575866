"""The storage's check: room, a write that reaches the disk, and whether the history is kept there."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from device.drivers.flash import read_mount, read_wear
from device.drivers.storage import StorageError, read_free_storage, write_probe
from device.selftest.sheet import Sheet


@dataclass(frozen=True, slots=True)
class StoreState:
    """What the store says of itself: why it keeps nothing across a restart, where it put a damaged file."""

    degraded: str | None
    set_aside: Path | None


@dataclass(frozen=True, slots=True)
class StorageSetup:
    """The state folder, and the store's state where the caller holds the store."""

    state_dir: Path
    store: StoreState | None = None
    sys_root: Path = Path("/sys")


def check_storage(setup: StorageSetup, sheet: Sheet) -> None:
    """Write all storage facts on the sheet.

    storage.free: MB; storage.writable: true; storage.latency: ms of that write; storage.history:
    ``kept|begun_anew|memory_only``; storage.mount: ``read_write|read_only``; storage.life: percent used up;
    storage.pre_eol: ``normal|warning|urgent``.
    """
    _check_free(setup.state_dir, sheet)
    _check_write(setup.state_dir, sheet)
    _check_history(setup.store, sheet)
    _check_flash(setup, sheet)


def _check_write(folder: Path, sheet: Sheet) -> None:
    began = time.monotonic()
    try:
        write_probe(folder)
    except StorageError as error:
        sheet.failed("storage.writable", error.reason, str(error))
        sheet.not_run("storage.latency", "needs_write", "Nothing could be written, so the time was not taken.")
        return
    took_ms = round((time.monotonic() - began) * 1000, 1)
    sheet.measured("storage.writable", True, took_ms=took_ms)
    sheet.measured("storage.latency", took_ms)


def _check_flash(setup: StorageSetup, sheet: Sheet) -> None:
    try:
        sheet.measured("storage.mount", read_mount(setup.state_dir))
        wear = read_wear(setup.state_dir, setup.sys_root)
    except OSError as error:
        sheet.broken("storage.mount", "unreadable", f"{setup.state_dir} cannot be asked: {error.strerror}.")
        wear = None
    for fact, value in (
        ("storage.life", None if wear is None else wear.used_percent),
        ("storage.pre_eol", None if wear is None else wear.pre_eol),
    ):
        if value is None:
            sheet.not_run(fact, "not_supported", "This storage does not tell how worn it is.")
        else:
            sheet.measured(fact, value)


def _check_history(store: StoreState | None, sheet: Sheet) -> None:
    if store is None:
        sheet.not_run("storage.history", "not_told", "Only the service knows whether the history is kept.")
    elif store.degraded is not None:
        sheet.measured("storage.history", "memory_only", detail=store.degraded)
    elif store.set_aside is not None:
        detail = f"The history was damaged; it was set aside as {store.set_aside.name} and begun anew."
        sheet.measured("storage.history", "begun_anew", detail=detail)
    else:
        sheet.measured("storage.history", "kept")


def _check_free(folder: Path, sheet: Sheet) -> None:
    try:
        found = read_free_storage(folder)
    except StorageError as error:
        sheet.failed("storage.free", error.reason, str(error))
        return
    if found.files == 0:
        sheet.failed("storage.free", "no_inodes", "No further file can be made: remove files that are not needed.")
        return
    detail = f"{found.percent:.0f} % of {found.total_mb:.0f} MB are free."
    sheet.measured("storage.free", round(found.free_mb), detail=detail)
