"""One exchange reduced to what may be kept, from every way it can come in."""

from __future__ import annotations

import pytest
from support import iso8583_peer as peer

from device.drivers.card_facts import read_entry
from device.drivers.card_token import CardTokens
from device.drivers.host_watch import HandedOver, answers, read_exchange
from device.evidence import EntryMode, Exchange, MacVerdict, Match

PROFILES = peer.profiles()
TOKENS = CardTokens(b"0123456789abcdef")
REQUEST = peer.prefixed(peer.TPDU + peer.HEADER + peer.terminal_message("0200", peer.REQUEST))
RESPONSE = peer.prefixed(peer.TPDU_BACK + peer.HEADER_BACK + peer.terminal_message("0210", peer.RESPONSE))


def _read(handed: HandedOver, today: tuple[int, int] | None = (2026, 11)) -> Exchange:
    return read_exchange(handed, PROFILES, TOKENS, "unionpay", today)


def _handed(
    request: bytes | None = REQUEST, response: bytes | None = RESPONSE, mac: MacVerdict = MacVerdict.VERIFIED
) -> HandedOver:
    return HandedOver(
        request=None if request is None else bytearray(request),
        response=None if response is None else bytearray(response),
        mac=mac,
    )


def _response(**changes: str | None) -> bytes:
    fields = dict(peer.RESPONSE)
    for name, value in changes.items():
        if value is None:
            fields.pop(int(name[2:]))
        else:
            fields[int(name[2:])] = value
    return peer.prefixed(peer.terminal_message("0210", fields))


def test_a_62_is_read_for_the_engine_with_all_that_may_be_known() -> None:
    exchange = _read(_handed())
    assert (exchange.code, exchange.mac, exchange.match) == ("62", MacVerdict.VERIFIED, Match.MATCHED)
    assert (exchange.mti, exchange.stan, exchange.host_time) == ("0210", "000123", "1123101530")
    assert (exchange.terminal_id, exchange.merchant_id) == ("T0000001", "898111111111111")
    assert (exchange.entry_mode, exchange.fallback) == (EntryMode.CHIP, False)
    assert (exchange.envelope, exchange.complete, exchange.note) == ("length2 tpdu header6 bcd", True, "")
    card = exchange.card
    assert (card.issuer_country, card.terminal_country, card.currency) == ("840", "156", "156")
    assert (card.usage_control, card.tvr, card.tsi) == ("AB00", "0000100000", "E800")
    assert (card.scheme, card.service_code, card.expired) == ("unionpay", "520", False)
    assert card.token == TOKENS.card_token(peer.CARD.encode())
    assert card.bin_group == TOKENS.bin_group(peer.CARD.encode())


def _stripe_sale() -> HandedOver:
    """The same card by its stripe: no chip data, and with them no 5F28."""
    fields = {number: value for number, value in peer.REQUEST.items() if number != 55} | {22: "021"}
    return _handed(request=peer.prefixed(peer.terminal_message("0200", fields)))


@pytest.mark.parametrize(
    ("countries", "country"),
    [
        ({}, None),
        ({peer.CARD[:6]: "840"}, "840"),
        ({peer.CARD[:2]: "156", peer.CARD[:8]: "702", peer.CARD[:4]: "840"}, "702"),
        ({"999": "840"}, None),
    ],
)
def test_the_country_of_a_stripe_card_comes_from_the_profiles_table(
    countries: dict[str, str], country: str | None
) -> None:
    exchange = read_exchange(_stripe_sale(), PROFILES, TOKENS, "unionpay", (2026, 11), countries)
    assert (exchange.entry_mode, exchange.card.issuer_country) == (EntryMode.STRIPE, country)
    assert peer.CARD[:6] not in repr(exchange)


def test_the_chip_knows_its_country_better_than_any_table() -> None:
    exchange = read_exchange(_handed(), PROFILES, TOKENS, "unionpay", (2026, 11), {peer.CARD[:6]: "156"})
    assert exchange.card.issuer_country == "840"


@pytest.mark.parametrize("response", [RESPONSE, RESPONSE[:40], b"noise", bytes(1 << 20), b""])
def test_no_card_data_leaves_and_the_frames_are_wiped_whatever_came(response: bytes) -> None:
    handed = _handed(response=response)
    shown = repr(handed)
    exchange = _read(handed)
    assert handed.request == bytearray(len(REQUEST))
    assert handed.response == bytearray(len(response))
    for secret in (peer.CARD, peer.CARD[:10], "4912520", "4912"):
        assert secret not in f"{exchange!r} {shown}"


