"""The terminal at the other end, over pulled cables: who it is, and going on with the same one when it comes back."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeVar

from tools.technician.conversation import Conversation
from tools.technician.finding import Candidate, choose, find_candidates
from tools.technician.link import BAUD, open_link
from tools.technician.outlet import Outlet
from tools.technician.trouble import CableError, CallError, TroubleError

_AGAIN_S: Final = 0.3
_MOST_PULLS: Final = 20
_ID_TRIES: Final = 3

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Identity:
    """Which terminal it is: its number ("-" without a profile), its version, the USB serial number ("" unknown)."""

    terminal_id: str
    version: str
    usb_serial: str
    port: str


class Terminal:
    """Opens the cable and keeps it. ``port`` None: the only terminal that is plugged in.

    ``patience_s``: how long to wait for a terminal at first and for the cable to come back, each time.
    """

    def __init__(self, port: str | None, baud: int, patience_s: float, language: str, outlet: Outlet) -> None:
        self._port = port
        self._baud = baud or BAUD
        self._patience_s = patience_s
        self._language = language
        self._outlet = outlet
        self._conversation: Conversation | None = None
        self.identity: Identity | None = None
        self.on_return: Callable[[Conversation], None] = lambda _conversation: None

    def connect(self) -> Identity:
        """Find it, open the cable and learn who it is; waits as long as there is patience. Raises CableError."""
        until = time.monotonic() + self._patience_s
        told = False
        self._outlet.begin("connect", port=self._port or "USB")
        while True:
            try:
                self.identity = self._connect()
            except CableError as trouble:
                if time.monotonic() >= until:
                    raise
                if not told:
                    self._outlet.cable("awaited", trouble)
                    told = True
                time.sleep(_AGAIN_S)
            else:
                self._outlet.terminal(self.identity)
                return self.identity

    def doing(self, step: Callable[[Conversation], T]) -> T:
        """Carry out a step; if the cable is pulled in it, wait for the same terminal and begin the step again."""
        for _ in range(_MOST_PULLS):
            if self._conversation is None:
                self.connect()
            assert self._conversation is not None  # noqa: S101  connect made it
            try:
                return step(self._conversation)
            except CableError as trouble:
                self.close()
                if self._patience_s <= 0:
                    raise
                self._outlet.cable("lost", trouble)
                self._come_back(trouble)
        raise CableError("too_often")

    def close(self) -> None:
        """Let go of the cable."""
        if self._conversation is not None:
            self._conversation.link.close()
            self._conversation = None

    def end(self) -> None:
        """The work is over, however it ended: nothing goes on at the terminal and nobody stays signed in there."""
        if self._conversation is not None:
            with contextlib.suppress(CableError):
                self._conversation.send_text("stop")
                self._conversation.send_text("sign-out")
            self.close()

    def _come_back(self, trouble: CableError) -> None:
        until = time.monotonic() + self._patience_s
        before = self.identity
        while time.monotonic() < until:
            try:
                self.identity = self._connect()
                if before is not None and not _same(before, self.identity):
                    self.close()
                    raise CallError("other_terminal", was=before.terminal_id, now=self.identity.terminal_id)
                assert self._conversation is not None  # noqa: S101  just made
                self._outlet.cable("back", None)
                self.on_return(self._conversation)
            except CableError:
                self.close()
                time.sleep(_AGAIN_S)
            else:
                return
        raise trouble

    def _connect(self) -> Identity:
        self.close()
        where = self._where()
        link = open_link(where.port, self._baud)
        conversation = Conversation(link)
        try:
            conversation.wake()
            identity = _identify(conversation, where)
            conversation.get("lang", self._language)
        except TroubleError:
            link.close()
            raise
        self._conversation = conversation
        return identity

    def _where(self) -> Candidate:
        """The port that was named, else the only one that is ours; after a pull, the one with the same serial."""
        if self._port is not None:
            return Candidate(self._port, "", sure=True)
        found = find_candidates()
        if self.identity is not None and self.identity.usb_serial:
            found = [candidate for candidate in found if candidate.usb_serial == self.identity.usb_serial]
        return choose(found)


def _identify(conversation: Conversation, where: Candidate) -> Identity:
    """Ask ``id``; an answer without its rows is of somebody else. Raises CableError("not_ours")."""
    for _ in range(_ID_TRIES):
        facts = conversation.get("id").facts
        if {"terminal_id", "verified"} <= set(facts):
            version = getattr(conversation.get("version").end, "text", "").removeprefix("posmedic ")
            return Identity(facts["terminal_id"], version, where.usb_serial, where.port)
    raise CableError("not_ours", port=where.port)


def _same(before: Identity, now: Identity) -> bool:
    return (before.terminal_id, before.usb_serial) == (now.terminal_id, now.usb_serial)
