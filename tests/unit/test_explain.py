"""``posmedic explain`` and ``posmedic diagnose``, as a person and as a script use them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support.frames import exchange, frame, judge, knowledge, sale

from device.commands.diagnose import diagnose_file
from device.commands.explain import explain_code, write_row
from device.diagnosis.diagnosis_json import diagnosis_to_json
from device.freeze_frame import frame_to_json

CONTRACT = (
    *("code", "host", "meaning", "verdict", "addressee", "headline", "headline_short", "customer_text", "retry"),
    *("proved", "causes", "found_on_terminal", "prevention", "short_code"),
)


@pytest.fixture
def recorded(tmp_path: Path) -> Path:
    path = tmp_path / "frame.json"
    path.write_text(json.dumps(frame_to_json(frame(exchange(), sale("00", "other", 60)))))
    return path


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("host", sorted(knowledge().hosts))
def test_every_code_is_explained_in_both_languages(host: str, language: str) -> None:
    table = knowledge().hosts[host]
    for row in table.rows.values():
        text = write_row(row, knowledge(), table, language)
        assert row.meaning[language] in text
        assert "{" not in text


def test_62_is_explained_against_the_common_misreading() -> None:
    _, text = explain_code("62", language="en")
    assert "issuer" in text
    assert "distortion" in text


def test_62_as_json_for_a_script() -> None:
    status, text = explain_code("62", as_json=True)
    values = json.loads(text)
    assert status == 0
    assert (values["known"], values["addressee"], values["retry"], values["class"]) == (True, "issuer", "no", "C")


def test_an_unknown_code_says_so_and_where_it_is_known() -> None:
    status, text = explain_code("1004", language="en")
    assert status == 0
    assert "unknown" in text
    assert "iso1987" in text
    assert json.loads(explain_code("ZZ", as_json=True)[1])["known"] is False


def test_codes_are_taken_in_any_case() -> None:
    assert explain_code("a0") == explain_code("A0")


@pytest.mark.parametrize(
    ("code", "host"), [("", ""), ("*", ""), ("62626", ""), ("62", "nowhere"), ("4RKPJKRFK694", "")]
)
def test_bad_input_is_one_sentence_and_exit_2(code: str, host: str) -> None:
    status, text = explain_code(code, host=host)
    assert status == 2
    assert text
    assert "\n" not in text


def test_a_short_code_is_explained() -> None:
    short = judge(exchange(mcc="5812"), sale("00", "other", 60)).short_code
    status, text = explain_code(f"{short[:4]}-{short[4:8]}-{short[8:]}", language="en")
    assert status == 0
    assert "62" in text
    assert "terminal_setup" in text
    assert "setup.mcc" in text
    assert json.loads(explain_code(short, as_json=True)[1])["finding"] == "setup.mcc"


def test_the_recorded_frame_is_diagnosed_as_the_terminal_did(recorded: Path) -> None:
    status, text = diagnose_file(recorded, as_json=True)
    assert status == 0
    assert json.loads(text) == json.loads(json.dumps(diagnosis_to_json(judge(exchange(), sale("00", "other", 60)))))
    assert set(CONTRACT) <= set(json.loads(text))


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_page_for_a_person_begins_with_the_four_lines(recorded: Path, language: str) -> None:
    status, text = diagnose_file(recorded, language=language)
    diagnosis = judge(exchange(), sale("00", "other", 60))
    assert status == 0
    assert tuple(text.splitlines()[:4]) == diagnosis.headline[language]
    assert diagnosis.charged[language] in text
    assert diagnosis.short_code in text


def test_the_chain_is_shown_rule_by_rule(recorded: Path) -> None:
    _, text = diagnose_file(recorded, language="en", explain=True)
    assert "Rule 2c: at least 3 cards of one kind (bank, scheme, or all foreign) refused while others pass? no" in text
    assert "Rule 2d: did another card pass in the window? yes" in text
    assert "Rule 2e" not in text
    assert "Network (network): refuted (refuted)" in text
    assert "because: response code (exchange.response); answer belongs to the request (exchange.match)" in text


def test_the_chain_is_chinese_for_chinese_readers_and_in_both_languages_as_json(recorded: Path) -> None:
    _, text = diagnose_file(recorded, explain=True)
    assert "规则2d：时间窗内另有卡成功？ 成立" in text
    assert "网络连接 (network)：已排除 (refuted)" in text
    _, told = diagnose_file(recorded, explain=True, as_json=True)
    chain = json.loads(told)["reasoning"]
    assert chain["zh"] in text
    assert "Rule 2d" in chain["en"]


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"v": 1}', "[" * 100000, "null"])
def test_a_file_that_is_no_frame_is_one_sentence_and_exit_2(tmp_path: Path, content: str) -> None:
    path = tmp_path / "frame.json"
    path.write_text(content)
    status, text = diagnose_file(path)
    assert status == 2
    assert "frame.json" in text
    assert "\n" not in text


def test_a_missing_file_is_one_sentence_and_exit_2(tmp_path: Path) -> None:
    status, text = diagnose_file(tmp_path / "none.json")
    assert status == 2
    assert "none.json" in text