def test_a_failing_token_maker_does_not_leave_the_frames_behind() -> None:
    class Broken:
        def card_token(self, pan: bytes | bytearray) -> str:
            raise OSError(len(pan))

        def bin_group(self, pan: bytes | bytearray) -> str:
            raise OSError(len(pan))

        def of_application(self, token: str | None) -> str | None:
            return token

    handed = _handed()
    with pytest.raises(OSError, match="16"):
        read_exchange(handed, PROFILES, Broken(), "unionpay")
    assert handed.request == bytearray(len(REQUEST))
    assert handed.response == bytearray(len(RESPONSE))


@pytest.mark.parametrize(("response", "says"), [(b"noise", "no message type"), (RESPONSE[:60], "response: DE")])
def test_a_response_that_cannot_be_read_is_told_and_never_a_code(response: bytes, says: str) -> None:
    exchange = _read(_handed(response=response))
    assert (exchange.code, exchange.complete, exchange.match) == (None, False, Match.UNCHECKED)
    assert says in exchange.note
    assert exchange.card.token is not None


def test_no_response_at_all_is_no_code_and_no_complaint() -> None:
    exchange = _read(_handed(response=None, mac=MacVerdict.UNKNOWN))
    assert (exchange.code, exchange.complete, exchange.note) == (None, False, "")
    assert exchange.stan == "000123"


def test_every_single_wrong_byte_is_read_or_told() -> None:
    for at in range(len(RESPONSE)):
        broken = RESPONSE[:at] + bytes((RESPONSE[at] ^ 0x11,)) + RESPONSE[at + 1 :]
        exchange = _read(_handed(response=broken))
        assert exchange.complete or exchange.note
        assert peer.CARD not in repr(exchange)


@pytest.mark.parametrize(
    ("response", "wrong"),
    [
        (_response(de11="000124"), ("DE11",)),
        (_response(de41="T0000002"), ("DE41",)),
        (_response(de42="898111111111112"), ("DE42",)),
        (peer.prefixed(peer.terminal_message("0110", peer.RESPONSE)), ("MTI",)),
        (peer.prefixed(peer.terminal_message("0230", {**peer.RESPONSE, 11: "999999"})), ("MTI", "DE11")),
    ],
)
def test_a_response_of_another_sale_is_a_mismatch(response: bytes, wrong: tuple[str, ...]) -> None:
    exchange = _read(_handed(response=response))
    assert (exchange.match, exchange.mismatched) == (Match.MISMATCHED, wrong)


def test_without_a_trace_number_nothing_is_called_a_match() -> None:
    assert _read(_handed(response=_response(de11=None))).match is Match.UNCHECKED
    assert _read(_handed(request=None)).match is Match.UNCHECKED


@pytest.mark.parametrize(
    ("asked", "told", "fits"),
    [
        ("0200", "0210", True),
        ("0201", "0210", True),
        ("0100", "0110", True),
        ("0220", "0230", True),
        ("0800", "0810", True),
        ("0820", "0830", True),
        ("0200", "0200", False),
        ("0200", "0230", False),
        ("0200", "0110", False),
        ("0210", "0220", False),
        ("", "0210", False),
    ],
)
def test_the_pairs_of_message_types(asked: str, told: str, fits: bool) -> None:
    assert answers(asked, told) is fits


@pytest.mark.parametrize(
    ("said", "signed", "verdict"),
    [
        (MacVerdict.VERIFIED, True, MacVerdict.VERIFIED),
        (MacVerdict.VERIFIED, False, MacVerdict.UNKNOWN),
        (MacVerdict.ABSENT, False, MacVerdict.ABSENT),
        (MacVerdict.ABSENT, True, MacVerdict.UNKNOWN),
        (MacVerdict.BAD, True, MacVerdict.BAD),
        (MacVerdict.BAD, False, MacVerdict.BAD),
        (MacVerdict.UNKNOWN, True, MacVerdict.UNKNOWN),
    ],
)
def test_a_contradicting_mac_verdict_is_not_believed(said: MacVerdict, signed: bool, verdict: MacVerdict) -> None:
    exchange = _read(_handed(response=RESPONSE if signed else _response(de64=None), mac=said))
    assert exchange.mac is verdict
    assert bool(exchange.note) is (said is not verdict)


