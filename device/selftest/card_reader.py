"""The card reader's check: does it answer, with which firmware, in which state? It never reads a card."""

from __future__ import annotations

import time

from device.drivers.card_reader import ReaderSetup, read_card_reader
from device.drivers.reader_facts import ReaderError, ReaderIdentity, ReaderStatus
from device.ports.serial_port import PortError, PortHeldError, PortLostError, PortMissingError
from device.selftest.hal_parts import HalSetup, ask
from device.selftest.sheet import Sheet
from native.hal import Hal, Reader
from protocol.reader_message import TrackResult

_TRACKS = ("reader.track_1", "reader.track_2", "reader.track_3")
_COUNTERS = ("reader.retries", "reader.errors", "reader.head_cycles")
_FACTS = ("reader.answer", "reader.firmware", "reader.status", *_TRACKS, *_COUNTERS)
_GOOD_TRACKS = (TrackResult.NOT_READ, TrackResult.READ, TrackResult.EMPTY)


def check_card_reader(setup: ReaderSetup | None, sheet: Sheet, hal: HalSetup | None = None) -> None:
    """Write reader.answer (true), reader.firmware (text), reader.status, tracks and the reader's own counters.

    The status is ``fault``, ``media_present``, ``read_failed`` (the last card) or ``ready``, the first that holds;
    reader.track_1 to 3 are what the last read of each track came to. Without a reader on a serial line the vendor's
    library is asked for the built-in one.
    """
    if setup is not None:
        _check_serial(setup, sheet)
    elif hal is not None:
        _check_built_in(hal, sheet)
    else:
        for fact in _FACTS:
            sheet.not_run(fact, "not_fitted", "No card reader on a serial line is configured, and no hardware library.")


def _check_serial(setup: ReaderSetup, sheet: Sheet) -> None:
    missing = list(_FACTS)
    began = time.monotonic()
    try:
        for step in read_card_reader(setup):
            took_ms = (time.monotonic() - began) * 1000
            if isinstance(step, ReaderIdentity):
                sheet.measured(missing.pop(0), True, took_ms=took_ms)
                sheet.measured(missing.pop(0), step.firmware)
            else:
                sheet.measured(missing.pop(0), _status_of(step))
                _write_tracks(step, missing, sheet)
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


def _write_tracks(status: ReaderStatus, missing: list[str], sheet: Sheet) -> None:
    """What the protocol tells of the last read of each track."""
    for place, fact in enumerate(_TRACKS):
        missing.remove(fact)
        if status.tracks is None:
            sheet.not_run(fact, "not_supported", "This reader's protocol does not tell how tracks were read.")
        else:
            sheet.measured(fact, _track_name(status.tracks[place]))


def _check_built_in(hal: HalSetup, sheet: Sheet) -> None:
    found = ask(hal, Hal.read_reader, _FACTS, sheet)
    if found is None:
        return
    sheet.measured("reader.answer", True)
    for fact in ("reader.firmware", "reader.status", *_TRACKS, "reader.retries"):
        sheet.not_run(fact, "not_supported", "The hardware library does not tell this.")
    errors = [count for count in found.track_errors if count is not None]
    for fact, count, detail in (
        ("reader.errors", sum(errors) if errors else None, _reads_of(found)),
        ("reader.head_cycles", found.head_cycles, ""),
    ):
        if count is None:
            sheet.not_run(fact, "not_supported", "The hardware library does not tell this.")
        else:
            sheet.measured(fact, count, detail=detail)


def _reads_of(found: Reader) -> str:
    """Good and failed reads of each track that the library tells."""
    tracks = enumerate(zip(found.track_reads, found.track_errors, strict=True), 1)
    told = [
        f"track {number}: {'?' if reads is None else reads} read, {'?' if errors is None else errors} failed"
        for number, (reads, errors) in tracks
        if (reads, errors) != (None, None)
    ]
    return f"Since the counter began, {'; '.join(told)}." if told else ""


def _write_counters(status: ReaderStatus, missing: list[str], sheet: Sheet) -> None:
    for fact, count in zip(_COUNTERS, (status.retries, status.errors, status.head_cycles), strict=True):
        missing.remove(fact)
        if count is None:
            sheet.not_run(fact, "not_supported", "This reader's protocol has no such counter.")
        else:
            sheet.measured(fact, count)


def _track_name(track: int) -> str:
    try:
        return TrackResult(track).name.lower()
    except ValueError:
        return f"code_{track}"
