"""What one exchange has proved, and how far the answer may be trusted.

A response that belongs to the request and carries a verified MAC is the strongest test a terminal has: the link worked
both ways, the keys fit, the front end took terminal, merchant and message, and somebody behind it decided.

* ``exchange.response`` pass: a response code (DE39) came; its value is the code. fail: none came.
* ``exchange.match`` pass: MTI pair, DE11, 41 and 42 belong to the request. fail: the value lists what does not.
* ``exchange.mac`` pass (``verified``); fail (``bad``, or ``absent_expected``: the host's profile says that declines are
  signed and this one was not); marginal (``unsigned_host``: the profile says that declines carry none); else not_run.
* ``exchange.host`` pass: switch or issuer decided, so the front end took terminal, merchant and message. marginal: the
  same, but this host maps codes (``maps_codes``) or lets a stand-in answer (``stands_in``). not_run: the front end may
  have set the code itself, or nobody verified the answer (``maps_codes`` is told all the same).
* ``exchange.entry_path`` pass: the value is the entry mode that demonstrably worked (DE22). not_run: no reader took
  part (keyed, QR) or nobody said. The other modes are never proved by it: a stripe sale says nothing of the chip.
* ``exchange.format`` pass: decoded to its last byte. fail: not.
"""

from __future__ import annotations

from enum import StrEnum

from device.diagnosis.codes import CodeRow
from device.diagnosis.facts import failed, marginal, not_run, passed
from device.evidence import EntryMode, Evidence, Exchange, FreezeFrame, MacVerdict, Match, TerminalProfile

_READ_MODES = (EntryMode.CHIP, EntryMode.STRIPE, EntryMode.CONTACTLESS)
_CHIP_CARD_DIGITS = ("2", "6")  # ISO/IEC 7813: service code, first digit: international or national with a chip


class Answer(StrEnum):
    """How far the response may be believed."""

    PROVED = "proved"  # belongs to the request, MAC verified, decoded whole
    UNPROVED = "unproved"  # nothing speaks against it, but it was not verified
    NONE = "none"  # none came, or what came must not be believed


def answer_of(exchange: Exchange) -> Answer:
    """Judge the response; a wrong MAC or a response to another request counts as none at all."""
    if not exchange.code or exchange.mac is MacVerdict.BAD or exchange.match is Match.MISMATCHED:
        return Answer.NONE
    sound = exchange.mac is MacVerdict.VERIFIED and exchange.match is Match.MATCHED and exchange.complete
    return Answer.PROVED if sound else Answer.UNPROVED


def is_chip_card_by_stripe(exchange: Exchange) -> bool:
    """A card that has a chip came in by its stripe (service code digit 1 is 2 or 6, or the chip had failed before)."""
    has_chip = (exchange.card.service_code or "")[:1] in _CHIP_CARD_DIGITS
    return exchange.entry_mode is EntryMode.STRIPE and (has_chip or exchange.fallback is True)


def exchange_facts(frame: FreezeFrame, row: CodeRow | None) -> list[Evidence]:
    """All ``exchange.*`` facts of a frame; ``row`` is the code's row in the host's table, if it has one."""
    exchange = frame.exchange
    return [
        passed("exchange.response", exchange.code) if exchange.code else failed("exchange.response", None, "no_answer"),
        _match(exchange),
        _mac(exchange, frame.profile, approved=row is not None and row.approved),
        _host(exchange, frame.profile, row),
        _entry_path(exchange),
        _format(exchange),
    ]


def _match(exchange: Exchange) -> Evidence:
    fact = "exchange.match"
    if exchange.match is Match.MISMATCHED:
        return failed(fact, ",".join(exchange.mismatched) or "mismatched", "other_request")
    if not exchange.code:
        return not_run(fact, "no_answer")
    return passed(fact) if exchange.match is Match.MATCHED else not_run(fact, "request_not_seen")


def _mac(exchange: Exchange, profile: TerminalProfile, *, approved: bool) -> Evidence:
    fact = "exchange.mac"
    if exchange.mac is MacVerdict.BAD:
        return failed(fact, "bad", "bad_mac")
    if not exchange.code:
        return not_run(fact, "no_answer")
    if exchange.mac is MacVerdict.VERIFIED:
        return passed(fact, "verified")
    if profile.signs_declines is False and not approved:
        return marginal(fact, "unsigned_host", "host_signs_no_declines")
    if exchange.mac is MacVerdict.ABSENT and profile.signs_declines:
        return failed(fact, "absent_expected", "mac_expected_but_absent")
    return not_run(fact, "not_verified", exchange.mac.value)


def _host(exchange: Exchange, profile: TerminalProfile, row: CodeRow | None) -> Evidence:
    fact = "exchange.host"
    if answer_of(exchange) is not Answer.PROVED:
        return not_run(fact, "answer_not_verified", "maps_codes" if profile.maps_codes else None)
    if row is None or row.front_end:
        return not_run(fact, "code_may_come_from_the_front_end")
    if profile.maps_codes:
        return marginal(fact, "maps_codes", "host_maps_codes")
    if profile.stands_in:
        return marginal(fact, "stands_in", "stand_in_may_answer")
    return passed(fact, exchange.host)


def _entry_path(exchange: Exchange) -> Evidence:
    fact, mode = "exchange.entry_path", exchange.entry_mode.value
    if exchange.entry_mode not in _READ_MODES:
        return not_run(fact, "no_reader_used" if exchange.entry_mode is not EntryMode.UNKNOWN else "not_told", mode)
    if answer_of(exchange) is Answer.NONE:
        return not_run(fact, "no_verified_answer", mode)
    return passed(fact, mode)


def _format(exchange: Exchange) -> Evidence:
    fact = "exchange.format"
    if not exchange.complete:
        return failed(fact, exchange.note or "incomplete", "not_decoded_to_the_end")
    return passed(fact, exchange.envelope or None) if exchange.code else not_run(fact, "no_answer")
