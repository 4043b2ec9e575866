"""The whole label of a frame, and what the causes' states may be without a response and for codes other than 62."""

from __future__ import annotations

from typing import Final

from device.evidence import FreezeFrame, Outcome
from tools.evaluate.codes import codes
from tools.evaluate.label import NEITHER, NOT_REFUTED, Label
from tools.evaluate.restricted import restricted_states
from tools.evaluate.rules import MERCHANT_ITEMS, Belief, belief, cards_with, clock_tested, contradicted, who_acts

_BURST: Final = 2  # other cards of the window with codes of row 5


def label_of(frame: FreezeFrame) -> Label:
    """The whole label of a frame: verdict, addressee, and what each cause may be."""
    label = who_acts(frame)
    believed = belief(frame.exchange)
    code = frame.exchange.code or ""
    if believed is Belief.NONE:
        _without_response(frame, label)
    elif code in codes().restricted:
        restricted_states(frame, label, verified=believed is Belief.VERIFIED)
    else:
        _other_code(frame, label, code, verified=believed is Belief.VERIFIED)
    return label


# --- rule 1 -----------------------------------------------------------------------------------------------------------
def _without_response(frame: FreezeFrame, label: Label) -> None:
    """Nothing is proved by a response that did not come or is not believed."""
    failed = any(item.part in ("modem", "network") and item.outcome is Outcome.FAIL for item in frame.evidence)
    if frame.exchange.code:
        label.causes["network"] = ("possible", "unlikely")
        label.why.append("network: bytes came, but no verified response")
    elif failed:
        label.causes["network"] = ("supported",)
    elif any(item.part in ("modem", "network") for item in frame.evidence):
        label.causes["network"] = ("possible", "unlikely")
        label.why.append("network: the tests pass now, which says little of then")
    else:
        label.causes["network"] = ("possible",)
    unproved = ("bank_maintenance", "terminal_fault", "merchant_data", "card_damaged", "balance", "limits")
    label.guarded.update(dict.fromkeys(unproved, NOT_REFUTED))
    label.guarded.update(dict.fromkeys(("card_blocked", "risk_control", "cardholder_controls"), NEITHER))


# --- codes of their own -----------------------------------------------------------------------------------------------
def _other_code(frame: FreezeFrame, label: Label, code: str, *, verified: bool) -> None:
    table = codes()
    named = table.causes_of(code)
    _named(frame, label, code, named)
    if "network" not in named:
        label.causes["network"] = ("refuted",) if verified else ("unlikely",)
    if code in table.approved:
        return
    _unnamed(label, code, named)
    if code in table.acts and not {"wait", "local"} & set(table.acts[code]):
        _issuer_decided(frame, label, verified=verified)
    if code in table.dated and clock_tested(frame, Outcome.FAIL):
        label.guarded.setdefault("terminal_fault", NOT_REFUTED)


def _named(frame: FreezeFrame, label: Label, code: str, named: tuple[str, ...]) -> None:
    """The causes that usually come back as this code, and what here points to one of them."""
    table = codes()
    for cause in named:
        leads = table.leading.get(code, cause) == cause and (code in table.leading or len(named) == 1)
        label.causes[cause] = ("supported", "possible") if leads else ("supported", "possible", "unlikely")
        label.why.append("the code names the cause; whether that is 'supported' or 'possible' is a matter of words")
    if "bank_maintenance" in named and len(cards_with(frame, table.usual["bank_maintenance"])) >= _BURST:
        label.causes["bank_maintenance"] = ("supported",)
    wrong = contradicted(frame)
    if wrong and code in table.set_up:
        label.causes["merchant_data" if MERCHANT_ITEMS & set(wrong) else "pos_setup"] = ("supported",)
    if code in table.not_local and "terminal_fault" in named:
        label.causes["terminal_fault"] = (*label.causes["terminal_fault"], "refuted")
        label.why.append("terminal_fault: row 8 lists the code, the code table says that no terminal can cause it")


def _unnamed(label: Label, code: str, named: tuple[str, ...]) -> None:
    """The causes that have another code; of a code that nobody knows nothing is refuted and nothing supported."""
    table = codes()
    if code not in table.acts:
        label.guarded.update({cause: NEITHER for cause in table.usual if cause != "network"})
        return
    for cause in ("balance", "limits", "card_lost_stolen"):
        if cause not in named:
            label.causes[cause] = ("other_code",)
    for cause in ("card_blocked", "risk_control", "cardholder_controls"):
        if cause not in named:
            label.guarded[cause] = NEITHER


def _issuer_decided(frame: FreezeFrame, label: Label, *, verified: bool) -> None:
    """A code of issuer or switch proves them alive, as far as nobody stands in for them."""
    if frame.profile.stands_in:
        label.causes["bank_maintenance"] = ("unlikely", "possible", "other_code")
        label.why.append("bank_maintenance: a stand-in may have answered")
        return
    label.causes["bank_maintenance"] = ("refuted", "other_code") if verified else ("unlikely", "other_code")
    if frame.profile.maps_codes and verified:
        label.causes["bank_maintenance"] = ("refuted", "other_code", "unlikely")
        label.why.append("a front end that maps codes: 62 may stand for a code of its own")
