"""Command and response APDUs, byte by byte."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.apdu import ApduError, Command, T0Exchange, parse_command, parse_response, select


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
    assert select(name, want_data=False).build() == b"\x00\xa4\x04\x00\x0e" + name
    assert select(name, want_data=True).build() == b"\x00\xa4\x04\x00\x0e" + name + b"\x00"


@pytest.mark.parametrize("name", [b"", b"1234", bytes(17)])
def test_select_takes_names_of_5_to_16_bytes(name: bytes) -> None:
    with pytest.raises(ApduError, match="5 to 16"):
        select(name, want_data=True)


@pytest.mark.parametrize("data", [b"", b"\x90"])
def test_under_two_bytes_is_no_answer(data: bytes) -> None:
    with pytest.raises(ApduError, match=f"{len(data)} bytes"):
        parse_response(data)


@pytest.mark.parametrize(("sw", "accepted"), [(0x9000, True), (0x611C, True), (0x6A82, False), (0x6283, False)])
def test_accepted_is_done_or_done_with_more_waiting(sw: int, accepted: bool) -> None:
    assert parse_response(sw.to_bytes(2)).accepted is accepted


@given(st.binary(min_size=2, max_size=258))
def test_an_answer_is_parted_whole_and_shown_without_its_data(data: bytes) -> None:
    response = parse_response(data)
    assert response.data + response.sw.to_bytes(2) == data
    assert "data" not in repr(response)


_COMMANDS = st.booleans().flatmap(
    lambda extended: st.builds(
        Command,
        *[st.integers(0, 255)] * 4,
        data=st.binary(max_size=400 if extended else 255),
        le=st.none() | st.integers(1, 65536 if extended else 256),
        extended=st.just(extended),
    )
)


@given(_COMMANDS)
def test_every_case_short_and_extended_is_read_as_it_was_built(command: Command) -> None:
    reading = parse_command(command.build())
    assert reading.failure == ""
    assert reading.command == (command if command.case > 1 else Command(*command.build()))


@given(st.binary(max_size=80))
def test_any_bytes_are_a_command_or_told(data: bytes) -> None:
    reading = parse_command(data)
    if not reading.failure:
        assert reading.command is not None
        assert reading.command.build() == data
    assert "data" not in repr(reading.command)


@pytest.mark.parametrize(
    ("wire", "offset"),
    [("00A404", 3), ("00A4040007A000", 4), ("00A4040001A00000", 4), ("00A404000000", 4), ("00A40400000000AA", 4)],
)
def test_a_command_whose_length_lies_is_told(wire: str, offset: int) -> None:
    reading = parse_command(bytes.fromhex(wire))
    assert reading.failure
    assert reading.offset == offset


def _feed_for_ever(exchange: T0Exchange) -> None:
    while exchange.feed(b"\x61\x10"):
        pass


def _answers(command: Command, script: dict[str, str]) -> tuple[T0Exchange, list[str]]:
    exchange, sent = T0Exchange(command), []
    request: bytes | None = exchange.request
    while request is not None:
        sent.append(request.hex().upper())
        request = exchange.feed(bytes.fromhex(script[sent[-1]]))
    return exchange, sent


def test_t0_fetches_what_waits_and_corrects_the_length() -> None:
    exchange, sent = _answers(
        select(b"1PAY.SYS.DDF01", want_data=True),
        {
            "00A404000E315041592E5359532E4444463031": "6110",
            "00C0000010": "6C02",
            "00C0000002": "6F00 6101",
            "00C0000001": "AA 9000",
        },
    )
    assert sent[1:] == ["00C0000010", "00C0000002", "00C0000001"]
    assert (exchange.response.sw, exchange.response.data) == (0x9000, bytes.fromhex("6F00AA"))


def test_t0_repeats_a_read_with_the_right_length_once() -> None:
    exchange, sent = _answers(Command(0, 0xB2, 1, 0x0C, le=256), {"00B2010C00": "6C04", "00B2010C04": "70029000 9000"})
    assert sent == ["00B2010C00", "00B2010C04"]
    assert exchange.response.sw == 0x9000
    exchange, sent = _answers(Command(0, 0xB2, 1, 0x0C, le=4), {"00B2010C04": "6C04"})
    assert exchange.response.sw == 0x6C04


def test_t0_keeps_the_logical_channel_and_ends_with_an_endless_card() -> None:
    exchange = T0Exchange(Command(0x02, 0xA4, 4, 0, b"12345"))
    assert exchange.feed(b"\x61\x00") == bytes.fromhex("02C0000000")
    with pytest.raises(ApduError, match="without end"):
        _feed_for_ever(exchange)
    with pytest.raises(ApduError, match="short"):
        T0Exchange(Command(0, 0xA4, 4, 0, extended=True))
