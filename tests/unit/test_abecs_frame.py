from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.abecs_frame import (
    MOST_DATA,
    AbecsCode,
    AbecsControl,
    AbecsDeframer,
    AbecsError,
    AbecsFault,
    AbecsFrame,
    AbecsItem,
    build_frame,
)

OPN = bytes.fromhex("16 4f504e 17 a8a9")
OPENED = bytes.fromhex("16 4f504e303030 17 775e")
TRICKY = st.lists(st.sampled_from(bytes.fromhex("04 06 13 15 16 17 18 33 36 37 41")), max_size=60).map(bytes)


def run(*chunks: bytes) -> list[AbecsItem]:
    deframer = AbecsDeframer()
    items = [item for chunk in chunks for item in deframer.feed(chunk)] + deframer.expire()
    assert deframer.pending == 0
    return items


def one_by_one(stream: bytes) -> list[bytes]:
    return [bytes((byte,)) for byte in stream]


def payloads(items: list[AbecsItem]) -> list[bytes]:
    return [bytes(item.data) for item in items if isinstance(item, AbecsFrame)]


def test_the_specifications_frames_are_built_and_read() -> None:
    assert build_frame(b"OPN") == OPN
    assert build_frame(b"OPN000") == OPENED
    assert build_frame(b"DSP000")[-2:] == bytes.fromhex("3963")
    assert payloads(run(OPN + b"\x06" + OPENED)) == [b"OPN", b"OPN000"]


def test_three_bytes_are_stuffed_and_the_crc_is_over_what_they_were() -> None:
    frame = build_frame(b"A\x13B\x16C\x17")
    assert frame[:11] == bytes.fromhex("16 41 1333 42 1336 43 1337 17")
    assert payloads(run(frame)) == [b"A\x13B\x16C\x17"]
    assert payloads(run(build_frame(b"\x1336\x13\x13\x33\x37"))) == [b"\x1336\x13\x13\x33\x37"]


@given(TRICKY)
def test_what_is_built_is_read(data: bytes) -> None:
    assert payloads(run(build_frame(data))) == [data]


def test_what_was_lost_is_told_when_the_line_goes_quiet() -> None:
    deframer = AbecsDeframer()
    assert deframer.feed(b"\x16" + b"A" * 3000) == []
    assert deframer.pending > 0
    assert deframer.expire() == [AbecsError(AbecsFault.BAD_LENGTH, 0, 3001)]
    assert deframer.pending == 0


def test_control_characters_between_frames_are_told_and_those_in_data_are_not() -> None:
    items = run(b"\x18\x04" + build_frame(b"GIX\x06\x15\x18\x04") + b"\x06\x15")
    assert [(item.code, item.offset) for item in items if isinstance(item, AbecsControl)] == [
        (AbecsCode.CAN, 0),
        (AbecsCode.EOT, 1),
        (AbecsCode.ACK, 13),
        (AbecsCode.NAK, 14),
    ]


@given(st.lists(st.one_of(TRICKY, st.binary(max_size=30)), max_size=6), TRICKY, st.data())
def test_any_chunking_gives_the_same_and_every_byte_is_accounted_for(
    data: list[bytes], noise: bytes, draw: st.DataObject
) -> None:
    stream = noise.join(build_frame(piece) for piece in data) + noise
    whole = run(stream)
    cut = draw.draw(st.integers(0, len(stream)))
    assert run(stream[:cut], stream[cut:]) == whole
    assert run(*one_by_one(stream)) == whole
    at = 0
    for item in whole:
        assert item.offset == at
        at += 1 if isinstance(item, AbecsControl) else item.length
    assert at == len(stream)


@given(st.binary(max_size=60), TRICKY.filter(lambda noise: b"\x17" not in noise))
def test_noise_before_and_between_costs_no_frame(data: bytes, noise: bytes) -> None:
    frame = build_frame(b"GIX" + data)
    assert payloads(run(noise + frame + noise + frame)) == [b"GIX" + data] * 2


