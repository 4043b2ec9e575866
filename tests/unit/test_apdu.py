"""Command and response APDUs, byte by byte."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.apdu import ApduError, Command, build_select, parse_response


@pytest.mark.parametrize(
    ("command", "text"),
    [
        (Command(0x00, 0x84, 0x00, 0x00), "00840000"),
        (Command(0x00, 0x84, 0x00, 0x00, le=8), "0084000008"),
        (Command(0x00, 0x84, 0x00, 0x00, le=256), "0084000000"),
        (Command(0x00, 0xA4, 0x04, 0x00, b"\xa0\x00\x00\x00\x03"), "00A4040005A000000003"),
        (Command(0x00, 0xA4, 0x04, 0x00, b"\xa0\x00\x00\x00\x03", 256), "00A4040005A00000000300"),
    ],
)
def test_the_four_short_cases(command: Command, text: str) -> None:
    assert command.build() == bytes.fromhex(text)


@pytest.mark.parametrize(
    "command",
    [Command(0x100, 0, 0, 0), Command(0, 0, 0, -1), Command(0, 0, 0, 0, bytes(256)), Command(0, 0, 0, 0, le=257)],
)
def test_what_does_not_fit_is_not_built(command: Command) -> None:
    with pytest.raises(ApduError):
        command.build()


def test_select_leaves_le_away_for_t0() -> None:
    name = b"2PAY.SYS.DDF01"
    assert build_select(name, want_data=False) == b"\x00\xa4\x04\x00\x0e" + name
    assert build_select(name, want_data=True) == b"\x00\xa4\x04\x00\x0e" + name + b"\x00"


@pytest.mark.parametrize("name", [b"", b"1234", bytes(17)])
def test_select_takes_names_of_5_to_16_bytes(name: bytes) -> None:
    with pytest.raises(ApduError, match="5 to 16"):
        build_select(name, want_data=True)


@pytest.mark.parametrize("data", [b"", b"\x90"])
def test_under_two_bytes_is_no_answer(data: bytes) -> None:
    with pytest.raises(ApduError, match=f"{len(data)} bytes"):
        parse_response(data)


@pytest.mark.parametrize(
    ("sw", "accepted", "meaning"),
    [
        (0x9000, True, "done"),
        (0x611C, True, "done, more data waits"),
        (0x6A82, False, "application or file not found"),
        (0x6283, False, "selected, but blocked"),
        (0x1234, False, ""),
    ],
)
def test_status_words(sw: int, accepted: bool, meaning: str) -> None:
    response = parse_response(sw.to_bytes(2))
    assert (response.sw, response.accepted, response.meaning) == (sw, accepted, meaning)


@given(st.binary(min_size=2, max_size=258))
def test_an_answer_is_parted_whole_and_shown_without_its_data(data: bytes) -> None:
    response = parse_response(data)
    assert response.data + response.sw.to_bytes(2) == data
    assert "data" not in repr(response)
