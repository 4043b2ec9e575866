"""What the causes' states may be for a 62 and its twins: the matrix and rule 3, written for the labels alone."""

from __future__ import annotations

from typing import Final

from device.evidence import EntryMode, FreezeFrame, MacVerdict, Outcome
from tools.evaluate.codes import codes
from tools.evaluate.label import NOT_REFUTED, Label
from tools.evaluate.rules import (
    MERCHANT_ITEMS,
    clock_tested,
    contradicted,
    differing,
    foreign,
    is_chip_card_by_stripe,
    others_approved,
    tries_before,
)

_READ: Final = (EntryMode.CHIP, EntryMode.STRIPE, EntryMode.CONTACTLESS)
_EXPIRED: Final = (2, 0x40)  # TVR byte 2 b7 (EMV Book 3, annex C5)
_SERVICE_REFUSED: Final = (2, 0x10)  # TVR byte 2 b5
_ABROAD: Final = 0x14  # 9F07 byte 1 b5 and b3: goods and services abroad (EMV Book 3, annex C2)
_AT_HOME: Final = 0x28  # 9F07 byte 1 b6 and b4: goods and services at home
_IN_SHOPS: Final = 0x01  # 9F07 byte 1 b1: terminals other than ATMs


def restricted_states(frame: FreezeFrame, label: Label, *, verified: bool) -> None:
    """Fill in the causes of a 62 or twin; ``verified``: its MAC was."""
    _elsewhere(frame, label)
    _answered(frame, label, verified=verified)
    _expired(frame, label)
    _damaged(frame, label, verified=verified)
    _set_up(frame, label)
    _route(frame, label)
    _region(frame, label)
    _product(frame, label)
    _unseen(frame, label)
    if frame.profile.maps_codes:
        _mapped(frame, label)


def _elsewhere(frame: FreezeFrame, label: Label) -> None:
    """Rows 1, 2c, 2e, 6: what has a code of its own is not ranked, and nothing here could refute it."""
    for cause in ("balance", "card_lost_stolen", "card_not_activated", "limits"):
        label.causes[cause] = ("other_code",)


def _answered(frame: FreezeFrame, label: Label, *, verified: bool) -> None:
    """Rows 4, 5, 8: what a verified response proves, downgraded without a MAC."""
    label.causes["network"] = ("refuted",) if verified else ("unlikely",)
    if frame.profile.stands_in:
        label.causes["bank_maintenance"] = ("unlikely", "possible")
        label.why.append("bank_maintenance: a stand-in may have answered")
    else:
        label.causes["bank_maintenance"] = ("refuted",) if verified else ("unlikely",)
    reader_proved = verified and frame.exchange.entry_mode in _READ and not frame.exchange.fallback
    label.causes["terminal_fault"] = ("refuted", "unlikely") if reader_proved else ("unlikely",)
    if reader_proved:
        label.why.append("terminal_fault: the key and the message are proved; 'very low indirect' remains")


def _expired(frame: FreezeFrame, label: Label) -> None:
    """Row 2b; the clock must be right."""
    expired = frame.exchange.card.expired
    if expired is None and frame.exchange.card.tvr:
        expired = bool(_tvr(frame, _EXPIRED))
    if expired is None:
        label.causes["card_expired"] = ("other_code", "not_tested")
    elif clock_tested(frame, Outcome.FAIL):
        label.causes["card_expired"] = ("other_code", "unlikely", "possible", "not_tested")
    elif expired:
        label.causes["card_expired"] = ("other_code", "unlikely", "possible")
    elif clock_tested(frame, Outcome.PASS):
        label.causes["card_expired"] = ("other_code", "refuted")
    else:
        label.causes["card_expired"] = ("other_code", "unlikely")
    label.why.append("card_expired: 54 is its code, the matrix says very low, and the clock must be right to refute it")


def _damaged(frame: FreezeFrame, label: Label, *, verified: bool) -> None:
    """Row 2a: a read did succeed if a 62 came back, for the entry mode used."""
    exchange = frame.exchange
    if exchange.fallback:
        label.guarded["card_damaged"] = NOT_REFUTED
    elif is_chip_card_by_stripe(frame):
        label.causes["card_damaged"] = ("not_tested", "unlikely", "other_code")
        label.why.append("card_damaged: the stripe was read, the chip beside it was not tested")
    elif exchange.entry_mode in _READ:
        label.causes["card_damaged"] = ("refuted", "other_code") if verified else ("unlikely", "other_code")
        label.why.append("card_damaged: 45, 14, 30 are its codes, and the card was read")
    else:
        label.causes["card_damaged"] = ("other_code", "not_tested", "unlikely")
        label.why.append("card_damaged: no reader was used, or nobody said which")


