"""The chip card slot: is a card in, what did it say at reset, does it answer a SELECT?

Blocking calls: run them in a worker with a deadline. Nothing here reads a record, and no card data leaves it.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from native.pcsc import Card, Context, PcscError, ReaderState, ServiceError
from protocol.apdu import ApduError, Command, Response, T0Exchange, parse_response, select

PPSE: Final = b"2PAY.SYS.DDF01"  # EMV Contactless Book B, 3.3.2
PSE: Final = b"1PAY.SYS.DDF01"  # EMV Book 1, 12.2.2
_MOST_DISTURBANCES: Final = 3  # a line that loses more is told as a card that is gone
_SETTLE_S: Final = 1.0  # pcscd tells of a card a moment before it has the ATR


@dataclass(frozen=True, slots=True)
class SmartCardSetup:
    """``reader`` is part of the PC/SC reader's name; "" takes the first reader."""

    reader: str


class Slot(StrEnum):
    """What the slot holds. MUTE: a card is in but did not answer its reset. UNAVAILABLE: the reader was pulled."""

    PRESENT = "present"
    EMPTY = "empty"
    MUTE = "mute"
    UNAVAILABLE = "unavailable"


@dataclass(frozen=True, slots=True)
class Application:
    """A DF name to ask for, and the short word that stands for it in results."""

    name: str
    df_name: bytes


@dataclass(frozen=True, slots=True)
class Selection:
    """How the card answered one SELECT: accepted or not, its status word, and the time of the answer."""

    name: str
    accepted: bool
    sw: int
    took_ms: float


@dataclass(frozen=True, slots=True)
class Restart:
    """The card was powered anew: how long that and its answer to reset took, and which protocol it speaks."""

    took_ms: float
    protocol: str


@dataclass(frozen=True, slots=True)
class Disturbance:
    """An exchange was lost or garbled on the line and made again: how many so far."""

    count: int


DIRECTORIES: Final = (Application("ppse", PPSE), Application("pse", PSE))


def find_reader(context: Context, setup: SmartCardSetup) -> str | None:
    """The first reader whose name contains ``setup.reader``, None if there is none. Raises PcscError."""
    return next((name for name in context.readers() if setup.reader in name), None)


def read_slot(context: Context, reader: str) -> ReaderState:
    """The slot now. Waits at most a second if a card was put in just before. Raises PcscError."""
    until = time.monotonic() + _SETTLE_S
    state = context.reader_state(reader)
    while state.present and not state.mute and not state.atr and (left := until - time.monotonic()) > 0:
        state = context.wait_for_change(state, left) or state
    return state


def wait_for_card(context: Context, state: ReaderState, wait_s: float) -> ReaderState:
    """Wait until a card is in, at most ``wait_s``; the slot's state then. Raises PcscError."""
    until = time.monotonic() + wait_s
    while slot_of(state) is Slot.EMPTY and (left := until - time.monotonic()) > 0:
        state = context.wait_for_change(state, left) or state
    return state if slot_of(state) is Slot.EMPTY else read_slot(context, state.reader)


def slot_of(state: ReaderState) -> Slot:
    """The state in one word."""
    if not state.available:
        return Slot.UNAVAILABLE
    if not state.present:
        return Slot.EMPTY
    return Slot.MUTE if state.mute else Slot.PRESENT


def select_applications(
    context: Context, reader: str, applications: Sequence[Application]
) -> Iterator[Restart | Disturbance | Selection]:
    """Power the card anew, SELECT one application after the other, and tell each step as it comes.

    The card is reset at the end. An exchange that fails while the card stays in is made again after a restart, a few
    times. Raises PcscError, with CardGoneError for a card that vanishes in the middle.
    """
    with context.connect(reader) as card:
        yield _restart(card)
        disturbed = 0
        for application in applications:
            while True:
                started = time.perf_counter()
                try:
                    response = _exchange(card, select(application.df_name, want_data=not card.is_t0))
                except ServiceError:
                    raise
                except (PcscError, ApduError) as error:
                    disturbed += 1
                    yield Disturbance(disturbed)
                    _again(card, error, disturbed)
                    continue
                took_ms = (time.perf_counter() - started) * 1000
                yield Selection(application.name, response.accepted, response.sw, took_ms)
                break


def _restart(card: Card) -> Restart:
    started = time.perf_counter()
    card.restart()
    return Restart((time.perf_counter() - started) * 1000, "T=0" if card.is_t0 else "T=1")


def _again(card: Card, error: PcscError | ApduError, disturbed: int) -> None:
    """Bring a disturbed card back; one that is gone or too often disturbed raises the first error."""
    if disturbed >= _MOST_DISTURBANCES:
        raise error
    try:
        card.restart()
    except ServiceError:
        raise
    except PcscError:
        raise error from None


def _exchange(card: Card, command: Command) -> Response:
    """One command and its whole answer; over T=0 that may take several. Raises PcscError and ApduError."""
    if not card.is_t0:
        return parse_response(card.transmit(command.build()))
    exchange = T0Exchange(command)
    request: bytes | None = exchange.request
    while request is not None:
        request = exchange.feed(card.transmit(request))
    return exchange.response


def watch_slot(setup: SmartCardSetup, deadline_s: float) -> Iterator[Slot]:
    """Tell what the slot holds now and then each change, until ``deadline_s`` seconds have passed.

    A reader that is not there is UNAVAILABLE, once, and ends the watch. Raises PcscError.
    """
    until = time.monotonic() + deadline_s
    with Context() as context:
        reader = find_reader(context, setup)
        if reader is None:
            yield Slot.UNAVAILABLE
            return
        state = context.reader_state(reader)
        told = slot_of(state)
        yield told
        while told is not Slot.UNAVAILABLE and (left := until - time.monotonic()) > 0:
            changed = context.wait_for_change(state, left)
            if changed is None:
                return
            state = changed
            if slot_of(state) is not told:  # pcscd also wakes us when a card is powered down or shared
                told = slot_of(state)
                yield told
