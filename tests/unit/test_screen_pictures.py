"""Every page, size and language against the pictures that somebody has looked at.

A picture is kept small: pages side by side, in grey, the large ones reduced. It is compared by blocks of 8 by 8 dots,
so that another hinting of the same font makes no difference while a line in another place does. After a wanted change:
``python -m pytest tests/unit/test_screen_pictures.py --bless``, then look at every picture that git shows as changed.
"""

from pathlib import Path

import pytest
from PIL import Image, ImageChops, ImageStat
from support.screen_samples import LANGUAGES, PANELS, TEXTS, samples

from device.outlets.screen.draw import draw_view
from device.outlets.screen.fonts import find_font, parse_fonts
from device.outlets.screen.panel import Panel
from device.settings import read_catalogue

PICTURES = Path(__file__).parents[1] / "pictures"
FONTS = parse_fonts(read_catalogue("fonts.toml"))
DRAWN_WITH = ("unifont.otf", "wqy-microhei.ttc")
MOST_ACROSS = 1600
GAP = 2
BLOCK = 8
MOST_BLOCK = 40  # of 255: a line of text that moves by its own height makes more than 100
MOST_MEAN = 1.5


def font_here(language: str, panel: Panel) -> bool:
    try:
        return Path(find_font(FONTS, language, panel).path).name in DRAWN_WITH
    except LookupError:
        return False


def reduction(panel: Panel) -> int:
    return 1 if panel.is_tiny else 2 if panel.width * panel.height < 500_000 else 4


def shown_pages(name: str, pages: int, live: tuple[int, ...]) -> list[int]:
    """The controls change nothing but the foot and the room above it: two pages show that."""
    if name in ("decline by touch", "decline by keys"):
        return list(range(min(2, pages)))
    return list(live) if name == "decline while tests run" else list(range(pages))


def sheet(language: str, panel: Panel) -> Image.Image:
    """All pages of all samples side by side."""
    images = []
    for name, (view, look) in samples(language).items():
        drawn = draw_view(view, TEXTS, look, panel, FONTS)
        assert not drawn.findings
        images += [drawn.images[number] for number in shown_pages(name, drawn.pages, drawn.live)]
    small = [image.convert("L").reduce(reduction(panel)) for image in images]
    width, height = small[0].width + GAP, small[0].height + GAP
    across = max(1, MOST_ACROSS // width)
    whole = Image.new("L", (width * min(across, len(small)), height * -(-len(small) // across)), 128)
    for number, image in enumerate(small):
        whole.paste(image, (number % across * width, number // across * height))
    return whole


def difference(one: Image.Image, other: Image.Image) -> tuple[float, float]:
    """The greatest difference of a block's mean, and the mean of all; another size is another picture."""
    if one.size != other.size:
        return 255.0, 255.0
    blocks = ImageChops.difference(one.reduce(BLOCK), other.reduce(BLOCK))
    found = ImageStat.Stat(blocks)
    return float(found.extrema[0][1]), found.mean[0]


def kept(image: Image.Image) -> Image.Image:
    """As it is written: sixteen greys are enough."""
    return image.quantize(16 if image.getcolors(2) is None else 2)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("panel", PANELS, ids=lambda panel: f"{panel.width}x{panel.height}")
def test_every_page_looks_as_it_was_looked_at(language: str, panel: Panel, request: pytest.FixtureRequest) -> None:
    if not font_here(language, panel):
        pytest.skip("the pictures were drawn with other fonts: install fonts-wqy-microhei and fonts-unifont")
    path = PICTURES / f"{panel.width}x{panel.height}-{language}.png"
    now = sheet(language, panel)
    if request.config.getoption("--bless"):
        kept(now).save(path, optimize=True)
    with Image.open(path) as looked_at:
        most, mean = difference(now, looked_at.convert("L"))
    assert most <= MOST_BLOCK, f"{path.name} has changed: run with --bless and look at it"
    assert mean <= MOST_MEAN, f"{path.name} has changed: run with --bless and look at it"


def test_the_comparison_sees_a_line_that_moved_and_forgives_another_hinting() -> None:
    if not font_here("zh", Panel(320, 240)):
        pytest.skip("no font of the pictures here")
    view, look = samples("zh")["decline"]
    image = draw_view(view, TEXTS, look, Panel(480, 800), FONTS, 0).images[0].convert("L").reduce(2)
    blurred = image.resize((image.width * 2, image.height * 2)).reduce(2)
    moved = image.copy()
    moved.paste(image.crop((0, 100, image.width, 160)), (0, 112))
    assert difference(image, blurred)[0] <= MOST_BLOCK
    assert difference(image, moved)[0] > MOST_BLOCK


def test_the_pictures_stay_small() -> None:
    files = list(PICTURES.glob("*.png"))
    assert len(files) == len(PANELS) * len(LANGUAGES)
    assert sum(file.stat().st_size for file in files) < 6_000_000
