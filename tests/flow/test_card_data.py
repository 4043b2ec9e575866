"""Nothing of a card stays behind: a run with every kind of sale, then a search through all that it has left."""

from __future__ import annotations

import base64
import contextlib
import os
import shutil
import signal
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, PngImagePlugin
from support.card_data import find_card_data, forms_in, texts_of
from support.terminal import PATIENCE_S, Terminal, children_of

from tools.payment_client import PaymentClient
from tools.simulate.iso_message import Damage, Style, spoil
from tools.simulate.running_service import RunningService
from tools.simulate.sale import handed_over, play_sale
from tools.simulate.scenario import Step, TerminalFacts
from tools.simulate.wallet import Card, read_cards

CARDS = read_cards({"A": {"bank": 1}, "B": {"scheme": "visa", "bank": 2, "country": "840"}, "C": {"expired": True}})
WALLET = list(CARDS.values())
CARD = CARDS["A"]
PACKED = bytes.fromhex(CARD.pan)
TRACK = bytes.fromhex(CARD.track2 + "0" * (len(CARD.track2) % 2))

# --- the search finds what it must: else the rest of this file says nothing ------------------------------------------

FORMS: dict[str, bytes] = {
    "PAN": CARD.pan.encode(),
    "middle digits": CARD.pan[4:12].encode(),
    "PAN, UTF-16": CARD.pan.encode("utf-16"),
    "PAN, UTF-16 big end": CARD.pan.encode("utf-16-be"),
    "PAN, packed": PACKED,
    "PAN, packed on the other nibble": bytes.fromhex("0" + CARD.pan + "0"),
    "PAN, hex of text": CARD.pan.encode().hex().encode(),
    "track 2, packed": TRACK,
    "track 2, packed, hex": TRACK.hex().encode(),
    "track 2, packed, hex in capitals": TRACK.hex().upper().encode(),
    "track 2, text": CARD.track2.replace("D", "=").encode(),
    "end of track 2": CARD.track2[16:].encode(),
    "track 1": CARD.track1.encode(),
    "cardholder": CARD.cardholder.encode(),
    "cardholder in small letters": CARD.cardholder.lower().encode(),
    "cardholder, hex in capitals": CARD.cardholder.encode().hex().upper().encode(),
    "verification value": CARD.discretionary.encode(),
    "PIN block": CARD.pin_block,
    "PIN block, hex": CARD.pin_block.hex().upper().encode(),
    "cryptogram": CARD.cryptogram,
    **{f"PAN in base64, {before} before": base64.b64encode(b"x" * before + CARD.pan.encode()) for before in range(3)},
    **{f"frame in base64, {before} before": base64.b64encode(b"x" * before + TRACK + b"y") for before in range(3)},
    **{
        f"{what} in base64, {before} before": base64.b64encode(b"x" * before + text.encode() + b"yy")
        for what, text in texts_of(CARD).items()
        for before in range(3)
    },
}


@pytest.mark.parametrize("form", FORMS)
def test_the_search_finds_what_was_planted_in_a_file(form: str, tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "file").write_bytes(b"\0before" + FORMS[form] + b"after\xff")
    assert find_card_data(tmp_path, WALLET)


def plant_row(folder: Path) -> None:
    with contextlib.closing(sqlite3.connect(folder / "kept.db")) as database:
        database.execute("CREATE TABLE t (v)")
        database.execute("INSERT INTO t VALUES (?)", (f"a {CARD.pan} b",))
        database.commit()


def plant_deleted_row(folder: Path) -> None:
    plant_row(folder)
    with contextlib.closing(sqlite3.connect(folder / "kept.db")) as database:
        database.execute("PRAGMA secure_delete = OFF")
        database.execute("DELETE FROM t")
        database.commit()


def plant_in_wal(folder: Path) -> None:
    writer, copy = sqlite3.connect(folder / "kept.db"), folder / "copy"
    with contextlib.closing(writer):
        writer.execute("PRAGMA journal_mode = WAL")
        writer.execute("CREATE TABLE t (v)")
        writer.execute("INSERT INTO t VALUES (?)", (PACKED,))
        writer.commit()
        copy.mkdir()
        shutil.copy(folder / "kept.db-wal", copy)
    (folder / "kept.db").unlink()


def plant_in_picture(folder: Path, *, packed: bool) -> None:
    notes = PngImagePlugin.PngInfo()
    notes.add_text("Comment", f"card {CARD.pan}", zip=packed)
    Image.new("1", (8, 8)).save(folder / "page.png", pnginfo=notes)


