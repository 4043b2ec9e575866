from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.neo_frame import CrcOrder, NeoFrame
from protocol.neo_message import GET_VERSION, PING, NeoMessageError, build_question, parse_version


def version(data: bytes, status: int = 0, command: int = 0x29) -> NeoFrame:
    return NeoFrame(command, status, bytearray(data), 0, CrcOrder.HIGH_FIRST)


def test_the_questions_are_ping_and_version_and_no_other() -> None:
    assert build_question(PING) == bytes.fromhex("5669564f746563683200 1801 0000 b3cd")
    assert build_question(GET_VERSION) == bytes.fromhex("5669564f746563683200 2900 0000 dea0")
    for command in range(256):
        for sub_command in range(256):
            if (command, sub_command) not in (PING, GET_VERSION):
                with pytest.raises(ValueError, match="ping or asks the version"):
                    build_question((command, sub_command))


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"NEO II v1.00.004", "NEO II v1.00.004"),
        (b"NEO II v1.00.004\0\0", "NEO II v1.00.004"),
        (b"FW,Maker V1.00,,\r\nFS&DB V1.00,,\r\nCL L1,v1.00\0", "FW,Maker V1.00"),
    ],
)
def test_the_version_is_the_first_line(data: bytes, text: str) -> None:
    assert parse_version(version(data)) == text


@pytest.mark.parametrize(
    "frame",
    [version(b""), version(b"\0v1"), version(b"v\x01"), version(b"x" * 65), version(b"v1", 0x0B), version(b"v1", 0, 2)],
)
def test_what_is_no_version_says_so_without_its_data(frame: NeoFrame) -> None:
    with pytest.raises(NeoMessageError, match="version"):
        parse_version(frame)


@given(st.binary(max_size=80))
def test_any_version_is_short_and_printable_or_refused(data: bytes) -> None:
    try:
        text = parse_version(version(data))
    except NeoMessageError:
        return
    assert 0 < len(text) <= 64
    assert text.isascii()
    assert text.isprintable()
