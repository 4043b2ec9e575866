"""Cards as a PN532 lists them: their kind is told, who they are is not."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.decoding.pn532 import decode
from device.decoding.tables import Tables
from protocol.pn532_frame import Tfi, build_frame
from protocol.pn532_target import Modulation, parse_polled, parse_targets

TABLES = Tables()
CLASSIC = "01 0004 08 04 C1C2C3C4"
CHIP = "02 0344 20 07 D1D2D3D4D5D6D7 06 7577810280"
CHIP_SILENT = "02 0344 20 07 D1D2D3D4D5D6D7"  # nobody asked it for its ATS
TYPE_B = "01 50 E1E2E3E4 A0A1A2A3 B0B1B2 01 00"
FELICA = "01 14 01 F1F2F3F4F5F6F7F8 0102030405060708 88B4"
FELICA_SHORT = "01 12 01 F1F2F3F4F5F6F7F8 0102030405060708"
JEWEL = "01 000C 71727374"


def raw(*texts: str) -> bytes:
    return bytes.fromhex("".join(texts))


def said(*frames: tuple[Tfi, str]) -> list[dict[str, Any]]:
    """Rows of a conversation."""
    wire = b"".join(build_frame(tfi, raw(text)) for tfi, text in frames)
    rows: list[dict[str, Any]] = decode(wire, TABLES).result["frames"]
    return rows


def asked(question: str, answer: str) -> dict[str, Any]:
    return said((Tfi.TO_PN532, question), (Tfi.FROM_PN532, answer))[1]


@pytest.mark.parametrize(
    ("modulation", "cards", "kinds"),
    [
        (Modulation.TYPE_A, [CLASSIC], [(1, 0x0004, 0x08, 4, 0)]),
        (Modulation.TYPE_A, [CLASSIC, CHIP], [(1, 0x0004, 0x08, 4, 0), (2, 0x0344, 0x20, 7, 5)]),
        (Modulation.TYPE_A, [CHIP, CLASSIC], [(2, 0x0344, 0x20, 7, 5), (1, 0x0004, 0x08, 4, 0)]),
        (Modulation.TYPE_A, [CHIP_SILENT, CLASSIC], [(2, 0x0344, 0x20, 7, 0), (1, 0x0004, 0x08, 4, 0)]),
        (Modulation.TYPE_B, [TYPE_B], [(1, None, None, 4, 9)]),
        (Modulation.FELICA_212, [FELICA, FELICA_SHORT], [(1, None, None, 8, 10), (1, None, None, 8, 8)]),
        (Modulation.FELICA_424, [FELICA], [(1, None, None, 8, 10)]),
        (Modulation.JEWEL, [JEWEL], [(1, 0x000C, None, 4, 0)]),
    ],
)
def test_targets_are_cut_to_the_last_byte(modulation: Modulation, cards: list[str], kinds: list[Any]) -> None:
    found = parse_targets(raw(*cards), len(cards), modulation)
    assert [(t.number, t.sens_res, t.sel_res, len(t.identifier), len(t.rest)) for t in found] == kinds
    assert parse_targets(raw(*cards) + b"\0", len(cards), modulation) == ()
    assert parse_targets(raw(*cards)[:-1], len(cards), modulation) == ()


@pytest.mark.parametrize("cards", [[CLASSIC], [CHIP, CLASSIC], [TYPE_B], [FELICA]])
def test_without_the_question_a_card_is_told_if_it_can_only_be_of_one_kind(cards: list[str]) -> None:
    assert len(parse_targets(raw(*cards), len(cards), None)) == len(cards)
    assert parse_targets(raw(JEWEL), 1, None) == ()


def test_an_identifier_is_in_no_text_form() -> None:
    (target,) = parse_targets(raw(CHIP), 1, Modulation.TYPE_A)
    assert target.identifier == raw("D1D2D3D4D5D6D7")
    assert "xd1" not in repr(target)
    assert target.frame_size == 64
    assert parse_targets(raw(FELICA), 1, Modulation.FELICA_212)[0].system_code == 0x88B4


@given(st.binary(max_size=60), st.integers(0, 255), st.sampled_from([None, *Modulation]))
def test_any_bytes_are_borne_and_what_is_found_fills_them(data: bytes, count: int, kind: Modulation | None) -> None:
    found = parse_targets(data, count, kind)
    assert len(found) in (0, count)
    assert sum(len(target.identifier) + len(target.rest) for target in found) <= len(data)
    assert len(parse_polled(data, count)) in (0, count)


def test_the_cards_that_were_looked_for_are_told_by_kind_and_not_by_number() -> None:
    row = asked("4A 02 00", f"4B 02 {CLASSIC} {CHIP}")
    assert [(card["ATQA"], card["SAK"], card["id"]) for card in row["cards"]] == [
        ("0004", "08", "(hidden, 4 bytes)"),
        ("0344", "20", "(hidden, 7 bytes)"),
    ]
    assert (row["cards"][1]["ATS"], row["cards"][1]["frame_size"]) == ("(hidden, 6 bytes)", 64)
    assert row["cards"][0]["modulation"]["en"] == "ISO/IEC 14443 A, 106 kbit/s"
    polled = asked("60 FF 01 10 23", f"61 02 10 09 {CLASSIC} 40 03 AABBCC")
    assert [card["modulation"]["en"] for card in polled["cards"]] == ["MIFARE card", "peer, passive, 106 kbit/s"]
    for secret in ("C1C2C3", "D1D2D3", "C1 C2", "AABBCC"):
        assert secret not in json.dumps([row, polled]).upper()


def test_an_identifier_that_the_host_looks_for_is_hidden() -> None:
    (row,) = said((Tfi.TO_PN532, "4A 01 00 C1C2C3C4"))
    assert (row["most_targets"], row["value"]) == (1, "(hidden, 4 bytes)")


def test_an_answer_that_fits_no_kind_is_hidden_as_a_whole() -> None:
    row = asked("4A 01 03", f"4B 01 {CLASSIC}")
    assert (row["targets"], row["value"]) == (1, "(hidden, 9 bytes)")
    assert "cards" not in row


@pytest.mark.parametrize(
    ("question", "answer", "settings", "result"),
    [
        ("00 00 616263", "01 00 616263", "communication line", "passed"),
        ("00 00 616263", "01 00 616264", "communication line", "failed"),
        ("00 01", "01 00", "ROM", "passed"),
        ("00 02", "01 FF", "RAM", "failed"),
        ("00 04 01", "01 05", "polling a target", "5 of 128 failed"),
        ("00 07 20", "01 40", "antenna", "failed"),
    ],
)
def test_how_a_test_went_is_told_where_the_question_was_seen(
    question: str, answer: str, settings: str, result: str
) -> None:
    row = asked(question, answer)
    assert (row["settings"]["en"], row["result"]["en"]) == (settings, result)
    (alone,) = said((Tfi.FROM_PN532, answer))
    assert "result" not in alone


@pytest.mark.parametrize(
    ("question", "settings"),
    [
        ("14 01 14 01", "normal mode, no security module, 1000 ms"),
        ("32 05 FF 01 FF", "retries of activation"),
        ("10 04", "115200"),
        ("14 77", "not known (77)"),
    ],
)
def test_settings_are_told_in_words(question: str, settings: str) -> None:
    (row,) = said((Tfi.TO_PN532, question))
    assert row["settings"]["en"] == settings


def test_another_command_in_between_is_no_question_to_a_late_answer() -> None:
    rows = said((Tfi.TO_PN532, "00 01"), (Tfi.TO_PN532, "02"), (Tfi.FROM_PN532, "01 FF"))
    assert "result" not in rows[2]
