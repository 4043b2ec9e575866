"""The nightly test: once a night, in quiet hours, never beside sales, and not again because of the daily reset."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from support.clocks import HandClock

from device.app.quiet_hour import AFTER_SALE_S, APART_S, QuietHour
from device.evidence import Evidence, Outcome
from device.store.store import Store


@pytest.fixture
def clock() -> HandClock:
    return HandClock(seconds=1e6)


@pytest.fixture
def quiet(tmp_path: Path, clock: HandClock) -> Callable[..., QuietHour]:
    def make(hour: int = 3, reason: str = "", log: Store | None = None) -> QuietHour:
        store = log or Store(tmp_path / "posmedic.db", clock)
        return QuietHour(store, lambda: reason, lambda: hour, clock.monotonic_s)

    return make


@pytest.mark.parametrize(("hour", "due"), [(0, False), (1, False), (2, True), (4, True), (5, False), (14, False)])
def test_it_is_made_only_at_night(quiet: Callable[..., QuietHour], hour: int, due: bool) -> None:
    assert quiet(hour).is_due() is due


@pytest.mark.parametrize("reason", ["sale_running", "offline_pending"])
def test_a_sale_and_waiting_payments_hold_it_back(quiet: Callable[..., QuietHour], reason: str) -> None:
    assert not quiet(reason=reason).is_due()


def test_a_shop_that_sells_at_night_is_left_alone(quiet: Callable[..., QuietHour], clock: HandClock) -> None:
    night = quiet()
    night.sale_seen()
    clock.pass_s(AFTER_SALE_S - 1)
    assert not night.is_due()
    clock.pass_s(2)
    assert night.is_due()


def test_once_a_night_also_across_the_daily_reset(
    quiet: Callable[..., QuietHour], clock: HandClock, tmp_path: Path
) -> None:
    first = Store(tmp_path / "a.db", clock)
    night = quiet(log=first)
    night.made([Evidence("host.echo", Outcome.PASS)])
    assert not night.is_due()
    first.close()
    clock.restart("boot-2")
    again = quiet(log=Store(tmp_path / "a.db", clock))
    assert not again.is_due()
    clock.pass_s(APART_S)
    assert again.is_due()


def test_one_that_a_sale_cut_short_is_made_again(quiet: Callable[..., QuietHour]) -> None:
    night = quiet()
    night.made([Evidence("host.echo", Outcome.NOT_RUN, reason="sale_running")])
    assert night.is_due()
    night.made([Evidence("host.echo", Outcome.NOT_RUN, reason="not_connected")])
    assert not night.is_due()
