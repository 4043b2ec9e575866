"""The chip card slot's check: is the service there, the reader, a card, and does the card answer?

A slot is not faulty because it is empty: without a card the facts about cards are ``not_run``. Only the assisted level
powers a card; the safe level reads what pcscd already knows.
"""

from __future__ import annotations

from device.drivers.smart_card import (
    DIRECTORIES,
    Application,
    Disturbance,
    Restart,
    Selection,
    Slot,
    SmartCardSetup,
    find_reader,
    read_slot,
    select_applications,
    slot_of,
    wait_for_card,
)
from device.evidence import Level
from device.selftest.sheet import Sheet
from device.settings import read_catalogue
from native.pcsc import CardGoneError, Context, PcscError, PcscMissingError, ServiceError
from protocol.apdu import ApduError
from protocol.atr import parse_atr

WAIT_S = 20.0
_ANSWER_TIME = "smart_card.answer_time"
_ERRORS = "smart_card.line_errors"
_FACTS = ("service", "reader", "present", "atr", "start_time", "select", "answer_time", "line_errors")
_START_SERVICE = "The card service pcscd does not run: start it (systemctl start pcscd.socket) or install pcscd."
_CONNECT_REASONS = {
    "SCARD_E_PROTO_MISMATCH": ("protocol_mismatch", "The chip's answer to reset names no protocol the reader speaks."),
    "SCARD_W_UNRESPONSIVE_CARD": ("card_mute", "The chip does not answer its reset: clean it or turn the card over."),
    "SCARD_W_UNPOWERED_CARD": ("card_mute", "The chip takes no power: clean it or turn the card over."),
    "SCARD_E_NO_SMARTCARD": ("no_card", "The card was taken out before it could be asked."),
    "SCARD_E_SHARING_VIOLATION": ("card_held", "Another program holds the card for itself: try again later."),
}


def check_smart_card(setup: SmartCardSetup | None, sheet: Sheet, level: Level) -> None:
    """Write all smart_card facts on the sheet, each as soon as it is known.

    Values: service ``running``, reader its name, present ``present|empty|mute|unavailable``, atr its protocols and
    number of oddities, start_time ms of a cold reset, select the short words of what the card accepted, answer_time
    ms of the slowest answer, line_errors how many exchanges over T=0 or T=1 had to be made again.
    """
    missing = [f"smart_card.{fact}" for fact in _FACTS]
    if setup is None:
        _not_run(sheet, missing, "not_fitted", "No chip card reader is configured.")
        return
    try:
        with Context() as context:
            sheet.measured(missing.pop(0), "running")
            _check_slot(context, setup, sheet, missing, level)
    except PcscMissingError as error:
        _fail(sheet, missing, "no_library", f"{error}.")
    except ServiceError as error:
        lost = "smart_card.service" not in missing
        reason = "service_lost" if lost else "no_service"
        text = f"pcscd went away while it was asked ({error.name}). {_START_SERVICE}" if lost else _START_SERVICE
        _fail(sheet, missing, reason, text)
    except PcscError as error:
        for fact in missing:
            sheet.broken(fact, "pcsc", f"PC/SC refused the call: {error}.")


def _check_slot(context: Context, setup: SmartCardSetup, sheet: Sheet, missing: list[str], level: Level) -> None:
    reader = find_reader(context, setup)
    if reader is None:
        wanted = f" whose name contains {setup.reader!r}" if setup.reader else ""
        _fail(sheet, missing, "no_reader", f"pcscd knows no reader{wanted}: check its cable and driver.")
        return
    sheet.measured(missing[0], reader)
    del missing[0]
    state = read_slot(context, reader)
    if slot_of(state) is Slot.EMPTY and level is Level.ASSISTED and sheet.person is not None:
        sheet.person.prompt("smart_card.select", WAIT_S)
        state = wait_for_card(context, state, WAIT_S)
    slot = slot_of(state)
    if slot is Slot.UNAVAILABLE:
        _fail(sheet, missing, "reader_lost", "The reader was unplugged while it was asked.")
        return
    sheet.measured(missing[0], slot.value)
    del missing[0]
    if slot is Slot.EMPTY:
        _not_run(sheet, missing, "no_card", "No card is in the slot.")
        return
    _write_atr(sheet, missing[0], slot, state.atr)
    del missing[0]
    if level is Level.ASSISTED:
        _check_select(context, reader, sheet, missing)
    else:
        _not_run(sheet, missing, "needs_assisted", "Asking the card is only done in the assisted test.")
    missing.clear()


