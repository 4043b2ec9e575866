"""What runs in a worker for an update: RAUC is asked, the bundle is checked, the slot is written."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from device.app.boot_gate import time_of_verdict
from device.settings_parts import UpdateSettings
from device.update.bundle import BundleError, BundleInfo
from device.update.rauc import Rauc, RaucError
from device.update.records import Ending, Pending, Records, Running, Verdict
from device.update.refusal import Requirements, check_bundle
from device.worker import Report, give_way


def report_system(settings: UpdateSettings, report: Report) -> None:
    """Report ``{"system": ...}`` or ``{"refused": reason, "said": ...}``."""
    _reporting(report, lambda: report({"system": dataclasses.asdict(Rauc(settings.config).read_system())}))


def report_mark_bad(settings: UpdateSettings, report: Report) -> None:
    """Have the slot that runs marked bad; report ``{"marked": true}`` or why not."""

    def mark() -> None:
        Rauc(settings.config).mark_bad()
        report({"marked": True})

    _reporting(report, mark)


def report_switch(settings: UpdateSettings, report: Report) -> None:
    """Have the other slot started next; report its name as ``next`` or why not."""

    def switch() -> None:
        rauc = Rauc(settings.config)
        rauc.switch_slot()
        report({"next": rauc.read_system().next})

    _reporting(report, switch)


def report_verify(settings: UpdateSettings, path: Path, version: str, report: Report) -> None:
    """Check signature, compatible, format and version; report ``{"bundle": ...}`` or why it is refused."""
    _reporting(report, lambda: report({"bundle": dataclasses.asdict(_verified(settings, path, version))}))


def report_install(
    settings: UpdateSettings, path: Path, running: Running, boot_id: str, records: Records, report: Report
) -> None:
    """Check, remember what is about to happen, write the other slot; report progress, then the bundle or why not."""

    def install() -> None:
        give_way()
        bundle = _verified(settings, path, running.version)
        report({"bundle": dataclasses.asdict(bundle)})
        before = records.pending()
        pending = Pending(running, bundle.version, datetime.now(UTC).isoformat(timespec="seconds"), boot_id)
        records.write(pending)
        try:
            Rauc(settings.config).install(path, lambda percent, text: report({"percent": percent, "text": text}))
        except (BundleError, RaucError) as error:
            _note_failure(records, pending, before, error)
            raise
        records.write(dataclasses.replace(pending, installed=True))
        report({"installed": True})

    _reporting(report, install)


def _note_failure(records: Records, pending: Pending, before: Pending | None, error: BundleError | RaucError) -> None:
    if error.reason == "under_way" and before is not None:  # RAUC is still at what it had begun
        records.write(before)
        return
    target = Running(pending.version, "")
    verdict = Verdict(Ending.INSTALL_FAILED, pending.source, target, time_of_verdict(), got=error.said[:400])
    records.write(dataclasses.replace(verdict, detail=error.reason, update=pending.id))
    records.forget_pending()


def _verified(settings: UpdateSettings, path: Path, version: str) -> BundleInfo:
    rauc = Rauc(settings.config)
    bundle = rauc.read_bundle(path)
    check_bundle(bundle, Requirements(rauc.read_system().compatible, version, settings.formats))
    return bundle


def _reporting(report: Report, act: Callable[[], None]) -> None:
    try:
        act()
    except (BundleError, RaucError) as error:
        report(_refused(error.reason, error.said))
    except OSError as error:
        report(_refused("no_records", error.strerror or "unknown"))


def _refused(reason: str, said: str) -> Mapping[str, Any]:
    return {"refused": reason, "said": said}
