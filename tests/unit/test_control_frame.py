from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from protocol.control_frame import (
    Control,
    ControlCode,
    Deframer,
    Delimiter,
    Frame,
    FrameError,
    FrameFault,
    FrameProfile,
    Item,
    LengthKind,
    build_frame,
    lrc_of,
)

PROFILES = [FrameProfile(length=kind) for kind in LengthKind]


def payloads(items: list[Item]) -> list[bytes]:
    return [bytes(item.payload) for item in items if isinstance(item, Frame)]


def run(profile: FrameProfile, *chunks: bytes) -> list[Item]:
    deframer = Deframer(profile)
    items = [item for chunk in chunks for item in deframer.feed(chunk)]
    return items + deframer.expire()


def by_hand(payload: bytes) -> bytes:
    body = bytes.fromhex(f"{len(payload):04d}") + payload + b"\x03"
    lrc = 0
    for byte in body:
        lrc ^= byte
    return b"\x02" + body + bytes((lrc,))


def test_a_frame_worked_out_by_hand_is_built_and_read_with_etx_inside_its_payload() -> None:
    frame = bytes.fromhex("02 0003 563103 03 64")  # 00^03 ^ 56^31^03 ^ 03
    profile = FrameProfile(length=LengthKind.BCD)
    assert build_frame(b"V1\x03", profile) == frame
    assert payloads(run(profile, frame)) == [b"V1\x03"]


@pytest.mark.parametrize(
    ("profile", "frame"),
    [
        (FrameProfile(), "02 41 03 42"),
        (FrameProfile(lrc_with_end=False), "02 41 03 41"),
        (FrameProfile(lrc_with_start=True), "02 41 03 40"),
        (FrameProfile(length=LengthKind.BINARY), "02 0001 41 03 43"),
        (FrameProfile(length=LengthKind.BINARY, lrc_with_length=False), "02 0001 41 03 42"),
    ],
)
def test_the_profile_says_what_the_lrc_covers(profile: FrameProfile, frame: str) -> None:
    assert build_frame(b"A", profile).hex() == frame.replace(" ", "").lower()
    assert payloads(run(profile, bytes.fromhex(frame))) == [b"A"]


def test_an_si_frame_never_has_a_length() -> None:
    profile = FrameProfile(length=LengthKind.BCD)
    frame = build_frame(b"08", profile, Delimiter.SI)
    assert frame == b"\x0f08\x0e" + bytes((0x30 ^ 0x38 ^ 0x0E,))
    (item,) = run(profile, frame)
    assert isinstance(item, Frame)
    assert item.delimiter is Delimiter.SI


def test_a_length_of_4096_is_told_apart_in_bcd_and_binary() -> None:
    profile = FrameProfile(length=LengthKind.BCD, most_payload=4096)
    assert build_frame(bytes(100), profile)[1:3].hex() == "0100"
    assert build_frame(bytes(256), FrameProfile(length=LengthKind.BINARY))[1:3].hex() == "0100"


def test_what_does_not_fit_is_not_built_and_the_error_holds_no_payload() -> None:
    with pytest.raises(ValueError, match="end character"):
        build_frame(b"A\x03", FrameProfile())
    with pytest.raises(ValueError, match="longer") as caught:
        build_frame(b"6200000000000005" * 100, FrameProfile())
    assert "62000" not in str(caught.value)


def test_errors_carry_offset_length_and_reason() -> None:
    spoilt = by_hand(b"S\x06\x15")[:-1] + b"\x7f"
    items = run(FrameProfile(length=LengthKind.BCD), b"\xff\xfe\x06" + spoilt + by_hand(b"V") + b"\x15")
    assert items[:3] == [
        FrameError(FrameFault.NOISE, 0, 2),
        Control(ControlCode.ACK, 2),
        FrameError(FrameFault.BAD_LRC, 3, len(spoilt), Delimiter.STX),
    ]
    assert payloads(items) == [b"V"]
    assert [item.code for item in items if isinstance(item, Control)] == [ControlCode.ACK, ControlCode.NAK]


def test_a_frame_cut_short_costs_only_itself() -> None:
    for profile in PROFILES:
        whole = build_frame(b"hello", profile)
        for kept in range(1, len(whole)):
            assert b"world" in payloads(run(profile, whole[:kept], build_frame(b"world", profile)))


