"""The JSON form of a freeze frame (``frame.json``): what one terminal recorded, diagnosed anywhere else.

The form is versioned and strict: an unknown key, a wrong type or an unknown word is a
:class:`~device.table.TableError` that names its place. Ids of evidence may be unknown here; they are kept. A part that
is absent is taken as unknown, never as good; :func:`absent_parts` names it, so that the diagnosis can say so.
"""

from __future__ import annotations

import dataclasses
import math
from typing import Any, Final, TypeVar

from device.evidence import (
    WINDOW_S,
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
from device.table import Table

VERSION: Final = 1
_EXPECTED: Final = ("taken_at", "history", "profile", "evidence", "window_s", "software")
_EXPECTED_OF_EXCHANGE: Final = ("host", "mac", "match", "entry_mode", "card")
_MOST_SALES: Final = 5000
_MOST_EVIDENCE: Final = 1000
_WORD: Final = 200  # characters of any single text but details
_Choice = TypeVar("_Choice", MacVerdict, Match, EntryMode, Outcome)


def frame_to_json(frame: FreezeFrame) -> dict[str, Any]:
    """Plain dictionaries, lists, texts and numbers; :func:`frame_from_json` gives the equal frame back."""
    return {"v": VERSION, **dataclasses.asdict(frame)}


def absent_parts(values: object) -> tuple[str, ...]:
    """What a whole frame would have and this one lacks, as ``exchange.mac``; () of anything that is no frame."""
    if not isinstance(values, dict):
        return ()
    exchange = values.get("exchange")
    inner = exchange if isinstance(exchange, dict) else {}
    lacking = [f"exchange.{name}" for name in _EXPECTED_OF_EXCHANGE if name not in inner]
    return (*(name for name in _EXPECTED if name not in values), *lacking)


def frame_from_json(values: object, where: str) -> FreezeFrame:
    """Check and read a frame; ``where`` is the name of the file or message, for the error's sentence."""
    if not isinstance(values, dict):
        raise Table({}, where).error("frame", "must be an object with the keys of a freeze frame")
    table = Table(values, where)
    version = table.whole("v")
    if version != VERSION:
        raise table.error("v", f"is {version}; this posmedic reads version {VERSION}, a newer one may read it")
    window_s = _finite(table, "window_s", WINDOW_S)
    if window_s <= 0:
        raise table.error("window_s", "must be more than 0 seconds")
    frame = FreezeFrame(
        taken_at=table.text("taken_at", "", most=_WORD),
        exchange=_exchange(table.table("exchange")),
        history=tuple(_past_sale(entry) for entry in table.tables("history", most=_MOST_SALES)),
        profile=_profile(table.table("profile", {})),
        evidence=tuple(parse_evidence(entry) for entry in table.tables("evidence", most=_MOST_EVIDENCE)),
        window_s=window_s,
        software=table.text("software", "", most=_WORD),
    )
    table.close()
    return frame


def _finite(table: Table, key: str, default: float | None = None) -> float:
    value = table.number(key) if default is None else table.number(key, default)
    if not math.isfinite(value):
        raise table.error(key, "must be a finite number")
    return value


def _choice(table: Table, key: str, kind: type[_Choice], default: _Choice | None = None) -> _Choice:
    return kind(table.choice(key, tuple(kind)) if default is None else table.choice(key, tuple(kind), default))


def _exchange(table: Table) -> Exchange:
    exchange = Exchange(
        code=table.optional_text("code", most=8),
        host=table.text("host", "", most=_WORD),
        mac=_choice(table, "mac", MacVerdict, MacVerdict.UNKNOWN),
        match=_choice(table, "match", Match, Match.UNCHECKED),
        entry_mode=_choice(table, "entry_mode", EntryMode, EntryMode.UNKNOWN),
        mismatched=table.texts("mismatched", (), most=32),
        fallback=table.optional_flag("fallback"),
        mti=table.text("mti", "", most=8),
        stan=table.text("stan", "", most=12),
        mcc=table.optional_text("mcc", most=_WORD),
        terminal_id=table.optional_text("terminal_id", most=_WORD),
        merchant_id=table.optional_text("merchant_id", most=_WORD),
        host_time=table.optional_text("host_time", most=_WORD),
        envelope=table.text("envelope", "", most=_WORD),
        complete=table.flag("complete", True),
        note=table.text("note", ""),
        source=table.text("source", "application", most=_WORD),
        stored=table.flag("stored", False),
        test_card=table.flag("test_card", False),
        card=_card(table.table("card", {})),
    )
    table.close()
    return exchange


def _card(table: Table) -> CardFacts:
    texts = [field.name for field in dataclasses.fields(CardFacts) if field.name != "expired"]
    values = {name: table.optional_text(name, most=_WORD) for name in texts}
    card = CardFacts(**values, expired=table.optional_flag("expired"))
    table.close()
    return card


def _past_sale(table: Table) -> PastSale:
    sale = PastSale(
        age_s=_finite(table, "age_s"),
        code=table.optional_text("code", most=8),
        mac=_choice(table, "mac", MacVerdict),
        entry_mode=_choice(table, "entry_mode", EntryMode),
        token=table.optional_text("token", most=_WORD),
        bin_group=table.optional_text("bin_group", most=_WORD),
        scheme=table.optional_text("scheme", most=_WORD),
        foreign=table.optional_flag("foreign"),
        match=Match(table.choice("match", tuple(Match), Match.MATCHED)),
        stored=table.flag("stored", False),
        test_card=table.flag("test_card", False),
    )
    table.close()
    return sale


def _profile(table: Table) -> TerminalProfile:
    profile = TerminalProfile(
        verified=table.flag("verified", False),
        terminal_id=table.optional_text("terminal_id", most=_WORD),
        merchant_id=table.optional_text("merchant_id", most=_WORD),
        mcc=table.optional_text("mcc", most=_WORD),
        country=table.optional_text("country", most=_WORD),
        currency=table.optional_text("currency", most=_WORD),
        host=table.optional_text("host", most=_WORD),
        signs_declines=table.optional_flag("signs_declines"),
        maps_codes=table.optional_flag("maps_codes"),
        stands_in=table.optional_flag("stands_in"),
        schemes=table.texts("schemes", (), most=100),
        shop_may_fix=table.texts("shop_may_fix", (), most=100),
        acquirer=table.text("acquirer", "", most=_WORD),
        hotline=table.text("hotline", "", most=_WORD),
    )
    table.close()
    return profile


def parse_evidence(table: Table) -> Evidence:
    """One evidence of a file; raises TableError where it does not fit."""
    value = table.scalar("value")
    took_ms = table.optional_number("took_ms")
    if any(isinstance(number, float) and not math.isfinite(number) for number in (value, took_ms)):
        raise table.error("value", "and took_ms must be finite numbers")
    evidence = Evidence(
        id=table.text("id", most=_WORD),
        outcome=_choice(table, "outcome", Outcome),
        value=value,
        unit=table.text("unit", "", most=_WORD),
        limit=table.text("limit", "", most=_WORD),
        reason=table.text("reason", "", most=_WORD),
        detail=table.text("detail", ""),
        age_s=_finite(table, "age_s"),
        took_ms=took_ms,
    )
    table.close()
    return evidence
