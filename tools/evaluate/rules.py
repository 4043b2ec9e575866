"""Who must act: rules 1 and 2 and the code table, written for the labels alone.

Made from the product's written rules of evidence and never from ``device.diagnosis``: what this module and the engine
have in common is the text. It reads the freeze frame's format and nothing else of the product.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Final

from device.evidence import EntryMode, Exchange, FreezeFrame, MacVerdict, Match, Outcome, PastSale
from tools.evaluate.codes import codes
from tools.evaluate.label import Label

_MANY: Final = 3  # distinct cards, rules 2b and 2c
_BANKS: Final = 2  # BIN groups, rule 2b
_EXPIRED: Final = "54"
MERCHANT_ITEMS: Final = frozenset({"terminal_id", "merchant_id", "mcc"})  # the rest is the terminal's own set-up


class Belief(Enum):
    """How far the response is believed: rule 1 and the paragraph on the MAC."""

    VERIFIED = "verified"
    UNSIGNED = "unsigned"  # it belongs to the request, nobody verified a MAC: downgraded
    UNPAIRED = "unpaired"  # request not seen, or response not whole: the texts do not say whether this is rule 1
    NONE = "none"


def belief(exchange: Exchange) -> Belief:
    """Rule 1 and the limits of the proof."""
    if not exchange.code or exchange.mac is MacVerdict.BAD or exchange.match is Match.MISMATCHED:
        return Belief.NONE
    if exchange.match is Match.UNCHECKED or not exchange.complete:
        return Belief.UNPAIRED
    return Belief.VERIFIED if exchange.mac is MacVerdict.VERIFIED else Belief.UNSIGNED


def contradicted(frame: FreezeFrame) -> tuple[str, ...]:
    """The items of the set-up that contradict a signed profile (rule 2a); () if none or unsigned."""
    return differing(frame) if frame.profile.verified else ()


def differing(frame: FreezeFrame) -> tuple[str, ...]:
    """The items of the set-up that differ from the profile, signed or not."""
    exchange, profile = frame.exchange, frame.profile
    pairs = {
        "country": (exchange.card.terminal_country, profile.country),
        "currency": (exchange.card.currency, profile.currency),
        "terminal_id": (exchange.terminal_id, profile.terminal_id),
        "merchant_id": (exchange.merchant_id, profile.merchant_id),
        "mcc": (exchange.mcc, profile.mcc),
    }
    return tuple(item for item, (used, right) in pairs.items() if used and right and used != right)


def clock_tested(frame: FreezeFrame, outcome: Outcome) -> bool:
    """A test of the clock came to this; only the host's time shows that it is right."""
    tests = [item for item in frame.evidence if item.part == "clock" and item.outcome is outcome]
    return any(outcome is Outcome.FAIL or item.id == "clock.host" for item in tests)


def who_acts(frame: FreezeFrame) -> Label:
    """Verdict and addressee of a frame, with the rule they follow; causes are left to ``states``."""
    believed = belief(frame.exchange)
    code = frame.exchange.code or ""
    if believed is Belief.NONE:
        return _nothing_verified(frame)
    if code in codes().restricted:
        label = _restricted(frame)
        label.retry = retry_of(frame, label)
    else:
        label = _by_code(frame, code)
    if believed is Belief.UNPAIRED:
        label.verdict = (*label.verdict, "no_verified_response")
        label.addressee = tuple(dict.fromkeys((*label.addressee, "local", "technician")))
        label.why.append("request not seen, or response not whole: the rules do not say whether that is verified")
    return label


def _nothing_verified(frame: FreezeFrame) -> Label:
    label = Label("1", ("no_verified_response",), ("local", "technician"))
    if frame.exchange.code:
        label.why.append("the rule says to test the link; whether clerk or technician does it is open")
    elif _failed(frame, "network.tcp") or _failed(frame, "network.tls"):
        label.addressee = ("local", "technician", "acquirer")
        label.why.append("the way ends at the host's door: whom to call is open")
    elif _link_tested_good(frame):
        label.addressee = ("local", "technician", "acquirer", "wait")
        label.why.append("no answer though every test of the link passes: whom to call is open")
    else:
        label.why.append("the rule says to test the link; whether clerk or technician does it is open")
    return label


def _failed(frame: FreezeFrame, check: str) -> bool:
    item = frame.find(check)
    return item is not None and item.outcome is Outcome.FAIL


