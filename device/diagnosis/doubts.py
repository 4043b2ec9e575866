"""What a frame cannot mean: parts that contradict each other, do not parse, or are not known here.

A frame may come from another version, from a vendor's tool, or out of an editor. Whatever in it cannot be believed is
taken as unknown before anything is concluded from it, and a :class:`Doubt` says what was left out and why, so that a
diagnosis never rests on it and never keeps silent about it.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Final

from device.diagnosis.facts import DERIVED, TESTED
from device.evidence import (
    CardFacts,
    EntryMode,
    Evidence,
    Exchange,
    FreezeFrame,
    MacVerdict,
    Match,
    Outcome,
    PastSale,
    TerminalProfile,
)

# Codes as EMV and ISO 8583 carry them: countries and currencies are numeric, ISO 3166-1 and 4217.
_FORMS: Final = {
    "issuer_country": re.compile(r"0{0,2}[0-9]{3}", re.ASCII),
    "terminal_country": re.compile(r"0{0,2}[0-9]{3}", re.ASCII),
    "currency": re.compile(r"0{0,2}[0-9]{3}", re.ASCII),
    "service_code": re.compile(r"[0-9]{3}", re.ASCII),
    "usage_control": re.compile(r"[0-9A-Fa-f]{4}", re.ASCII),
    "tvr": re.compile(r"[0-9A-Fa-f]{10}", re.ASCII),
}
_CHIP_MODES: Final = (EntryMode.CHIP, EntryMode.CONTACTLESS)
_TVR_EXPIRED: Final = 0x40  # byte 2 b7, EMV Book 3, Annex C5
_OWN_PARTS: Final = frozenset(fact.partition(".")[0] for fact in DERIVED)
_KNOWN: Final = frozenset(TESTED)


@dataclass(frozen=True, slots=True)
class Doubt:
    """One thing that was left out: the key of its text, the place in the frame, and what stood there."""

    key: str
    place: str
    value: str = ""


class _Doubts(list[Doubt]):
    def say(self, key: str, place: str, value: object = "") -> None:
        """Note it once, with at most 40 printable characters of what stood there."""
        shown = "".join(sign if sign.isprintable() else "?" for sign in str(value))[:40]
        doubt = Doubt(key, place, shown)
        if doubt not in self:
            self.append(doubt)


def clear_doubts(
    frame: FreezeFrame, same_host: bool, known_host: bool, stale_s: float
) -> tuple[FreezeFrame, list[Doubt]]:
    """The frame with everything doubtful taken as unknown, and what that was.

    ``same_host``: the profile speaks of the host that answered; ``known_host``: that host has a code table of its own;
    ``stale_s``: a test older than this says nothing of the present sale.
    """
    doubts = _Doubts()
    exchange = _exchange(frame.exchange, doubts)
    if exchange.code and not known_host:
        doubts.say("host", "exchange.host", exchange.host or "-")
    if exchange.stored or exchange.test_card:
        doubts.say("stored" if exchange.stored else "test_card", "exchange")
    cleared = dataclasses.replace(
        frame,
        exchange=exchange,
        profile=_profile(frame.profile, same_host, exchange, doubts),
        history=_history(frame.history, doubts),
        evidence=_evidence(frame.evidence, stale_s, doubts),
    )
    return cleared, list(doubts)


def _exchange(exchange: Exchange, doubts: _Doubts) -> Exchange:
    match, mac, mode, fallback = exchange.match, exchange.mac, exchange.entry_mode, exchange.fallback
    if match is Match.MATCHED and exchange.mismatched:
        doubts.say("match", "exchange.match", ",".join(exchange.mismatched))
        match = Match.UNCHECKED
    if match is Match.MATCHED and _is_request(exchange.mti):
        doubts.say("mti", "exchange.mti", exchange.mti)
        match = Match.UNCHECKED
    if mac is MacVerdict.VERIFIED and exchange.source == "tap":
        doubts.say("tap_mac", "exchange.mac", mac)  # who only listens has no key
        mac = MacVerdict.UNKNOWN
    if mac is MacVerdict.VERIFIED and not exchange.code:
        doubts.say("mac_without_answer", "exchange.mac", mac)
        mac = MacVerdict.UNKNOWN
    if fallback and mode in (*_CHIP_MODES, EntryMode.QR):
        doubts.say("fallback", "exchange.entry_mode", mode)
        mode, fallback = EntryMode.UNKNOWN, None
    card = _card(exchange.card, mode, doubts)
    return dataclasses.replace(exchange, match=match, mac=mac, entry_mode=mode, fallback=fallback, card=card)


def _is_request(mti: str) -> bool:
    """The third digit of a type is even for requests and advices (ISO 8583:1987, 4.1.2)."""
    return len(mti) == 4 and mti.isascii() and mti.isdecimal() and int(mti[2]) % 2 == 0


def _card(card: CardFacts, mode: EntryMode, doubts: _Doubts) -> CardFacts:
    wrong: dict[str, Any] = {}
    for name, form in _FORMS.items():
        value = getattr(card, name)
        if value and not form.fullmatch(value.strip()):
            doubts.say("form", f"exchange.card.{name}", value)
            wrong[name] = None
    card = dataclasses.replace(card, **wrong)
    card = _without_what_the_entry_has_not(card, mode, doubts)
    by_tvr = bool(bytes.fromhex(card.tvr)[1] & _TVR_EXPIRED) if card.tvr else None
    if mode in _CHIP_MODES and None not in (card.expired, by_tvr) and card.expired is not by_tvr:
        doubts.say("expiry", "exchange.card.expired", "yes" if card.expired else "no")
    return card


def _without_what_the_entry_has_not(card: CardFacts, mode: EntryMode, doubts: _Doubts) -> CardFacts:
    """Chip data of a sale without a chip, and a service code of a sale without track or chip, are somebody else's."""
    foreign = [] if mode in (*_CHIP_MODES, EntryMode.UNKNOWN) else ["tvr", "usage_control"]
    if mode in (EntryMode.KEYED, EntryMode.QR):
        foreign.append("service_code")
    for name in foreign:
        value = getattr(card, name)
        if value and value.strip("0"):  # some applications send a TVR of zeros with every sale
            doubts.say("entry", f"exchange.card.{name}", mode)
    left_out: dict[str, Any] = dict.fromkeys(foreign)
    return dataclasses.replace(card, **left_out)


