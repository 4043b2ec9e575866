"""What may be known of the card in a request: tokens, codes and classes, out of DE2, 14, 35, 49 and 55.

Nothing made here holds a digit of the card number or the expiry date. What the payment application hands over beside
the frame comes before what is read from the frame.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from device.drivers.card_scheme import scheme_word
from device.drivers.card_token import Tokens
from device.drivers.handed_over import TAGS_ALLOWED, HandedOver
from device.evidence import CardFacts, EntryMode
from protocol.ber_tlv import Tlvs, parse_tlv
from protocol.iso8583 import Message

# Track 2, ISO/IEC 7813: number, separator, expiry YYMM, service code.
_TRACK2: Final = re.compile(r"(\d{12,19})[D=](\d{4})(\d{3})", re.ASCII)
_ENTRY_MODES: Final = {  # first two digits of DE22, ISO 8583:1987; 91 and 98 as networks use them
    "01": EntryMode.KEYED,
    "02": EntryMode.STRIPE,
    "03": EntryMode.QR,
    "05": EntryMode.CHIP,
    "07": EntryMode.CONTACTLESS,
    "80": EntryMode.STRIPE,
    "90": EntryMode.STRIPE,
    "91": EntryMode.CONTACTLESS,
    "95": EntryMode.CHIP,
    "98": EntryMode.CONTACTLESS,
}
_FALLBACK: Final = "80"  # the chip could not be read, then the stripe was
_NO_COUNTRIES: Final[Mapping[str, str]] = {}
_TAG_BYTES: Final = {"9F07": 2, "95": 5, "9B": 2}

YearMonth = tuple[int, int]


def read_entry(code: str | None) -> tuple[EntryMode, bool | None]:
    """Entry mode and chip fallback of DE22 (three digits, 1987). Fallback is None where the code does not tell."""
    if code is None or len(code) != 3 or not code.isdecimal():
        return EntryMode.UNKNOWN, None
    mode = _ENTRY_MODES.get(code[:2], EntryMode.UNKNOWN)
    if code[:2] == _FALLBACK:
        return mode, True
    return mode, False if mode is EntryMode.CHIP else None


def read_card_facts(
    request: Message | None,
    handed: HandedOver,
    tokens: Tokens,
    today: YearMonth | None,
    countries: Mapping[str, str] = _NO_COUNTRIES,
) -> CardFacts:
    """Gather the facts of the card. ``today`` is (year, month) of a clock that can be trusted, else None.

    ``countries`` are the profile's: the issuer's country by the first digits of the number. They are asked only where
    there is no chip data to say it.
    """
    chip = parse_tlv((request.chip_data if request else None) or b"")
    tags = {**_tags_of(chip), **{tag: text.upper() for tag, text in handed.emv.items() if tag in TAGS_ALLOWED}}
    track = _TRACK2.match(_track2(request, chip))
    token, group = _tokens(request, track, handed, tokens)
    expired = handed.expired
    if expired is None:
        expired = _is_expired(_expiry(request, chip, track), today)
    aid = tags.get("84") or tags.get("4F") or tags.get("9F06") or ""
    currency = _country(tags.get("5F2A"))
    if currency is None:
        currency = _country(handed.fields.get("49") or (request.text(49) if request else None))
    return CardFacts(
        token=token,
        bin_group=group,
        scheme=handed.scheme or scheme_word(aid),
        issuer_country=_country(tags.get("5F28")) or (None if aid else _country_of(request, track, countries)),
        terminal_country=_country(tags.get("9F1A")),
        currency=currency,
        usage_control=_bits(tags, "9F07"),
        tvr=_bits(tags, "95"),
        tsi=_bits(tags, "9B"),
        service_code=handed.service_code or _service_code(track, chip),
        expired=expired,
    )


def _tags_of(chip: Tlvs) -> dict[str, str]:
    found: dict[str, str] = {}
    for item in chip.walk():
        if item.tag in TAGS_ALLOWED:
            found.setdefault(item.tag, item.value.hex().upper())
    return found


def _track2(request: Message | None, chip: Tlvs) -> str:
    if request is not None and (track := request.text(35)):
        return track
    return (chip.find("57") or b"").hex().upper()


def _country_of(request: Message | None, track: re.Match[str] | None, countries: Mapping[str, str]) -> str | None:
    """The longest beginning of the number that the profile knows; None for an encrypted or unknown one."""
    digits = _number(request, track)
    return next((countries[digits[:size]] for size in range(8, 0, -1) if digits[:size] in countries), None)


def _number(request: Message | None, track: re.Match[str] | None) -> str:
    """The card number in clear, of DE2 or of track 2; "" where none is."""
    digits = (request.text(2) if request else None) or ""
    if not (12 <= len(digits) <= 19 and digits.isascii() and digits.isdigit()):
        digits = track.group(1) if track else ""
    return digits


def _tokens(
    request: Message | None, track: re.Match[str] | None, handed: HandedOver, tokens: Tokens
) -> tuple[str | None, str | None]:
    """The application's own tokens first: where they come, the number in the frame may be encrypted."""
    digits = _number(request, track)
    group = tokens.of_application(handed.bin_group)
    if handed.card_token is not None or not digits:
        return tokens.of_application(handed.card_token), group
    pan = bytearray(digits, "ascii")
    try:
        return tokens.card_token(pan), group or tokens.bin_group(pan)
    finally:
        pan[:] = bytes(len(pan))


def _expiry(request: Message | None, chip: Tlvs, track: re.Match[str] | None) -> str:
    """YYMM of DE14, of track 2 or of tag 5F24; "" where none is in clear."""
    if request is not None and (expiry := request.text(14)):
        return expiry
    return track.group(2) if track else (chip.find("5F24") or b"").hex()[:4]


def _is_expired(expiry: str, today: YearMonth | None) -> bool | None:
    """A card is good to the end of its month (ISO/IEC 7813)."""
    if today is None or len(expiry) != 4 or not expiry.isdecimal() or not 1 <= int(expiry[2:]) <= 12:
        return None
    return (2000 + int(expiry[:2]), int(expiry[2:])) < today


def _service_code(track: re.Match[str] | None, chip: Tlvs) -> str | None:
    if track:
        return track.group(3)
    digits = (chip.find("5F30") or b"").hex()
    return digits[1:] if len(digits) == 4 and digits.isdecimal() else None


def _country(text: str | None) -> str | None:
    """Three digits of an ISO 3166 or 4217 number, from three or from four with a leading zero."""
    digits = (text or "").strip()
    if len(digits) == 4 and digits[0] == "0":
        digits = digits[1:]
    return digits if len(digits) == 3 and digits.isascii() and digits.isdigit() else None


def _bits(tags: Mapping[str, str], tag: str) -> str | None:
    text = tags.get(tag, "")
    return text if len(text) == 2 * _TAG_BYTES[tag] and re.fullmatch("[0-9A-F]+", text) else None
