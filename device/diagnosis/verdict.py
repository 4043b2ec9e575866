"""Values of a judgement: what every outlet shows (the public contract ``diagnosis.json``)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from device.evidence import Outcome, Value

Text: TypeAlias = Mapping[str, str]  # language -> text: {"zh": ..., "en": ...}
Lines: TypeAlias = Mapping[str, tuple[str, ...]]


class Verdict(StrEnum):
    """Where a decline comes from, as far as it is proved."""

    CARD = "card"
    ACCEPTANCE_RANGE = "acceptance_range"
    MERCHANT_ACQUIRER = "merchant_acquirer"
    TERMINAL_SETUP = "terminal_setup"
    NOT_ENOUGH_DATA = "not_enough_data"
    NO_VERIFIED_RESPONSE = "no_verified_response"
    CUSTOMER_ACTION = "customer_action"
    HOST_SYSTEM = "host_system"
    LOCAL_ACTION = "local_action"
    APPROVED = "approved"


class Addressee(StrEnum):
    """Who must act."""

    ISSUER = "issuer"
    ACQUIRER = "acquirer"
    CUSTOMER = "customer"
    TECHNICIAN = "technician"
    VENDOR = "vendor"
    LOCAL = "local"
    WAIT = "wait"
    NONE = "none"


class Retry(StrEnum):
    """May the sale be tried again?"""

    NO = "no"
    CHIP_ONCE = "chip_once"
    AFTER_ACTION = "after_action"
    LATER = "later"


class CauseState(StrEnum):
    """What the evidence says of one cause; REFUTED and SUPPORTED always name it."""

    SUPPORTED = "supported"
    POSSIBLE = "possible"
    UNLIKELY = "unlikely"
    REFUTED = "refuted"
    OTHER_CODE = "other_code"
    NOT_VISIBLE = "not_visible"
    NOT_TESTED = "not_tested"


@dataclass(frozen=True, slots=True)
class Cause:
    """One possible cause, answered."""

    id: str
    state: CauseState
    usual_codes: tuple[str, ...]
    because: tuple[str, ...]  # evidence ids
    advice: Text


@dataclass(frozen=True, slots=True)
class Finding:
    """Something found on this terminal, apart from the decline."""

    part: str
    fact: str
    outcome: Outcome
    value: Value
    limit: str
    advice: Text
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Note:
    """Something that was left out of account or must be known beside the diagnosis; ``place`` is where in the frame."""

    place: str
    text: Text


@dataclass(frozen=True, slots=True)
class CardCounts:
    """One card or many, in numbers and in one line: ``3 cards of 3 banks in 10 minutes, no approval``.

    ``banks`` 0: not told. ``approvals``: other cards that passed in these minutes. ``attempts``: declined tries of the
    present card, None if it cannot be told from others.
    """

    cards: int
    banks: int
    approvals: int
    minutes: int
    attempts: int | None
    text: Text


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """The judgement on one exchange, in every language of the catalogue."""

    code: str | None
    host: str
    meaning: Text
    verdict: Verdict
    addressee: Addressee
    headline: Lines  # what happened / who acts / what to do now / what this exchange has proved
    headline_short: Lines
    customer_text: Text
    charged: Text  # was the customer charged?
    contact: Text  # whom to call, with the hotline of the profile where known
    retry: Retry
    proved: tuple[str, ...]  # evidence ids
    causes: tuple[Cause, ...]  # ranked
    found_on_terminal: tuple[Finding, ...]
    prevention: tuple[Text, ...]
    short_code: str
    notes: tuple[Note, ...] = ()
    counts: CardCounts | None = None  # for a restricted card only
