"""The waist: facts, as the making half (drivers, self-tests) hands them to the using half (diagnosis, outlets).

Evidence is a fact with its outcome, never a judgement. Nothing here holds card data: an :class:`Exchange` is the
allow-list of what may leave the decoder (PCI DSS 4.0.1, 3.3.1 and 3.5.1), a card is a keyed token.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, TypeAlias

from device.trend import TrendRule

WINDOW_S: Final = 1800.0  # sales of the last half hour tell one card from many
Value: TypeAlias = str | int | float | bool | None


class Outcome(StrEnum):
    """What a check came to. NOT_RUN is never a pass; ERROR means the check itself broke."""

    PASS = "pass"  # noqa: S105
    MARGINAL = "marginal"
    FAIL = "fail"
    ERROR = "error"
    NOT_RUN = "not_run"


class Level(StrEnum):
    """How much a check disturbs: SAFE only reads, ACTIVE moves or transmits, ASSISTED needs a person."""

    SAFE = "safe"
    ACTIVE = "active"
    ASSISTED = "assisted"


class MacVerdict(StrEnum):
    """What the payment application says of the response's MAC. UNKNOWN: nobody said (a passive tap)."""

    VERIFIED = "verified"
    BAD = "bad"
    ABSENT = "absent"
    UNKNOWN = "unknown"


class Match(StrEnum):
    """Does the response belong to the request (MTI pair, DE11, 41, 42)? UNCHECKED: no request was seen."""

    MATCHED = "matched"
    MISMATCHED = "mismatched"
    UNCHECKED = "unchecked"


class EntryMode(StrEnum):
    """How the card's data came in (DE22, ISO 8583:1987)."""

    CHIP = "chip"
    STRIPE = "stripe"
    CONTACTLESS = "contactless"
    KEYED = "keyed"
    QR = "qr"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Evidence:
    """One fact. ``id`` is ``part.fact`` and the same in code, console, report and recordings.

    ``reason`` is a short key for why it did not run or failed (``port_held``, ``deadline``); ``detail`` is one plain
    English sentence without card data; ``age_s`` is how old the fact was when this value was handed over.
    """

    id: str
    outcome: Outcome
    value: Value = None
    unit: str = ""
    limit: str = ""
    reason: str = ""
    detail: str = ""
    age_s: float = 0.0
    took_ms: float | None = None

    @property
    def part(self) -> str:
        """The part the fact belongs to: ``modem`` of ``modem.signal``."""
        return self.id.partition(".")[0]

    @property
    def fact(self) -> str:
        """The fact's own name: ``signal`` of ``modem.signal``."""
        return self.id.partition(".")[2]


@dataclass(frozen=True, slots=True)
class Limit:
    """When a value passes or is marginal; outside both it fails. Numbers use the ranges, texts the lists."""

    pass_min: float | None = None
    pass_max: float | None = None
    marginal_min: float | None = None
    marginal_max: float | None = None
    pass_values: tuple[Value, ...] = ()
    marginal_values: tuple[Value, ...] = ()

    def judge(self, value: Value) -> Outcome:
        """PASS, MARGINAL or FAIL. A limit without any bound passes whatever was measured."""
        if isinstance(value, int | float) and not isinstance(value, bool):
            if self._within(value, self.pass_min, self.pass_max):
                return Outcome.PASS
            if self._has_margin() and self._within(value, self.marginal_min, self.marginal_max):
                return Outcome.MARGINAL
            return Outcome.FAIL
        if not self.pass_values or value in self.pass_values:
            return Outcome.PASS
        return Outcome.MARGINAL if value in self.marginal_values else Outcome.FAIL

    def _has_margin(self) -> bool:
        return self.marginal_min is not None or self.marginal_max is not None

    @staticmethod
    def _within(value: float, least: float | None, most: float | None) -> bool:
        return (least is None or value >= least) and (most is None or value <= most)

    def __str__(self) -> str:
        """The passing range in symbols, for people of any language: ``>= -95``, ``5 .. 60``, ``1|5``."""
        if self.pass_values:
            return "|".join(str(value) for value in self.pass_values)
        if self.pass_min is not None and self.pass_max is not None:
            return f"{self.pass_min:g} .. {self.pass_max:g}"
        if self.pass_min is not None:
            return f">= {self.pass_min:g}"
        return f"<= {self.pass_max:g}" if self.pass_max is not None else ""


