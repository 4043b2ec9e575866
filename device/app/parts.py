"""Which checks this terminal has: settings turned into one plan a part. Everything heavy is imported in the worker."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Final, Protocol

from device import __version__
from device.app.board_parts import board_checks, library_of
from device.app.catalogue import Catalogue
from device.app.modem_watch import FACT as RE_REGISTRATIONS
from device.app.modem_watch import ModemWatch
from device.app.overlays import Overlays, read_overlays, write_overlays
from device.app.selftest_run import BUDGET_S, PartPlan
from device.app.terminal import Terminal
from device.drivers.clock import SOFTWARE_FLOOR
from device.evidence import CheckSpec, Evidence, Level
from device.loop import Loop
from device.selftest.check_table import PartRow
from device.selftest.sheet import Sheet
from device.settings import Settings, read_catalogue
from device.store.store import Store
from device.terminal_profile import VERSIONED, Reference

if TYPE_CHECKING:
    from device.drivers.network import NetworkSetup

_LEVELS: Final = tuple(Level)


class Application(Protocol):
    """What the service knows of the connected payment applications."""

    def names(self) -> str:
        """Name and version of each, "" without any."""

    def versions(self) -> Mapping[str, str]:
        """What the first of them tells: ``application``, ``parameters``, ``aid_table``, ``ca_keys``."""

    def may_draw(self) -> bool:
        """May we draw now: no application is there, or one has granted the panel?"""

    def ask_echo(self, report: Callable[[Evidence], None]) -> None:
        """Report the evidence ``host.echo`` when the application has told how its host echo went."""


class PartPlans:
    """Builds the plans of a run from settings and what the service knows at that moment."""

    def __init__(self, settings: Settings, terminal: Terminal, store: Store, application: Application | None) -> None:
        self._settings = settings
        self._terminal = terminal
        self._store = store
        self._application = application
        self._host_time: tuple[str, float] | None = None
        self._seen_before = store.last_time_seen()
        self._modem_watch: ModemWatch | None = None

    @cached_property
    def overlays(self) -> Overlays:
        """The overlays as read once: what a worker has found good is what is used."""
        return read_overlays(self._settings.overlay, self._settings.spoken)

    @property
    def budget_s(self) -> float:
        """How long a run of the safe level may take."""
        return BUDGET_S * self._settings.service.time_factor

    def listen(self, loop: Loop) -> None:
        """Listen to the modem's second port from now on, where the settings name one."""
        modem = self._settings.modem
        if modem is not None and modem.listen:
            self._modem_watch = ModemWatch(loop, modem.listen, modem.baud)

    def note_host_time(self, host_time: str | None) -> None:
        """Keep the host's clock (DE12/13 as MMDDhhmmss) with the moment it came."""
        if host_time is not None:
            self._host_time = (host_time, time.monotonic())

    def trusted_month(self, now: datetime) -> tuple[int, int] | None:
        """(year, month) for judging a card's expiry, or None while the clock is behind what is known."""
        floor = max(SOFTWARE_FLOOR, self._seen_before or SOFTWARE_FLOOR)
        return (now.year, now.month) if now.astimezone(UTC) >= floor else None

    def specs(self, catalogue: Catalogue) -> Mapping[str, CheckSpec]:
        """Every check with its limit; a limit of the signed profile goes before the product's own."""
        reference = self._terminal.reference()
        if reference is None or not reference.limits:
            return catalogue.checks
        return {
            check_id: replace(spec, limit=reference.limits.get(check_id, spec.limit))
            for check_id, spec in catalogue.checks.items()
        }

    def up_to(self, level: Level, catalogue: Catalogue, *, noticed: bool = True) -> list[PartPlan]:
        """One plan a part that has a check at ``level`` or below; without ``noticed`` none that a person notices."""
        plans = []
        reference = self._terminal.reference() or Reference()
        for row in catalogue.parts.values():
            facts = tuple(fact for fact in row.facts if _is_wanted(catalogue.checks[fact], level, noticed=noticed))
            if facts:
                asked = any(catalogue.checks[fact].level is not Level.SAFE for fact in facts)
                deadline_s = row.asked_deadline_s if asked else row.deadline_s
                plans.append(
                    PartPlan(
                        part=row.part,
                        facts=facts,
                        deadline_s=deadline_s * self._settings.service.time_factor,
                        disturbs=row.disturbs or asked,
                        person=any(catalogue.checks[fact].level is Level.ASSISTED for fact in facts),
                        check=self._check(row, frozenset(facts)),
                        required=row.part in reference.required,
                        fitted=row.part in (reference.fitted or ()),
                        here=self._application.ask_echo if row.part == "host" and self._application else None,
                    )
                )
        return plans

    def _check(self, row: PartRow, wanted: frozenset[str]) -> Callable[[Sheet], None]:
        checks: dict[str, Callable[[Sheet], None]] = {
            "reader": lambda sheet: self._reader(sheet, wanted),
            "smart_card": lambda sheet: self._smart_card(sheet, wanted),
            "modem": lambda sheet: self._modem(sheet, wanted),
            "network": self._network,
            "clock": lambda sheet: self._clock(sheet, wanted),
            "storage": self._storage,
            "memory": self._memory,
            "temperature": self._temperature,
            "profile": self._profile(self.overlays),
            "update": self._update,
            "screen": lambda sheet: self._screen(sheet, wanted),
            "service": self._service,
            "versions": self._versions,
            "host": _without_application,
            **board_checks(self._settings, self._terminal, wanted),
        }
        return checks[row.part]

    def _profile(self, overlays: Overlays) -> Callable[[Sheet], None]:
        def check(sheet: Sheet) -> None:
            self._terminal.check(sheet)
            write_overlays(overlays, sheet)

        return check

    def _update(self, sheet: Sheet) -> None:
        from device.selftest.update import check_update  # noqa: PLC0415
        from device.update.records import Records  # noqa: PLC0415

        check_update(Records(self._settings.service.state_dir / "update"), sheet)

    def _screen(self, sheet: Sheet, wanted: frozenset[str]) -> None:
        from device.app.screen_check import check_pattern, check_screen  # noqa: PLC0415

        check_screen(self._settings.screen, self._settings.service.language, sheet)
        if "screen.pattern" in wanted:
            may_draw = self._application is None or self._application.may_draw()
            check_pattern(self._settings.screen, sheet, may_draw=may_draw)

    def _reader(self, sheet: Sheet, wanted: frozenset[str]) -> None:
        from device.drivers.card_reader import ReaderSetup  # noqa: PLC0415
        from device.drivers.reader_profile import parse_reader_profile  # noqa: PLC0415
        from device.selftest.card_reader import check_card_reader  # noqa: PLC0415

        line = self._settings.reader
        setup, hal = None, None
        if line is None:
            hal = library_of(self._settings)
        else:
            profile = parse_reader_profile(read_catalogue(f"readers/{line.profile}.toml"))
            setup = ReaderSetup(line.port, line.baud, profile.slowed(self._settings.service.time_factor))
        check_card_reader(setup, sheet, hal)
        if "reader.swipe" in wanted:
            from device.selftest.assisted import check_swipe  # noqa: PLC0415

            check_swipe(setup, hal, sheet)

    def _smart_card(self, sheet: Sheet, wanted: frozenset[str]) -> None:
        from device.drivers.smart_card import SmartCardSetup  # noqa: PLC0415
        from device.selftest.hal_parts import check_slot_counters  # noqa: PLC0415
        from device.selftest.smart_card import check_smart_card  # noqa: PLC0415

        reader = self._settings.smart_card
        level = Level.ASSISTED if "smart_card.select" in wanted else Level.SAFE
        check_smart_card(None if reader is None else SmartCardSetup(reader), sheet, level)
        check_slot_counters(library_of(self._settings), sheet, fitted=reader is not None)

    def _modem(self, sheet: Sheet, wanted: frozenset[str]) -> None:
        from device.drivers.modem_facts import ModemSetup  # noqa: PLC0415
        from device.selftest.modem import check_modem  # noqa: PLC0415

        line = self._settings.modem
        setup = None if line is None else ModemSetup(line.port, line.baud)
        check_modem(setup, sheet, self._host(), reattach="modem.reattach" in wanted)
        if self._modem_watch is not None:
            self._modem_watch.check(sheet)
        elif line is None:
            sheet.not_run(RE_REGISTRATIONS, "not_fitted", "No modem is configured.")
        else:
            sheet.not_run(RE_REGISTRATIONS, "no_listener", "Nobody listens: the service does not run, or has no port.")

    def _network(self, sheet: Sheet) -> None:
        from device.selftest.network import check_network  # noqa: PLC0415

        check_network(self._host(), sheet)

    def _host(self) -> NetworkSetup | None:
        from device.drivers.network import NetworkSetup  # noqa: PLC0415

        host = self._settings.network
        if host is None:
            return None
        return NetworkSetup(host.host, host.port, host.tls, host.server_name, host.ca_file, host.timeout_s)

    def _clock(self, sheet: Sheet, wanted: frozenset[str]) -> None:
        from device.drivers.sntp import TimeServer  # noqa: PLC0415
        from device.selftest.clock import ClockSetup, check_clock  # noqa: PLC0415

        named = self._settings.time_server
        server = None if named is None else TimeServer(*named)
        setup = ClockSetup(SOFTWARE_FLOOR, self._seen_before, self._host_time, server=server)
        check_clock(setup, sheet, active="clock.drift" in wanted)

    def _storage(self, sheet: Sheet) -> None:
        from device.selftest.storage import StorageSetup, StoreState, check_storage  # noqa: PLC0415

        state = StoreState(self._store.degraded, self._store.set_aside)
        check_storage(StorageSetup(self._settings.service.state_dir, state), sheet)

    def _memory(self, sheet: Sheet) -> None:
        from device.selftest.system import SystemSetup, check_memory  # noqa: PLC0415

        check_memory(SystemSetup(), sheet)

    def _temperature(self, sheet: Sheet) -> None:
        from device.selftest.system import SystemSetup, check_temperature  # noqa: PLC0415

        check_temperature(SystemSetup(), sheet)

    def _service(self, sheet: Sheet) -> None:
        if self._application is None:
            sheet.not_run("service.payment_application", "no_service", "The service does not run.")
        else:
            name = self._application.names()
            sheet.measured("service.payment_application", "connected" if name else "none", detail=name)

    def _versions(self, sheet: Sheet) -> None:
        from device.drivers.system import read_system_version  # noqa: PLC0415
        from device.selftest.versions import VersionsSetup, check_versions  # noqa: PLC0415

        told = {"posmedic": __version__, **(self._application.versions() if self._application is not None else {})}
        system = read_system_version()
        if system is not None:
            told["system"] = system
        expected = (self._terminal.reference() or Reference()).versions
        check_versions(VersionsSetup(told, expected), VERSIONED, sheet)


def _is_wanted(spec: CheckSpec, level: Level, *, noticed: bool) -> bool:
    return _LEVELS.index(spec.level) <= _LEVELS.index(level) and (noticed or not spec.noticed)


def _without_application(sheet: Sheet) -> None:
    sheet.not_run("host.echo", "no_service", "The service does not run, so no payment application is connected.")
