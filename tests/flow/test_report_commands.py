"""Reports and self-tests as a technician asks for them, with and without the running service: every form and file."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from support.card_data import find_card_data
from support.terminal import FIELDS, Terminal

from device.settings import CATALOGUE, read_texts
from tools.simulate.iso_message import Damage, Style
from tools.simulate.sale import handed_over, play_sale
from tools.simulate.scenario import Step, TerminalFacts
from tools.simulate.wallet import read_cards

SCHEMA = Draft202012Validator(json.loads((CATALOGUE / "selftest.schema.json").read_text()))
TICKET = "INC-204711"
SHOWN = ("with the service", "without the service")


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Terminal]:
    terminal = Terminal(tmp_path_factory.mktemp("served"))
    with terminal.running(), terminal.client() as application:
        decline(application)
        yield terminal
    terminal.remove()


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Terminal]:
    terminal = Terminal(tmp_path_factory.mktemp("alone"))
    with terminal.running(), terminal.client() as application:
        decline(application)
    yield terminal
    terminal.remove()


def decline(application: Any) -> None:
    application.hello("unionpay")
    application.say("exchange", id="1", fields=FIELDS, mac="verified", entry_mode="chip", scheme="unionpay")
    application.wait_for("diagnosis", id="1", revision=2)


@pytest.fixture(params=SHOWN)
def terminal(request: pytest.FixtureRequest) -> Terminal:
    found: Terminal = request.getfixturevalue("served" if request.param == SHOWN[0] else "alone")
    return found


def refusal(terminal: Terminal, *words: str | Path) -> str:
    done = terminal.command(*words)
    said = done.stderr.decode()
    assert (done.returncode, done.stdout, said.count("\n")) == (2, b"", 1), said
    return said


# --- selftest --json, --save ----------------------------------------------------------------------------------------


def test_every_line_of_a_self_test_fits_the_published_schema(terminal: Terminal) -> None:
    done = terminal.command("selftest", "--json")
    lines = [json.loads(line) for line in done.stdout.decode().splitlines()]
    for line in lines:
        SCHEMA.validate(line)
    *results, end = lines
    assert end == {"exit_code": done.returncode}
    assert len({line["id"] for line in results}) == len(results) > 30
    assert all(f"{line['part']}.{line['fact']}" == line["id"] for line in results)


@pytest.mark.parametrize(
    "change", [{"outcome": "ok"}, {"id": "modem"}, {"age_s": -1}, {"value": []}, {"level": "brutal"}, {"part": None}]
)
def test_the_schema_refuses_a_line_that_is_no_result(change: dict[str, Any], served: Terminal) -> None:
    line = json.loads(served.command("selftest", "--part", "memory", "--json").stdout.splitlines()[0])
    SCHEMA.validate(line)
    assert not SCHEMA.is_valid({**line, **change})
    assert not SCHEMA.is_valid({key: value for key, value in line.items() if key != next(iter(change))})
    assert not SCHEMA.is_valid({"exit_code": 3})


def test_a_saved_run_is_compared_with_the_terminal_as_it_is_now(terminal: Terminal, tmp_path: Path) -> None:
    before, out = tmp_path / "before.json", tmp_path / "report.json"
    assert terminal.command("selftest", "--save", before).returncode in (0, 1, 2)
    saved = json.loads(before.read_text())
    saved["evidence"] = [
        {**item, "outcome": "fail", "value": 1} if item["id"] == "memory.available" else item
        for item in saved["evidence"]
        if item["id"] != "storage.free"
    ]
    before.write_text(json.dumps(saved))
    assert terminal.command("report", "--compare", before, "--out", out).returncode == 0
    changes = {change["id"]: change["kind"] for change in json.loads(out.read_text())["comparison"]["changes"]}
    assert (changes["memory.available"], changes["storage.free"]) == ("better", "new")
    told = terminal.command("report", "--compare", before, "--lang", "en").stdout.decode()
    assert "BEFORE AND AFTER" in told
    assert "Better (1):" in told


def test_two_saved_runs_are_compared_on_any_machine_without_settings(served: Terminal, tmp_path: Path) -> None:
    before, after = tmp_path / "before.json", tmp_path / "after.json"
    for path in (before, after):
        served.command("selftest", "--part", "storage", "--save", path)
    words = ("report", "--compare", before, after, "--lang", "en")
    text = served.command(*words, settings=False)
    assert (text.returncode, b"BEFORE AND AFTER" in text.stdout) == (0, True)
    told = json.loads(served.command(*words, "--format", "json", settings=False).stdout)
    assert told["counts"]["worse"] == told["counts"]["better"] == 0
    page = served.command(*words, "--format", "html", settings=False).stdout
    assert page.startswith(b"<!DOCTYPE html>")


# --- report -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_form_is_guessed_from_the_name_of_the_file(language: str, terminal: Terminal, tmp_path: Path) -> None:
    out = tmp_path / "report.HTML"
    done = terminal.command("report", "--out", out, "--lang", language, "--ticket", TICKET)
    assert (done.returncode, done.stdout) == (0, b"")
    page, words = out.read_text(), read_texts(language)["report"]
    assert page.startswith("<!DOCTYPE html>")
    for part in (TICKET, words["title"], words["proof"], "data:image/png;base64,", "62"):
        assert part in page
    assert words["broken"].partition("（")[0].partition("(")[0] not in page
    told = terminal.command("report", "--lang", language, "--ticket", TICKET).stdout.decode()
    assert TICKET in told
    assert words["proof"] in told


def test_the_asked_form_goes_before_the_name_of_the_file(served: Terminal, tmp_path: Path) -> None:
    out = tmp_path / "report.html"
    served.command("report", "--out", out, "--format", "text", "--lang", "en")
    assert "TERMINAL REPORT" in out.read_text().splitlines()[1]
    told = json.loads(served.command("report", "--format", "json").stdout)
    assert (told["diagnosis"]["code"], told["ticket"], told["broken"]) == ("62", None, {})


def test_both_ways_give_the_same_sections(served: Terminal, alone: Terminal) -> None:
    told = [json.loads(each.command("report", "--format", "json").stdout) for each in (served, alone)]
    assert told[0].keys() == told[1].keys()
    assert told[0]["diagnosis"]["causes"] == told[1]["diagnosis"]["causes"]
    assert {item["id"] for item in told[0]["evidence"]} == {item["id"] for item in told[1]["evidence"]}


def test_the_trends_of_earlier_hours_are_in_the_report(alone: Terminal, tmp_path: Path) -> None:
    out = tmp_path / "report.json"
    alone.command("selftest")
    alone.command("report", "--out", out)
    trends = json.loads(out.read_text())["trends"]
    assert {"memory.available", "storage.free"} <= trends.keys()
    hours = trends["memory.available"]["hour"]
    assert all(hour["least"] <= hour["mean"] <= hour["most"] for hour in hours)
    assert sum(hour["count"] for hour in hours) >= 2


def test_a_terminal_without_a_screen_says_so_in_place_of_the_picture(tmp_path: Path) -> None:
    terminal = Terminal(tmp_path)
    terminal.configure(screen='kind = "none"')
    page = terminal.command("report", "--format", "html", "--lang", "en").stdout.decode()
    assert "No decline is remembered." in page
    assert "data:image" not in page.partition("<body>")[2]
    terminal.remove()


def test_the_service_hands_over_plain_facts_and_never_loads_the_drawing_library(tmp_path: Path) -> None:
    terminal = Terminal(tmp_path)
    with terminal.running() as service, terminal.client() as application:
        decline(application)
        terminal.command("report", "--out", tmp_path / "report.html")
        assert service.ask("facts").keys() == {"software", "terminal", "evidence"}
        assert service.ask("trends").keys() == {"checks"}
        assert service.ask("trends", check="nobody.knows") == {"hour": [], "day": [], "month": []}
        assert service.ask("last").keys() == {"at", "frame", "diagnosis", "before"}
        assert "_imaging" not in Path(f"/proc/{service.pid}/maps").read_text()
    assert "data:image/png;base64," in (tmp_path / "report.html").read_text()
    terminal.remove()


def test_no_report_in_any_form_holds_card_data(tmp_path: Path) -> None:
    cards = read_cards({"A": {"bank": 1}})
    terminal, reports = Terminal(tmp_path / "terminal"), tmp_path / "reports"
    reports.mkdir()
    shop = TerminalFacts("T0000001", "M00000000000001", "5411", "156", "156")
    with terminal.running(), terminal.client() as application:
        application.hello("unionpay")
        for entry in ("chip", "stripe"):
            sale = Step(
                *("sale", cards["A"], "62", entry, "verified", Style.BCD, Damage.OK, "application"),
                *("000001", "000001", False, False, {}, {}),
            )
            message = handed_over(sale, shop, play_sale(sale, shop))
            application.say("exchange", id=entry, **message)
            application.wait_for("diagnosis", id=entry, revision=2)
        for form in ("text", "html", "json"):
            terminal.command("report", "--format", form, "--out", reports / form)
        terminal.command("selftest", "--save", reports / "run")
    assert "62" in (reports / "json").read_text()
    assert find_card_data(reports, cards.values()) == []
    terminal.remove()


@pytest.mark.parametrize("ticket", ["6200000000000005", "6200 0000 0000 0005", "x" * 33, "", "a\x1b[2J"])
def test_a_ticket_number_that_could_be_a_card_number_is_refused_and_not_repeated(ticket: str, served: Terminal) -> None:
    said = refusal(served, "report", "--ticket", ticket)
    assert "ticket number" in said
    assert not ticket or ticket not in said


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"[" * 50_000, b"\xff", b'{"v":1}', b'{"v":2}', b"5"])
def test_a_file_that_is_no_saved_run_is_refused_with_its_name(content: bytes, served: Terminal, tmp_path: Path) -> None:
    path = tmp_path / "before.json"
    path.write_bytes(content)
    assert "before.json" in refusal(served, "report", "--compare", path)
    assert "before.json" in refusal(served, "report", "--compare", path, path)


def test_files_that_cannot_be_written_are_one_sentence(served: Terminal, tmp_path: Path) -> None:
    assert "cannot be written" in refusal(served, "report", "--out", tmp_path / "no" / "report.html")
    assert "cannot be written" in refusal(served, "selftest", "--part", "memory", "--save", tmp_path)
    assert "at most one AFTER.json" in refusal(served, "report", "--compare", "a", "b", "c")
    assert list(tmp_path.iterdir()) == []
