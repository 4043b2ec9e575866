import functools
import itertools
import re
from pathlib import Path

import pytest
from PIL import Image
from support.qr_reader import read_qr
from support.sample_diagnosis import sample_diagnosis, sample_texts

from device.diagnosis.verdict import Retry, Verdict
from device.outlets.screen.draw import draw_pages, write_png
from device.outlets.screen.fonts import Face, FontFile, FontMissingError, find_font, parse_fonts
from device.outlets.screen.layout import Box, Kind, LayoutError, check_layout
from device.outlets.screen.list_pages import QR_QUIET
from device.outlets.screen.pages import PageKind, pages_of
from device.outlets.screen.palette import BANDS, GROUNDS, Ink, colours, contrast_ratio
from device.outlets.screen.panel import Panel
from device.outlets.screen.text_screen import columns_of, screen_text
from device.outlets.screen.views import lay_out
from device.outlets.screen.wrap import wrap
from device.table import parse_toml

CATALOGUE = Path(__file__).parents[2] / "device" / "catalogue"
SIZES = ((128, 64), (160, 128), (240, 240), (240, 320), (320, 240), (480, 272), (480, 800), (800, 480), (720, 1280))
LANGUAGES = ("zh", "en")
PANELS = [Panel(*size, bits) for size in SIZES for bits in (1, 32)]
FONTS = parse_fonts(parse_toml((CATALOGUE / "fonts.toml").read_text(), "fonts.toml"))
NO_FONT = not any(Path(font.path).is_file() for font in FONTS if "zh" in font.languages)
needs_font = pytest.mark.skipif(NO_FONT, reason="no Chinese font here: install fonts-wqy-microhei and fonts-unifont")
PAN_LIKE = re.compile(r"\d(?:[ -]?\d){12,18}")
SMALL = (Panel(128, 64, 1), Panel(320, 240), Panel(240, 320))


@functools.cache
def opened(font: FontFile) -> Face:
    return Face(font)


def boxes_of(panel: Panel, language: str, **changes: object) -> tuple[list[list[Box]], Face]:
    face = opened(find_font(FONTS, language, panel))
    pages = pages_of(sample_diagnosis(**changes), sample_texts()[language], language, panel)
    return lay_out(pages, panel, face), face


def name_of(panel: object) -> str:
    return f"{panel.width}x{panel.height}x{panel.bits}" if isinstance(panel, Panel) else str(panel)


@needs_font
@pytest.mark.parametrize(("panel", "language"), [*itertools.product(PANELS, LANGUAGES)], ids=name_of)
def test_every_page_of_every_size_is_inside_the_panel_without_overlap(panel: Panel, language: str) -> None:
    screens, face = boxes_of(panel, language)
    for screen in screens:
        check_layout(screen, panel)
    texts = [box for screen in screens for box in screen if box.kind is Kind.TEXT]
    assert texts
    for box in texts:
        font, stroke = face.at(box.size), face.stroke(box.size, box.bold)
        left, top, right, bottom = font.getbbox(box.text, stroke_width=stroke)
        assert left + stroke >= 0
        assert right + stroke <= box.width + 1, box
        assert top >= -stroke, box
        assert bottom <= box.height + stroke, box


@needs_font
@pytest.mark.parametrize(("panel", "language"), [*itertools.product(PANELS, LANGUAGES)], ids=name_of)
def test_no_word_of_the_headline_is_lost_on_any_panel(panel: Panel, language: str) -> None:
    screens, _ = boxes_of(panel, language)
    shown = re.sub(r"\s", "", "".join(box.text for screen in screens for box in screen if box.kind is Kind.TEXT))
    diagnosis = sample_diagnosis()
    lines = (diagnosis.headline_short if panel.is_tiny else diagnosis.headline)[language]
    for text in (*lines, diagnosis.charged[language], diagnosis.contact[language], diagnosis.short_code):
        assert re.sub(r"\s", "", text) in shown


@needs_font
@pytest.mark.parametrize("panel", [panel for panel in PANELS if not panel.is_tiny], ids=name_of)
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_tells_the_cashier_whether_money_moved_and_whom_to_call(panel: Panel, language: str) -> None:
    screens, _ = boxes_of(panel, language)
    diagnosis = sample_diagnosis()
    for screen in screens:
        shown = re.sub(r"\s", "", "".join(box.text for box in screen))
        assert re.sub(r"\s", "", diagnosis.charged[language]) in shown
        assert "95500" in shown


@needs_font
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_tiny_panel_shows_the_short_headline_alone_on_its_first_page(language: str) -> None:
    screens, _ = boxes_of(Panel(128, 64, 1), language)
    assert tuple(box.text for box in screens[0]) == sample_diagnosis().headline_short[language]
    assert {box.size for screen in screens for box in screen if box.kind is Kind.TEXT} == {16}


