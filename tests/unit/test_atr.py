"""The ATR parser: what is there is told, what is odd is told, nothing is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.atr import parse_atr


def test_a_t0_card_has_no_check_byte() -> None:
    atr = parse_atr(bytes.fromhex("3B6500002063CB6800"))
    assert atr.convention == "direct"
    assert atr.interface == {"TB1": 0x00, "TC1": 0x00}
    assert atr.protocols == (0,)
    assert atr.historical == bytes.fromhex("2063CB6800")
    assert atr.tck_ok is None
    assert atr.oddities == ()
    assert atr.usable
    assert atr.summary == "T=0"


def test_a_dual_protocol_card_offers_both_and_checks() -> None:
    atr = parse_atr(bytes.fromhex("3B8F8001804F0CA000000306030001000000006A"))
    assert atr.protocols == (0, 1)
    assert atr.interface == {"TD1": 0x80, "TD2": 0x01}
    assert atr.tck_ok is True
    assert len(atr.historical) == 15
    assert atr.summary == "T=0 T=1"


def test_the_inverse_convention_is_named() -> None:
    assert parse_atr(bytes.fromhex("3F6500002063CB6800")).convention == "inverse"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("FF0012", "does not begin with 3B or 3F"),
        ("3B80810101", "TCK is wrong"),
        ("3B65000020", "ends too early"),
        ("3B8081", "ends too early"),
        ("3B6500002063CB680000", "T=0 alone has no TCK"),
        ("3B808101000000", "2 bytes follow its end"),
        ("3B81800E41CE", "beyond T=0 and T=1: T=14"),
        ("3B80818001", "not in ascending order"),
        ("3B10FF", "reserved value"),
        ("3B8F01" + 32 * "00", "the standard allows 33"),
        ("", "ends too early"),
    ],
)
def test_an_oddity_is_told_and_not_refused(text: str, said: str) -> None:
    atr = parse_atr(bytes.fromhex(text))
    assert any(said in oddity for oddity in atr.oddities), atr.oddities


@pytest.mark.parametrize("text", ["", "FF0012", "3B65000020", "3B"])
def test_garbage_is_not_usable(text: str) -> None:
    assert not parse_atr(bytes.fromhex(text)).usable


def test_a_wrong_check_byte_leaves_the_card_usable() -> None:
    atr = parse_atr(bytes.fromhex("3B80810101"))
    assert atr.usable
    assert atr.tck_ok is False
    assert atr.summary == "T=1, 1 oddity"


def test_a_missing_check_byte_is_told_and_leaves_the_card_usable() -> None:
    atr = parse_atr(bytes.fromhex("3B8001"))
    assert (atr.usable, atr.complete, atr.tck_ok, atr.tck_missing) == (True, True, None, True)
    assert atr.oddities == ("its check byte TCK is missing",)
    cut = parse_atr(bytes.fromhex("3B820141"))
    assert (cut.usable, cut.complete, cut.tck_missing) == (False, False, True)


def test_the_inverse_convention_undecoded_is_recognised() -> None:
    assert "03 is 3F of the inverse convention" in parse_atr(bytes.fromhex("033F")).oddities[0]


def test_historical_bytes_are_in_no_text() -> None:
    atr = parse_atr(b"\x3b\x08SERIAL42")
    assert atr.historical == b"SERIAL42"
    assert "SERIAL42" not in repr(atr) + atr.summary + " ".join(atr.oddities)


@given(st.binary(max_size=64))
def test_any_bytes_are_parsed(data: bytes) -> None:
    atr = parse_atr(data)
    assert atr.protocols
    assert len(atr.historical) <= 15
    assert len(atr.interface) + len(atr.historical) <= len(data)


@st.composite
def _made(draw: st.DrawFn) -> tuple[bytes, dict[str, int], list[int], bytes]:
    """An answer to reset as 8.2 builds it, with what went into it: bytes, interface, protocols, historical bytes."""
    historical = draw(st.binary(max_size=15))
    interface: dict[str, int] = {}
    protocols = draw(st.lists(st.sampled_from([0, 1, 2, 14, 15]), max_size=4))
    body = bytearray()
    announced: list[int] = []
    for level, protocol in enumerate([*protocols, None], 1):
        names = [name for name in "ABC" if draw(st.booleans())]
        announced.append(sum(1 << "ABC".index(name) for name in names) | (8 if protocol is not None else 0))
        for name in names:
            interface[f"T{name}{level}"] = draw(st.integers(0, 255))
        if protocol is not None:
            interface[f"TD{level}"] = protocol
    for level, protocol in enumerate(protocols, 1):
        interface[f"TD{level}"] = announced[level] << 4 | protocol
    for level in range(1, len(protocols) + 2):
        body += bytes(interface[f"T{name}{level}"] for name in "ABCD" if f"T{name}{level}" in interface)
    data = bytes((0x3B, announced[0] << 4 | len(historical))) + body + historical
    if any(protocols):
        check = 0
        for value in data[1:]:
            check ^= value
        data += bytes((check,))
    return data, interface, protocols, historical


@given(_made())
def test_an_atr_is_read_as_it_was_made(made: tuple[bytes, dict[str, int], list[int], bytes]) -> None:
    data, interface, protocols, historical = made
    atr = parse_atr(data)
    assert (atr.interface, atr.historical, atr.complete) == (interface, historical, True)
    assert atr.protocols == (tuple(dict.fromkeys(p for p in protocols if p != 15)) or (0,))
    assert atr.tck_ok is (True if any(protocols) else None)
    assert not any("TCK" in oddity or "follow" in oddity or "early" in oddity for oddity in atr.oddities)
    if any(protocols):
        shorter = parse_atr(data[:-1])
        assert (shorter.usable, shorter.tck_missing, shorter.historical) == (True, True, historical)


@given(st.binary(min_size=1, max_size=15))
def test_a_made_check_byte_is_right_and_any_other_is_wrong(historical: bytes) -> None:
    body = bytes([0x80 | len(historical), 0x01]) + historical
    check = 0
    for value in body:
        check ^= value
    assert parse_atr(b"\x3b" + body + bytes([check])).tck_ok is True
    assert parse_atr(b"\x3b" + body + bytes([check ^ 1])).tck_ok is False
