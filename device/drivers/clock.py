"""The terminal's clock against what else knows the time: the host's answer, the software's age, the last time seen."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

SOFTWARE_FLOOR: Final = datetime(2026, 11, 1, tzinfo=UTC)
"""No terminal that runs this software lives before this day; raised when the product is released."""

_TOLERANCE: Final = timedelta(minutes=15)  # a clock that was set right may step back a little
_JUMP: Final = timedelta(days=180)
_FAR: Final = timedelta(days=365 * 20)
_DIGITS: Final = 10


def clock_drift(host_time: str, now: datetime) -> float:
    """Seconds by which ``now`` is ahead of the host; ``host_time`` is MMDDhhmmss. Raises ValueError.

    DE13 and DE12 of ISO 8583:1987 are the local date and time where the sale is made, without year and zone: both are
    taken as the terminal's local time, and the year as the one that brings them nearest. So the drift is never more
    than half a year, and a wrong year stays invisible here: :func:`judge_date` is for that.
    """
    if len(host_time) != _DIGITS or not (host_time.isascii() and host_time.isdigit()):
        raise ValueError("not a time MMDDhhmmss")
    month, day, hour, minute, second = (int(host_time[place : place + 2]) for place in range(0, _DIGITS, 2))
    local = now.astimezone().replace(tzinfo=None) if now.tzinfo else now
    drifts = []
    for year in (local.year - 1, local.year, local.year + 1):
        try:
            drifts.append((local - datetime(year, month, day, hour, minute, second)).total_seconds())
        except ValueError:  # 29 February, or no date at all
            continue
    if not drifts:
        raise ValueError("not a date of any of these years")
    return min(drifts, key=abs)


def looks_like_zone(drift_s: float) -> bool:
    """Is the drift a whole number of quarter hours, as a wrong time zone makes it? Within a minute, up to 14 hours."""
    quarters = round(drift_s / 900)
    return 0 < abs(quarters) <= 56 and abs(drift_s - quarters * 900) <= 60


def keeps_time(held: datetime, floor: datetime, last_seen: datetime | None) -> bool:
    """Can a battery-backed clock that holds ``held`` have run on all the while? All three carry their zones."""
    return held >= max(floor, last_seen or floor) - _TOLERANCE


@dataclass(frozen=True, slots=True)
class DateJudgement:
    """``word``: plausible, jumped_ahead, far_ahead, before_floor, before_last_seen; ``detail`` one sentence."""

    word: str
    detail: str


def judge_date(now: datetime, floor: datetime, last_seen: datetime | None) -> DateJudgement:
    """Judge whether the date can be right. All three carry their zones.

    A clock that stands a year too low lies behind the last time seen. One that stands a year too high cannot be told
    from a terminal that lay switched off for a year, so that is ``jumped_ahead`` and marginal.
    """
    today = f"The clock says {now:%Y-%m-%d}"
    if now < floor:
        return DateJudgement("before_floor", f"{today}, but this software was made after {floor:%Y-%m-%d}.")
    if now > floor + _FAR:
        return DateJudgement("far_ahead", f"{today}, more than twenty years after this software was made.")
    if last_seen is not None and now < last_seen - _TOLERANCE:
        return DateJudgement("before_last_seen", f"{today}, but {last_seen:%Y-%m-%d %H:%M} was seen before.")
    if last_seen is not None and now > last_seen + _JUMP:
        days = (now - last_seen).days
        return DateJudgement("jumped_ahead", f"{today}, {days} days after the last time seen: is the year right?")
    return DateJudgement("plausible", f"{today}.")
