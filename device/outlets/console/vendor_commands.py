"""Commands of level 3, which two signers open: which slot starts, and whom this terminal trusts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from device.outlets.console.maint_commands import put_in_place, receive_kind
from device.outlets.console.open_commands import Handler
from device.outlets.console.running import Running
from device.outlets.update_text import refusal_text

KINDS: Final = ("signers", "revoked")


def trust_upload(running: Running, words: tuple[str, ...]) -> None:
    """Receive a new list of allowed signers, or of what is revoked."""
    receive_kind(running, words, KINDS)


def slot_switch(running: Running, words: tuple[str, ...]) -> None:
    """Have the other slot started at the next restart."""
    if words:
        running.bad_words()
        return

    def done(answer: Mapping[str, Any]) -> None:
        if "refused" in answer:
            running.fail("refused", what=refusal_text(answer, running.session.words()))
        else:
            running.ok(str(answer["next"]))

    running.session.desk.switch_slot(done)


COMMANDS: Final[Mapping[str, Handler]] = {
    "slot switch": slot_switch,
    "trust upload": trust_upload,
    "trust install signers": put_in_place("signers"),
    "trust install revoked": put_in_place("revoked"),
}