@pytest.mark.parametrize("lost", range(len(build_frame(b"GIX000\x16"))))
def test_a_lost_byte_costs_only_its_own_frame(lost: int) -> None:
    frame = build_frame(b"GIX000\x16")
    items = run(frame[:lost] + frame[lost + 1 :] + OPENED + OPN)
    assert payloads(items) == [b"OPN000", b"OPN"]


@pytest.mark.parametrize("place", range(len(OPENED) + 1))
@pytest.mark.parametrize("noise", [0x00, 0x06, 0x13, 0x16, 0x17, 0x41, 0xFF])
def test_a_byte_too_many_costs_at_most_its_own_frame(place: int, noise: int) -> None:
    items = run(OPENED[:place] + bytes((noise,)) + OPENED[place:] + OPN + OPENED)
    assert payloads(items)[-2:] == [b"OPN", b"OPN000"]


@pytest.mark.parametrize("place", range(len(OPENED)))
def test_a_wrong_byte_is_never_taken_for_right(place: int) -> None:
    for flip in range(1, 256):
        wrong = OPENED[:place] + bytes((OPENED[place] ^ flip,)) + OPENED[place + 1 :]
        items = run(wrong + OPN)
        assert payloads(items) == [b"OPN"]
        assert isinstance(items[0], AbecsError | AbecsControl)


@pytest.mark.parametrize(
    ("stream", "error"),
    [
        (b"ab" + OPN, AbecsError(AbecsFault.NOISE, 0, 2)),
        (OPN[:-1] + b"\x00", AbecsError(AbecsFault.BAD_CRC, 0, 7)),
        (OPN[:-1] + OPENED, AbecsError(AbecsFault.BAD_CRC, 0, 6)),
        (b"\x16A\x13B\x17\x00\x00", AbecsError(AbecsFault.BAD_STUFFING, 0, 7)),
        (b"\x16A\x13\x17\x00\x00", AbecsError(AbecsFault.BAD_STUFFING, 0, 6)),
        (OPN[:4] + OPENED, AbecsError(AbecsFault.CUT, 0, 4)),
        (OPN[:-1], AbecsError(AbecsFault.CUT, 0, 6)),
        (b"\x16" + b"A" * 2050 + b"\x17\x00\x00", AbecsError(AbecsFault.BAD_LENGTH, 0, 2054)),
    ],
)
def test_errors_say_where_how_long_and_why(stream: bytes, error: AbecsError) -> None:
    assert run(stream)[0] == error
    assert run(*one_by_one(stream))[0] == error


def test_a_frame_carries_2049_bytes_and_no_more() -> None:
    for data in (bytes(MOST_DATA), b"\x16" * MOST_DATA):
        assert payloads(run(build_frame(data))) == [data]
    with pytest.raises(ValueError, match="2049"):
        build_frame(bytes(MOST_DATA + 1))


@pytest.mark.parametrize("flood", [b"A", b"\x13", b"\x16", b"\x16A", b"\x1633\x13", OPN[:4]])
def test_memory_is_bounded_whatever_comes(flood: bytes) -> None:
    deframer = AbecsDeframer()
    for _ in range(10):
        deframer.feed(b"\x16" + flood * 3000)
        assert deframer.pending <= 2 * MOST_DATA + 4


def test_what_is_dropped_is_over_written_and_no_text_holds_data() -> None:
    deframer = AbecsDeframer()
    held = deframer._buffer
    deframer.feed(b"\x16GIX6200000000000005")
    deframer.wipe()
    assert bytes(held) == b""
    (frame,) = run(build_frame(b"6200000000000005"))
    assert isinstance(frame, AbecsFrame)
    assert "6200" not in repr(frame)
    frame.wipe()
    assert set(frame.data) == {0}


def test_random_bytes_are_borne() -> None:
    chance = random.Random(16)  # noqa: S311  the same bytes each time
    for _ in range(20):
        stream = chance.randbytes(4096)
        assert run(stream) == run(stream[:1000], stream[1000:])