@pytest.mark.parametrize(
    ("code", "mode", "fallback"),
    [
        ("051", EntryMode.CHIP, False),
        ("021", EntryMode.STRIPE, None),
        ("901", EntryMode.STRIPE, None),
        ("801", EntryMode.STRIPE, True),
        ("071", EntryMode.CONTACTLESS, None),
        ("981", EntryMode.CONTACTLESS, None),
        ("012", EntryMode.KEYED, None),
        ("032", EntryMode.QR, None),
        ("999", EntryMode.UNKNOWN, None),
        ("51", EntryMode.UNKNOWN, None),
        (None, EntryMode.UNKNOWN, None),
    ],
)
def test_entry_modes_of_de22(code: str | None, mode: EntryMode, fallback: bool | None) -> None:
    assert read_entry(code) == (mode, fallback)


def test_the_applications_word_goes_before_the_frame() -> None:
    handed = _handed()
    handed.emv = {"5F28": "0156", "95": "8000000000"}
    handed.entry_mode = EntryMode.STRIPE
    handed.fallback = True
    handed.service_code, handed.expired = "601", True
    handed.card_token, handed.bin_group, handed.scheme = "opaque", "group", "visa"
    exchange = _read(handed)
    assert (exchange.entry_mode, exchange.fallback) == (EntryMode.STRIPE, True)
    assert "DE22 says chip" in exchange.note
    card = exchange.card
    assert (card.issuer_country, card.tvr, card.terminal_country) == ("156", "8000000000", "156")
    assert (card.service_code, card.expired) == ("601", True)
    assert (card.token, card.bin_group) == (TOKENS.of_application("opaque"), TOKENS.of_application("group"))
    assert card.scheme == "visa"


def test_a_number_given_as_the_applications_token_is_never_kept_as_it_is() -> None:
    handed = _handed()
    handed.card_token = handed.bin_group = peer.CARD
    card = _read(handed).card
    assert peer.CARD not in f"{card.token} {card.bin_group}"
    assert card.token is not None


@pytest.mark.parametrize(
    ("today", "expired"), [((2049, 12), False), ((2050, 1), True), ((2026, 1), False), (None, None)]
)
def test_a_card_is_good_to_the_end_of_its_month(today: tuple[int, int] | None, expired: bool | None) -> None:
    assert _read(_handed(), today).card.expired is expired


def test_an_encrypted_card_number_makes_no_token() -> None:
    request = {**peer.REQUEST, 2: "A1B2C3D4E5F60718", 35: "A1B2C3D4E5F60718A1B2"}
    request.pop(14)
    request[55] = "5F28020840"
    exchange = _read(_handed(request=peer.terminal_message("0200", request)))
    card = exchange.card
    assert (exchange.match, card.token, card.bin_group, card.expired) == (Match.MATCHED, None, None, None)
    assert card.issuer_country == "840"


def test_hex_characters_in_de55_are_chip_data_too() -> None:
    request = {**peer.REQUEST, 55: peer.CHIP.encode().hex()}
    handed = _handed(request=peer.ascii_message("0200", request), response=peer.ascii_message("0210", peer.RESPONSE))
    exchange = _read(handed)
    assert exchange.match is Match.MATCHED
    assert exchange.card.issuer_country == "840"


def test_allow_listed_fields_do_instead_of_bytes() -> None:
    fields = {"mti": "0210", "39": "62", "11": "000123", "41": "T0000001", "22": "901", "12": "101530", "13": "1123"}
    exchange = _read(HandedOver(fields=fields, mac=MacVerdict.VERIFIED, emv={"9F1A": "0156"}))
    assert (exchange.code, exchange.mac, exchange.match) == ("62", MacVerdict.VERIFIED, Match.UNCHECKED)
    assert (exchange.entry_mode, exchange.host_time) == (EntryMode.STRIPE, "1123101530")
    assert exchange.card.terminal_country == "156"


def test_a_response_code_of_noise_is_no_code() -> None:
    exchange = _read(_handed(response=_response(de39="\x01!")))
    assert exchange.code is None
    assert "DE39" in exchange.note


def test_tokens_tell_cards_apart_and_need_a_key() -> None:
    other = CardTokens(b"another key, 16+")
    assert TOKENS.card_token(b"6200000000000005") != TOKENS.card_token(b"6200000000000013")
    assert TOKENS.bin_group(b"6200000000000005") == TOKENS.bin_group(b"6200000000000013")
    assert TOKENS.card_token(b"6200000000000005") != other.card_token(b"6200000000000005")
    with pytest.raises(ValueError, match="16 to 32"):
        CardTokens(b"short")
