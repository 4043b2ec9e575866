"""The check of the last firmware update: how it ended, as the records on the data partition tell it."""

from __future__ import annotations

from device.selftest.sheet import Sheet
from device.update.records import Ending, Records, Verdict


def check_update(records: Records, sheet: Sheet) -> None:
    """Write update.last: ``good|regressed|silent|install_failed|no_way_back|other``."""
    verdict = records.verdict()
    if verdict is not None:
        stays = verdict.ending is Ending.REGRESSED and verdict.detail == "no_way_back"
        sheet.measured("update.last", verdict.detail if stays else verdict.ending.value, detail=_detail(verdict))
    elif records.damaged:
        sheet.broken("update.last", "unreadable", f"{', '.join(records.damaged)} cannot be read.")
    else:
        sheet.not_run("update.last", "no_update", "No firmware update was made since this terminal was set up.")


def _detail(verdict: Verdict) -> str:
    source, target = verdict.source.version or "?", verdict.target.version or "?"
    steps = f"{source} -> {target}, {verdict.at[:16] or 'clock not set'}"
    if verdict.ending is Ending.REGRESSED:
        return f"{steps}: {verdict.check} was {verdict.expected}, then {verdict.got}."
    return f"{steps}."
