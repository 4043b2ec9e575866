"""One payment application on ``host.sock``: checks every message and answers it at once (fail open, never late)."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final, Protocol

from device.drivers.handed_over import FIELDS_ALLOWED, TAGS_ALLOWED, HandedOver
from device.evidence import EntryMode, MacVerdict
from device.outlets.screen.look import MOVES
from device.ports.json_socket import JsonConnection, Message, Secrets
from device.table import Table, TableError

VERSION: Final = 1
_MOST_FRAME_HEX: Final = 2 * 65_540  # what an envelope of 64 KiB takes
_MOST_RTT_MS: Final = 600_000
_CARD_NUMBER: Final = re.compile(r"[0-9]{12,}")  # ISO/IEC 7812-1: 12 to 19 digits; an error repeats none
_MACS: Final = (MacVerdict.VERIFIED, MacVerdict.BAD, MacVerdict.ABSENT)


class HostDesk(Protocol):
    """What a session may tell the service; each call returns at once."""

    def joined(self, session: HostSession) -> None:
        """Greet an application that said hello."""

    def left(self, session: HostSession) -> None:
        """Forget an application: its connection has ended."""

    def sale_began(self, session: HostSession) -> None:
        """Keep quiet from now on: only listen."""

    def sale_ended(self, session: HostSession) -> None:
        """Go on with what a sale had stopped."""

    def exchanged(self, session: HostSession, exchange_id: str, handed: HandedOver) -> None:
        """Take one exchange; ``handed``'s frames are wiped by whoever decodes them."""

    def display_changed(self, session: HostSession) -> None:
        """Act on a display grant or its end."""

    def echo_told(self, session: HostSession, echo_id: str, rtt_ms: float | None) -> None:
        """Take the result of a host echo; None: the host did not answer."""

    def was_reset(self) -> None:
        """The terminal's secure part has made its daily reset."""

    def page_asked(self, move: str) -> None:
        """Make one of the moves of :data:`~device.outlets.screen.look.MOVES` on the page that is shown."""


class HostSession:
    """The state of one connection: who it is, whether a sale runs, whether we may draw."""

    def __init__(self, connection: JsonConnection, desk: HostDesk, welcome: Message) -> None:
        self._connection = connection
        self._desk = desk
        self._welcome = welcome
        self.application = ""
        self.host = ""
        self.can: frozenset[str] = frozenset()
        self.busy = False
        self.granted = False
        self.pending_offline = 0
        self.versions: dict[str, str] = {}
        self.sales = 0  # how many it has begun
        self._handlers: dict[str, Callable[[Table, Secrets], None]] = {
            "hello": self._hello,
            "busy": self._busy,
            "idle": self._idle,
            "exchange": self._exchange,
            "display": self._display,
            "echo_result": self._echo_result,
            "page": self._page,
            "reset": self._reset,
        }
        connection.on_message = self._take
        connection.on_close = self._closed

    def send(self, message: Message) -> None:
        """Send one message to the application."""
        self._connection.send(message)

    def _take(self, message: Message, secrets: Secrets) -> None:
        table = Table(message, "message")
        kind = ""
        try:
            version = table.whole("v", VERSION, most=1000)
            if version != VERSION:
                raise table.error("v", f"is {version}; this service speaks version {VERSION}")
            kind = table.text("type", most=40)
            handler = self._handlers.get(kind)
            if handler is None:
                raise table.error("type", f"is {kind!r}; known are {', '.join(self._handlers)}")
            if not self.application and kind != "hello":
                raise table.error("type", "must be hello in the first message")
            handler(table, secrets)
        except TableError as error:
            of = kind if kind in self._handlers else "message"
            self._connection.send_error(of, f"{_CARD_NUMBER.sub('(digits)', str(error))}.")

    def _closed(self) -> None:
        if self.application:
            self._desk.left(self)

    def _ok(self, kind: str) -> None:
        self.send({"type": "ok", "of": kind})

    def _hello(self, table: Table, _secrets: Secrets) -> None:
        version = table.text("version", "", most=40)
        application = f"{table.text('application', most=80)} {version}".strip()
        versions = _versions(table.table("tables", {}))
        host = table.text("host", "", most=40)
        can = frozenset(table.texts("can", ()))
        table.close()
        self.application, self.host, self.can = application or "unnamed", host, can
        self.versions = versions | ({"application": version} if version else {})
        self.send(self._welcome)
        self._desk.joined(self)

    def _busy(self, table: Table, _secrets: Secrets) -> None:
        table.close()
        self.busy, self.granted = True, False
        self.sales += 1
        self._desk.display_changed(self)
        self._desk.sale_began(self)
        self._ok("busy")

    def _idle(self, table: Table, _secrets: Secrets) -> None:
        self.pending_offline = table.whole("pending_offline", 0, most=1_000_000)
        table.close()
        self.busy = False
        self._desk.sale_ended(self)
        self._ok("idle")

    def _display(self, table: Table, _secrets: Secrets) -> None:
        state = table.choice("state", ("granted", "revoked"))
        table.close()
        self.granted = state == "granted"
        self._desk.display_changed(self)
        self._ok("display")

    def _echo_result(self, table: Table, _secrets: Secrets) -> None:
        echo_id, ok = table.text("id", "", most=64), table.flag("ok")
        rtt_ms = table.number("rtt_ms", 0.0)
        table.close()
        if ok and not 0 < rtt_ms <= _MOST_RTT_MS:
            raise table.error("rtt_ms", "must be the milliseconds that a good echo took")
        self._desk.echo_told(self, echo_id, rtt_ms if ok else None)
        self._ok("echo_result")

    def _page(self, table: Table, _secrets: Secrets) -> None:
        move = table.choice("to", MOVES)
        table.close()
        self._desk.page_asked(move)
        self._ok("page")

    def _reset(self, table: Table, _secrets: Secrets) -> None:
        table.close()
        self._desk.was_reset()
        self._ok("reset")

    def _exchange(self, table: Table, secrets: Secrets) -> None:
        exchange_id = table.text("id", most=64)
        handed = read_handed_over(table, secrets)
        self.send({"type": "accepted", "id": exchange_id})
        self._desk.exchanged(self, exchange_id, handed)


