"""What people see of a result: tables in columns, in their language, readable on a hundred columns."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import iso8583_peer as peer

from device.commands.decode import decode
from device.decoding.columns import table_lines, width_of, wrap
from device.decoding.rendering import Renderer
from device.decoding.sentences import Sentences
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


BAD = {
    "tlv": [
        *("9A03", "5F280208409A", "5F28020840E080", "5F2802084085800000", "5F280208405A85", "FF0101AA9F"),
        *("5F280208409F8182838401", "95058000048000" + "9F1A", "E9018001", "9F100706010A03A4A0009F1A03"),
    ],
    "dol": ["9F02069F", "9F02069F81828384", "0102", "9F0206FFFF"],
    "gpo": [
        "800A3C00",
        "80023C00",
        "77069404080101009000",
        "7703820100",
        "80063C00F9020105",
        "80023C0095050000000000",
        "70",
    ],
    "apdu": ["00A4040007A000", "0001020304", "00"],
    "atr": [
        *("3B", "FF0012", "033F", "3B80810101", "3B8001", "3B6500002063CB680000", "3B808101000000", "3B81800E41CE"),
        *("3B80818001", "3B10FF", "3B8F01" + 32 * "00", "3BFFFFFFFFFFFF", "3B020090", "3B0280F1"),
    ],
}


@pytest.mark.parametrize("kind", BAD)
def test_what_is_bad_about_card_data_is_told_in_chinese(kind: str) -> None:
    for wire in BAD[kind]:
        _, text = decode(kind, wire, TABLES, False, language="zh")
        told = [line for line in text.splitlines() if line.strip().startswith(("停在", "异常", "原因"))]
        assert told, wire
        assert not [line for line in told if re.search(r"[a-z]{3}", line)], (wire, told)


def test_a_sentence_has_as_many_figures_in_chinese_as_in_english() -> None:
    sentences: dict[str, str] = read_texts("zh")["decode"]["sentences"]
    for english, chinese in sentences.items():
        assert english.count("{}") == chinese.count("{}"), english
    assert read_texts("en")["decode"]["sentences"] == {}


def test_sentences_are_translated_whole_and_the_unknown_stays() -> None:
    sentences = Sentences(
        {"byte {}: {}": "{} 处：{}", "tag {} has no length": "{} 无长度", "it ends": "完", "; ": "；"}
    )
    assert sentences.translate("byte 3: tag 9A has no length; it ends") == "3 处：9A 无长度；完"
    assert sentences.translate("byte 3: something else") == "3 处：something else"
    nested = Sentences({"{} at byte {}: {}": "{2}，{0}，{1}", "{} bytes": "{} 字节", "a: b": "甲"})
    assert nested.translate("DE4 at byte 7: 6 bytes") == "6 字节，DE4，7"
    assert nested.translate("a: b") == "甲"
    assert sentences.translate("tag 9A has no length at all") == "tag 9A has no length at all"


def test_one_hidden_byte_is_one_byte() -> None:
    assert renderer("en").lines({"value": "(hidden, 1 bytes)", "data": "(hidden, 11 bytes)"}) == [
        "value: (hidden, 1 byte)",
        "data: (hidden, 11 bytes)",
    ]
    assert renderer("zh").lines({"value": "(hidden, 1 bytes)"}) == ["值: (已隐藏，1 字节)"]


def test_what_is_told_of_few_values_stands_behind_them() -> None:
    told = renderer("en").lines(
        {"objects": [{"tag": "84", "value": "A000", "scheme": "visa"}, {"tag": "9A", "value": "(hidden, 3 bytes)"}]}
    )
    assert told == ["objects:", "  tag  value", "  84   A000, visa", "  9A   (hidden, 3 bytes)"]
