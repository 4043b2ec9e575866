"""Every language whose texts are here: complete, fit for the smallest panel, fit for a customer's eyes, drawable."""

import re
import string
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from support.sample_diagnosis import sample_diagnosis

from device.app.catalogue import load_catalogue
from device.diagnosis.wording import columns
from device.outlets.screen.fonts import Face, find_font, parse_fonts
from device.outlets.screen.pages_json import pages_to_json
from device.outlets.screen.panel import Panel
from device.outlets.screen.words import Words
from device.settings import (
    CATALOGUE,
    LANGUAGES,
    known_languages,
    read_catalogue,
    read_settings,
    read_texts,
    tool_language,
)

ADDED = tuple(language for language in known_languages() if language not in LANGUAGES)
FILES = ("diagnosis.toml", "screen.toml", "checks.toml", "update.toml")  # all that the screen and the diagnosis say
TINY = 16  # columns of a 128x64 panel
FORBIDDEN = read_catalogue("forbidden_words.toml").mapping
FONTS = parse_fonts(read_catalogue("fonts.toml"))
HOSTS = [tomllib.loads(path.read_text()) for path in sorted((CATALOGUE / "hosts").glob("*.toml"))]


def leaves(node: Mapping[str, Any], at: str = "") -> Iterator[tuple[str, str]]:
    for key, value in node.items():
        if isinstance(value, Mapping):
            yield from leaves(value, f"{at}{key}/")
        else:
            yield at + key, str(value)


def texts_of(language: str) -> dict[str, str]:
    return {
        f"{name}/{key}": text
        for name in FILES
        for key, text in leaves(tomllib.loads((CATALOGUE / "texts" / language / name).read_text()))
    }


def fields(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def test_traditional_chinese_is_a_language_of_its_own() -> None:
    assert "zh-Hant" in ADDED


@pytest.mark.parametrize("language", known_languages())
def test_no_text_is_missing_empty_or_left_over(language: str) -> None:
    wanted, found = texts_of("zh"), texts_of(language)
    assert sorted(wanted.keys() ^ found.keys()) == []
    assert [key for key, text in found.items() if not text.strip()] == []


@pytest.mark.parametrize("language", known_languages())
def test_every_text_names_the_same_values(language: str) -> None:
    wanted, found = texts_of("zh"), texts_of(language)
    assert [key for key in wanted if fields(wanted[key]) != fields(found.get(key, ""))] == []


@pytest.mark.parametrize("language", ADDED)
def test_every_meaning_of_a_code_is_told_in_an_added_language(language: str) -> None:
    said = read_texts(language)["meaning"]
    rows = [
        row
        for host in HOSTS
        for row in (host["name"], *host["code"], *(r["says"] for r in host["code"] if "says" in r))
    ]
    wanted = {row["zh"] for row in rows if language not in row}
    assert wanted - said.keys() == set()
    assert said.keys() - wanted == set()


@pytest.mark.parametrize("language", known_languages())
def test_nothing_is_too_long_for_the_smallest_panel(language: str) -> None:
    texts = texts_of(language)
    short = {key: text for key, text in texts.items() if key.endswith("/short") and "{" not in text}
    short |= {key: text for key, text in texts.items() if "/cause_short/" in key or key.endswith("_tiny")}
    assert len(short) > 60
    assert {key: text for key, text in short.items() if columns(text) > TINY} == {}
    assert columns("88/88" + texts["screen.toml/screen/tiny_footer"].format(page=2)) <= TINY


@pytest.mark.parametrize("language", known_languages())
def test_nothing_for_the_customer_names_or_hints_at_what_only_the_bank_may_say(language: str) -> None:
    texts = texts_of(language)
    shown = {key: text for key, text in texts.items() if "/customer/" in key or "/charged/" in key}
    assert len(shown) >= 15
    first = ("/happened/", "/who/", "/act/")  # a customer may look over the clerk's shoulder
    shown |= {key: text for key, text in texts.items() if any(part in key for part in first) and "clock" not in key}
    for key, text in shown.items():
        assert [word for word in FORBIDDEN[language] if word in text.lower()] == [], key


@pytest.mark.parametrize("language", known_languages())
def test_numbers_come_with_the_right_form_of_the_word(language: str) -> None:
    words = Words(read_texts(language))
    for key in ("checks_passed", "checks_bad", "checks_not_run"):
        assert words.counted(key, 1).startswith("1 ")
        assert words.counted(key, 0).startswith("0 ")
    if language == "en":
        assert words.counted("checks_passed", 1) == "1 check passed"
        assert words.counted("checks_passed", 21) == "21 checks passed"


@pytest.mark.parametrize("language", [language for language in ADDED if language.startswith("zh-Hant")])
def test_traditional_chinese_holds_no_simplified_character_nor_a_mainland_term(language: str) -> None:
    texts = {**texts_of(language), **read_texts(language)["meaning"]}
    for key, text in texts.items():
        text.encode("big5hkscs")
        mainland = "網絡|芯片|屏幕|打印|程序|軟件|固件|內存|默認|信號|髮|籤|激活|渠道|字段|設置|運營商|服務器|支持"
        assert not re.search(mainland, text), (key, text)


@pytest.mark.parametrize("language", known_languages())
@pytest.mark.parametrize("panel", [Panel(128, 64, 1), Panel(320, 240)], ids=["tiny", "colour"])
def test_the_fonts_have_every_character(language: str, panel: Panel) -> None:
    try:
        face = Face(find_font(FONTS, language, panel))
    except LookupError:
        pytest.skip("no font for this language here")
    font = face.at(16)
    missing = bytes(font.getmask("\U000f0000"))
    characters = {sign for text in texts_of(language).values() for sign in text if not sign.isspace()}
    assert [sign for sign in sorted(characters) if bytes(font.getmask(sign)) == missing] == []


@pytest.mark.parametrize("language", ADDED)
def test_a_terminal_set_to_an_added_language_speaks_it_beside_those_of_every_terminal(
    language: str, tmp_path: Path
) -> None:
    path = tmp_path / "settings.toml"
    path.write_text(f'[service]\nlanguage = "{language}"\n')
    settings = read_settings(path)
    assert settings.languages == (language, *LANGUAGES)
    assert settings.tool_language == tool_language(language) == "zh"
    catalogue = load_catalogue(languages=settings.spoken)
    assert tuple(catalogue.texts) == catalogue.knowledge.wording.languages == (*LANGUAGES, language)
    row = catalogue.knowledge.hosts["unionpay"].rows["62"]
    assert set(row.meaning) == set(row.says) == {*LANGUAGES, language}


@pytest.mark.parametrize("language", LANGUAGES)
def test_pages_as_json_hold_every_word_of_the_pages_and_no_key(language: str) -> None:
    texts = read_texts(language)
    pages = pages_to_json(sample_diagnosis(), texts, language)
    assert [page["kind"] for page in pages] == ["summary", *["list"] * 4, "code", "customer"]
    assert sum(len(page["items"]) for page in pages[1:3]) == 17
    assert all(page["charged"] for page in pages)
    assert all(page["contact"] for page in pages[:-1])
    for item in (item for page in pages for item in page["items"]):
        assert not re.fullmatch(r"[a-z_]+(\.[a-z_]+)?", item["title"] + item["state"])
    assert pages[-1]["code"] == ""
    assert pages[-1]["note"] == sample_diagnosis().customer_text[language]
