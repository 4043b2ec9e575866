from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.ccid_frame import (
    FROM_READER,
    MOST_DATA,
    NAK_FRAME,
    TO_READER,
    CcidDeframer,
    CcidError,
    CcidFault,
    CcidFrame,
    CcidItem,
    CcidNak,
    CcidNotice,
    build_frame,
    build_notice,
)
from protocol.ccid_message import CcidMessageError, CcidStatus, CcidType, parse_firmware, parse_status

ASK_STATUS = bytes.fromhex("0306 65 00000000 00 07 000000 67")
STATUS = bytes.fromhex("0306 81 00000000 00 07 02 00 00 81")  # no card
FIRMWARE = build_frame(0x83, b"SimTwin 2.10", special=b"\x02\0\0")


def cut(stream: bytes, sizes: list[int] | None = None) -> list[CcidItem]:
    deframer = CcidDeframer()
    items: list[CcidItem] = []
    at = 0
    for size in sizes or [len(stream)]:
        items += deframer.feed(stream[at : at + size])
        at += size
    items += deframer.feed(stream[at:])
    items += deframer.expire()
    assert deframer.pending == 0
    return items


def told(items: list[CcidItem]) -> list[object]:
    return [
        (i.type, i.slot, i.sequence, i.special, bytes(i.data), i.offset) if isinstance(i, CcidFrame) else i
        for i in items
    ]


def payloads(items: list[CcidItem]) -> list[bytes]:
    return [bytes(item.data) for item in items if isinstance(item, CcidFrame)]


def test_question_and_answer_are_read_and_built_to_the_byte() -> None:
    assert told(cut(ASK_STATUS + STATUS)) == [
        (0x65, 0, 7, b"\0\0\0", b"", 0),
        (0x81, 0, 7, b"\x02\0\0", b"", 13),
    ]
    assert build_frame(0x65, sequence=7) == ASK_STATUS
    assert build_frame(0x81, sequence=7, special=b"\x02\0\0") == STATUS


def test_nak_and_card_notices_stand_between_frames() -> None:
    stream = NAK_FRAME + build_notice(card_present=True) + STATUS + build_notice(card_present=False)
    assert NAK_FRAME.hex() == "031516"
    items = told(cut(stream))
    assert items[:2] == [CcidNak(0), CcidNotice(card_present=True, offset=3)]
    assert items[3:] == [CcidNotice(card_present=False, offset=18)]


def test_a_message_that_does_not_fit_is_not_built() -> None:
    for data, special in ((bytes(MOST_DATA + 1), bytes(3)), (b"", bytes(2))):
        with pytest.raises(ValueError, match="special bytes"):
            build_frame(0x6B, data, special=special)


def test_noise_that_looks_like_the_start_of_a_notice_costs_no_frame() -> None:
    for noise in (b"P", b"\0P", b"PP"):
        for frame in (STATUS, NAK_FRAME):
            assert any(isinstance(item, CcidFrame | CcidNak) for item in cut(noise + frame))
    assert told(cut(b"\x50\x03")) == [CcidNotice(card_present=True, offset=0)]


@pytest.mark.parametrize(
    ("broken", "fault"),
    [
        ("03 06 81 00000000 00 07 02 00 00 82", CcidFault.BAD_LRC),
        ("03 15 17", CcidFault.BAD_LRC),
        ("03 06 81 00100100 00 07", CcidFault.BAD_LENGTH),
        ("03 06 22", CcidFault.BAD_TYPE),
        ("41 42 43", CcidFault.NOISE),
    ],
)
def test_a_broken_frame_is_told_and_the_next_is_read(broken: str, fault: CcidFault) -> None:
    items = cut(bytes.fromhex(broken) + FIRMWARE)
    assert isinstance(items[0], CcidError)
    assert (items[0].fault, items[0].offset) == (fault, 0)
    assert payloads(items) == [b"SimTwin 2.10"]


def test_a_false_start_gives_back_the_good_frame_when_the_line_is_quiet() -> None:
    deframer = CcidDeframer()
    assert deframer.feed(bytes.fromhex("0306 80 00020000 0000000000") + STATUS) == []
    items = deframer.expire()
    assert isinstance(items[0], CcidError)
    assert items[0].fault is CcidFault.CUT
    assert [item.type for item in items if isinstance(item, CcidFrame)] == [0x81]