def _versions(table: Table) -> dict[str, str]:
    """Versions of the tables that the application has loaded."""
    names = ("parameters", "aid_table", "ca_keys")
    versions = {name: found for name in names if (found := table.optional_text(name, most=40)) is not None}
    table.close()
    return versions


def read_handed_over(table: Table, secrets: Secrets) -> HandedOver:
    """Read an ``exchange`` message; raises :class:`TableError` on anything not allowed, card data included."""
    for name in ("request", "response"):  # the frames themselves came apart, as ``secrets``
        if table.optional_text(name, most=_MOST_FRAME_HEX) is not None and name not in secrets:
            raise table.error(name, "must be plain hex digits, without any escape")
    fields = _allowed(table, "fields", FIELDS_ALLOWED)
    if fields and secrets:
        raise table.error("fields", "and frame bytes exclude each other: hand over one of them")
    handed = HandedOver(
        request=secrets.get("request"),
        response=secrets.get("response"),
        fields=fields,
        mac=MacVerdict(table.choice("mac", _MACS)) if "mac" in table else MacVerdict.UNKNOWN,
        entry_mode=EntryMode(table.choice("entry_mode", tuple(EntryMode), EntryMode.UNKNOWN)),
        fallback=table.optional_flag("fallback"),
        emv=_allowed(table, "emv", TAGS_ALLOWED),
        service_code=_digits(table, "service_code", 3),
        expired=table.optional_flag("expired"),
        card_token=table.optional_text("card_token", most=128),
        bin_group=table.optional_text("bin_group", most=128),
        scheme=_without_digits(table, "scheme"),
        stored=table.flag("stored", False),
        test_card=table.flag("test_card", False),
    )
    table.close()
    return handed


def _allowed(table: Table, key: str, allowed: frozenset[str]) -> dict[str, str]:
    """Read a table of texts whose keys are on the allow-list; the error never repeats a value."""
    inner = table.table(key, {})
    values = {}
    for name in inner.keys():  # noqa: SIM118  a Table is not a mapping
        if name not in allowed:
            raise inner.error(name[:8], f"is not taken here; allowed are {', '.join(sorted(allowed))}")
        values[name] = inner.text(name, most=64)
    return values


def _without_digits(table: Table, key: str) -> str | None:
    value = table.optional_text(key, most=40)
    if value is not None and any(sign.isdigit() for sign in value):
        raise table.error(key, "must be a name without digits, like unionpay")
    return value


def _digits(table: Table, key: str, count: int) -> str | None:
    value = table.optional_text(key, most=16)
    if value is not None and not (len(value) == count and value.isdecimal()):
        raise table.error(key, f"must be {count} digits")
    return value