def _link_tested_good(frame: FreezeFrame) -> bool:
    tests = [item for item in frame.evidence if item.part in ("modem", "network")]
    return bool(tests) and all(item.outcome.value == "pass" for item in tests)


def _set_up(frame: FreezeFrame, items: tuple[str, ...]) -> Label:
    fixable = [item in frame.profile.shop_may_fix for item in items]
    label = Label("2a", ("terminal_setup",), ("technician",) if all(fixable) else ("acquirer",))
    if any(fixable) and not all(fixable):
        label.addressee = ("acquirer", "technician")
        label.why.append("the shop may fix one item and not the other")
    return label


def _by_code(frame: FreezeFrame, code: str) -> Label:
    """Codes other than 62 and its twins: the table, and the set-up where the code speaks of it."""
    table = codes()
    if code not in table.acts:
        nobody = ["the rules name nobody for it"]
        return Label("code unknown", ("not_enough_data", "merchant_acquirer"), ("acquirer", "issuer"), why=nobody)
    wrong = contradicted(frame)
    if wrong and code in table.set_up:
        return _set_up(frame, wrong)
    acts = table.acts[code]
    if code == _EXPIRED and clock_tested(frame, Outcome.FAIL):
        acts = (*acts, "local")  # "check clock", and the clock is seen to be wrong
    verdicts = [verdict for who in acts for verdict in table.verdict[who]]
    if code in table.system_fault:
        verdicts.append("host_system")
    addressees = tuple("local" if who == "operator" else who for who in acts)
    label = Label(f"code {code}", tuple(dict.fromkeys(verdicts)), addressees)
    if code in table.approved:
        label.verdict = ("approved",)
    if len(acts) > 1:
        label.why.append("the code table names more than one who may act")
    elif len(label.verdict) > 1:
        label.why.append("the contract has no verdict of its own for this addressee")
    if wrong and code not in table.approved:
        label.verdict = (*label.verdict, "terminal_setup")
        label.addressee = tuple(dict.fromkeys((*label.addressee, *_set_up(frame, wrong).addressee)))
        label.why.append("rule 2a is written for 62; the code speaks of something else than the set-up")
    return label


@dataclass(frozen=True, slots=True)
class Card:
    """One of the window's cards that got 62."""

    token: str
    bank: str | None
    scheme: str | None
    foreign: bool | None
    age_s: float


def _counted(frame: FreezeFrame) -> Iterator[PastSale]:
    """The sales of the window that tell one card from many: answered, believed, neither stored nor a test."""
    for sale in frame.history:
        believed = sale.code and sale.mac is not MacVerdict.BAD and sale.match is not Match.MISMATCHED
        if believed and not sale.stored and not sale.test_card and sale.age_s <= frame.window_s:
            yield sale


def _refused(frame: FreezeFrame) -> list[Card]:
    """The distinct cards that got 62, each with the age of its first; this sale's card among them."""
    card = frame.exchange.card
    found: dict[str, Card] = {}
    if card.token and not frame.exchange.stored and not frame.exchange.test_card:
        found[card.token] = Card(card.token, card.bin_group, card.scheme, foreign(frame), 0.0)
    for sale in _counted(frame):
        if sale.token and sale.code in codes().restricted:
            older = max(sale.age_s, found[sale.token].age_s if sale.token in found else 0.0)
            found[sale.token] = Card(sale.token, sale.bin_group, sale.scheme, sale.foreign, older)
    return list(found.values())


def foreign(frame: FreezeFrame) -> bool | None:
    """5F28 differs from 9F1A; None where either is missing."""
    issuer, terminal = frame.exchange.card.issuer_country, frame.exchange.card.terminal_country
    return None if not issuer or not terminal else issuer != terminal


def others_approved(frame: FreezeFrame) -> bool:
    """At least one other card was approved in the window (rule 2d): another token, another bank, or two cards."""
    card = frame.exchange.card
    approved = [sale for sale in _counted(frame) if sale.code in codes().approved]
    tokens = {sale.token for sale in approved if sale.token}
    banks = {sale.bin_group for sale in approved if sale.bin_group}
    if card.token and tokens - {card.token}:
        return True
    unknown = [sale for sale in approved if not (sale.token and card.token)]
    other_bank = any(card.bin_group and sale.bin_group not in (None, card.bin_group) for sale in unknown)
    return other_bank or (not card.token and (len(tokens) > 1 or len(banks) > 1))


