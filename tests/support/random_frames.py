"""Frames nobody would record on purpose: every combination the types allow."""

from __future__ import annotations

from hypothesis import strategies as st

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

CODES = st.sampled_from([None, "62", "36", "00", "51", "91", "97", "A0", "54", "ZZ", "", "1004"]) | st.text(max_size=4)
FLAG = st.none() | st.booleans()
TOKENS = st.sampled_from([None, "a", "b", "c", "d", "e"])
GROUPS = st.sampled_from([None, "g1", "g2", "g3"])
SCHEMES = st.sampled_from([None, "unionpay", "visa"])
COUNTRIES = st.sampled_from([None, "156", "840", "0156", "", "x"])
HEX = st.none() | st.binary(max_size=5).map(bytes.hex) | st.text(max_size=4)
NUMBERS = st.floats(allow_nan=False, allow_infinity=False, width=32)
VALUES = st.none() | st.booleans() | st.integers(-(2**40), 2**40) | NUMBERS | st.text(max_size=8)

CARDS = st.builds(
    CardFacts,
    token=TOKENS,
    bin_group=GROUPS,
    scheme=SCHEMES,
    issuer_country=COUNTRIES,
    terminal_country=COUNTRIES,
    currency=COUNTRIES,
    usage_control=HEX,
    tvr=HEX,
    service_code=st.sampled_from([None, "201", "601", "101", "703", "2", "abc"]),
    expired=FLAG,
)
EXCHANGES = st.builds(
    Exchange,
    code=CODES,
    host=st.sampled_from(["unionpay", "iso1987", "elsewhere", ""]),
    mac=st.sampled_from(MacVerdict),
    match=st.sampled_from(Match),
    entry_mode=st.sampled_from(EntryMode),
    mismatched=st.lists(st.sampled_from(["DE11", "MTI"]), max_size=2).map(tuple),
    fallback=FLAG,
    mcc=st.sampled_from([None, "5411", "5812"]),
    terminal_id=st.sampled_from([None, "12345678", "9", " "]),
    complete=st.booleans(),
    stored=st.booleans(),
    test_card=st.booleans(),
    card=CARDS,
)
SALES = st.builds(
    PastSale,
    age_s=st.floats(0, 4000, width=32),
    code=CODES,
    mac=st.sampled_from(MacVerdict),
    entry_mode=st.sampled_from(EntryMode),
    token=TOKENS,
    bin_group=GROUPS,
    scheme=SCHEMES,
    foreign=FLAG,
    match=st.sampled_from(Match),
    stored=st.booleans(),
    test_card=st.booleans(),
)
PROFILES = st.builds(
    TerminalProfile,
    verified=st.booleans(),
    terminal_id=st.sampled_from([None, "12345678"]),
    mcc=st.sampled_from([None, "5411"]),
    country=COUNTRIES,
    currency=COUNTRIES,
    signs_declines=FLAG,
    maps_codes=FLAG,
    stands_in=FLAG,
    schemes=st.sampled_from([(), ("visa",)]),
    shop_may_fix=st.sampled_from([(), ("mcc", "country", "currency")]),
    hotline=st.sampled_from(["", "400"]),
)
CHECKS = st.builds(
    Evidence,
    id=st.sampled_from([*TESTED, *DERIVED, "vendor.new_fact", "odd"]),
    outcome=st.sampled_from(Outcome),
    value=VALUES,
    age_s=st.floats(0, 9999, width=32),
)
FRAMES = st.builds(
    FreezeFrame,
    taken_at=st.just("2026-05-04T12:00:00+08:00"),
    exchange=EXCHANGES,
    history=st.lists(SALES, max_size=10).map(tuple),
    profile=PROFILES,
    evidence=st.lists(CHECKS, max_size=8, unique_by=lambda item: item.id).map(tuple),
    software=st.sampled_from(["0.1.0", "", "9.99.99", "dev"]),
)
