"""Frames of ID TECH's protocol 1 among those of protocol 2, and what is told of them."""

from __future__ import annotations

import json
from binascii import crc_hqx

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.decoding.neo import decode, open_stream
from device.decoding.result import Direction, Outcome
from device.decoding.tables import Tables
from protocol.neo_frame import (
    CrcOrder,
    NeoDeframer,
    NeoError,
    NeoFault,
    NeoFrame,
    NeoItem,
    NeoOldFrame,
    NeoOldType,
    build_response,
)

TABLES = Tables()
PONG = build_response(0x18, 0x00)


def old(kind: str, body: str, *, high_first: bool = False) -> bytes:
    """Worked out with the CRC alone, beside the product's code."""
    frame = b"ViVOtech\0" + kind.encode("ascii") + bytes.fromhex(body)
    return frame + crc_hqx(frame, 0xFFFF).to_bytes(2, "big" if high_first else "little")


COMMAND, ACCEPTED = old("C", "24030000"), old("A", "24000000", high_first=True)
DATA, REFUSED = old("D", "A000000003C1"), old("N", "240A4100", high_first=True)
EXCHANGE = COMMAND + ACCEPTED + DATA + REFUSED


def run(*chunks: bytes) -> list[NeoItem]:
    deframer = NeoDeframer()
    items = [item for chunk in chunks for item in deframer.feed(chunk)]
    return items + deframer.expire()


def told(items: list[NeoItem]) -> list[tuple[object, ...]]:
    return [(i.type, i.command, i.second, bytes(i.data).hex()) for i in items if isinstance(i, NeoOldFrame)]


def test_an_exchange_is_read_with_its_bytes_known_by_heart() -> None:
    assert COMMAND.hex() == "5669564f746563680043240300007e9b"
    items = run(EXCHANGE)
    assert told(items) == [
        (NeoOldType.COMMAND, 0x24, 0x03, "0000"),
        (NeoOldType.ACK, 0x24, 0x00, "0000"),
        (NeoOldType.DATA, None, None, "a000000003c1"),
        (NeoOldType.NACK, 0x24, 0x0A, "4100"),
    ]
    orders = [item.order for item in items if isinstance(item, NeoOldFrame)]
    assert orders == [CrcOrder.LOW_FIRST, CrcOrder.HIGH_FIRST, CrcOrder.LOW_FIRST, CrcOrder.HIGH_FIRST]


@given(st.binary(max_size=30), st.data())
def test_both_protocols_may_be_mixed_with_noise_and_cut_anywhere(noise: bytes, draw: st.DataObject) -> None:
    stream = noise + COMMAND + PONG + noise + ACCEPTED + DATA + PONG
    whole = run(stream)
    assert [item[0] for item in told(whole)] == [NeoOldType.COMMAND, NeoOldType.ACK, NeoOldType.DATA]
    assert sum(isinstance(item, NeoFrame) for item in whole) == 2
    cut = draw.draw(st.integers(0, len(stream)))
    assert run(stream[:cut], stream[cut:]) == whole
    assert run(*(bytes((byte,)) for byte in stream)) == whole


@pytest.mark.parametrize("lost", range(len(DATA)))
def test_a_data_frame_that_lost_a_byte_costs_only_itself(lost: int) -> None:
    items = run(DATA[:lost] + DATA[lost + 1 :] + ACCEPTED + PONG)
    assert told(items)[-1][0] is NeoOldType.ACK
    assert isinstance(items[-1], NeoFrame)
    assert isinstance(items[0], NeoError)


def test_data_is_as_long_as_its_crc_says_and_never_endless() -> None:
    longest = old("D", "55" * 244)
    assert told(run(longest))[0][3] == "55" * 244
    (error,) = run(old("D", "55" * 245))
    assert isinstance(error, NeoError)
    assert error.fault is NeoFault.BAD_CRC


def test_a_flood_of_headers_is_borne() -> None:
    deframer = NeoDeframer()
    for _ in range(2000):
        deframer.feed(b"ViVOtech\0D")
        assert deframer.pending <= 300


def test_what_is_told_names_command_and_status_and_hides_data() -> None:
    decoded = decode(EXCHANGE, TABLES)
    assert decoded.outcome is Outcome.WHOLE
    rows = decoded.result["frames"]
    assert [(row.get("from"), row["frame"]["en"], row.get("command")) for row in rows] == [
        ("host", "command", "24-03"),
        ("reader", "accepted", "24-03"),
        (None, "data", None),
        ("reader", "refused", "24-03"),
    ]
    assert (rows[1]["status_meaning"]["en"], rows[3]["status"], rows[2]["value"]) == ("done", "0A", "(hidden, 6 bytes)")
    assert "A000000003" not in json.dumps(decoded.result).upper()
    (row,) = open_stream(TABLES).feed(DATA, Direction.RECEIVED)
    assert row["from"] == "reader"


def test_another_type_is_no_frame() -> None:
    (error,) = decode(b"ViVOtech\0Xabc", TABLES).result["faults"]
    assert (error["offset"], error["fault"]) == (0, "bad_type")


def test_a_spoilt_data_frame_does_not_hold_back_what_follows() -> None:
    deframer = NeoDeframer()
    items = deframer.feed(DATA[:-1] + b"\xff" + ACCEPTED + PONG)
    assert [item[0] for item in told(items)] == [NeoOldType.ACK]
    assert isinstance(items[-1], NeoFrame)
