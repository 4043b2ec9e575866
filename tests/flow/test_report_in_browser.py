"""The HTML report in a real browser: all of it is there, on screens and on A4 paper; nothing runs out at the side."""

from __future__ import annotations

import re
import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from support.sample_diagnosis import sample_diagnosis
from support.sheet import KeptSheet

from device.app.screen_picture import draw_screen
from device.evidence import Evidence, TerminalProfile
from device.outlets.compare import Run, compare
from device.outlets.html_report import report_html
from device.outlets.report_facts import ReportFacts
from device.settings import ScreenSettings, read_texts
from device.trend import Sample

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser")
NEEDED = ("pdftotext", "pdfinfo")
MISSING = [name for name in NEEDED if shutil.which(name) is None] + ([] if BROWSER else ["chromium"])
PATIENCE_S = 120
MADE = datetime(2026, 7, 2, 9, 30, tzinfo=UTC)
SEEN = {"first_seen": "2026-07-01T12:00:00+08:00", "last_seen": "2026-07-02T09:30:00+08:00"}
LONG = "x" * 120  # without a place to break
A4_POINTS = (595, 842)

pytestmark = pytest.mark.skipif(bool(MISSING), reason=f"not installed here: {', '.join(MISSING)}")


def page(language: str) -> str:
    """A report in which everything is long."""
    sheet = KeptSheet()
    sheet.measured("modem.signal", -101, detail=LONG)
    sheet.measured("smart_card.reader", LONG)
    sheet.failed("network.dns", "no_such_name", "The name pos.example is not known.")
    sheet.measured("storage.free", 1234)
    for name in ("power.battery", "tamper.latch", "keypad.keys"):
        sheet.not_run(name, "not_fitted", "None.")
    evidence: list[Evidence] = list(sheet.found.values())
    start = MADE - timedelta(hours=72)
    hours = [
        Sample("modem.signal", "hour", start + timedelta(hours=n), 2, -80 - n / 4, -70, -75, -75) for n in range(72)
    ]
    texts = {each: read_texts(each) for each in ("zh", "en")}
    runs = [Run(MADE.isoformat(), "0.1.0", LONG, "safe", found) for found in (evidence[:2], evidence)]
    fault: dict[str, Any] = {"id": "modem.signal", "count": 4, "active": True, "occurrences": 2, "aged": 0, **SEEN}
    facts = ReportFacts(
        software="0.1.0",
        made=MADE,
        terminal=TerminalProfile(terminal_id="12345678", merchant_id=LONG, acquirer="示例支付", hotline="95500"),
        evidence=evidence,
        diagnosis=sample_diagnosis(),
        history={"codes": [{"code": "62", "count": 3, **SEEN}], "faults": [fault], "untested": [LONG]},
        trends={"modem.signal": {"hour": hours, "day": ()}},
        ticket="INC-204711",
        comparison=compare(*runs),
        screen=draw_screen(ScreenSettings("png", None, 320, 240, 32, ()), sample_diagnosis(), texts, "zh"),
    )
    return report_html(facts, language, texts[language])


def browse(folder: Path, *words: str) -> str:
    line = [str(BROWSER), "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--disable-dev-shm-usage"]
    line += [f"--user-data-dir={folder / 'browser'}", *words, (folder / "report.html").as_uri()]
    done = subprocess.run(line, capture_output=True, timeout=PATIENCE_S, check=True)
    return done.stdout.decode()


def without_spaces(text: str) -> str:
    return re.sub(r"\s", "", text)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_on_paper_the_report_is_a4_and_complete(language: str, tmp_path: Path) -> None:
    (tmp_path / "report.html").write_text(page(language))
    printed = tmp_path / "report.pdf"
    browse(tmp_path, "--no-pdf-header-footer", f"--print-to-pdf={printed}")
    told = subprocess.run(["pdfinfo", printed], capture_output=True, timeout=PATIENCE_S, check=True).stdout.decode()
    size = re.search(r"Page size: +([\d.]+) x ([\d.]+)", told)
    assert size is not None
    assert (round(float(size[1])), round(float(size[2]))) == A4_POINTS
    pages = re.search(r"Pages: +(\d+)", told)
    assert pages is not None
    assert 2 <= int(pages[1]) <= 6
    text = subprocess.run(["pdftotext", printed, "-"], capture_output=True, timeout=PATIENCE_S, check=True)
    seen = without_spaces(text.stdout.decode())
    words = read_texts(language)["report"]
    sections = ("title", "decline", "selftest", "found", "history", "trends", "comparison", "proof", "privacy")
    for part in (*(words[key] for key in sections), "INC-204711", "62-C4R7-9K", "pos.example", LONG):
        assert without_spaces(part) in seen, part
    assert without_spaces(words["complete"].format(sections=8)) in seen


@pytest.mark.parametrize("width", [1200, 800, 500])
def test_nothing_runs_out_at_the_side_of_a_screen(width: int, tmp_path: Path) -> None:
    """A script at the end of a copy tells how wide the page is; the report itself forbids every script."""
    copy = re.sub(r"<meta http-equiv[^>]*>", "", page("zh"))
    told = "const page=document.scrollingElement;document.body.dataset.width=[page.scrollWidth,innerWidth]"
    (tmp_path / "report.html").write_text(copy.replace("</body>", f"<script>{told}</script></body>"))
    dumped = browse(tmp_path, f"--window-size={width},900", "--dump-dom")
    found = re.search(r'<body data-width="(\d+),(\d+)"', dumped)
    assert found is not None, dumped[-2000:]
    needed, wide = int(found[1]), int(found[2])
    assert needed == wide == width


def test_the_browser_draws_the_screen_the_plot_and_the_colours(tmp_path: Path) -> None:
    (tmp_path / "report.html").write_text(page("en"))
    shot = tmp_path / "shot.png"
    browse(tmp_path, "--window-size=1200,3000", f"--screenshot={shot}")
    image = Image.open(shot).convert("RGB")
    colours = {colour for _, colour in image.getcolors(1 << 24) or []}
    wanted = {"band of the plot": (157, 183, 232), "limit": (180, 28, 28), "screen's action": (255, 236, 179)}
    assert [name for name, colour in wanted.items() if colour not in colours] == []