def _profile(profile: TerminalProfile, same_host: bool, exchange: Exchange, doubts: _Doubts) -> TerminalProfile:
    claims = ("signs_declines", "maps_codes", "stands_in")
    if not same_host and any(getattr(profile, name) is not None for name in claims):
        doubts.say("other_host", "profile.host", profile.host)
        profile = dataclasses.replace(profile, signs_declines=None, maps_codes=None, stands_in=None)
    for name in ("country", "currency"):
        value = getattr(profile, name)
        if value and not _FORMS["currency"].fullmatch(value.strip()):
            doubts.say("form", f"profile.{name}", value)
    if profile.signs_declines is False and exchange.mac is MacVerdict.VERIFIED:
        doubts.say("signed_after_all", "profile.signs_declines", "false")
    return profile


def _history(history: tuple[PastSale, ...], doubts: _Doubts) -> tuple[PastSale, ...]:
    later = [sale for sale in history if sale.age_s < 0]
    if later:
        doubts.say("later_sale", "history", len(later))
    return tuple(sale for sale in history if sale.age_s >= 0)


def _evidence(evidence: tuple[Evidence, ...], stale_s: float, doubts: _Doubts) -> tuple[Evidence, ...]:
    outcomes: dict[str, set[Outcome]] = {}
    for item in evidence:
        outcomes.setdefault(item.id, set()).add(item.outcome)
    kept: dict[str, Evidence] = {}
    for item in evidence:
        if item.id in DERIVED or item.part in _OWN_PARTS:
            doubts.say("derived", "evidence", item.id)
        elif len(outcomes[item.id]) > 1:
            doubts.say("twice", "evidence", item.id)
        elif item.age_s < 0:
            doubts.say("future", "evidence", item.id)
        else:
            if item.id not in _KNOWN:
                doubts.say("unknown", "evidence", item.id)
            elif item.age_s > stale_s and item.outcome is not Outcome.NOT_RUN:
                doubts.say("stale", "evidence", item.id)
            kept.setdefault(item.id, item)
    return tuple(kept.values())


def usable(evidence: Collection[Evidence], stale_s: float) -> dict[str, Evidence]:
    """What rules may ask about, by id: tests that are known here and young enough to bear on this sale."""
    return {item.id: item for item in evidence if item.id in _KNOWN and item.age_s <= stale_s}
