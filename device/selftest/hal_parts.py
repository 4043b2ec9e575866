"""The checks of parts that only the vendor's library knows: power, tamper latch, keypad, contactless reader.

Run each in a process of its own, because the library may hang or crash.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar

from device.selftest.sheet import Sheet
from native.hal import Hal, HalCallError, HalError, HalGarbageError

_NOT_ASKED: Final = ("not_fitted", "not_supported", "busy")
_Answer = TypeVar("_Answer")


@dataclass(frozen=True, slots=True)
class HalSetup:
    """The vendor's library."""

    library: Path


def check_identity(setup: HalSetup | None, serial_number: str | None, firmware: str | None, sheet: Sheet) -> None:
    """Write identity.model (vendor and model), identity.serial_number, identity.firmware.

    The last two are held against what the terminal's profile says; None: it does not say.
    """
    found = ask(setup, Hal.read_identity, ("identity.model", "identity.serial_number", "identity.firmware"), sheet)
    if found is None:
        return
    model = f"{found.vendor} {found.model}".strip()
    if model:
        sheet.measured("identity.model", model)
    else:
        _untold(sheet, "identity.model")
    for fact, told, expected in (
        ("identity.serial_number", found.serial_number, serial_number),
        ("identity.firmware", found.firmware, firmware),
    ):
        if told:
            sheet.compared(fact, told, expected)
        else:
            _untold(sheet, fact)


def check_slot_counters(setup: HalSetup | None, sheet: Sheet, *, fitted: bool) -> None:
    """Write smart_card.contact_cycles (cards put in) and smart_card.start_errors (of these without answer to reset).

    ``fitted``: the slot is there, so that a missing library is only a missing counter.
    """
    facts = ("smart_card.contact_cycles", "smart_card.start_errors")
    if setup is None and fitted:
        for fact in facts:
            sheet.not_run(fact, "not_supported", "Only a hardware library counts this, and none is configured.")
        return
    found = ask(setup, Hal.read_reader, facts, sheet)
    if found is not None:
        _number(sheet, facts[0], found.chip_inserts)
        _number(sheet, facts[1], found.chip_errors)


def check_power(setup: HalSetup | None, sheet: Sheet) -> None:
    """Write power.external (yes), power.battery (percent), power.battery_temperature (°C)."""
    facts = ("power.external", "power.battery", "power.battery_temperature")
    found = ask(setup, Hal.read_battery, facts, sheet)
    if found is None:
        return
    write_flag(sheet, "power.external", found.external_power)
    if found.fitted == 0:
        for fact in facts[1:]:
            sheet.not_run(fact, "not_fitted", "This terminal has no battery.")
        return
    charging = {None: "", 0: "Not charging.", 1: "Charging."}[found.charging]
    _number(sheet, "power.battery", found.level_percent, charging)
    tenths = found.temperature_dc
    _number(sheet, "power.battery_temperature", None if tenths is None else tenths / 10)


def check_tamper(setup: HalSetup | None, sheet: Sheet) -> None:
    """Write tamper.latch (``clear`` or ``set``)."""
    found = ask(setup, Hal.read_tamper, ("tamper.latch",), sheet)
    if found is None:
        return
    if found.triggered is None:
        _untold(sheet, "tamper.latch")
        return
    detail = "" if found.events is None else f"{found.events} events since the counter began."
    sheet.measured("tamper.latch", "set" if found.triggered else "clear", detail=detail)


def check_keypad(setup: HalSetup | None, sheet: Sheet) -> None:
    """Write keypad.keys (how many) and keypad.stuck (how many read as pressed with nobody asked to press one)."""
    found = ask(setup, Hal.read_keypad, ("keypad.keys", "keypad.stuck"), sheet)
    if found is not None:
        _number(sheet, "keypad.keys", found.keys)
        _number(sheet, "keypad.stuck", found.pressed)


def check_contactless(setup: HalSetup | None, sheet: Sheet, *, active: bool) -> None:
    """Write contactless.answer (yes), contactless.errors (cards not read); if active contactless.field (yes)."""
    facts = ("contactless.answer", "contactless.errors", *(("contactless.field",) if active else ()))
    found = ask(setup, Hal.read_contactless, facts, sheet)
    if found is None:
        return
    write_flag(sheet, "contactless.answer", found.answers)
    detail = "" if found.taps is None else f"Of {found.taps} cards seen."
    _number(sheet, "contactless.errors", found.errors, detail)
    if active and setup is not None:
        act(sheet, "contactless.field", lambda: Hal(setup.library).switch_field(200))


def check_indicator(setup: HalSetup | None, sheet: Sheet) -> None:
    """Light the lamps and sound the beeper, and write indicator.flash (yes): whether the library could do it."""
    if setup is None:
        sheet.not_run("indicator.flash", "not_fitted", "No hardware library is configured.")
    else:
        library = setup.library
        act(sheet, "indicator.flash", lambda: Hal(library).light_and_beep(500))


def ask(setup: HalSetup | None, read: Callable[[Hal], _Answer], facts: Iterable[str], sheet: Sheet) -> _Answer | None:
    """The library's answer, or None after every fact was written down with the reason why there is none."""
    if setup is None:
        for fact in facts:
            sheet.not_run(fact, "not_fitted", "No hardware library is configured.")
        return None
    try:
        return read(Hal(setup.library))
    except HalError as error:
        for fact in facts:
            _no_answer(sheet, fact, error)
        return None


def act(sheet: Sheet, fact: str, call: Callable[[], None], *, told: bool = True) -> bool:
    """Have the library do something; whether it did. It is written too: yes, unless another is asked (not ``told``)."""
    try:
        call()
    except HalError as error:
        _no_answer(sheet, fact, error)
        return False
    if told:
        sheet.measured(fact, "yes")
    return True


def _no_answer(sheet: Sheet, fact: str, error: HalError) -> None:
    """Silence of the part is a failure; a library that cannot be used says nothing about the part."""
    if isinstance(error, HalCallError) and error.reason in _NOT_ASKED:
        sheet.not_run(fact, error.reason, str(error))
    elif isinstance(error, HalCallError | HalGarbageError):
        sheet.failed(fact, error.reason, str(error))
    else:
        sheet.broken(fact, error.reason, str(error))


def write_flag(sheet: Sheet, fact: str, value: int | None, words: Sequence[str] = ("no", "yes")) -> None:
    """Write the word for 0, 1...; a value that the library did not tell is not run."""
    if value is None:
        _untold(sheet, fact)
    else:
        sheet.measured(fact, words[value])


def _number(sheet: Sheet, fact: str, value: float | None, detail: str = "") -> None:
    if value is None:
        _untold(sheet, fact)
    else:
        sheet.measured(fact, value, detail=detail)


def _untold(sheet: Sheet, fact: str) -> None:
    sheet.not_run(fact, "not_supported", "The hardware library does not tell this.")
