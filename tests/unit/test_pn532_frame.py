from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.pn532_frame import (
    MOST_DATA,
    WAKE_UP,
    Pn532Deframer,
    Pn532Error,
    Pn532Fault,
    Pn532Frame,
    Pn532Item,
    Pn532Mark,
    Pn532Signal,
    Tfi,
    build_frame,
    build_mark,
)
from protocol.pn532_message import (
    Pn532MessageError,
    parse_firmware,
    parse_status,
)

ASK_FIRMWARE = bytes.fromhex("0000FF02FED4022A00")
FIRMWARE = bytes.fromhex("0000FF06FAD50332010607E800")


def cut(stream: bytes, sizes: list[int] | None = None) -> list[Pn532Item]:
    deframer = Pn532Deframer()
    items: list[Pn532Item] = []
    at = 0
    for size in sizes or [len(stream)]:
        items += deframer.feed(stream[at : at + size])
        at += size
    items += deframer.feed(stream[at:])
    items += deframer.expire()
    assert deframer.pending == 0
    return items


def told(items: list[Pn532Item]) -> list[tuple[object, ...]]:
    return [
        (item.tfi, bytes(item.data), item.offset, item.extended)
        if isinstance(item, Pn532Frame)
        else (item.signal, item.offset)
        if isinstance(item, Pn532Mark)
        else (item.fault, item.offset, item.length)
        for item in items
    ]


def payloads(items: list[Pn532Item]) -> list[bytes]:
    return [bytes(item.data) for item in items if isinstance(item, Pn532Frame)]


def test_the_manuals_conversation_is_read_and_built_to_the_byte() -> None:
    stream = ASK_FIRMWARE + build_mark(Pn532Signal.ACK) + FIRMWARE
    assert told(cut(stream)) == [
        (Tfi.TO_PN532, b"\x02", 1, False),
        (Pn532Signal.ACK, 10),
        (Tfi.FROM_PN532, bytes.fromhex("0332010607"), 16, False),
    ]
    assert build_frame(Tfi.TO_PN532, b"\x02") == ASK_FIRMWARE
    assert build_frame(Tfi.FROM_PN532, bytes.fromhex("0332010607")) == FIRMWARE


def test_preamble_and_postamble_may_be_missing() -> None:
    bare = ASK_FIRMWARE[1:-1]
    assert payloads(cut(bare + bare + FIRMWARE[1:-1])) == [b"\x02", b"\x02", bytes.fromhex("0332010607")]


@pytest.mark.parametrize("signal", list(Pn532Signal))
def test_each_mark_is_told_where_it_stands(signal: Pn532Signal) -> None:
    offset = 0 if signal is Pn532Signal.WAKE_UP else 1
    assert told(cut(build_mark(signal) + ASK_FIRMWARE))[0] == (signal, offset)


def test_wake_up_before_a_frame_is_no_noise() -> None:
    assert told(cut(WAKE_UP + ASK_FIRMWARE)) == [(Pn532Signal.WAKE_UP, 0), (Tfi.TO_PN532, b"\x02", 17, False)]


def test_an_extended_frame_and_the_longest_normal_one() -> None:
    for size in (1, 253, 254, 255, MOST_DATA):
        data = bytes(number & 0xFF for number in range(size))
        frame = build_frame(Tfi.FROM_PN532, data)
        assert told(cut(frame)) == [(Tfi.FROM_PN532, data, 1, size > 254)]
    assert told(cut(build_frame(Tfi.FROM_PN532, b"\x03", extended=True))) == [(Tfi.FROM_PN532, b"\x03", 1, True)]
    for wrong in (b"", bytes(MOST_DATA + 1)):
        with pytest.raises(ValueError, match="PN532 frame carries"):
            build_frame(Tfi.TO_PN532, wrong)


@pytest.mark.parametrize(
    ("broken", "fault"),
    [
        ("0000FF06FBD5033201060718", Pn532Fault.BAD_LENGTH),
        ("0000FF0000", Pn532Fault.BAD_LENGTH),
        ("0000FFFFFF0200FE", Pn532Fault.BAD_LENGTH),
        ("0000FF06FAD50332010607E9", Pn532Fault.BAD_CHECKSUM),
        ("0000FF02FED6022800", Pn532Fault.BAD_TFI),
    ],
)
def test_a_broken_frame_is_told_and_the_next_is_read(broken: str, fault: Pn532Fault) -> None:
    items = cut(bytes.fromhex(broken) + FIRMWARE)
    assert isinstance(items[0], Pn532Error)
    assert (items[0].fault, items[0].offset) == (fault, 1)
    assert payloads(items) == [bytes.fromhex("0332010607")]