@needs_font
@pytest.mark.parametrize("panel", [*SMALL, Panel(480, 800)], ids=name_of)
@pytest.mark.parametrize("language", LANGUAGES)
def test_overlong_texts_go_on_further_pages_and_are_never_clipped(panel: Panel, language: str) -> None:
    long = {"zh": ("一句很长的说明，" * 30,) * 4, "en": ("a very long explanation " * 30,) * 4}
    contact = {"zh": "收单机构" * 8, "en": "Acquirer of the shop " * 3}
    screens, _ = boxes_of(panel, language, headline=long, headline_short=long, contact=contact, code=None)
    for screen in screens:
        check_layout(screen, panel)
    shown = re.sub(r"\s", "", "".join(box.text for screen in screens for box in screen if box.kind is Kind.TEXT))
    word = {"zh": "很", "en": "explanation"}[language]
    assert shown.count(word) == 4 * 30


@needs_font
@pytest.mark.parametrize("verdict", Verdict)
@pytest.mark.parametrize("retry", Retry)
def test_every_verdict_and_retry_word_fits_the_band(verdict: Verdict, retry: Retry) -> None:
    for panel, language in itertools.product(SMALL, LANGUAGES):
        for screen in boxes_of(panel, language, verdict=verdict, retry=retry)[0]:
            check_layout(screen, panel)


def test_the_layout_check_finds_what_it_is_for() -> None:
    panel = Panel(100, 100)
    one = Box(Kind.TEXT, 0, 0, 50, 20, Ink.TEXT, "a")
    with pytest.raises(LayoutError, match="outside"):
        check_layout([Box(Kind.TEXT, 90, 0, 11, 20, Ink.TEXT, "a")], panel)
    with pytest.raises(LayoutError, match="overlap"):
        check_layout([one, Box(Kind.MARK, 49, 19, 5, 5, Ink.TEXT)], panel)
    check_layout([one, Box(Kind.TEXT, 50, 0, 50, 20, Ink.TEXT, "b"), Box(Kind.FILL, 0, 0, 100, 100, Ink.BAND)], panel)


@pytest.mark.parametrize("verdict", Verdict)
@pytest.mark.parametrize("bits", [1, 32])
def test_every_text_colour_can_be_read_on_its_ground(verdict: Verdict, bits: int) -> None:
    assert verdict in BANDS
    inks = colours(verdict, bits)
    for ink, grounds in GROUNDS.items():
        for ground in grounds:
            assert contrast_ratio(inks[ink], inks[ground]) >= 4.5, (ink, ground)


def test_contrast_ratio_of_known_pairs() -> None:
    assert contrast_ratio((0, 0, 0), (255, 255, 255)) == pytest.approx(21)
    assert contrast_ratio((118, 118, 118), (255, 255, 255)) == pytest.approx(4.54, abs=0.01)


def test_chinese_punctuation_neither_begins_nor_ends_a_line_wrongly() -> None:
    text = "请换一张卡，或请持卡人（本人）致电发卡行。不要重刷！"
    for width in range(6, 40):
        lines = wrap(text, width, columns_of)
        assert "".join(lines) == text
        assert all(columns_of(line) <= width for line in lines)
        assert not any(line[0] in "，。）！" or line[-1] in "（" for line in lines)


def test_latin_text_breaks_at_blanks_and_an_endless_word_is_cut() -> None:
    assert wrap("Take another card", 8, len) == ["Take", "another", "card"]
    assert wrap("aaaaaaaaaa", 4, len) == ["aaaa", "aaaa", "aa"]


@needs_font
@pytest.mark.parametrize("panel", SMALL, ids=name_of)
def test_a_phone_reads_short_code_and_response_code_from_the_picture(panel: Panel) -> None:
    screens, _ = boxes_of(panel, "zh")
    (box,) = (box for box in screens[-1] if box.kind is Kind.QR)
    drawn = draw_pages(sample_diagnosis(), sample_texts(), "zh", panel, FONTS, only_page=99)
    image = drawn.images[0].convert("L")
    side = box.width // box.size
    middle = box.size // 2
    places = range(0, side * box.size, box.size)
    dark = [[image.getpixel((box.x + x + middle, box.y + y + middle)) == 0 for x in places] for y in places]
    inner = [row[QR_QUIET:-QR_QUIET] for row in dark[QR_QUIET:-QR_QUIET]]
    assert sum(map(sum, inner)) == sum(map(sum, dark))
    assert read_qr(inner) == "62-C4R7-9K 62"