def test_data_stays_out_of_the_text_form_and_can_be_wiped() -> None:
    frame = cut(build_frame(0x6F, b"4000000000000002"))[0]
    assert isinstance(frame, CcidFrame)
    assert "4000" not in repr(frame)
    frame.wipe()
    assert not any(frame.data)


frames = st.lists(
    st.tuples(st.sampled_from(sorted(TO_READER | FROM_READER)), st.binary(max_size=300), st.integers(0, 255)),
    max_size=4,
)


@given(frames)
def test_frames_come_back_as_they_were_built(wanted: list[tuple[int, bytes, int]]) -> None:
    stream = b"".join(build_frame(kind, data, sequence=number) for kind, data, number in wanted)
    assert [(i.type, bytes(i.data), i.sequence) for i in cut(stream) if isinstance(i, CcidFrame)] == wanted


@given(frames, st.binary(max_size=40), st.lists(st.integers(1, 20), max_size=60))
def test_chunking_makes_no_difference(wanted: list[tuple[int, bytes, int]], noise: bytes, sizes: list[int]) -> None:
    stream = noise + b"".join(build_frame(kind, data, sequence=number) + noise for kind, data, number in wanted)
    whole = told(cut(stream))
    assert told(cut(stream, sizes)) == whole
    assert told(cut(stream, [1] * len(stream))) == whole


@given(st.binary(max_size=60).map(lambda noise: noise.replace(b"\x03", b"")), frames)
def test_noise_between_frames_loses_none(noise: bytes, wanted: list[tuple[int, bytes, int]]) -> None:
    stream = b"".join(noise + build_frame(kind, data, sequence=number) for kind, data, number in wanted)
    assert payloads(cut(stream)) == [data for _, data, _ in wanted]


@given(st.integers(0, 2**16), st.booleans())
def test_a_lost_or_changed_byte_costs_one_frame_only(place: int, lost: bool) -> None:
    stream = FIRMWARE * 3
    at = len(FIRMWARE) + place % len(FIRMWARE)
    spoilt = stream[:at] + (b"" if lost else bytes((stream[at] ^ 0x10,))) + stream[at + 1 :]
    assert payloads(cut(spoilt)).count(b"SimTwin 2.10") >= 2


@given(st.binary(max_size=400))
def test_any_bytes_give_items_in_order_and_nothing_is_held(data: bytes) -> None:
    offsets = [item.offset for item in cut(data)]
    assert offsets == sorted(offsets)


def test_64_kib_of_lies_hold_no_more_than_a_frame() -> None:
    deframer = CcidDeframer()
    for _ in range(64):
        deframer.feed(bytes.fromhex("0306800010") * 204)
        assert deframer.pending <= MOST_DATA + 13


def one(stream: bytes) -> CcidFrame:
    frame = cut(stream)[0]
    assert isinstance(frame, CcidFrame)
    return frame


def test_the_state_of_card_command_and_clock() -> None:
    assert parse_status(one(STATUS)) == CcidStatus(2, 0, 0, 0)
    failed = build_frame(CcidType.SLOT_STATUS, special=b"\x41\xfe\x03")
    assert parse_status(one(failed)) == CcidStatus(icc=1, command=1, error=0xFE, clock=3)
    assert parse_status(one(build_frame(CcidType.DATA_BLOCK, special=b"\x80\x02\0"))) == CcidStatus(0, 2, 2, None)
    with pytest.raises(CcidMessageError, match="no status"):
        parse_status(one(ASK_STATUS))


def test_the_firmware_is_a_short_printable_text_or_refused() -> None:
    assert parse_firmware(one(build_frame(0x83, b"SimTwin 2.10\0"))) == "SimTwin 2.10"
    for data in (b"", b"\x07\x08", b"x" * 65, "für".encode("latin-1")):
        with pytest.raises(CcidMessageError, match="printable"):
            parse_firmware(one(build_frame(0x83, data)))
    with pytest.raises(CcidMessageError, match="another command"):
        parse_firmware(one(STATUS))
