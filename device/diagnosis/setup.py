"""Does the sale agree with the terminal's profile?

``setup.*`` pass: equal to a profile whose signature was verified. marginal: equal to an unverified profile. fail: it
differs; the reason is ``contradicts_verified_profile`` or ``contradicts_unverified_profile``. not_run: nothing to
compare. ``setup.scheme`` asks whether the card's scheme is among those the profile lists as enabled.
"""

from __future__ import annotations

from typing import Final

from device.diagnosis.card import numeric3
from device.diagnosis.facts import failed, marginal, not_run, passed
from device.evidence import Evidence, FreezeFrame, Outcome

PARAMETERS: Final = ("country", "currency", "terminal_id", "merchant_id", "mcc")


def setup_facts(frame: FreezeFrame) -> list[Evidence]:
    """All ``setup.*`` facts of a frame."""
    exchange, profile = frame.exchange, frame.profile
    pairs = {
        "country": (numeric3(exchange.card.terminal_country), numeric3(profile.country)),
        "currency": (numeric3(exchange.card.currency), numeric3(profile.currency)),
        "terminal_id": (_stripped(exchange.terminal_id), _stripped(profile.terminal_id)),
        "merchant_id": (_stripped(exchange.merchant_id), _stripped(profile.merchant_id)),
        "mcc": (_stripped(exchange.mcc), _stripped(profile.mcc)),
    }
    facts = [_compare(f"setup.{name}", *pair, verified=profile.verified) for name, pair in pairs.items()]
    scheme = exchange.card.scheme
    if not scheme or not profile.schemes:
        return [*facts, not_run("setup.scheme", "scheme_not_told" if profile.schemes else "profile_lists_none")]
    if scheme in profile.schemes:
        return [*facts, passed("setup.scheme", scheme)]
    return [*facts, failed("setup.scheme", scheme, "scheme_not_enabled", "|".join(profile.schemes))]


def contradictions(frame: FreezeFrame, facts: dict[str, Evidence]) -> tuple[str, ...]:
    """Names of the parameters in which the sale contradicts a *verified* profile."""
    if not frame.profile.verified:
        return ()
    return tuple(name for name in PARAMETERS if facts[f"setup.{name}"].outcome is Outcome.FAIL)


def _stripped(text: str | None) -> str | None:
    return (text.strip() or None) if text is not None else None


def _compare(fact: str, used: str | None, wanted: str | None, *, verified: bool) -> Evidence:
    if wanted is None:
        return not_run(fact, "profile_does_not_say")
    if used is None:
        return not_run(fact, "sale_does_not_say")
    if used != wanted:
        reason = "contradicts_verified_profile" if verified else "contradicts_unverified_profile"
        return failed(fact, used, reason, wanted)
    return passed(fact, used) if verified else marginal(fact, used, "profile_not_verified")
