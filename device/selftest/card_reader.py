"""The card reader's check: does it answer, with which firmware, in which state? It never reads a card."""

from __future__ import annotations

import time

from device.drivers.card_reader import ReaderSetup, read_card_reader
from device.drivers.reader_facts import ReaderError, ReaderIdentity, ReaderStatus
from device.ports.serial_port import PortError, PortHeldError, PortLostError, PortMissingError
from device.selftest.sheet import Sheet
from protocol.reader_message import TrackResult

_COUNTERS = ("reader.retries", "reader.errors", "reader.head_cycles")
_FACTS = ("reader.answer", "reader.firmware", "reader.status", *_COUNTERS)
_GOOD_TRACKS = (TrackResult.NOT_READ, TrackResult.READ, TrackResult.EMPTY)


def check_card_reader(setup: ReaderSetup | None, sheet: Sheet) -> None:
    """Write reader.answer (true), reader.firmware (text), reader.status and the reader's own counters on the sheet.

    The status is ``fault``, ``media_present``, ``read_failed`` (the last card) or ``ready``, the first that holds.
    """
    missing = list(_FACTS)
    if setup is None:
        for fact in missing:
            sheet.not_run(fact, "not_fitted", "No card reader on a serial line is configured.")
        return
    began = time.monotonic()
    try:
        for step in read_card_reader(setup):
            took_ms = (time.monotonic() - began) * 1000
            if isinstance(step, ReaderIdentity):
                sheet.measured(missing.pop(0), True, took_ms=took_ms)
                sheet.measured(missing.pop(0), step.firmware)
            else:
                sheet.measured(missing.pop(0), _status_of(step), detail=_tracks_of(step))
                _write_counters(step, missing, sheet)
    except PortHeldError as error:
        for fact in missing:
            sheet.not_run(fact, "port_held", str(error))
    except PortMissingError as error:
        _fail(sheet, missing, "port_missing", str(error))
    except PortLostError as error:
        _fail(sheet, missing, "unplugged", str(error))
    except PortError as error:
        for fact in missing:
            sheet.broken(fact, "port", str(error))
    except ReaderError as error:
        _fail(sheet, missing, error.reason, str(error))


def _fail(sheet: Sheet, missing: list[str], reason: str, detail: str) -> None:
    """The first open fact failed; what needed it was not asked."""
    for fact in missing[:1]:
        sheet.failed(fact, reason, detail)
    for fact in missing[1:]:
        sheet.not_run(fact, "needs_answer", "The reader did not answer, so this was not asked.")


def _status_of(status: ReaderStatus) -> str:
    if status.fault:
        return "fault"
    if status.media_present:
        return "media_present"
    return "ready" if all(track in _GOOD_TRACKS for track in status.tracks or ()) else "read_failed"


def _tracks_of(status: ReaderStatus) -> str:
    """What the protocol tells of the last read; empty where it tells nothing."""
    if status.tracks is None:
        return ""
    return f"Last read of tracks 1 to 3: {', '.join(_track_name(track) for track in status.tracks)}."


def _write_counters(status: ReaderStatus, missing: list[str], sheet: Sheet) -> None:
    for fact, count in zip(_COUNTERS, (status.retries, status.errors, status.head_cycles), strict=True):
        missing.remove(fact)
        if count is None:
            sheet.not_run(fact, "not_supported", "This reader's protocol has no such counter.")
        else:
            sheet.measured(fact, count)


def _track_name(track: int) -> str:
    try:
        return TrackResult(track).name.lower().replace("_", " ")
    except ValueError:
        return f"code {track}"
