"""Freeze frames in the words of a shop: a sound terminal, its cards, its earlier sales."""

from __future__ import annotations

import dataclasses
from functools import cache
from typing import Any

from device.diagnosis.engine import diagnose
from device.diagnosis.knowledge import Knowledge, parse_knowledge
from device.diagnosis.verdict import Cause, Diagnosis
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
from device.settings import LANGUAGES, read_catalogue, read_folder, read_texts

PROFILE = TerminalProfile(
    verified=True,
    terminal_id="12345678",
    merchant_id="898000000000001",
    mcc="5411",
    country="156",
    currency="156",
    host="unionpay",
    acquirer="Test Acquirer",
    hotline="400-000-0000",
)
UNVERIFIED = dataclasses.replace(PROFILE, verified=False)


@cache
def knowledge() -> Knowledge:
    texts = {language: read_texts(language) for language in LANGUAGES}
    return parse_knowledge(read_catalogue("causes.toml"), read_folder("hosts"), texts)


def card(**facts: Any) -> CardFacts:
    """A domestic card that says nothing special."""
    usual: dict[str, Any] = {"token": "here", "bin_group": "bank1", "scheme": "unionpay", "terminal_country": "156"}
    return CardFacts(**{**usual, "issuer_country": "156", "currency": "156", "service_code": "201", **facts})


def exchange(code: str | None = "62", *, on: CardFacts | None = None, **facts: Any) -> Exchange:
    """A chip sale whose answer belongs to the request and carries a verified MAC."""
    usual: dict[str, Any] = {
        "host": "unionpay",
        "mac": MacVerdict.VERIFIED if code else MacVerdict.UNKNOWN,
        "match": Match.MATCHED if code else Match.UNCHECKED,
        "entry_mode": EntryMode.CHIP,
        "mti": "0210" if code else "",
        "terminal_id": "12345678",
        "merchant_id": "898000000000001",
        "mcc": "5411",
    }
    return Exchange(code=code, card=on or card(), **{**usual, **facts})


def sale(code: str | None, token: str | None, age_s: float, bank: str | None = "bank2", **facts: Any) -> PastSale:
    """An earlier domestic chip sale."""
    usual: dict[str, Any] = {"scheme": "unionpay", "foreign": False, "mac": MacVerdict.VERIFIED}
    usual["entry_mode"] = EntryMode.CHIP
    return PastSale(code=code, token=token, age_s=age_s, bin_group=bank, **{**usual, **facts})


def check(check_id: str, outcome: Outcome = Outcome.PASS, value: str | float | None = None) -> Evidence:
    return Evidence(check_id, outcome, value, age_s=12.0)


def frame(
    of: Exchange | None = None,
    *history: PastSale,
    profile: TerminalProfile = PROFILE,
    checks: tuple[Evidence, ...] = (),
) -> FreezeFrame:
    return FreezeFrame(
        taken_at="2026-05-04T12:00:00+08:00",
        exchange=of or exchange(),
        history=history,
        profile=profile,
        evidence=checks,
        software="0.1.0",
    )


def judge(of: Exchange | None = None, *history: PastSale, **rest: Any) -> Diagnosis:
    return diagnose(frame(of, *history, **rest), knowledge())


def answer(diagnosis: Diagnosis, cause_id: str) -> Cause:
    return next(cause for cause in diagnosis.causes if cause.id == cause_id)


def state(diagnosis: Diagnosis, cause_id: str) -> str:
    return answer(diagnosis, cause_id).state.value
