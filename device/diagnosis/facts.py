"""The ids of every fact the diagnosis may name, and how a derived fact is written down.

Derived facts come from the exchange, the card's tags, the profile and the history; the modules ``proof``, ``card``,
``setup`` and ``crowd`` say what their outcomes mean. Tested facts are the rows of ``catalogue/checks.toml``; an id
that is not listed here is kept in a frame all the same, only no rule can name it.
"""

from __future__ import annotations

from typing import Final

from device.evidence import Evidence, Outcome, Value

EXCHANGE: Final = ("response", "match", "mac", "host", "entry_path", "format")
CARD: Final = ("region", "product", "expiry", "chip_read")
SETUP: Final = ("country", "currency", "terminal_id", "merchant_id", "mcc", "scheme")
HISTORY: Final = (
    *("attempts", "cards", "bin_groups", "approvals", "foreign", "schemes"),
    *("kind_approvals", "same_code", "system_codes"),
)

DERIVED: Final[tuple[str, ...]] = (
    *(f"exchange.{fact}" for fact in EXCHANGE),
    *(f"card.{fact}" for fact in CARD),
    *(f"setup.{fact}" for fact in SETUP),
    *(f"history.{fact}" for fact in HISTORY),
)

# Order is part of the short code's format: append, never move or remove.
TESTED: Final[tuple[str, ...]] = (
    *("reader.answer", "reader.firmware", "reader.status"),
    *("smart_card.service", "smart_card.reader", "smart_card.present", "smart_card.atr", "smart_card.select"),
    *("modem.answer", "modem.identity", "modem.sim", "modem.registration", "modem.signal", "modem.operator"),
    *("modem.attach", "modem.data"),
    *("network.link", "network.address", "network.dns", "network.tcp", "network.tls"),
    *("clock.host", "clock.floor", "storage.free", "storage.writable", "memory.available", "temperature.cpu"),
    *("profile.loaded", "profile.signature", "screen.font", "screen.panel", "service.payment_application"),
    "storage.history",
    *("storage.latency", "storage.mount", "storage.life", "storage.pre_eol", "clock.rtc", "clock.ntp"),
    *("network.gateway", "network.certificate", "power.external", "power.battery", "power.battery_temperature"),
    *("tamper.latch", "keypad.keys", "keypad.stuck", "contactless.answer", "contactless.errors"),
    *("contactless.field", "uart.errors", "uart.lines", "usb.devices", "usb.expected", "cpu.load"),
    *("watchdog.armed", "uptime.hours", "uptime.reset", "versions.system", "versions.posmedic"),
    *("versions.application", "versions.parameters", "versions.aid_table", "versions.ca_keys"),
    "modem.rsrp",
    *("host.echo", "update.last"),
    *("printer.answer", "printer.paper", "printer.cover", "printer.cutter", "printer.temperature"),
    *("printer.test_line",),
    *("reader.retries", "reader.errors", "reader.head_cycles", "smart_card.answer_time", "modem.rsrq"),
    *("modem.sinr", "modem.band"),
    *("screen.backlight", "modem.reattach", "indicator.flash"),
    *("profile.reference", "identity.model", "identity.serial_number", "identity.firmware"),
    *("reader.track_1", "reader.track_2", "reader.track_3", "smart_card.contact_cycles", "smart_card.start_errors"),
    *("network.chain", "clock.battery", "clock.drift", "uart.framing", "uart.parity", "uart.overruns", "uart.breaks"),
    *("smart_card.start_time", "smart_card.line_errors", "reader.swipe", "screen.pattern", "indicator.noticed"),
    *("contactless.tap", "keypad.pressed", "modem.end_to_end"),
    "modem.re_registrations",
    "profile.overlay",
)


def passed(fact_id: str, value: Value = None, reason: str = "") -> Evidence:
    """The fact holds."""
    return Evidence(fact_id, Outcome.PASS, value, reason=reason)


def marginal(fact_id: str, value: Value, reason: str) -> Evidence:
    """The fact holds in part; ``reason`` says which."""
    return Evidence(fact_id, Outcome.MARGINAL, value, reason=reason)


def failed(fact_id: str, value: Value, reason: str, limit: str = "") -> Evidence:
    """The fact does not hold."""
    return Evidence(fact_id, Outcome.FAIL, value, limit=limit, reason=reason)


def not_run(fact_id: str, reason: str, value: Value = None) -> Evidence:
    """Nothing here says whether the fact holds; ``reason`` says what is missing."""
    return Evidence(fact_id, Outcome.NOT_RUN, value, reason=reason)