def _write_atr(sheet: Sheet, fact: str, slot: Slot, data: bytes) -> None:
    if slot is Slot.MUTE or not data:
        sheet.failed(fact, "atr_failed", "The chip does not answer its reset: clean it or turn the card over.")
        return
    atr = parse_atr(data)
    oddities = "; ".join(atr.oddities)
    if atr.usable:
        sheet.measured(fact, atr.summary, detail=f"The answer to reset is odd: {oddities}." if oddities else "")
    else:
        sheet.failed(fact, "atr_failed", f"The chip's answer to reset is garbled: {oddities}.")


def _check_select(context: Context, reader: str, sheet: Sheet, missing: list[str]) -> None:
    """Ask the card; ``missing`` is emptied as facts are written. A ServiceError goes on to the caller."""
    answers: list[Selection] = []
    errors, protocol = 0, ""
    try:
        for step in select_applications(context, reader, (*DIRECTORIES, *read_applications())):
            if isinstance(step, Restart):
                protocol = step.protocol
                sheet.measured(missing.pop(0), round(step.took_ms, 1), detail=f"Power on to {protocol}.")
            elif isinstance(step, Disturbance):
                errors = step.count
            else:
                answers.append(step)
    except (CardGoneError, ApduError):
        _refuse(sheet, missing, "card_gone", "The card fell silent or was taken out while it was asked.")
    except ServiceError:
        raise
    except PcscError as error:
        reason, text = _CONNECT_REASONS.get(error.name, ("connect_failed", f"The card could not be asked: {error}."))
        _refuse(sheet, missing, reason, text)
    else:
        _write_answers(answers, sheet)
        detail = f"Exchanges over {protocol} that had to be made again, of {len(answers) + errors}."
        sheet.measured(_ERRORS, errors, detail=detail)


def _write_answers(answers: list[Selection], sheet: Sheet) -> None:
    slowest_ms = max(answer.took_ms for answer in answers)
    accepted = [answer.name for answer in answers if answer.accepted]
    if accepted:
        sheet.measured("smart_card.select", " ".join(accepted), took_ms=slowest_ms)
    else:
        text = "The chip answers, but knows none of the payment applications it was asked for."
        sheet.failed("smart_card.select", "no_application", text, took_ms=slowest_ms)
    sheet.measured(_ANSWER_TIME, round(slowest_ms, 1))


def _refuse(sheet: Sheet, missing: list[str], reason: str, text: str) -> None:
    """The first open fact failed; the rest was not asked to the end."""
    sheet.failed(missing[0], reason, text)
    for fact in missing[1:]:
        sheet.not_run(fact, "needs_answer", "The card was not asked to the end, so this is not known.")


def read_applications() -> tuple[Application, ...]:
    """The payment applications to ask for, from the catalogue. Raises TableError."""
    table = read_catalogue("card_applications.toml")
    rows = table.tables("application", most=50)
    table.close()
    applications = []
    for row in rows:
        applications.append(Application(row.text("name"), bytes.fromhex(row.text("aid", most=32))))
        row.text("source")
        row.close()
    return tuple(applications)


def _not_run(sheet: Sheet, missing: list[str], reason: str, detail: str) -> None:
    for fact in missing:
        sheet.not_run(fact, reason, detail)
    missing.clear()


def _fail(sheet: Sheet, missing: list[str], reason: str, detail: str) -> None:
    """The first open fact failed; what needed it was not asked."""
    for fact in missing[:1]:
        sheet.failed(fact, reason, detail)
    _not_run(sheet, missing[1:], reason, detail)
