"""What the card's own tags and service code say about where and for what it may be used.

* ``card.region`` fail: issued elsewhere (5F28 differs from 9F1A) *and* the card says domestic only. marginal: issued
  elsewhere without that sign, or a sign without a known country. pass: issued in the terminal's country.
* ``card.product`` fail: the card is not made for purchases (ATM or cash only, private label). pass: nothing forbids it.
* ``card.expiry`` fail: expired; marginal: judged by a suspect clock, or application and TVR contradict each other.
* ``card.chip_read`` pass: the chip was read; fail: the chip was tried and failed; not_run: no chip, or not tried.

Sources: service code, ISO/IEC 7813, 9.3.1; 9F07 and TVR, EMV Book 3, Annex C2 and C5; 5F28, 9F1A, EMV Book 3, Annex A.
"""

from __future__ import annotations

import dataclasses
from typing import Final

from device.diagnosis.facts import failed, marginal, not_run, passed
from device.diagnosis.proof import is_chip_card_by_stripe
from device.evidence import CardFacts, EntryMode, Evidence, Exchange, FreezeFrame, Outcome

_AUC_DOMESTIC_PURCHASE: Final = 0x20 | 0x08  # 9F07 byte 1: domestic goods b6, domestic services b4
_AUC_FOREIGN_PURCHASE: Final = 0x10 | 0x04  # 9F07 byte 1: international goods b5, international services b3
_AUC_NOT_ONLY_ATM: Final = 0x01  # 9F07 byte 1 b1: valid at terminals other than ATMs
_TVR_EXPIRED: Final = 0x40  # byte 2 b7
_TVR_SERVICE_NOT_ALLOWED: Final = 0x10  # byte 2 b5: requested service not allowed for card product


def card_facts(frame: FreezeFrame) -> list[Evidence]:
    """All ``card.*`` facts of a frame."""
    exchange = frame.exchange
    card = exchange.card
    if exchange.entry_mode not in (EntryMode.CHIP, EntryMode.CONTACTLESS):
        card = dataclasses.replace(card, tvr=None)  # without a chip the TVR says nothing
    foreign = is_foreign(card, frame)
    return [
        _region(card, foreign, frame),
        _product(card, foreign),
        _expiry(card, _clock_is_suspect(frame)),
        _chip_read(exchange),
    ]


def numeric3(code: str | None) -> str | None:
    """A three-digit ISO 3166 or 4217 code; ``0156`` (as EMV carries it) becomes ``156``; anything else is None."""
    if code is None or not (code.isascii() and code.isdecimal()):
        return None
    digits = code.lstrip("0").rjust(3, "0")
    return digits if len(digits) == 3 and digits != "000" else None


def is_foreign(card: CardFacts, frame: FreezeFrame) -> bool | None:
    """Does the issuer's country differ from the terminal's (9F1A, else the verified profile's)? None: not known."""
    issuer, here = numeric3(card.issuer_country), numeric3(card.terminal_country)
    if here is None and frame.profile.verified:
        here = numeric3(frame.profile.country)
    return None if issuer is None or here is None else issuer != here


def _byte(text: str | None, index: int) -> int | None:
    try:
        data = bytes.fromhex(text or "")
    except ValueError:
        return None
    return data[index] if len(data) > index else None


def _tvr_has(card: CardFacts, bit: int) -> bool | None:
    byte = _byte(card.tvr, 1)
    return None if byte is None else bool(byte & bit)


def _digit(card: CardFacts, position: int) -> str:
    code = card.service_code or ""
    return code[position] if len(code) == 3 and code.isdecimal() else ""


def _domestic_only_signs(card: CardFacts) -> list[str]:
    signs = []
    if _digit(card, 0) in ("5", "6"):
        signs.append("service_code")
    usage = _byte(card.usage_control, 0)
    if usage is not None and not usage & _AUC_FOREIGN_PURCHASE:
        signs.append("usage_control")
    if _tvr_has(card, _TVR_SERVICE_NOT_ALLOWED):
        signs.append("tvr")
    return signs


def _region(card: CardFacts, foreign: bool | None, frame: FreezeFrame) -> Evidence:
    fact = "card.region"
    signs = _domestic_only_signs(card)
    here = numeric3(card.terminal_country) or numeric3(frame.profile.country)
    countries = f"{numeric3(card.issuer_country)} at {here}"
    if foreign is None:
        if signs:
            return marginal(fact, "+".join(signs), "card_country_not_known")
        return not_run(fact, "card_country_not_told")
    if not foreign:
        return passed(fact, countries)
    if signs:
        return failed(fact, countries, "+".join(signs))
    return marginal(fact, countries, "foreign_without_domestic_sign")


def _product(card: CardFacts, foreign: bool | None) -> Evidence:
    fact = "card.product"
    forbidden = _product_ban(card, foreign)
    if forbidden is not None:
        return failed(fact, *forbidden)
    if foreign is None and _tvr_has(card, _TVR_SERVICE_NOT_ALLOWED):
        return marginal(fact, "service_not_allowed", "card_country_not_known")
    if _digit(card, 0) or _byte(card.usage_control, 0) is not None:
        return passed(fact)
    return not_run(fact, "no_service_code_and_no_usage_control")


def _product_ban(card: CardFacts, foreign: bool | None) -> tuple[str, str] | None:
    """What forbids purchases whatever the country, and where that stands; None: nothing does."""
    usage = _byte(card.usage_control, 0)
    bans = {
        ("private_label", "service_code"): _digit(card, 0) == "7",
        ("atm_only", "service_code"): _digit(card, 2) == "3",
        ("cash_only", "service_code"): _digit(card, 2) == "4",
        ("atm_only", "usage_control"): usage is not None and not foreign and not usage & _AUC_NOT_ONLY_ATM,
        ("no_purchase", "usage_control"): (
            usage is not None and foreign is False and not usage & _AUC_DOMESTIC_PURCHASE
        ),
        ("service_not_allowed", "tvr"): foreign is False and bool(_tvr_has(card, _TVR_SERVICE_NOT_ALLOWED)),
    }
    return next((ban for ban, holds in bans.items() if holds), None)


def _expiry(card: CardFacts, clock_is_suspect: bool) -> Evidence:
    fact = "card.expiry"
    by_tvr = _tvr_has(card, _TVR_EXPIRED)
    if card.expired is None and by_tvr is None:
        return not_run(fact, "not_told")
    if None not in (card.expired, by_tvr) and card.expired is not by_tvr:
        return marginal(fact, None, "contradictory")
    expired = bool(card.expired or by_tvr)
    if clock_is_suspect:
        return marginal(fact, expired, "clock_suspect")
    return failed(fact, expired, "expired") if expired else passed(fact, expired)


def _clock_is_suspect(frame: FreezeFrame) -> bool:
    checks = (frame.find("clock.host"), frame.find("clock.floor"))
    return any(check is not None and check.outcome is Outcome.FAIL for check in checks)


def _chip_read(exchange: Exchange) -> Evidence:
    fact = "card.chip_read"
    if exchange.fallback:
        return failed(fact, "fallback", "chip_failed_before_the_stripe")
    if exchange.entry_mode in (EntryMode.CHIP, EntryMode.CONTACTLESS):
        return passed(fact, exchange.entry_mode.value)
    if is_chip_card_by_stripe(exchange):
        return not_run(fact, "chip_not_tried", "not_tried")
    return not_run(fact, "no_chip_used")
