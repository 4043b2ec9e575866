"""What an ATR says, byte by byte, for the technician who reads it; and that a serial number is never told."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from device.decoding.atr import decode
from device.decoding.atr_catalogue import CARD_LIST, names_of, read_atr_tables
from device.decoding.result import Outcome
from device.decoding.tables import Tables
from protocol.atr import parse_atr
from protocol.atr_historical import parse_historical
from protocol.atr_interface import explain_interface
from protocol.atr_services import explain_capabilities, explain_services, lifecycle_word

TABLES = Tables()
RECORDED = tomllib.loads((Path(__file__).parents[1] / "recordings/atr/contact.toml").read_text())["atr"]


@pytest.mark.parametrize("recorded", RECORDED, ids=lambda recorded: recorded["name"])
def test_a_recorded_atr_says_what_was_read_by_hand(recorded: dict[str, Any]) -> None:
    atr = parse_atr(bytes.fromhex(recorded["hex"]))
    assert atr.oddities == ()
    assert [f"{said.name} {said.word}" for said in explain_interface(atr)] == recorded["words"]
    assert parse_historical(atr).category == recorded["category"]
    assert decode(bytes.fromhex(recorded["hex"]), TABLES).outcome is Outcome.WHOLE


@pytest.mark.parametrize(
    ("text", "name", "word", "figures"),
    [
        ("3B1096", "TA1", "rates", {"fi": 512, "di": 32, "f_max_mhz": 5}),
        ("3B1011", "TA1", "rates", {"fi": 372, "di": 1, "f_max_mhz": 5}),
        ("3B1018", "TA1", "rates", {"fi": 372, "di": 12, "f_max_mhz": 5}),
        ("3B10A1", "TA1", "rates", {"fi": 768, "di": 1, "f_max_mhz": 7.5}),
        ("3B1017", "TA1", "rates", {"fi": 372, "di": 64, "f_max_mhz": 5}),
        ("3B1071", "TA1", "rates_reserved", {}),
        ("3B4002", "TC1", "guard", {"etu": 2}),
        ("3B801080", "TA2", "mode_fixed", {"protocol": 0}),
        ("3B801011", "TA2", "mode_changeable_implicit", {"protocol": 1}),
        ("3B80400A", "TC2", "waiting", {"wi": 10}),
        ("3B804000", "TC2", "reserved", {}),
        ("3B80811120", "TA3", "ifsc", {"length": 32}),
        ("3B808111FF", "TA3", "reserved", {}),
        ("3B808121A0", "TB3", "reserved", {}),
        ("3B80814102", "TC3", "reserved", {}),
        ("3B80814101", "TC3", "crc", {}),
        ("3B80814100", "TC3", "lrc", {}),
        ("3B80801F07", "TA3", "clock_stop_no", {}),
        ("3B80802F80", "TB3", "spu_proprietary", {}),
    ],
)
def test_an_interface_byte_has_its_meaning(text: str, name: str, word: str, figures: dict[str, float]) -> None:
    said = next(said for said in explain_interface(parse_atr(bytes.fromhex(text))) if said.name == name)
    assert (said.word, dict(said.figures)) == (word, figures)


def test_services_and_capabilities_are_told_bit_by_bit() -> None:
    assert [word for word, _ in explain_services(0x80)] == ["select_full", "access_records", "with_mf"]
    assert [word for word, _ in explain_services(0x19)] == ["in_info", "access_binary", "without_mf"]
    words = dict(explain_capabilities(bytes.fromhex("1041D7")))
    assert words == {
        "by_file_id": 0,
        "write_or": 0,
        "ff_is_padding": 0,
        "data_unit_half_bytes": 2,
        "chaining": 0,
        "extended_lengths": 0,
        "channels_by_card": 0,
        "channels_most": 8,
    }
    states = [lifecycle_word(value) for value in (0, 1, 2, 3, 4, 5, 6, 7, 0x0C, 0x10)]
    assert states[:4] == ["none", "creation", "reserved", "initialisation"]
    assert states[4:] == ["deactivated", "activated", "deactivated", "activated", "terminated", "proprietary"]


def test_a_memory_card_is_named_for_the_technician() -> None:
    found = decode(bytes.fromhex("3B8F8001804F0CA00000030611003B0000000042"), TABLES).result["historical"]
    assert found["card_name"]["en"] == "FeliCa"
    assert found["standard_name"]["en"] == "FeliCa"


def test_serial_numbers_in_historical_bytes_are_hidden() -> None:
    for historical in ("80" + "58" + "6200000000000005", "6200000000000005", "8028" + "6200000000000005"):
        size = len(historical) // 2
        text = json.dumps(decode(bytes.fromhex(f"3B0{size:X}{historical}"), TABLES).result)
        assert "62000000" not in text
        assert "hidden, 8 bytes" in text


def test_country_and_state_are_told() -> None:
    found = decode(bytes.fromhex("3B6A000080120156318083059000"), TABLES).result["historical"]
    assert found["objects"][0]["value"] == "015"
    assert found["lifecycle"]["en"] == "operational, activated"
    assert found["status_word"] == "9000"


def test_a_cut_atr_tells_where_it_ends() -> None:
    found = decode(bytes.fromhex("3B80"), TABLES)
    assert found.outcome is Outcome.PARTIAL
    assert found.result["offset"] == 2


def test_every_text_has_places_for_the_same_figures_in_both_languages() -> None:
    for table in read_atr_tables().names.values():
        for texts in table.values():
            assert re.findall(r"{\w+}", texts["zh"]) == re.findall(r"{\w+}", texts["en"])


def test_names_come_from_a_list_of_patterns(tmp_path: Path) -> None:
    path = tmp_path / "list.txt"
    path.write_text("# list\n3B 0. 41\n\tOne card\n\n3B (.*)+ 41\n\tno pattern\n\n3B 01 42\n\tAnother\n")
    assert names_of(bytes.fromhex("3B0141"), path) == ("One card",)
    assert names_of(bytes.fromhex("3B0143"), path) == ()
    assert names_of(bytes.fromhex("3B0141"), tmp_path / "none") == ()


@pytest.mark.skipif(not CARD_LIST.exists(), reason="pcsc-tools, which has the list of cards, is not installed here")
def test_every_atr_of_the_system_list_is_read_and_few_are_odd() -> None:
    lines = CARD_LIST.read_text("utf-8", "replace").splitlines()
    listed = [line.replace(" ", "") for line in lines if re.fullmatch(r"3[BF](?: [0-9A-F]{2})+", line.strip())]
    parsed = [parse_atr(bytes.fromhex(text)) for text in listed]
    wrong = sum(atr.tck_ok is False for atr in parsed)
    missing = sum("its check byte TCK is missing" in atr.oddities for atr in parsed)
    assert len(parsed) > 3000
    assert 10 <= wrong <= 60
    assert 10 <= missing <= 60
