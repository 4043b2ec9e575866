from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.abecs_message import (
    ASK_IDENTITY,
    ASK_IDENTITY_OLD,
    CLOSE,
    CLOSE_OLD,
    OPEN,
    AbecsField,
    AbecsStop,
    PinpadIdentity,
    build_command,
    build_response,
    build_value,
    parse_command,
    parse_identity,
    parse_response,
    parse_values,
)

NAMES = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ", min_size=3, max_size=3)
BLOCKS = st.lists(st.binary(max_size=50), max_size=4)
FIELDS = {
    AbecsField.SERIAL_NUMBER: b"4000000000000002",
    AbecsField.MODEL: b"PX-10;16MB",
    AbecsField.MAKER: b"EXAMPLE  ",
    AbecsField.SYSTEM: b"OS 3.16",
    AbecsField.SPECIFICATION: b"2.12",
}


def gix(fields: dict[AbecsField, bytes]) -> bytes:
    return build_response("GIX", 0, b"".join(build_value(number, data) for number, data in fields.items()))


def test_the_questions_are_those_of_the_specification() -> None:
    assert OPEN == b"OPN"
    assert b"GIX016" + bytes.fromhex("0001000c 8003 8004 8006 8007 8008 8009") == ASK_IDENTITY
    assert ASK_IDENTITY_OLD == b"GIN00200"
    assert CLOSE == b"CLX"
    assert CLOSE_OLD == b"CLO032" + b" " * 32


@given(NAMES, st.integers(0, 999), BLOCKS)
def test_what_is_built_is_read(name: str, status: int, blocks: list[bytes]) -> None:
    command = parse_command(build_command(name, *blocks))
    assert (command.name, command.status, [b.data for b in command.blocks], command.stopped) == (
        name,
        None,
        blocks,
        None,
    )
    wire = build_response(name, status, *blocks)
    response = parse_response(wire)
    assert (response.name, response.status, response.stopped) == (name, status, None)
    assert [wire[b.offset : b.offset + len(b.data)] for b in response.blocks] == blocks


@pytest.mark.parametrize(
    ("data", "stopped", "at"),
    [
        (b"", AbecsStop.SHORT, 0),
        (b"GI", AbecsStop.SHORT, 2),
        (b"gix000", AbecsStop.NAME, 0),
        (b"GIX00", AbecsStop.SHORT, 3),
        (b"GIX0x0", AbecsStop.STATUS, 3),
        (b"GIX00000", AbecsStop.SHORT, 6),
        (b"GIX000 12", AbecsStop.LENGTH, 6),
        (b"GIX000001A005ABCD", AbecsStop.CUT, 10),
        (b"\x12" + b"x" * 16, AbecsStop.ENCRYPTED, 0),
    ],
)
def test_what_cannot_be_read_says_where_and_why(data: bytes, stopped: AbecsStop, at: int) -> None:
    message = parse_response(data)
    assert (message.stopped, message.stopped_at) == (stopped, at)


def test_what_was_read_before_the_fault_is_kept() -> None:
    message = parse_response(b"GIX000001A005ABCD")
    assert (message.status, [block.data for block in message.blocks]) == (0, [b"A"])
    values, stopped = parse_values(build_value(0x8003, b"PX") + b"\x80\x04\x00\x09EX")
    assert ([(value.number, value.data) for value in values], stopped) == ([(0x8003, b"PX")], 6)


@given(st.binary(max_size=80))
def test_any_bytes_are_borne_and_no_text_holds_them(data: bytes) -> None:
    for message in (parse_command(data), parse_response(data), parse_response(b"GIX000" + data)):
        parse_identity(message)
        for block in message.blocks:
            values, stopped = parse_values(block.data)
            assert stopped is None or stopped <= len(block.data)
            assert all(value.data in block.data for value in values)
    assert "6200" not in repr(parse_response(b"GIX00000862000000"))


def test_an_identity_is_read_in_any_order_and_without_the_serial_number() -> None:
    for fields in (FIELDS, dict(reversed(FIELDS.items()))):
        identity = parse_identity(parse_response(gix(fields)))
        assert identity == PinpadIdentity(maker="EXAMPLE", model="PX-10;16MB", system="OS 3.16", specification="2.12")
        assert identity.text == "EXAMPLE PX-10;16MB OS 3.16 ABECS 2.12"


def test_the_old_identity_is_read_by_its_places() -> None:
    block = b"EXAMPLE".ljust(20) + b"PX-10;16MB".ljust(19) + b"C" + b"OS 3.16".ljust(20) + b"1.08"
    block += b"001.08 260101   " + b"4000000000000002".ljust(20)
    identity = parse_identity(parse_response(build_response("GIN", 0, block)))
    assert identity == PinpadIdentity("EXAMPLE", "PX-10;16MB", "OS 3.16", "1.08", "001.08 260101")
    assert "4000" not in repr(identity)
    assert parse_identity(parse_response(build_response("GIN", 0, block[:-1]))) == PinpadIdentity()


def test_half_an_identity_is_better_than_none() -> None:
    assert parse_identity(parse_response(gix({AbecsField.MAKER: b"EXAMPLE"}))).text == "EXAMPLE"
    wild = gix({AbecsField.MAKER: b"\x01\x02", AbecsField.MODEL: b"x" * 33, AbecsField.SYSTEM: "é".encode()})
    assert parse_identity(parse_response(wild)) == PinpadIdentity()
    assert parse_identity(parse_response(b"GIX010")) == PinpadIdentity()


def test_what_does_not_fit_is_refused() -> None:
    for wrong in ("GI", "gix", "GIXX", "G1X", ""):
        with pytest.raises(ValueError, match="three capital letters"):
            build_command(wrong)
    with pytest.raises(ValueError, match="999"):
        build_command("GIX", bytes(1000))
    with pytest.raises(ValueError, match="three digits"):
        build_response("GIX", 1000)
    with pytest.raises(ValueError, match="995"):
        build_value(0x8003, bytes(996))
