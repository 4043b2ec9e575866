"""Declines without end: the service answers each, keeps what it promised, and does not grow."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.terminal import PATIENCE_S, Terminal

MOST_MB = 32  # the whole process; it levels off at about 25
COUNT = 10_000 if os.environ.get("HYPOTHESIS_PROFILE") == "long" else 300


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    made = Terminal(tmp_path)
    made.configure(screen='kind = "none"')
    yield made
    made.remove()


def test_declines_in_a_row_are_all_answered_and_memory_levels_off(terminal: Terminal) -> None:
    with terminal.running() as service, terminal.client() as application:
        application.hello("unionpay")
        for number in range(COUNT):
            fields = {"mti": "0210", "39": "62", "11": f"{number:06d}", "41": "00000062", "42": "123456789012345"}
            token = f"card-{number % 700:03d}"
            application.say("exchange", id=str(number), fields=fields, mac="verified", card_token=token)
            told = application.wait_for("diagnosis", id=str(number), revision=1, timeout_s=PATIENCE_S)
            assert told["diagnosis"]["code"] == "62"
            application.forget_old()
        assert service.rss_mb < MOST_MB
        codes = {row["code"]: row["count"] for row in service.ask("history")["codes"]}
        assert codes == {"62": COUNT}
    size = sum(path.stat().st_size for path in terminal.state.glob("posmedic.db*"))
    assert size < 20 << 20