def test_a_false_start_that_claims_a_good_frame_gives_it_back_when_the_line_is_quiet() -> None:
    deframer = Pn532Deframer()
    assert deframer.feed(bytes.fromhex("00FFC040") + FIRMWARE) == []
    items = deframer.expire()
    assert payloads(items) == [bytes.fromhex("0332010607")]
    assert isinstance(items[0], Pn532Error)
    assert items[0].fault is Pn532Fault.CUT


def test_data_stays_out_of_the_text_form_and_can_be_wiped() -> None:
    frame = cut(build_frame(Tfi.FROM_PN532, b"K\x01\x01secret"))[0]
    assert isinstance(frame, Pn532Frame)
    assert "secret" not in repr(frame)
    frame.wipe()
    assert not any(frame.data)


messages = st.lists(
    st.tuples(
        st.sampled_from((Tfi.TO_PN532, Tfi.FROM_PN532)), st.binary(min_size=1, max_size=MOST_DATA), st.booleans()
    ),
    max_size=5,
)


@given(messages)
def test_frames_come_back_as_they_were_built(wanted: list[tuple[Tfi, bytes, bool]]) -> None:
    stream = b"".join(build_frame(tfi, data, extended=long) for tfi, data, long in wanted)
    assert [(i.tfi, bytes(i.data)) for i in cut(stream) if isinstance(i, Pn532Frame)] == [w[:2] for w in wanted]


@given(messages, st.binary(max_size=40), st.lists(st.integers(1, 20), max_size=60))
def test_chunking_makes_no_difference(wanted: list[tuple[Tfi, bytes, bool]], noise: bytes, sizes: list[int]) -> None:
    stream = noise + b"".join(build_frame(tfi, data, extended=long) + noise for tfi, data, long in wanted)
    whole = told(cut(stream))
    assert told(cut(stream, sizes)) == whole
    assert told(cut(stream, [1] * len(stream))) == whole


@given(st.binary(max_size=60).map(lambda noise: noise.replace(b"\x00\xff", b"")), st.binary(max_size=60))
def test_noise_between_frames_loses_none(noise: bytes, data: bytes) -> None:
    frame = build_frame(Tfi.FROM_PN532, b"\x41" + data)
    found = payloads(cut(noise + frame + noise + frame))
    assert found == [b"\x41" + data] * 2


@given(st.integers(0, 2**16), st.booleans())
def test_a_lost_or_changed_byte_costs_one_frame_only(place: int, lost: bool) -> None:
    stream = FIRMWARE * 3
    at = len(FIRMWARE) + place % len(FIRMWARE)
    spoilt = stream[:at] + (b"" if lost else bytes((stream[at] ^ 0x10,))) + stream[at + 1 :]
    good = payloads(cut(spoilt))
    assert len([data for data in good if data == bytes.fromhex("0332010607")]) >= 2


@given(st.binary(max_size=400))
def test_any_bytes_give_items_in_order_and_nothing_is_held(data: bytes) -> None:
    offsets = [item.offset for item in cut(data)]
    assert offsets == sorted(offsets)
    assert all(0 <= offset < len(data) for offset in offsets)


def test_64_kib_of_lies_hold_no_more_than_a_frame() -> None:
    deframer = Pn532Deframer()
    for _ in range(64):
        deframer.feed(bytes.fromhex("00FFFF01") * 256)
        assert deframer.pending < 300


def test_firmware_and_status_of_a_module() -> None:
    firmware = parse_firmware(bytes.fromhex("0332010607"))
    assert firmware.text == "PN532 1.6"
    assert (firmware.iso14443a, firmware.iso14443b, firmware.iso18092) == (True, True, True)
    only_a = parse_firmware(bytes.fromhex("0332010601"))
    assert (only_a.iso14443a, only_a.iso14443b, only_a.iso18092) == (True, False, False)
    status = parse_status(bytes.fromhex("050A01010100001080"))
    assert (status.error, status.external_field, status.sam) == (10, True, 0x80)
    assert [target.modulation for target in status.targets] == [0x10]


@pytest.mark.parametrize("answer", ["", "05", "033201060700", "0332", "0500000100"])
def test_answers_of_another_form_are_refused_without_their_bytes(answer: str) -> None:
    data = bytes.fromhex(answer)
    parse = parse_firmware if data[:1] == b"\x03" else parse_status
    with pytest.raises(Pn532MessageError, match=r"answer|status"):
        parse(data)
