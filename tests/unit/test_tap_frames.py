"""The passive tap's line: a host link's frames come out whatever stands between them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import iso8583_peer as peer

from device.app.tap import _LINK
from protocol.control_frame import Control, Deframer, Frame, FrameError, FrameFault, Item

SALE = peer.TPDU_BACK + peer.HEADER_BACK + peer.terminal_message("0210", peer.RESPONSE)
FRAME = peer.framed(SALE)


def _messages(items: list[Item]) -> list[bytes]:
    return [bytes(item.payload) for item in items if isinstance(item, Frame)]


def _fed(stream: bytes, size: int) -> list[Item]:
    deframer = Deframer(_LINK)
    items: list[Item] = []
    for begin in range(0, len(stream), size):
        items += deframer.feed(stream[begin : begin + size])
    return items + deframer.expire()


@pytest.mark.parametrize("size", [1, 2, 7, 4096])
def test_frames_come_out_however_the_stream_is_cut(size: int) -> None:
    stream = b"\x05\x06" + FRAME + b"\x06" + FRAME + b"\x04" + peer.framed(b"\x03\x02\x03")
    items = _fed(stream, size)
    assert _messages(items) == [SALE, SALE, b"\x03\x02\x03"]
    assert [type(item) for item in items] == [Control, Control, Frame, Control, Frame, Control, Frame]


@pytest.mark.parametrize("noise", [b"noise", b"\x02", b"\x02\x00\x05abcde", FRAME[:40], FRAME[:-1] + b"\x00"])
@pytest.mark.parametrize("size", [1, 4096])
def test_no_good_frame_is_lost_behind_noise(noise: bytes, size: int) -> None:
    items = _fed(noise + FRAME + noise + FRAME, size)
    assert _messages(items) == [SALE, SALE]
    errors = [item for item in items if isinstance(item, FrameError)]
    assert errors
    assert errors[0].offset == 0


def test_an_unfinished_frame_is_reported_when_the_line_falls_quiet() -> None:
    deframer = Deframer(_LINK)
    assert deframer.feed(FRAME[:20]) == []
    error = deframer.expire()[0]
    assert isinstance(error, FrameError)
    assert (error.offset, error.fault) == (0, FrameFault.CUT)
    assert _messages(deframer.feed(FRAME)) == [SALE]


@given(st.lists(st.one_of(st.just(FRAME), st.binary(max_size=12)), max_size=6), st.integers(1, 50))
def test_every_byte_is_accounted_for_and_frames_after_a_pause_survive(parts: list[bytes], size: int) -> None:
    deframer = Deframer(_LINK)
    for part in parts:
        deframer.feed(part)
    deframer.expire()
    items: list[Item] = []
    for begin in range(0, len(FRAME), size):
        items += deframer.feed(FRAME[begin : begin + size])
    assert _messages(items) == [SALE]
