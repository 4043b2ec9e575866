"""A card's conversation: answers are read by their commands, values by the card's lists, and no card data is told."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import iso8583_peer as peer

from device.decoding.apdu_session import ApduSession
from device.decoding.log_run import LogRun
from device.decoding.pieces import Piece
from device.decoding.result import Direction, Outcome
from device.decoding.tables import Tables
from protocol.ber_tlv_build import build_tlv
from protocol.emv_answer import part_format_1

TABLES = Tables()
OK = b"\x90\x00"
PAN = bytes.fromhex("6200000000000005")
SELECT = bytes.fromhex("00A4040007A000000003101000")
PDOL = bytes.fromhex("9F66049F1A029A03")
CDOL1 = bytes.fromhex("9F02065A089F1A0295058A02")
FCI = build_tlv("6F", [("84", bytes.fromhex("A0000000031010")), ("A5", [("9F38", PDOL)])]) + OK
RECORD = build_tlv("70", [("5A", PAN), ("8C", CDOL1), ("8D", bytes.fromhex("8A0295059F3704"))]) + OK
FIRST = "000000000100" + PAN.hex() + "0156" + "8000048000" + "3030"
SALE = [
    SELECT,
    FCI,
    bytes.fromhex("80A800000B830936004000015626070100"),
    bytes.fromhex("800A3C0008010100100102009000"),
    bytes.fromhex("00B2010C00"),
    RECORD,
    bytes.fromhex("80AE800017" + FIRST + "00"),
    bytes.fromhex("801280001F112233445566778806010A03A0A0009000"),
    bytes.fromhex("80AE40000B3030000000800011223344" + "00"),
    bytes.fromhex("801240001F112233445566778806010A0360A0009000"),
]


def told(pieces: list[bytes], directions: bool = False) -> list[dict[str, Any]]:
    session = ApduSession(TABLES)
    ways = [Direction.SENT, Direction.RECEIVED] if directions else [Direction.UNKNOWN] * 2
    return [session.decode(piece, ways[at % 2]).result for at, piece in enumerate(pieces)]


def english(row: dict[str, Any]) -> list[str]:
    return [meaning["meaning"]["en"] for meaning in row.get("meanings", ())]


@pytest.mark.parametrize("directions", [False, True])
def test_a_sale_is_read_from_select_to_the_second_cryptogram(directions: bool) -> None:
    rows = told(SALE, directions)
    assert [row["apdu"] for row in rows] == ["command", "answer"] * 5
    assert [row["answers"]["en"] for row in rows[1::2]] == [row["name"]["en"] for row in rows[::2]]
    assert [(v["tag"], v["offset"], v["value"]) for v in rows[2]["values"]] == [
        ("9F66", 7, "36004000"),
        ("9F1A", 11, "0156"),
        ("9A", 13, "(hidden, 3 bytes)"),
    ]
    assert "Consumer device CVM supported" in english(rows[2])
    assert [(f["sfi"], f["first"], f["last"]) for f in rows[3]["files"]] == [(1, 1, 1), (2, 1, 2)]
    assert [v["tag"] for v in rows[6]["values"]] == ["9F02", "5A", "9F1A", "95", "8A"]
    assert rows[6]["values"][1]["value"] == "(hidden, 8 bytes)"
    assert english(rows[6])[:2] == [
        "An ARQC is asked for (go online)",
        "Offline data authentication not performed",
    ]
    assert [(o["tag"], o["offset"]) for o in rows[7]["objects"]] == [
        ("80", 0),
        ("9F27", 2),
        ("9F36", 3),
        ("9F26", 5),
        ("9F10", 13),
    ]
    assert rows[7]["objects"][4]["sureness"] == "certain"  # the scheme is known since SELECT
    assert [v["tag"] for v in rows[8]["values"]] == ["8A", "95", "9F37"]  # now the second list
    assert "TC: approved offline" in english(rows[9])
    assert peer.CARD not in json.dumps(rows)
    assert PAN.hex() not in json.dumps(rows)


def test_a_status_word_is_told_for_the_command_that_it_answers() -> None:
    rows = told([bytes.fromhex("00200080082412340FFFFFFFFF"), b"\x63\xc2", SELECT, b"\x6a\x82", b"\x6a\x82"])
    assert rows[1]["meaning"]["en"] == "Wrong PIN, 2 tries left"
    assert rows[3]["meaning"]["en"] == "The card does not have this application or directory"
    assert ("answers" in rows[4], rows[4]["meaning"]["en"]) == (False, "File or application not found")


def test_more_data_and_another_length_belong_to_the_first_command() -> None:
    gpo = bytes.fromhex("80A8000002830000")
    rows = told([gpo, b"\x61\x08", bytes.fromhex("00C0000008"), bytes.fromhex("80063C00080101009000")])
    assert rows[3]["answers"]["en"] == "GET PROCESSING OPTIONS"
    assert rows[3]["files"][0]["sfi"] == 1


def test_values_are_not_read_by_a_list_that_does_not_fit_them() -> None:
    short = bytes.fromhex("80AE800016" + FIRST[:-2] + "00")
    rows = told([SELECT, FCI, bytes.fromhex("00B2010C00"), RECORD, short])
    assert "values" not in rows[4]
    assert rows[4]["data"] == "(hidden, 22 bytes)"
    again = told([SELECT, FCI, bytes.fromhex("00B2010C00"), RECORD, SELECT, FCI, SALE[6]])
    assert "values" not in again[6]  # another selection: the old lists are no longer its


def test_values_that_do_not_look_like_those_of_the_list_are_named_and_hidden() -> None:
    digits = "6212345678901234567890123456789012345678901234"  # another card's list would put them anywhere
    rows = told([SELECT, FCI, bytes.fromhex("00B2010C00"), RECORD, bytes.fromhex("80AE800017" + digits + "00")])
    assert [value["value"][:7] for value in rows[4]["values"]] == ["(hidden"] * 5
    assert english(rows[4]) == ["An ARQC is asked for (go online)"]


def test_an_answer_that_is_cut_tells_what_is_there_and_where_it_ends() -> None:
    decoded = ApduSession(TABLES).decode(FCI[:-6] + OK)
    assert decoded.outcome is Outcome.PARTIAL
    assert [row["tag"] for row in decoded.result["objects"]] == ["6F", "84", "A5"]
    assert decoded.result["stopped"].startswith("byte 0: tag 6F says 22 bytes")


def test_a_log_is_read_as_one_conversation() -> None:
    run = LogRun("apdu", TABLES)
    rows = [run.take(Piece(piece, line=at)) for at, piece in enumerate(SALE, 1)]
    assert rows[7] is not None
    assert rows[7]["answers"]["en"] == "GENERATE AC"
    assert run.tally.whole == len(SALE)


@pytest.mark.parametrize(
    ("instruction", "value", "tags"),
    [
        (0xA8, "3C00", ["82"]),
        (0xA8, "3C", []),
        (0xAE, "80001F1122334455667788", ["9F27", "9F36", "9F26"]),
        (0xAE, "80001F11223344556677", []),
        (0x88, "AA", ["9F4B"]),
        (0xB2, "AA", []),
    ],
)
def test_format_1_is_parted_by_its_command_alone(instruction: int, value: str, tags: list[str]) -> None:
    assert [item.tag for item in part_format_1(instruction, bytes.fromhex(value))] == tags


@given(st.lists(st.one_of(st.sampled_from(SALE), st.binary(max_size=60)), max_size=12))
def test_any_pieces_in_any_order_are_decoded_or_refused(pieces: list[bytes]) -> None:
    assert peer.CARD not in json.dumps(told(pieces))
