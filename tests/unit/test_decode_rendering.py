"""What people see of a result: tables in columns, in their language, readable on a hundred columns."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import iso8583_peer as peer

from device.commands.decode import decode
from device.decoding.columns import table_lines, width_of, wrap
from device.decoding.rendering import Renderer
from device.decoding.tables import Tables
from device.settings import read_texts

TABLES = Tables()
INPUTS = {
    "iso8583": peer.terminal_message("0210", peer.RESPONSE).hex(),
    "tlv": peer.CHIP,
    "atr": "3B8F8001804F0CA000000306030001000000006A",
    "at": b'AT+CREG?\r\n+CREG: 2,1,"1A2B","01C2D3",7\r\nOK\r\nAT+CSQ\r\n+CME ERROR: 10\r\n'.hex(),
    "control": peer.framed(b"abc").hex(),
    "auto": peer.CHIP,
    "apdu": "00A4040007A0000003330101",
    "escpos": "16",
}


def renderer(language: str) -> Renderer:
    return Renderer(language, read_texts(language)["decode"])


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("kind", INPUTS)
def test_a_result_fits_on_a_hundred_columns_in_one_language(kind: str, language: str) -> None:
    code, text = decode(kind, INPUTS[kind], TABLES, False, language=language)
    assert code == 0
    assert max(map(width_of, text.splitlines())) <= 100
    assert "{" not in text
    assert (language == "zh") == any("\u4e00" <= sign <= "\u9fff" for sign in text)


def test_columns_stand_under_their_headings_beside_wide_characters() -> None:
    lines = table_lines(["field", "name", "value"], [["2", "主账号", "a"], ["11", "trace", "b"]], 100)
    assert lines == ["field  name    value", "2      主账号  a", "11     trace   b"]


def test_full_width_signs_take_two_columns_and_combining_ones_none() -> None:
    assert [width_of(text) for text in ("a", "主", "Ａ", "：", "e\u0301")] == [1, 2, 2, 2, 1]


def test_a_long_text_goes_on_below_itself_and_a_short_value_stays_whole() -> None:
    lines = table_lines(["value", "meaning"], [["(hidden, 16 characters)", "word " * 12]], 60)
    assert lines[1].startswith("(hidden, 16 characters)  word word")
    assert lines[2].startswith(" " * 25 + "word")
    assert max(map(width_of, lines)) <= 60


def test_lists_words_and_nothing_are_told_as_people_say_them() -> None:
    result = {
        "objects": [],
        "present": [2, 3],
        "check_byte": "good",
        "empty": "",
        "mac_input": True,
        "name": {"zh": "甲", "en": "A"},
    }
    assert renderer("en").lines(result) == [
        "objects: none",
        "present: 2; 3",
        "check byte: good",
        "mac input: yes",
        "name: A",
    ]
    assert renderer("zh").lines(result)[0] == "数据对象: 无"
    assert renderer("zh").lines({"value": "(hidden, 17 bytes)"}) == ["值: (已隐藏，17 字节)"]


def test_one_row_of_a_log_is_one_line() -> None:
    row = {"offset": 3, "kind": "answer", "line": "+CSQ", "asked": "AT+CSQ", "meaning": "", "fields": {"code": 10}}
    assert renderer("en").row(row) == "answer  +CSQ  code 10"
    fault = {"offset": 3, "bytes": 7, "fault": "noise"}
    assert renderer("en").row(fault) == "bytes 7  fault noise"


@given(st.text(max_size=120), st.integers(8, 60))
def test_wrapped_lines_fit_and_lose_no_sign(text: str, columns: int) -> None:
    lines = wrap(text, columns)
    assert "".join("".join(lines).split()) == "".join(text.split())
    if text.isascii() and text.isprintable():
        assert max(map(width_of, lines)) <= columns


@pytest.mark.parametrize("language", ["zh", "en"])
def test_both_languages_have_the_same_sentences(language: str) -> None:
    other = {"zh": "en", "en": "zh"}[language]
    mine, theirs = read_texts(language)["decode"], read_texts(other)["decode"]
    assert mine.keys() == theirs.keys()
