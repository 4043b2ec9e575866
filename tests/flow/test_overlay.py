"""The real service with an acquirer's overlay: used when its signature holds, refused and told when it does not."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.overlay import CAUSE, CODE, HEADER, signed
from support.terminal import FIELDS, Terminal

from tools.simulate.running_service import RunningService, wait_until


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    made = Terminal(tmp_path / "terminal")
    yield made
    made.remove()


def configure(terminal: Terminal, folder: Path) -> Path:
    settings = signed(folder, HEADER + CODE + CAUSE)
    terminal.configure(f'[overlay]\nfiles = ["{settings.files[0]}"]\nsigners = "{settings.signers}"')
    return settings.files[0]


def overlay_check(service: RunningService) -> Any:
    (row,) = [row for row in service.ask("facts")["evidence"] if row["id"] == "profile.overlay"]
    return row


def diagnose_q7(terminal: Terminal) -> Any:
    with terminal.client() as application:
        application.hello("unionpay")
        application.say("exchange", id="1", mac="verified", fields={**FIELDS, "39": "Q7"}, entry_mode="chip")
        return application.wait_for("diagnosis")["diagnosis"]


def test_a_signed_overlay_is_used_once_its_signature_was_checked(terminal: Terminal, tmp_path: Path) -> None:
    configure(terminal, tmp_path)
    with terminal.running() as service:
        wait_until(lambda: overlay_check(service)["outcome"] == "pass", 30.0, "the check of the overlay")
        assert "acquirer" in overlay_check(service)["detail"]
        diagnosis = diagnose_q7(terminal)
    assert (diagnosis["verdict"], diagnosis["meaning"]["en"]) == ("customer_action", "take another card")
    assert diagnosis["notes"] == []


def test_a_changed_overlay_is_refused_and_the_screen_and_the_report_say_so(terminal: Terminal, tmp_path: Path) -> None:
    path = configure(terminal, tmp_path)
    path.write_text(path.read_text().replace("take another card", "take this card"))
    with terminal.running() as service:
        wait_until(lambda: overlay_check(service)["outcome"] == "fail", 30.0, "the check of the overlay")
        diagnosis = diagnose_q7(terminal)
        report = terminal.command("report", "--lang", "en").stdout.decode()
    assert diagnosis["verdict"] == "not_enough_data"
    assert "profile.overlay" in [f"{row['part']}.{row['fact']}" for row in diagnosis["found_on_terminal"]]
    assert "built-in knowledge" in diagnosis["notes"][0]["text"]["en"]
    assert "Overlay of the knowledge" in report
