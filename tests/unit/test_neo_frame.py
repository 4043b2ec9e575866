from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.neo_frame import (
    HEADER,
    CrcOrder,
    NeoDeframer,
    NeoError,
    NeoFault,
    NeoFrame,
    NeoItem,
    build_command,
    build_response,
)

PING = bytes.fromhex("5669564f746563683200 1801 0000 b3cd")
PONG = bytes.fromhex("5669564f746563683200 1800 0000 fa83")


def run(*chunks: bytes) -> list[NeoItem]:
    deframer = NeoDeframer(most_data=256)
    items = [item for chunk in chunks for item in deframer.feed(chunk)]
    return items + deframer.expire()


def told(items: list[NeoItem]) -> list[tuple[int, int, bytes, CrcOrder]]:
    return [(i.command, i.second, bytes(i.data), i.order) for i in items if isinstance(i, NeoFrame)]


def test_the_ping_of_the_guide_is_built_and_read_in_both_crc_orders() -> None:
    assert build_command(0x18, 0x01) == PING
    assert build_response(0x18, 0x00) == PONG
    assert told(run(PING + PONG)) == [(0x18, 1, b"", CrcOrder.LOW_FIRST), (0x18, 0, b"", CrcOrder.HIGH_FIRST)]
    assert told(run(PONG[:-2] + PONG[:-3:-1])) == [(0x18, 0, b"", CrcOrder.LOW_FIRST)]


@given(st.integers(0, 255), st.integers(0, 255), st.binary(max_size=40), st.binary(max_size=60), st.data())
def test_noise_and_any_chunking_lose_no_frame(
    command: int, second: int, data: bytes, noise: bytes, draw: st.DataObject
) -> None:
    frame = build_response(command, second, data)
    stream = noise + frame + noise + frame
    cut = draw.draw(st.integers(0, len(stream)))
    whole = run(stream)
    assert [item[:3] for item in told(whole)] == [(command, second, data)] * 2
    assert run(stream[:cut], stream[cut:]) == whole
    assert run(*(bytes((byte,)) for byte in stream)) == whole


@pytest.mark.parametrize("lost", range(len(build_response(0x29, 0, b"NEO v1.00"))))
def test_a_lost_byte_costs_only_its_own_frame(lost: int) -> None:
    frame = build_response(0x29, 0, b"NEO v1.00")
    items = run(frame[:lost] + frame[lost + 1 :] + PONG)
    assert told(items)[-1] == (0x18, 0, b"", CrcOrder.HIGH_FIRST)
    assert isinstance(items[0], NeoError)


def test_errors_say_where_how_long_and_why() -> None:
    assert run(b"abc" + PONG[:-1] + b"\0")[:2] == [
        NeoError(NeoFault.NOISE, 0, 3),
        NeoError(NeoFault.BAD_CRC, 3, len(PONG)),
    ]
    assert run(HEADER + b"\x18\0\xff\xff") == [NeoError(NeoFault.BAD_LENGTH, 0, 14)]
    assert run(PONG[:-1]) == [NeoError(NeoFault.CUT, 0, 15)]


def test_card_data_is_in_no_text_and_memory_is_bounded() -> None:
    (frame,) = run(build_response(2, 0, b"6200000000000005"))
    assert isinstance(frame, NeoFrame)
    assert "6200" not in repr(frame)
    frame.wipe()
    assert set(frame.data) == {0}
    deframer = NeoDeframer(most_data=64)
    for flood in (HEADER, b"V", b"\0", HEADER + b"\1\1\0\x40"):
        deframer.feed(flood * 2000)
        assert deframer.pending <= 64 + 16
