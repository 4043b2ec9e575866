"""Parsers of host messages: ISO 8583 by profile, and the envelope around it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from device.decoding.tables import Tables
from protocol.envelope import MOST_ATTEMPTS, MOST_BYTES, EnvelopeError, open_envelope
from protocol.iso8583 import Message, MessageProfile, locate_fields, parse_message
from tools.fuzz.rules import Check, LawError, Make, Target, law
from tools.fuzz.seeds import seeds_of

SOME_FIELDS: Final = frozenset((2, 3, 11, 38, 39, 55, 60))
_MOST_PLANS: Final = 64
TOKENS: Final = (
    *(b"0200", b"0210", b"0800", b"1200", b"1210", b"2200", b"\x02\x00", b"\x02\x10", b"\x08\x00", b"\x12\x10"),
    *(bytes.fromhex(text) for text in ("6000030000", "613100000000", "2E", "7020058020C09A11", "8000000000000000")),
    *(bytes.fromhex(text) for text in ("FFFFFFFFFFFFFFFF", "0009", "0999", "99", "F0F2F0F0", "0000", "FFFF", "0055")),
    *(b"F220", b"8220000000000000", b"999", b"99", b"000", b"16", "0210".encode("cp500"), b"\x02", b"\x03"),
)


def message_check(profiles: tuple[MessageProfile, ...]) -> Check:
    """The first byte chooses a profile, the rest is a message."""

    def check(data: bytes) -> None:
        if not data:
            return
        profile = profiles[data[0] % len(profiles)]
        body = data[1:]
        _check_message(parse_message(body, profile), body)
        law(len(profile.plans) <= _MOST_PLANS, "the cache of plans has grown")

    return check


def subset_check(profiles: tuple[MessageProfile, ...]) -> Check:
    """A few fields alone are what they are among all; every field lies where it is told to."""

    def check(data: bytes) -> None:
        if not data:
            return
        profile = profiles[data[0] % len(profiles)]
        body = data[1:]
        whole, some = parse_message(body, profile), parse_message(body, profile, SOME_FIELDS)
        _check_message(some, body)
        if whole.complete:
            wanted = {number: value for number, value in whole.fields.items() if number in SOME_FIELDS}
            law(some.complete and dict(some.fields) == wanted, "a few fields read alone differ")
        for number, (offset, length) in locate_fields(body, profile).items():
            if not 0 <= offset <= offset + length <= len(body):
                raise LawError(f"DE{number} lies outside")

    return check


def envelope_check(profiles: tuple[MessageProfile, ...]) -> Check:
    """The envelope lies inside, the search is bounded, and what is not whole has a reason."""

    def check(data: bytes) -> None:
        try:
            opened = open_envelope(data, profiles)
        except EnvelopeError:
            law(len(data) > MOST_BYTES, "data of usual size is refused")
            return
        law(opened.attempts <= MOST_ATTEMPTS, "the search is too long")
        law(opened.whole or opened.reason, "it is not whole, and no reason is told")
        wrapping = opened.wrapping
        if wrapping is not None:
            law(0 <= wrapping.header_at <= wrapping.start <= wrapping.end <= len(data), "the envelope lies outside")
        if opened.message is not None:
            _check_message(opened.message, data)

    return check


def _check_message(message: Message, data: bytes) -> None:
    size = len(data)
    law(0 <= message.end <= size and 0 <= message.trailing <= size - message.end, "the end lies outside")
    failure = message.failure
    if failure is not None:
        law(0 <= failure.offset <= size and failure.reason, "the failure has no reason or lies outside")
    held = sum(map(len, message.fields.values()))
    law(held <= 2 * size and len(message.fields) <= len(message.present), "the fields hold more than there is")


def _iso8583(tables: Tables) -> tuple[Target, ...]:
    profiles = tables.profiles
    every = tuple(variant for profile in profiles for variant in (profile, *profile.variants))
    names = [profile.name for profile in every]
    opened = [(seed, open_envelope(seed, profiles)) for seed in seeds_of("iso8583")]
    seeds = tuple(
        bytes((names.index(found.profile.name),)) + seed[found.wrapping.start : found.wrapping.end]
        for seed, found in opened
        if found.profile is not None and found.wrapping is not None
    )
    modules = ("protocol.iso8583",)
    envelopes = seeds_of("iso8583")
    return (
        Target("parse_message", message_check(every), 875, modules, seeds, TOKENS),
        Target("some fields, places", subset_check(every), 60, modules, seeds, TOKENS),
        Target("open_envelope", envelope_check(profiles), 60, ("protocol.envelope",), envelopes, TOKENS),
    )


MAKE: Final[Mapping[str, Make]] = {"iso8583": _iso8583}
"""What is fuzzed of the decoder of host messages."""