def test_without_a_font_the_error_names_the_package(tmp_path: Path) -> None:
    missing = [FontFile(str(tmp_path / "none.ttc"), "fonts-wqy-microhei", ("zh", "en"))]
    with pytest.raises(FontMissingError, match="install the package fonts-wqy-microhei"):
        find_font(missing, "zh", Panel(320, 240))


@pytest.mark.parametrize("panel", [Panel(128, 64, 1), Panel(320, 240)], ids=name_of)
def test_without_a_font_the_screen_is_english_and_says_so(tmp_path: Path, panel: Panel) -> None:
    missing = [FontFile(str(tmp_path / "none.ttc"), "fonts-wqy-microhei", ("zh", "en"))]
    drawn = draw_pages(sample_diagnosis(), sample_texts(), "zh", panel, missing)
    assert [(finding.id, finding.reason) for finding in drawn.findings] == [("screen.font", "font_missing")]
    assert "fonts-wqy-microhei" in drawn.findings[0].detail
    assert "The cardholder calls the card's bank" in " ".join(drawn.text.split())
    assert all(image.getextrema() != (255, 255) for image in drawn.images)


def test_a_1_bit_panel_prefers_a_bitmap_font_and_a_colour_panel_an_outline(tmp_path: Path) -> None:
    outline, bitmap = tmp_path / "outline.ttf", tmp_path / "bitmap.otf"
    for path in (outline, bitmap):
        path.touch()
    fonts = [FontFile(str(outline), "a", ("zh",)), FontFile(str(bitmap), "b", ("zh",), pixels=16)]
    assert find_font(fonts, "zh", Panel(128, 64, 1)).path == str(bitmap)
    assert find_font(fonts, "zh", Panel(320, 240, 16)).path == str(outline)


def test_a_font_of_the_settings_comes_first(tmp_path: Path) -> None:
    own = tmp_path / "own.ttf"
    own.touch()
    table = parse_toml((CATALOGUE / "fonts.toml").read_text(), "fonts.toml")
    assert find_font(parse_fonts(table, (str(own),)), "zh", Panel(320, 240)).path == str(own)


@needs_font
def test_the_first_page_alone_is_the_same_picture_and_tells_how_many_pages_follow(tmp_path: Path) -> None:
    panel = Panel(320, 240)
    everything = draw_pages(sample_diagnosis(), sample_texts(), "zh", panel, FONTS)
    first = draw_pages(sample_diagnosis(), sample_texts(), "zh", panel, FONTS, only_page=0)
    assert first.pages == everything.pages == len(everything.images)
    assert first.images[0].tobytes() == everything.images[0].tobytes()
    (tmp_path / "screen-99.png").touch()
    paths = write_png(everything.images, tmp_path)
    assert sorted(path.name for path in paths) == sorted(path.name for path in tmp_path.iterdir())
    with Image.open(tmp_path / "screen.png") as written:
        assert written.size == (320, 240)


@needs_font
def test_unifont_is_drawn_dot_for_dot_without_grey() -> None:
    drawn = draw_pages(sample_diagnosis(), sample_texts(), "zh", Panel(128, 64, 32), FONTS, only_page=0)
    assert {colour for _, colour in drawn.images[0].getcolors() or []} == {(255, 255, 255), (17, 24, 39)}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("columns", [16, 40, 80])
def test_the_text_screen_keeps_its_columns_answers_all_causes_and_holds_no_card_number(
    language: str, columns: int
) -> None:
    texts = sample_texts()[language]
    text = screen_text(sample_diagnosis(), texts, language, columns)
    assert max(map(columns_of, text.splitlines())) <= columns
    assert not PAN_LIKE.search(text)
    joined = re.sub(r"\s", "", text)
    assert all(re.sub(r"\s", "", name) in joined for name in texts["screen"]["cause"].values())


def test_pages_come_in_the_order_of_what_a_cashier_asks() -> None:
    pages = pages_of(sample_diagnosis(), sample_texts()["en"], "en", Panel(320, 240))
    assert [page.kind for page in pages] == [PageKind.SUMMARY, *[PageKind.LIST] * 4, PageKind.CODE]
    assert [row[0] for row in pages[0].rows] == ["What", "Who", "Now", "Proved"]
    assert len(pages[1].items) + len(pages[2].items) == 17
    assert pages[3].note == "Did not cause this decline"
    setup = pages_of(sample_diagnosis(verdict=Verdict.TERMINAL_SETUP), sample_texts()["en"], "en", Panel(320, 240))
    assert setup[3].note == "Bears on this decline"


def test_both_languages_name_the_same_words() -> None:
    def keys(value: object, path: str = "") -> set[str]:
        if not isinstance(value, dict):
            return {path}
        return {key for name, inner in value.items() for key in keys(inner, f"{path}/{name}")}

    assert keys(sample_texts()["zh"]["screen"]) == keys(sample_texts()["en"]["screen"])
