"""The host socket as a payment application sees it: the real service, every message against the published schema."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from support.terminal import FIELDS, PATIENCE_S, Terminal, children_of, wait_until

from tools.payment_client import NoAnswerError, PaymentClient
from tools.simulate.running_service import RunningService

SCHEMA = json.loads((Path(__file__).resolve().parents[2] / "device/catalogue/host_socket.schema.json").read_text())
PAN = "6200000000000005"
HELLO = {"v": 1, "type": "hello", "application": "till", "version": "2", "host": "unionpay", "can": ["display"]}


def validator(part: str) -> Draft202012Validator:
    return Draft202012Validator({**SCHEMA, "oneOf": [{"$ref": f"#/$defs/{part}"}]})


TO_SERVICE, FROM_SERVICE = validator("to_service"), validator("from_service")


class Application(PaymentClient):
    """Checks every message of both directions against the schema, as a careful vendor would."""

    def say(self, kind: str, **values: object) -> None:
        TO_SERVICE.validate({"v": 1, "type": kind, **values})
        super().say(kind, **values)

    def wait_for(self, *kinds: str, timeout_s: float | None = None, **values: object) -> dict[str, Any]:
        message = super().wait_for(*kinds, timeout_s=timeout_s, **values)
        FROM_SERVICE.validate(message)
        return message

    def decline(self, name: str, **more: object) -> dict[str, Any]:
        self.say("exchange", id=name, fields=FIELDS, **more)
        self.wait_for("accepted", id=name)
        return self.wait_for("diagnosis", id=name)

    def settled(self) -> list[str]:
        """Types of all messages that came before the answer to a question asked now; they are taken away."""
        self.say("idle")
        self.wait_for("ok", of="idle")
        waiting, self._unread = self._unread, []
        return [message["type"] for message in waiting]


@pytest.fixture(scope="module")
def terminal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Terminal]:
    terminal = Terminal(tmp_path_factory.mktemp("terminal"))
    yield terminal
    terminal.remove()


@pytest.fixture(scope="module")
def service(terminal: Terminal) -> Iterator[RunningService]:
    with terminal.running() as service:
        yield service


@pytest.fixture
def application(terminal: Terminal, service: RunningService) -> Iterator[Application]:
    assert service.alive
    with Application(terminal.run_dir / "host.sock", PATIENCE_S) as application:
        application.hello("unionpay")
        yield application


def test_the_schema_is_itself_sound_and_describes_every_message() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    for side in ("to_service", "from_service"):
        for reference in SCHEMA["$defs"][side]["oneOf"]:
            assert SCHEMA["$defs"][reference["$ref"].rpartition("/")[2]]["description"]


def test_the_schema_refuses_what_the_service_refuses() -> None:
    exchange = {"v": 1, "type": "exchange", "id": "1"}
    for good in ({}, {"response": None}, {"request": "6000", "response": None}, {"fields": {"39": "62"}}):
        TO_SERVICE.validate({**exchange, **good})
    for bad in ({"fields": {"2": PAN}}, {"emv": {"5A": PAN}}, {"request": "600"}, {"track2": "x"}, {"mac": "unknown"}):
        assert not TO_SERVICE.is_valid({**exchange, **bad})
    assert not TO_SERVICE.is_valid({**exchange, "fields": {"39": "62"}, "request": "6000"})


def test_the_first_message_is_hello_and_is_welcomed_with_the_version(
    terminal: Terminal, service: RunningService
) -> None:
    with Application(terminal.run_dir / "host.sock", PATIENCE_S) as application:
        application.say("busy")
        assert "hello" in application.wait_for("error", of="busy")["message"]
        welcome = application.hello("unionpay")
        assert welcome["version"] == service.ask("status")["version"]


def test_a_decline_is_accepted_then_diagnosed_and_diagnosed_again_after_the_quiet_tests(
    application: Application,
) -> None:
    first = application.decline("42", mac="verified", entry_mode="chip", card_token="opaque", scheme="unionpay")  # noqa: S106
    assert (first["revision"], first["diagnosis"]["code"]) == (1, "62")
    second = application.wait_for("diagnosis", id="42", revision=2)
    causes = [cause["id"] for cause in second["diagnosis"]["causes"]]
    assert sorted(causes) == sorted(SCHEMA["$defs"]["cause"]["properties"]["id"]["enum"])


def test_an_approval_has_one_revision_and_asks_for_no_panel(application: Application) -> None:
    application.settled()
    application.say("exchange", id="ok", fields={**FIELDS, "39": "00"}, mac="verified")
    assert application.wait_for("diagnosis", id="ok")["diagnosis"]["verdict"] == "approved"
    assert application.settled() == ["accepted"]


def test_an_exchange_without_a_response_says_that_no_answer_came(application: Application) -> None:
    application.say("exchange", id="none", request="6000030000", response=None)
    diagnosis = application.wait_for("diagnosis", id="none")["diagnosis"]
    assert (diagnosis["code"], diagnosis["verdict"]) == (None, "no_verified_response")


def exchange(**values: object) -> bytes:
    return json.dumps({"v": 1, "type": "exchange", "id": "1", **values}).encode()


BAD = {
    "not JSON": b'{"v":1,',
    "not UTF-8": b'{"v":1,"type":"\xff"}',
    "half a surrogate pair": b'{"v":1,"type":"busy","\\ud800":1}',
    "half a pair in a token": exchange(fields=FIELDS, card_token="\ud800"),  # noqa: S106
    "no object": b"[1]",
    "nested too deep": b"[" * 100_000,
    "a number too long": b'{"v":' + b"9" * 5000 + b"}",
    "a line too long": b'{"v":1,"pad":"' + b"x" * 300_000 + b'"}',
    "not a number": b'{"v":NaN,"type":"busy"}',
    "another version": b'{"v":2,"type":"busy"}',
    "no type": b'{"v":1}',
    "type is no text": b'{"v":1,"type":7}',
    "unknown type": b'{"v":1,"type":"sale"}',
    "a type that is a card number": f'{{"v":1,"type":"{PAN}"}}'.encode(),
    "a key that is a card number": f'{{"v":1,"type":"busy","{PAN}":1}}'.encode(),
    "hello without a name": b'{"v":1,"type":"hello"}',
    "unknown key": b'{"v":1,"type":"busy","loud":true}',
    "idle counts backwards": b'{"v":1,"type":"idle","pending_offline":-1}',
    "unknown display state": b'{"v":1,"type":"display","state":"mine"}',
    "unknown page": b'{"v":1,"type":"page","to":"last"}',
    "exchange without id": b'{"v":1,"type":"exchange"}',
    "exchange id too long": exchange(id="9" * 65),
    "odd hex": exchange(request="600"),
    "no hex": exchange(response="zz"),
    "hex with escapes": b'{"v":1,"type":"exchange","id":"1","request":"\\u0036\\u0030"}',
    "frames and fields": exchange(request="6000", fields={"39": "62"}),
    "MAC verdict": exchange(mac="fine"),
    "a card number as MAC verdict": exchange(mac=PAN),
    "entry mode": exchange(entry_mode="magic"),
    "service code": exchange(service_code="20"),
    "track": exchange(track2=f"{PAN}D3111201"),
    "field 2": exchange(fields={"39": "62", "2": PAN}),
    "field 35": exchange(fields={"35": f"{PAN}=3111201"}),
    "field 52": exchange(fields={"52": "0123456789ABCDEF"}),
    "tag 5A": exchange(fields=FIELDS, emv={"5A": PAN}),
    "tag 57": exchange(fields=FIELDS, emv={"57": f"{PAN}D3111201"}),
    "a tag that is a card number": exchange(fields=FIELDS, emv={PAN: "00"}),
    "emv is no table": exchange(emv=[PAN]),
    "a field is no text": exchange(fields={"39": 62}),
}


@pytest.mark.parametrize("kind", BAD)
def test_a_bad_message_is_answered_by_one_sentence_without_its_content_and_the_connection_lives(
    kind: str, application: Application, service: RunningService
) -> None:
    application.settled()
    application.send_line(BAD[kind])
    message = application.wait_for("error")["message"]
    assert message.endswith(".")
    assert "\n" not in message
    assert not any(secret in message for secret in (PAN, PAN[:9], "3111201", "0123456789ABCDEF"))
    assert application.settled() == []
    assert service.alive


def test_ten_malformed_clients_at_once_do_not_hold_up_a_sale(application: Application, terminal: Terminal) -> None:
    crowd = [socket.socket(socket.AF_UNIX) for _ in range(10)]
    try:
        for client in crowd:
            client.connect(str(terminal.run_dir / "host.sock"))
        for number, bad in enumerate(list(BAD.values())[:10]):
            try:
                crowd[number].sendall(bad + b"\n" + b"\n" * 30_000 + b'{"half":')
            except OSError:  # one too many: it was told so and hung up on
                continue
        application.say("busy")
        application.wait_for("ok", of="busy")
        assert application.decline("crowd")["diagnosis"]["code"] == "62"
        application.settled()
    finally:
        for client in crowd:
            client.close()


def send_for_ever(deaf: socket.socket) -> None:
    while True:
        deaf.sendall(b"[]\n" * 10_000)


def test_a_client_that_reads_nothing_is_dropped_and_holds_up_nobody(
    application: Application, terminal: Terminal
) -> None:
    application.settled()
    with socket.socket(socket.AF_UNIX) as deaf:
        deaf.settimeout(PATIENCE_S)
        deaf.connect(str(terminal.run_dir / "host.sock"))
        with pytest.raises((BrokenPipeError, ConnectionResetError)):
            send_for_ever(deaf)
        assert application.settled() == []


def test_the_connection_after_the_eighth_is_refused_with_a_sentence_and_a_place_becomes_free_again(
    terminal: Terminal, service: RunningService
) -> None:
    assert service.alive
    seats = [terminal.client() for _ in range(8)]
    for seat in seats:
        seat.hello("unionpay")
    with terminal.client() as late:
        assert "8 connections" in late.wait_for("error", of="connect")["message"]
    for seat in seats:
        seat.close()

    def admitted() -> bool:
        with terminal.client() as again:
            try:
                again.hello("unionpay")
            except NoAnswerError:
                return False
            return True

    wait_until(admitted, PATIENCE_S, "admission after the others left")


def test_the_panel_is_touched_only_under_a_grant_and_given_back_with_a_repaint(
    application: Application, terminal: Terminal, service: RunningService
) -> None:
    application.settled()
    terminal.screen.unlink(missing_ok=True)
    application.decline("panel")
    application.wait_for("display_wanted")
    application.wait_for("diagnosis", id="panel", revision=2)
    wait_until(lambda: not children_of(service.pid), PATIENCE_S, "the end of all workers")
    assert not terminal.screen.exists()
    endings = ({"kind": "display", "state": "revoked"}, {"kind": "page", "to": "dismiss"})
    for ending in endings:
        since = service.lines
        application.say("display", state="granted")
        application.wait_for("ok", of="display")
        service.wait_for_line(" screen page=1 ", since=since)
        assert terminal.screen.exists()
        application.say(**ending)
        application.wait_for("ok", of=ending["kind"])
        application.wait_for("repaint")
    assert application.settled() == []


def test_a_sale_that_begins_takes_the_panel_back_at_once(application: Application, service: RunningService) -> None:
    since = service.lines
    application.decline("drawn")
    application.say("display", state="granted")
    service.wait_for_line(" screen page=1 ", since=since)
    application.say("busy")
    application.wait_for("ok", of="busy")
    application.wait_for("repaint")
    application.settled()


def test_pages_turn_within_their_number(application: Application, service: RunningService) -> None:
    since = service.lines
    application.say("display", state="granted")
    application.decline("pages")
    service.wait_for_line(" screen page=1 ", since=since)
    application.wait_for("diagnosis", id="pages", revision=2)
    for move, shown in (("next", "2"), ("back", "1")):
        since = service.lines
        application.say("page", to=move)
        application.wait_for("ok", of="page")
        service.wait_for_line(f" screen page={shown} ", since=since)
    application.say("page", to="dismiss")
    application.wait_for("repaint")


def test_hanging_up_in_the_middle_of_a_sale_ends_the_sale(terminal: Terminal, service: RunningService) -> None:
    application = terminal.client()
    application.hello("unionpay")
    application.say("busy")
    application.wait_for("ok", of="busy")
    assert service.ask("status")["sale_running"] is True
    application.close()
    wait_until(lambda: not service.ask("status")["applications"], PATIENCE_S, "leaving")
    assert service.ask("status")["sale_running"] is False


def test_a_second_application_has_its_own_sale_and_its_own_answers(
    application: Application, terminal: Terminal, service: RunningService
) -> None:
    with Application(terminal.run_dir / "host.sock", PATIENCE_S) as second:
        second.hello("unionpay")
        application.say("busy")
        application.wait_for("ok", of="busy")
        second.decline("of the second")
        second.wait_for("diagnosis", id="of the second", revision=2)
        second.settled()
        assert service.ask("status")["sale_running"] is True
        assert "diagnosis" not in application.settled()
        assert service.ask("status")["sale_running"] is False


@pytest.mark.parametrize("bits", [16, 32])
def test_a_framebuffer_keeps_every_pixel_until_the_grant(bits: int, tmp_path: Path) -> None:
    terminal = Terminal(tmp_path)
    panel = tmp_path / "panel"
    panel.touch()
    untouched = bytes([0x5A]) * (320 * 240 * bits // 8)
    terminal.configure(screen=f'kind = "framebuffer"\npath = "{panel}"\nsize = "320x240"\nbits = {bits}')
    with terminal.running() as service, Application(terminal.run_dir / "host.sock", PATIENCE_S) as application:
        application.hello("unionpay")
        application.wait_for("repaint")  # the boot self-test stood on the panel
        panel.write_bytes(untouched)
        application.decline("1")
        application.wait_for("display_wanted")
        application.wait_for("diagnosis", id="1", revision=2)
        wait_until(lambda: not children_of(service.pid), PATIENCE_S, "the end of all workers")
        assert panel.read_bytes() == untouched
        application.say("display", state="granted")
        service.wait_for_line(" screen page=1 ")
        drawn = panel.read_bytes()
        assert len(drawn) == len(untouched)
        assert len(set(drawn)) > 2
    terminal.remove()


def test_an_application_that_draws_itself_gets_the_pages_in_words(terminal: Terminal, service: RunningService) -> None:
    assert service.alive
    with Application(terminal.run_dir / "host.sock", PATIENCE_S) as application:
        application.say("hello", application="till", host="unionpay", can=["pages"])
        application.wait_for("welcome")
        told = application.decline("drawn elsewhere", mac="verified")
        pages, diagnosis = told["pages"]["en"], told["diagnosis"]
        assert set(told["pages"]) == {"zh", "en"}
        assert [row["text"] for row in pages[0]["rows"]] == diagnosis["headline"]["en"]
        assert pages[-1]["note"] == diagnosis["customer_text"]["en"]
        assert sum(len(page["items"]) for page in pages if "causes" in page["title"]) == len(diagnosis["causes"])
        assert application.wait_for("diagnosis", id="drawn elsewhere", revision=2)["pages"]
