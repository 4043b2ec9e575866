"""NEO frames in a stream that noise, loss and lies have spoilt."""

from __future__ import annotations

from binascii import crc_hqx

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol import neo_frame
from protocol.neo_frame import HEADER, NeoDeframer, NeoError, NeoFault, NeoFrame, NeoItem, build_command, build_response

PING = build_command(0x18, 0x01)
PONG = build_response(0x18, 0x00)
VERSION = build_response(0x29, 0x00, b"NEO II v1.00.004")


def run(*chunks: bytes) -> list[NeoItem]:
    deframer = NeoDeframer()
    items = [item for chunk in chunks for item in deframer.feed(chunk)] + deframer.expire()
    assert deframer.pending == 0
    return items


def commands(items: list[NeoItem]) -> list[tuple[int, int]]:
    return [(item.command, item.second) for item in items if isinstance(item, NeoFrame)]


PIECES = st.sampled_from([HEADER, HEADER[:5], HEADER + b"\x18\x00\x00\x20", HEADER + b"\x18\x00\xff\xff", b"V", PONG])


@given(st.lists(PIECES, max_size=8).map(b"".join), st.data())
def test_false_headers_in_any_chunking_give_the_same_and_every_byte_is_accounted_for(
    stream: bytes, draw: st.DataObject
) -> None:
    whole = run(stream)
    cut = draw.draw(st.integers(0, len(stream)))
    assert run(stream[:cut], stream[cut:]) == whole
    assert run(*(bytes((byte,)) for byte in stream)) == whole
    at = 0
    for item in whole:
        assert item.offset == at
        at += item.length if isinstance(item, NeoError) else len(item.data) + 16
    assert at == len(stream)


@pytest.mark.parametrize("place", range(len(VERSION) + 1))
def test_noise_inside_a_frame_costs_at_most_that_frame(place: int) -> None:
    for noise in (b"\x00", b"V", HEADER, HEADER + b"\x18\x00\x00\x08"):
        items = run(VERSION[:place] + noise + VERSION[place:] + PING + PONG)
        assert commands(items)[-2:] == [(0x18, 1), (0x18, 0)]


def test_twenty_spoilt_answers_inside_a_false_long_frame_do_not_hide_the_good_one() -> None:
    spoilt = PONG[:-1] + b"\x00"
    items = run(HEADER + b"\x29\x00\x10\x00" + spoilt * 20 + PONG)
    assert commands(items) == [(0x18, 0)]


def test_a_flood_of_false_headers_costs_no_more_than_a_few_looks_at_each_byte(monkeypatch: pytest.MonkeyPatch) -> None:
    looked_at = 0

    def counted(data: memoryview, start: int) -> int:
        nonlocal looked_at
        looked_at += len(data)
        return crc_hqx(data, start)

    monkeypatch.setattr(neo_frame, "crc_hqx", counted)
    for size in (0x1000, 0x0800, 0x0100):
        looked_at = 0
        flood = (HEADER + b"\x18\x00" + size.to_bytes(2, "big")) * (65536 // 14)
        assert commands(run(flood)) == []
        assert looked_at < 12 * len(flood)


def test_after_a_flood_good_frames_are_found_again() -> None:
    flood = (HEADER + b"\x18\x00\x10\x00") * 2000
    items = run(flood + bytes(70_000) + build_response(0x29, 0, bytes(4096)) + PONG)
    assert commands(items)[-2:] == [(0x29, 0), (0x18, 0)]


def test_what_was_lost_is_told_when_the_line_goes_quiet() -> None:
    deframer = NeoDeframer()
    assert deframer.feed(PONG[:-1] + b"\x00") == []
    assert deframer.pending > 0
    assert deframer.expire() == [NeoError(NeoFault.BAD_CRC, 0, 16)]
    assert deframer.pending == 0


@pytest.mark.parametrize("place", range(len(VERSION)))
def test_a_wrong_byte_is_never_taken_for_right(place: int) -> None:
    for flip in range(1, 256):
        wrong = VERSION[:place] + bytes((VERSION[place] ^ flip,)) + VERSION[place + 1 :]
        assert commands(run(wrong + PONG)) == [(0x18, 0)]
