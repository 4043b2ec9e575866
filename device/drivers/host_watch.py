"""One exchange with the host, out of the bytes that were handed over or heard: decode, match, keep what may be kept.

Nothing is sent and nothing raises for what stands on the wire. The frames are wiped before the result is returned,
in every case; what cannot be over-written in Python (short-lived text) goes out of reach with this call.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from device.drivers.card_facts import YearMonth, read_card_facts, read_entry
from device.drivers.card_token import Tokens
from device.drivers.handed_over import FIELDS_ALLOWED, TAGS_ALLOWED, HandedOver
from device.evidence import EntryMode, Exchange, MacVerdict, Match
from protocol.envelope import EnvelopeError, Opened, open_envelope
from protocol.iso8583 import MAC_FIELDS, Message, MessageProfile

__all__ = ["FIELDS_ALLOWED", "TAGS_ALLOWED", "HandedOver", "answers", "read_exchange"]

_NO_COUNTRIES: Final[Mapping[str, str]] = {}
_REQUEST_FIELDS: Final = frozenset((2, 11, 14, 18, 22, 35, 41, 42, 49, 55))
_RESPONSE_FIELDS: Final = frozenset((11, 12, 13, 39, 41, 42))
_MATCHED_FIELDS: Final = (11, 41, 42)


def read_exchange(
    handed: HandedOver,
    profiles: Sequence[MessageProfile],
    tokens: Tokens,
    host: str,
    today: YearMonth | None = None,
    countries: Mapping[str, str] = _NO_COUNTRIES,
) -> Exchange:
    """Decode, match and reduce one exchange to what may be kept. ``handed``'s frames are wiped.

    ``host`` names the host's profile, which is tried first. ``today`` is (year, month) for "expired yes/no", None
    while the clock cannot be trusted. ``countries`` are the profile's, by the first digits of a card number. A response
    that cannot be decoded has ``code`` None, ``complete`` False and a ``note`` that says where; the same for none at
    all, with an empty note.

    A MAC said to be verified while a whole response carries no MAC field, or said to be absent while it carries one,
    is a contradiction: nobody knows then, so the verdict is UNKNOWN and the note says why. A bad one stays bad.
    """
    try:
        ordered = sorted(profiles, key=lambda profile: profile.name != host)
        if handed.fields and handed.request is None and handed.response is None:
            return _from_fields(handed, tokens, host, today)
        return _from_frames(handed, ordered, tokens, host, today, countries)
    finally:
        handed.wipe()


def answers(request_mti: str, response_mti: str) -> bool:
    """Is this the response's type for that request: 0200 or 0201 and 0210, 0220 and 0230, 0800 and 0810?

    ISO 8583:1987, 4.1: version and class are equal, the function is the next one, the origin may fall back to 0.
    """
    if len(request_mti) != 4 or len(response_mti) != 4 or request_mti[:2] != response_mti[:2]:
        return False
    function = int(request_mti[2])
    even = request_mti[3] in (response_mti[3], "1", "3", "5")
    return function % 2 == 0 and int(response_mti[2]) == function + 1 and even


def _from_frames(
    handed: HandedOver,
    profiles: Sequence[MessageProfile],
    tokens: Tokens,
    host: str,
    today: YearMonth | None,
    countries: Mapping[str, str],
) -> Exchange:
    notes: list[str] = []
    request = _open(handed.request, "request", profiles, _REQUEST_FIELDS, notes)
    response = _open(handed.response, "response", profiles, _RESPONSE_FIELDS, notes)
    asked = request.message if request is not None and request.whole else None
    told = response.message if response is not None and response.whole else None
    match, mismatched = _match(asked, told)
    mode, fallback = _entry(handed, asked.text(22) if asked else None, notes)
    return Exchange(
        code=_code(told.text(39) if told else None, notes),
        host=host,
        mac=_mac(handed.mac, told, notes),
        match=match,
        mismatched=mismatched,
        entry_mode=mode,
        fallback=fallback,
        mti=told.mti if told else "",
        stan=_first(told, asked, 11) or "",
        mcc=asked.text(18) if asked else None,
        terminal_id=_first(asked, told, 41),
        merchant_id=_first(asked, told, 42),
        host_time=_host_time(told.text(12), told.text(13)) if told else None,
        envelope=str(response.wrapping) if told and response else "",
        complete=told is not None,
        note="; ".join(notes),
        source=handed.source,
        stored=handed.stored,
        test_card=handed.test_card,
        card=read_card_facts(asked, handed, tokens, today, countries),
    )


def _from_fields(handed: HandedOver, tokens: Tokens, host: str, today: YearMonth | None) -> Exchange:
    """The application decoded it: no request is seen, so that nothing can be matched here."""
    notes: list[str] = []
    fields = handed.fields
    mode, fallback = _entry(handed, fields.get("22"), notes)
    return Exchange(
        code=_code(fields.get("39"), notes),
        host=host,
        mac=handed.mac,
        match=Match.UNCHECKED,
        entry_mode=mode,
        fallback=fallback,
        mti=fields.get("mti", ""),
        stan=fields.get("11", ""),
        mcc=fields.get("18"),
        terminal_id=_stripped(fields.get("41")),
        merchant_id=_stripped(fields.get("42")),
        host_time=_host_time(fields.get("12"), fields.get("13")),
        envelope="fields",
        note="; ".join(notes),
        source=handed.source,
        stored=handed.stored,
        test_card=handed.test_card,
        card=read_card_facts(None, handed, tokens, today),
    )


def _open(
    frame: bytearray | None, name: str, profiles: Sequence[MessageProfile], only: frozenset[int], notes: list[str]
) -> Opened | None:
    if not frame:
        return None
    try:
        opened = open_envelope(frame, profiles, only)
    except EnvelopeError as error:
        notes.append(f"{name}: {error}")
        return None
    if not opened.whole:
        notes.append(f"{name}: {opened.reason}")
    return opened


def _match(asked: Message | None, told: Message | None) -> tuple[Match, tuple[str, ...]]:
    """The MTI pair and DE11 must be there to call it a match; DE41 and 42 count where both carry them."""
    if asked is None or told is None:
        return Match.UNCHECKED, ()
    wrong = [] if answers(asked.mti, told.mti) else ["MTI"]
    for number in _MATCHED_FIELDS:
        ours, theirs = _stripped(asked.text(number)), _stripped(told.text(number))
        if ours is not None and theirs is not None and ours != theirs:
            wrong.append(f"DE{number}")
    if wrong:
        return Match.MISMATCHED, tuple(wrong)
    traced = asked.text(11) is not None and told.text(11) is not None
    return (Match.MATCHED if traced else Match.UNCHECKED), ()


def _mac(said: MacVerdict, told: Message | None, notes: list[str]) -> MacVerdict:
    if told is None or said in (MacVerdict.UNKNOWN, MacVerdict.BAD):
        return said
    carried = any(number in told.present for number in MAC_FIELDS) and not told.mac_input
    if carried == (said is not MacVerdict.ABSENT):
        return said
    there = "carries one" if carried else "carries none (DE64, DE128)"
    notes.append(f"the application says the MAC is {said}, yet the response {there}")
    return MacVerdict.UNKNOWN


def _entry(handed: HandedOver, code: str | None, notes: list[str]) -> tuple[EntryMode, bool | None]:
    """The application's word first; DE22 fills in what it does not say."""
    mode, fallback = read_entry(code)
    said = handed.entry_mode
    if EntryMode.UNKNOWN not in (said, mode) and said is not mode:
        notes.append(f"the application says {said}, DE22 says {mode}")
    return (
        mode if said is EntryMode.UNKNOWN else said,
        fallback if handed.fallback is None else handed.fallback,
    )


def _code(text: str | None, notes: list[str]) -> str | None:
    code = (text or "").strip()
    if 1 < len(code) <= 3 and code.isascii() and code.isalnum():
        return code
    if text is not None:
        notes.append("DE39 is not two or three letters or digits")
    return None


def _host_time(time: str | None, date: str | None) -> str | None:
    """MMDDhhmmss; 1993 and later carry YYMMDDhhmmss in DE12 alone."""
    if time is not None and len(time) == 12:
        time, date = time[6:], time[2:6]
    if time is None or date is None or len(time) != 6 or len(date) != 4 or not (time + date).isdecimal():
        return None
    return date + time


def _first(one: Message | None, other: Message | None, number: int) -> str | None:
    for message in (one, other):
        if message is not None and (text := _stripped(message.text(number))):
            return text
    return None


def _stripped(text: str | None) -> str | None:
    return None if text is None else text.strip() or None