def _set_up(frame: FreezeFrame, label: Label) -> None:
    """Rows 3 and E4."""
    wrong = contradicted(frame)
    many = label.rule == "2b"
    if wrong:
        own = "merchant_data" if MERCHANT_ITEMS & set(wrong) else "pos_setup"
        other = "pos_setup" if own == "merchant_data" else "merchant_data"
        label.causes[own] = ("supported",)
        label.guarded[other] = NOT_REFUTED
        return
    label.causes["merchant_data"] = ("supported", "possible") if many else ("unlikely",)
    if MERCHANT_ITEMS & set(differing(frame)) and not many:
        label.causes["merchant_data"] = label.causes["pos_setup"] = ("possible", "unlikely")
        label.why.append("merchant_data: the set-up differs from a profile that nobody signed")
        return
    if many:
        label.why.append("merchant_data: the rule points to the merchant's registration, the matrix says medium")
    elif label.rule in ("2b range", "2c"):
        label.causes["merchant_data"] = ("possible", "unlikely")
        label.why.append("merchant_data: medium when many cards get 62, and the rule points to a range of cards")
    elif others_approved(frame):
        label.causes["merchant_data"] = ("unlikely", "refuted")
        label.why.append("merchant_data: low for one card, and another card passed at this merchant")
    if _scheme_unlisted(frame):
        label.causes["pos_setup"] = ("possible", "unlikely")
        label.why.append("pos_setup: the profile does not list the card's scheme, so a function may be off")
        return
    compared = frame.profile.verified and frame.profile.country and frame.profile.terminal_id
    if compared:
        label.causes["pos_setup"] = ("unlikely", "other_code", "refuted")
        label.why.append("pos_setup: the parameters agree with the signed profile; functions and ports are not seen")
    else:
        label.causes["pos_setup"] = ("unlikely", "other_code", "not_tested", "possible")
        label.why.append("pos_setup: nothing signed to compare with")


def _route(frame: FreezeFrame, label: Label) -> None:
    """Row E2."""
    if label.rule in ("2b range", "2c"):
        label.causes["interbank_route"] = ("supported", "possible")
        label.why.append("interbank_route: low to medium, and the refused cards are of one range")
    elif _scheme_unlisted(frame):
        label.causes["interbank_route"] = ("supported", "possible")
        label.why.append("interbank_route: a scheme that the profile does not name")
    else:
        label.causes["interbank_route"] = ("possible", "unlikely")
        label.why.append("interbank_route: the matrix says low to medium")


def _scheme_unlisted(frame: FreezeFrame) -> bool:
    card, profile = frame.exchange.card, frame.profile
    return bool(profile.schemes and card.scheme) and card.scheme not in profile.schemes


def _region(frame: FreezeFrame, label: Label) -> None:
    """Row N1 and rule 3."""
    abroad = foreign(frame)
    home_only = _home_only(frame)
    used, right = frame.exchange.card.terminal_country, frame.profile.country
    if used and right and used != right:  # rule 3: fix the terminal first, signed profile or not
        label.guarded["region"] = NOT_REFUTED
    elif abroad is None:
        label.causes["region"] = ("not_tested",)  # tags that nobody handed over
        if home_only:
            label.causes["region"] = ("possible", "not_tested")
            label.why.append("region: the card is for its home country, which nobody named: half of N1")
    elif not abroad:
        sure = frame.profile.verified and frame.profile.country == frame.exchange.card.terminal_country
        label.causes["region"] = ("refuted",) if sure else ("unlikely",)
    elif home_only:
        label.causes["region"] = ("supported",)
        _only_by_tvr(frame, label, "region")
    elif home_only is None:
        label.causes["region"] = ("possible", "not_tested")
        label.why.append("region: a foreign card whose limits are not known")
    else:
        label.causes["region"] = ("possible", "unlikely")
        label.why.append("region: a foreign card whose data allow use abroad")


def _home_only(frame: FreezeFrame) -> bool | None:
    """Service code digit 1 is 5 or 6, 9F07 forbids goods and services abroad, or TVR byte 2 b5; None: nothing known."""
    card = frame.exchange.card
    signs = []
    if card.service_code:
        signs.append(card.service_code[0] in "56")
    if card.usage_control:
        signs.append(not int(card.usage_control[:2], 16) & _ABROAD)
    if card.tvr:
        signs.append(_tvr(frame, _SERVICE_REFUSED))
    return any(signs) if signs else None