def test_a_payload_is_in_no_text_form_and_can_be_wiped() -> None:
    (item,) = run(FrameProfile(), build_frame(b"%B6200000000000005", FrameProfile()))
    assert isinstance(item, Frame)
    assert "6200" not in repr(item)
    item.wipe()
    assert set(item.payload) == {0}


def test_memory_stays_bounded_under_a_flood() -> None:
    deframer = Deframer(FrameProfile(length=LengthKind.BINARY, most_payload=64))
    for flood in (b"\x02\x00\x40", b"\x02", b"\x00", b"\x0f"):
        deframer.feed(flood * 2000)
        assert deframer.pending <= 2 * 64 + 8


@given(st.sampled_from(PROFILES), st.lists(st.binary(max_size=40), max_size=5), st.data())
def test_any_chunking_gives_the_same_items(profile: FrameProfile, parts: list[bytes], data: st.DataObject) -> None:
    stream = b"".join(
        build_frame(part, profile) if index % 2 and (profile.length is not LengthKind.NONE or 3 not in part) else part
        for index, part in enumerate(parts)
    )
    cut = data.draw(st.integers(0, len(stream)))
    whole = run(profile, stream)
    assert run(profile, *(bytes((byte,)) for byte in stream)) == whole
    assert run(profile, stream[:cut], stream[cut:]) == whole


@given(st.sampled_from(PROFILES), st.binary(max_size=60), st.binary(min_size=1, max_size=30))
def test_noise_before_a_frame_never_hides_it(profile: FrameProfile, noise: bytes, payload: bytes) -> None:
    assume(profile.length is not LengthKind.NONE or 3 not in payload)
    frame = build_frame(payload, profile)
    stream = noise + frame
    items = run(profile, stream)
    swallowed = any(
        isinstance(item, Frame) and item.offset < len(noise) and item.offset + len(item.payload) + 3 > len(noise)
        for item in items
    )  # noise may by chance make a frame of its own whose LRC is right
    assert swallowed or payload in payloads(items)


@given(st.sampled_from(PROFILES), st.binary(max_size=200))
def test_every_byte_is_accounted_for_in_order_without_overlap_of_frames(profile: FrameProfile, stream: bytes) -> None:
    end = 0
    for item in run(profile, stream):
        if isinstance(item, Frame):
            assert item.offset >= end
            end = item.offset + len(item.payload) + 3
        assert 0 <= item.offset < len(stream)


@given(st.binary(max_size=70))
def test_the_lrc_is_the_xor_of_every_byte_whatever_the_length(data: bytes) -> None:
    lrc = 0
    for byte in data:
        lrc ^= byte
    assert lrc_of(data) == lrc


@pytest.mark.parametrize(
    ("profile", "frame"),
    [
        (FrameProfile(length=LengthKind.BCD), "02 0005 4142434445 03 47"),  # length to ETX
        (FrameProfile(length=LengthKind.BCD, lrc_with_end=False), "02 0005 4142434445 03 44"),  # length to message
        (FrameProfile(length=LengthKind.BCD, lrc_with_length=False), "02 0005 4142434445 03 42"),  # message to ETX
    ],
)
def test_the_three_ranges_of_host_links_are_told_apart(profile: FrameProfile, frame: str) -> None:
    wire = bytes.fromhex(frame)
    assert build_frame(b"ABCDE", profile) == wire
    assert payloads(run(profile, wire)) == [b"ABCDE"]
    for other in (True, False):
        wrong = FrameProfile(length=LengthKind.BCD, lrc_with_start=True, lrc_with_end=other)
        assert payloads(run(wrong, wire)) == []


def test_a_host_link_refuses_an_empty_message_at_once() -> None:
    profile = FrameProfile(length=LengthKind.BCD, least_payload=1)
    assert run(profile, b"\x02\x00\x00\x03\x03")[0] == FrameError(FrameFault.BAD_LENGTH, 0, 1, Delimiter.STX)


def test_what_is_held_can_be_wiped_and_offsets_go_on() -> None:
    deframer = Deframer(FrameProfile())
    deframer.feed(b"\x02620000")
    deframer.wipe()
    assert deframer.pending == 0
    (frame,) = deframer.feed(build_frame(b"V", FrameProfile()))
    assert isinstance(frame, Frame)
    assert frame.offset == 7