def cards_with(frame: FreezeFrame, wanted: Collection[str]) -> set[str]:
    """The other cards of the window that met one of these codes."""
    own = frame.exchange.card.token
    return {sale.token for sale in _counted(frame) if sale.code in wanted and sale.token and sale.token != own}


def is_chip_card_by_stripe(frame: FreezeFrame) -> bool:
    """A card with a chip (service code digit 1 is 2 or 6) came in by its stripe."""
    chip = (frame.exchange.card.service_code or "")[:1] in ("2", "6")
    return chip and frame.exchange.entry_mode is EntryMode.STRIPE


def retry_of(frame: FreezeFrame, label: Label) -> tuple[str, ...]:
    """Rules 4 and 7 for a believed 62: no retry, but once by the chip; () where a repair or a query comes first."""
    if label.rule == "2a" or belief(frame.exchange) in (Belief.NONE, Belief.UNPAIRED):
        return ()
    if frame.exchange.code in codes().held:
        return ("no",)  # the card is to be held
    if frame.exchange.fallback or (tries_before(frame) and is_chip_card_by_stripe(frame)):
        return ("no", "chip_once")  # tried before; the rules do not say whether once more
    return ("chip_once",) if is_chip_card_by_stripe(frame) else ("no",)


def tries_before(frame: FreezeFrame) -> int:
    """Earlier sales of this very card in the window that were refused with 62."""
    own = frame.exchange.card.token
    return sum(1 for sale in _counted(frame) if own and sale.token == own and sale.code in codes().restricted)


def _restricted(frame: FreezeFrame) -> Label:
    """Rule 2: the first that holds."""
    wrong = contradicted(frame)
    if wrong:
        return _set_up(frame, wrong)
    refused = _refused(frame)
    if _many_without_approval(frame, refused):
        if _range_of_all(frame, refused):
            return Label("2b range", ("acceptance_range",), ("acquirer",))
        return Label("2b", ("merchant_acquirer",), ("acquirer",))
    group = _group_refused(frame, refused)
    if group is not None:
        return group
    if others_approved(frame):
        return Label("2d", ("card",), ("issuer",))
    label = Label("2e", ("not_enough_data",), ("issuer",))
    own = frame.exchange.card.token
    if any(sale.code in codes().approved and not (sale.token and own) for sale in _counted(frame)):
        label.verdict = ("not_enough_data", "card")
        label.why.append("a card was approved, and nobody knows whether it was another one")
    return label


def _many_without_approval(frame: FreezeFrame, refused: list[Card]) -> bool:
    banks = {card.bank for card in refused if card.bank}
    if len(refused) < _MANY or len(banks) < _BANKS:
        return False
    first = max(card.age_s for card in refused)
    return not any(sale.code in codes().approved and sale.age_s < first for sale in _counted(frame))


def _range_of_all(frame: FreezeFrame, refused: list[Card]) -> bool:
    """All refused cards foreign, or of one scheme, while other cards pass or none was tried."""
    schemes = {card.scheme for card in refused}
    outside = []
    if all(card.foreign for card in refused):
        outside.append([sale for sale in _counted(frame) if sale.foreign is False])
    if len(schemes) == 1 and None not in schemes:
        outside.append([sale for sale in _counted(frame) if sale.scheme not in schemes])
    return any(not sales or any(sale.code in codes().approved for sale in sales) for sales in outside)


def _group_refused(frame: FreezeFrame, refused: list[Card]) -> Label | None:
    """Rule 2c: three cards of one bank, of one scheme, or only foreign ones, while others pass."""
    approved = [sale for sale in _counted(frame) if sale.code in codes().approved]
    by_bank, by_scheme = defaultdict(list), defaultdict(list)
    for card in refused:
        by_bank[card.bank].append(card)
        by_scheme[card.scheme].append(card)
    passing = [
        ([sale.bin_group == bank for sale in approved])
        for bank, cards in by_bank.items()
        if bank and len(cards) >= _MANY
    ]
    passing += [
        ([sale.scheme == name for sale in approved])
        for name, cards in by_scheme.items()
        if name and len(cards) >= _MANY
    ]
    if len(refused) >= _MANY and all(card.foreign for card in refused):
        passing.append([bool(sale.foreign) for sale in approved])
    if not any(not all(inside) for inside in passing if inside):
        return None
    label = Label("2c", ("acceptance_range",), ("acquirer",))
    if not any(inside and not any(inside) for inside in passing):
        label.verdict, label.addressee = ("acceptance_range", "card"), ("acquirer", "issuer")
        label.why.append("cards of the refused group pass as well")
    return label