def _product(frame: FreezeFrame, label: Label) -> None:
    """Row N2."""
    card, abroad = frame.exchange.card, foreign(frame)
    code, usage = card.service_code or "", int(card.usage_control[:2], 16) if card.usage_control else None
    refused_at_home = abroad is False and (
        _tvr(frame, _SERVICE_REFUSED) or (usage is not None and (not usage & _AT_HOME or not usage & _IN_SHOPS))
    )
    unclear = (abroad is None or "country" in contradicted(frame)) and _tvr(frame, _SERVICE_REFUSED)
    if code and (code[0] == "7" or code[2] in "34"):
        label.causes["product_channel"] = ("supported",)
    elif "country" in contradicted(frame) or unclear:
        label.guarded["product_channel"] = NOT_REFUTED
    elif refused_at_home:
        label.causes["product_channel"] = ("supported",)
        _only_by_tvr(frame, label, "product_channel")
    elif not code and usage is None and (not card.tvr or _tvr(frame, _SERVICE_REFUSED)):
        label.causes["product_channel"] = ("not_tested",)  # tags that nobody handed over
    else:
        label.causes["product_channel"] = ("possible", "unlikely")
        label.why.append("product_channel: the card's data show no limit; the issuer may still have one")


def _only_by_tvr(frame: FreezeFrame, label: Label, cause: str) -> None:
    """A TVR speaks of a chip, and nobody said that a chip was used."""
    card = frame.exchange.card
    if frame.exchange.entry_mode is EntryMode.UNKNOWN and not card.service_code and not card.usage_control:
        label.causes[cause] = ("supported", "possible", "not_tested")
        label.why.append(f"{cause}: the TVR alone says so, and nobody said how the card was read")


def _unseen(frame: FreezeFrame, label: Label) -> None:
    """Rows 2d, 7, N3: only the issuer knows; how much points there depends on who else was refused."""
    if label.rule == "2d":
        label.causes["card_blocked"] = ("supported", "possible")
        label.why.append("card_blocked: only this card fails, which is the matrix's sign for it and for others")
    elif label.rule == "2e":
        label.causes["card_blocked"] = ("possible",)
    else:
        label.causes["card_blocked"] = ("possible", "unlikely")
        label.why.append("card_blocked: something else explains it better")
    if label.causes.get("region") == ("supported",) or label.causes.get("product_channel") == ("supported",):
        label.causes["card_blocked"] = tuple(dict.fromkeys((*label.causes["card_blocked"], "possible", "unlikely")))
    one_card = label.rule in ("2d", "2e")
    label.causes["risk_control"] = ("possible",) if one_card else ("possible", "unlikely")
    if tries_before(frame):
        label.causes["risk_control"] = (*label.causes["risk_control"], "supported")
        label.why.append("risk_control: repeated tries here point to it, weakly")
    label.causes["cardholder_controls"] = ("possible",) if one_card else ("possible", "unlikely")


def _mapped(frame: FreezeFrame, label: Label) -> None:
    """A front end may have turned another code into 62: nothing that its own code would tell is settled by the code."""
    for cause in codes().usual:
        if cause in ("network", "region", "product_channel"):
            continue
        allowed = label.causes.get(cause, ())
        by_its_date = cause == "card_expired" and "refuted" in allowed  # the card says so, not the code
        left = tuple(state for state in allowed if state != "other_code" and (state != "refuted" or by_its_date))
        if "possible" in left:
            label.causes[cause] = left
        elif allowed not in ((), ("supported",)):
            label.causes[cause] = tuple(dict.fromkeys((*left, "possible", "unlikely")))
    if frame.exchange.mac is MacVerdict.VERIFIED:
        label.causes["network"] = ("refuted", "unlikely")
    if frame.exchange.card.expired:
        label.causes["card_expired"] = (*label.causes["card_expired"], "supported")
    label.why.append("a front end that maps codes: 62 may stand for a code of its own")


def _tvr(frame: FreezeFrame, bit: tuple[int, int]) -> bool:
    byte, mask = bit
    tvr = frame.exchange.card.tvr or ""
    return len(tvr) >= 2 * byte and bool(int(tvr[2 * byte - 2 : 2 * byte], 16) & mask)
