"""The checks that need a person: swipe, tap, press every key, look at the pattern, listen. What was done is measured.

No card is read: the reader's own counters and the results of its last read tell whether it could. Of the keys only the
set of those that were pressed is kept, never their order. Without a person nothing is waited for.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from typing import Final, TypeAlias, TypeVar

from device.drivers.card_reader import ReaderSetup, read_card_reader
from device.drivers.reader_facts import ReaderError, ReaderStatus
from device.ports.serial_port import PortError
from device.selftest.hal_parts import HalSetup, act, ask
from device.selftest.sheet import Sheet
from native.hal import Hal
from protocol.reader_message import TrackResult

WAIT_S: Final = 20.0
KEYS_WAIT_S: Final = 45.0
_LOOK_S: Final = 0.3  # between two questions to a reader
_KEYS_S: Final = 0.02  # a key is held longer than that
_NOBODY: Final = "Nobody is there to do it: run the assisted test at the terminal."
_GOOD: Final = (TrackResult.READ, TrackResult.EMPTY, TrackResult.NOT_READ)
_State = TypeVar("_State")
_Counts: TypeAlias = tuple[int | None, ...]


def check_swipe(setup: ReaderSetup | None, hal: HalSetup | None, sheet: Sheet) -> None:
    """Write reader.swipe: ``read`` or ``not_read``, by the reader's counters before and after a card was swiped."""
    fact = "reader.swipe"
    if setup is not None:
        _watch_serial(setup, fact, sheet)
    elif hal is not None:
        found = ask(hal, Hal.read_reader, (fact,), sheet)
        if found is not None:
            _watch(fact, sheet, (found.track_reads, found.track_errors), lambda: _hal_swipes(hal), _judge_counts)
    else:
        sheet.not_run(fact, "not_fitted", "No card reader is configured.")


def check_tap(hal: HalSetup | None, sheet: Sheet) -> None:
    """Write contactless.tap: ``read`` or ``not_read``, by the library's counters before and after a card was held."""
    fact = "contactless.tap"
    found = ask(hal, Hal.read_contactless, (fact,), sheet)
    if found is None or hal is None:
        return
    if found.taps is None:
        sheet.not_run(fact, "not_supported", "The hardware library does not count cards.")
        return

    def look() -> tuple[_Counts, _Counts]:
        now = Hal(hal.library).read_contactless()
        return (now.taps,), (now.errors,)

    before: tuple[_Counts, _Counts] = (found.taps,), (found.errors,)
    _watch(fact, sheet, before, look, _judge_taps)


def check_keys(hal: HalSetup | None, names: Mapping[int, str], sheet: Sheet) -> None:
    """Write keypad.pressed: how many keys were not felt while every key was to be pressed once."""
    fact = "keypad.pressed"
    found = ask(hal, Hal.read_keypad, (fact,), sheet)
    if found is None or hal is None:
        return
    if not found.fitted:
        sheet.not_run(fact, "not_supported", "The hardware library does not tell its keys one by one.")
        return
    if not _call(fact, KEYS_WAIT_S, sheet):
        return
    missing, until = set(found.fitted), time.monotonic() + KEYS_WAIT_S
    library = Hal(hal.library)
    while missing and time.monotonic() < until:
        missing.difference_update(library.read_keypad().down)
        time.sleep(_KEYS_S)  # the library tells what is down now, not when that changes
    words = ", ".join(names.get(key, f"key {key}") for key in sorted(missing)[:20])
    sheet.measured(fact, len(missing), detail=f"Not felt: {words}." if missing else f"All {len(found.fitted)} keys.")


def check_noticed(hal: HalSetup | None, sheet: Sheet) -> None:
    """Write indicator.noticed: ``yes`` or ``no``, as the person saw the lamps and heard the beeper."""
    fact = "indicator.noticed"
    if hal is None:
        sheet.not_run(fact, "not_fitted", "No hardware library is configured.")
    elif sheet.person is None:
        sheet.not_run(fact, "nobody", _NOBODY)
    elif act(sheet, fact, lambda: Hal(hal.library).light_and_beep(1000), told=False):
        write_answer(fact, sheet)


def write_answer(fact: str, sheet: Sheet) -> None:
    """Ask the person whether it was so, and write ``yes`` or ``no``."""
    if sheet.person is None:
        sheet.not_run(fact, "nobody", _NOBODY)
        return
    answer = sheet.person.confirm(fact, WAIT_S)
    if answer is None:
        sheet.not_run(fact, "no_person_answered", "Nobody said whether it was so.")
    else:
        sheet.measured(fact, "yes" if answer else "no")


def _call(fact: str, wait_s: float, sheet: Sheet) -> bool:
    """Tell the person what to do; False where there is none."""
    if sheet.person is None:
        sheet.not_run(fact, "nobody", _NOBODY)
        return False
    sheet.person.prompt(fact, wait_s)
    return True


def _watch(
    fact: str, sheet: Sheet, before: _State, look: Callable[[], _State], judge: Callable[[_State, _State], str]
) -> None:
    """Wait until ``judge`` has a word for what changed, and write it."""
    if not _call(fact, WAIT_S, sheet):
        return
    until = time.monotonic() + WAIT_S
    while time.monotonic() < until:
        time.sleep(_LOOK_S)  # a worker waits for a person; the counters are asked, they do not tell
        word = judge(before, look())
        if word:
            sheet.measured(fact, word)
            return
    sheet.failed(fact, "nothing_came", "Nothing was felt in the time; was it done?")


def _watch_serial(setup: ReaderSetup, fact: str, sheet: Sheet) -> None:
    try:
        before = _status(setup)
        if before is None or (before.tracks is None and before.head_cycles is None):
            sheet.not_run(fact, "not_supported", "This reader's protocol does not tell whether a card was swiped.")
            return
        _watch(fact, sheet, before, lambda: _status(setup) or before, _judge_status)
    except PortError as error:
        sheet.not_run(fact, "port", str(error))
    except ReaderError as error:
        sheet.failed(fact, error.reason, str(error))


def _status(setup: ReaderSetup) -> ReaderStatus | None:
    return next((step for step in read_card_reader(setup) if isinstance(step, ReaderStatus)), None)


def _judge_status(before: ReaderStatus, now: ReaderStatus) -> str:
    if (now.tracks, now.head_cycles) == (before.tracks, before.head_cycles):
        return ""
    tracks = now.tracks or ()
    good = TrackResult.READ in tracks and all(track in _GOOD for track in tracks)
    return "read" if good or not tracks else "not_read"


def _hal_swipes(hal: HalSetup) -> tuple[_Counts, _Counts]:
    now = Hal(hal.library).read_reader()
    return now.track_reads, now.track_errors


def _judge_counts(
    before: tuple[_Counts, _Counts],
    now: tuple[_Counts, _Counts],
) -> str:
    if any(_grown(before[1], now[1])):
        return "not_read"
    return "read" if any(_grown(before[0], now[0])) else ""


def _judge_taps(
    before: tuple[_Counts, _Counts],
    now: tuple[_Counts, _Counts],
) -> str:
    """A card that could not be read is counted as seen too."""
    return _judge_counts(before, now) if any(_grown(before[0], now[0])) else ""


def _grown(before: _Counts, now: _Counts) -> Iterator[bool]:
    for old, new in zip(before, now, strict=True):
        yield old is not None and new is not None and new > old