def plant_in_packed_utf8(folder: Path) -> None:
    notes = PngImagePlugin.PngInfo()
    notes.add_itxt("Comment", f"持卡人 {CARD.cardholder}", zip=True)
    Image.new("1", (8, 8)).save(folder / "page.png", pnginfo=notes)


PLANTS: dict[str, Callable[[Path], None]] = {
    "a row": plant_row,
    "a row that was deleted": plant_deleted_row,
    "a write-ahead log": plant_in_wal,
    "a picture's text": lambda folder: plant_in_picture(folder, packed=False),
    "a picture's packed text": lambda folder: plant_in_picture(folder, packed=True),
    "a picture's packed UTF-8 text": plant_in_packed_utf8,
    "a file's name": lambda folder: (folder / f"{CARD.pan}.log").touch(),
}


@pytest.mark.parametrize("plant", PLANTS)
def test_the_search_finds_what_was_planted_in(plant: str, tmp_path: Path) -> None:
    PLANTS[plant](tmp_path)
    leaks = find_card_data(tmp_path, WALLET)
    assert leaks
    assert not any(CARD.pan in leak.what for leak in leaks), "the finding itself would spread the number"


def test_the_search_finds_nothing_where_nothing_is(tmp_path: Path) -> None:
    (tmp_path / "noise").write_bytes(bytes(range(256)) * 200 + b"6200 0000 12345678 00000000 visa unionpay")
    Image.effect_noise((64, 64), 50).save(tmp_path / "page.png")
    assert find_card_data(tmp_path, WALLET) == []


# --- the run ---------------------------------------------------------------------------------------------------------


def sale(card: Card, entry: str, number: str, style: Style) -> Step:
    return Step(
        do="sale",
        card=card,
        code="62",
        entry=entry,
        mac="verified",
        style=style,
        response=Damage.OK,
        over="application",
        stan=number,
        response_stan=number,
        stored=False,
        test_card=False,
        emv={},
        changes={},
    )


class Shop:
    """Makes sales with the wallet's cards, good and bad, at one running service."""

    def __init__(self, terminal: Terminal, service: RunningService, application: PaymentClient) -> None:
        self.terminal = terminal
        self.service = service
        self.application = application
        self.facts = TerminalFacts("T0000001", "M00000000000001", "5411", "156", "156")
        self._count = 0

    def sell(self, entry: str, alias: str = "A", *, style: Style = Style.BCD, damage: Damage = Damage.OK) -> None:
        """One declined sale over the socket; ``damage`` strikes the request and the answer alike."""
        self._count += 1
        number = f"{self._count:06d}"
        step = sale(CARDS[alias], entry, number, style)
        frames = play_sale(step, self.facts)
        message = handed_over(step, self.facts, frames)
        for key, frame in (("request", frames.request), ("response", frames.response)):
            spoilt = spoil(frame, damage) if frame is not None else None
            message[key] = None if spoilt is None else spoilt.hex()
        self._exchange(number, message)

    def tell(self, **message: Any) -> None:
        """Hand over something of one's own making; it may be refused."""
        self._count += 1
        self._exchange(f"{self._count:06d}", message)

    def send(self, line: bytes) -> None:
        """Send a raw line that must be refused."""
        self.application.send_line(line)
        self.application.wait_for("error")

    def crash_drawing(self) -> None:
        """Have a drawing worker die of SIGSEGV, as a broken font library would."""
        for _ in range(20):  # it may have drawn its page before it is hit
            since = self.service.lines
            self.application.say("display", state="granted")
            self.application.wait_for("ok", of="display")
            for child in children_of(self.service.pid):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(child, signal.SIGSEGV)
            ended = self.service.wait_for_line(r" screen (page|end)=", since=since, timeout_s=PATIENCE_S)
            self.application.say("display", state="revoked")
            self.application.wait_for("ok", of="display")
            if "signal 11" in ended:
                return
        raise AssertionError("no drawing worker could be hit")

    def _exchange(self, name: str, message: dict[str, Any]) -> None:
        self.application.say("exchange", id=name, **message)
        answer = self.application.wait_for("diagnosis", "error")
        if answer["type"] == "diagnosis" and answer["diagnosis"]["verdict"] != "approved":
            self.application.wait_for("diagnosis", id=name, revision=2)