@dataclass(frozen=True, slots=True)
class CheckSpec:
    """One row of ``catalogue/checks.toml``: what is measured, by which limit, and where the limit comes from.

    ``noticed``: a person sees, hears or pays for it (light, sound, paper), so it is never made unasked.
    """

    id: str
    level: Level
    unit: str
    limit: Limit
    required: bool
    source: str
    noticed: bool = False
    trend: TrendRule | None = None


@dataclass(frozen=True, slots=True)
class CardFacts:
    """What may be known of a card: keyed tokens, codes and classes; no digit of the PAN, no expiry date."""

    token: str | None = None  # rotating-key hash over the whole PAN, or the application's own token
    bin_group: str | None = None  # keyed hash of the issuer's BIN: equal for cards of one bank, not reversible here
    scheme: str | None = None  # from the AID: "unionpay", "visa"...
    issuer_country: str | None = None  # tag 5F28, ISO 3166 numeric, three digits
    terminal_country: str | None = None  # tag 9F1A as the sale used it
    currency: str | None = None  # tag 5F2A (or DE49), ISO 4217 numeric
    usage_control: str | None = None  # tag 9F07, hex
    tvr: str | None = None  # tag 95, hex
    tsi: str | None = None  # tag 9B, hex
    service_code: str | None = None  # three digits
    expired: bool | None = None


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and its response, as far as anybody may keep it."""

    code: str | None  # DE39; None: no response came
    host: str  # name of the host's profile
    mac: MacVerdict
    match: Match
    entry_mode: EntryMode
    mismatched: tuple[str, ...] = ()  # "DE11", "MTI"...: what does not belong together
    fallback: bool | None = None  # the chip was tried and failed before the stripe
    mti: str = ""  # of the response
    stan: str = ""  # DE11
    mcc: str | None = None  # DE18 of the request
    terminal_id: str | None = None  # DE41
    merchant_id: str | None = None  # DE42
    host_time: str | None = None  # DE12/13 of the response: MMDDhhmmss
    envelope: str = ""  # how the bytes were wrapped, e.g. "length2 tpdu header6 bcd"
    complete: bool = True  # the response was decoded to its last byte
    note: str = ""  # where decoding stopped, without card data
    source: str = "application"  # or "tap"
    stored: bool = False  # sent later from the store-and-forward queue
    test_card: bool = False
    card: CardFacts = field(default_factory=CardFacts)


@dataclass(frozen=True, slots=True)
class PastSale:
    """An earlier exchange in the window, for telling one card from many."""

    age_s: float  # monotonic seconds before this exchange
    code: str | None
    mac: MacVerdict
    entry_mode: EntryMode
    token: str | None
    bin_group: str | None
    scheme: str | None
    foreign: bool | None  # 5F28 differs from 9F1A; None: not known
    match: Match = Match.MATCHED
    stored: bool = False
    test_card: bool = False


@dataclass(frozen=True, slots=True)
class TerminalProfile:
    """Who this terminal is, by its profile file. ``verified``: the file's signature was checked here."""

    verified: bool = False
    terminal_id: str | None = None
    merchant_id: str | None = None
    mcc: str | None = None
    country: str | None = None  # ISO 3166 numeric
    currency: str | None = None  # ISO 4217 numeric
    host: str | None = None
    signs_declines: bool | None = None  # does this host put a MAC on declines? None: nobody has sourced it
    maps_codes: bool | None = None  # does a front end turn other codes into 62?
    stands_in: bool | None = None  # may a stand-in system answer for the issuer?
    schemes: tuple[str, ...] = ()
    shop_may_fix: tuple[str, ...] = ()  # "country", "currency", "terminal_id", "merchant_id", "mcc"
    acquirer: str = ""
    hotline: str = ""


@dataclass(frozen=True, slots=True)
class FreezeFrame:
    """All that the engine needs, at the moment of an exchange. The same frame gives the same diagnosis anywhere."""

    taken_at: str  # wall clock, ISO 8601 with offset; for people only, never for reckoning
    exchange: Exchange
    history: tuple[PastSale, ...] = ()  # newest first, without this exchange
    profile: TerminalProfile = field(default_factory=TerminalProfile)
    evidence: tuple[Evidence, ...] = ()  # self-test results, each with its age
    window_s: float = WINDOW_S
    software: str = ""  # version that took the frame

    def find(self, evidence_id: str) -> Evidence | None:
        """The evidence with this id, or None."""
        return next((item for item in self.evidence if item.id == evidence_id), None)