def everything(shop: Shop) -> None:
    for entry in ("chip", "stripe", "fallback", "contactless", "keyed"):
        for alias in CARDS:
            shop.sell(entry, alias)
        shop.sell(entry, style=Style.ASCII)
    for damage in (Damage.TRUNCATED, Damage.LENGTH_LIES, Damage.WRONG_ENVELOPE):
        for entry in ("chip", "stripe"):
            shop.sell(entry, damage=damage)
            shop.sell(entry, damage=damage, style=Style.ASCII)
    request = play_sale(sale(CARD, "chip", "000001", Style.BCD), shop.facts).request.hex()
    for end in range(60, len(request), 34):
        shop.tell(request=request[:end], response=None)
    shop.tell(request=request[:-1])
    shop.tell(request=request, response="zz")
    shop.tell(request=TRACK.hex(), response=CARD.track1.encode().hex())
    shop.tell(fields={"39": "62", "11": "000001"}, card_token="opaque", bin_group="bank")  # noqa: S106
    shop.tell(fields={"39": "62", "2": CARD.pan, "35": CARD.track2})
    shop.tell(fields={"39": "62"}, emv={"5A": CARD.pan, "57": CARD.track2, "5F20": CARD.cardholder})
    shop.tell(fields={"39": "62"}, emv={CARD.pan: CARD.pan})
    shop.tell(fields={"39": "62"}, pin_block=CARD.pin_block.hex(), cardholder=CARD.cardholder)
    shop.tell(fields={"39": CARD.pan, "12": CARD.pan, "13": CARD.track2})
    shop.tell(mac=CARD.pan)
    for text in (CARD.pan, CARD.track1, CARD.track2):
        shop.send(f'{{"v":1,"type":"{text}"}}'.encode())
        shop.send(f'{{"v":1,"type":"exchange","id":"1","request":"{text}'.encode())
    shop.send(b'{"v":1,"type":"\xff' + CARD.track2.encode() + b'"}')
    shop.sell("chip")
    shop.crash_drawing()
    shop.application.say("display", state="granted")


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Terminal, dict[str, bytes]]]:
    terminal = Terminal(tmp_path_factory.mktemp("terminal"))
    seen: dict[str, bytes] = {}
    with terminal.running() as service, terminal.client() as application:
        application.hello("unionpay")
        shop = Shop(terminal, service, application)
        since = service.lines
        everything(shop)
        service.wait_for_line(" screen page=1 ", since=since, timeout_s=PATIENCE_S)
        for name in ("environ", "cmdline", "limits"):
            seen[name] = Path(f"/proc/{service.pid}/{name}").read_bytes()
        seen["answers"] = repr((service.ask("history"), service.ask("last"), service.ask("status"))).encode()
        (terminal.folder / "report.txt").write_text(service.ask("report"))
        shutil.copytree(terminal.state, terminal.folder / "state while it runs")
    shutil.copytree(terminal.run_dir, terminal.folder / "run", ignore=lambda *_: ["host.sock", "control.sock"])
    yield terminal, seen
    terminal.remove()


def test_no_file_holds_anything_of_a_card(played: tuple[Terminal, dict[str, bytes]]) -> None:
    terminal, _ = played
    names = {path.name for path in terminal.folder.rglob("*")}
    assert {"posmedic.db", "posmedic.db-wal", "service.log", "screen.png", "report.txt", "token.key"} <= names
    with contextlib.closing(sqlite3.connect(terminal.state / "posmedic.db")) as database:
        assert database.execute("SELECT count(*) FROM decline").fetchone()[0] > 30
        assert database.execute("SELECT count(DISTINCT token) FROM sale").fetchone()[0] >= len(CARDS)
    assert find_card_data(terminal.folder, WALLET) == []


def test_no_answer_and_no_environment_holds_anything_of_a_card(played: tuple[Terminal, dict[str, bytes]]) -> None:
    _, seen = played
    for name, content in seen.items():
        assert content, name
        assert forms_in(content, WALLET) == [], name


def test_a_worker_that_dies_of_a_signal_leaves_no_core(played: tuple[Terminal, dict[str, bytes]]) -> None:
    terminal, seen = played
    (limit,) = [line.split() for line in seen["limits"].splitlines() if line.startswith(b"Max core file size")]
    assert limit[4:6] == [b"0", b"0"]
    assert "signal 11" in terminal.log.read_text()
    assert [path for path in terminal.folder.rglob("*") if path.name.startswith("core")] == []
