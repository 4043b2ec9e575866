"""What tells that the cable of a USB gadget was pulled: its line knows no modem lines, so the controller is asked."""

from __future__ import annotations

from pathlib import Path

import pytest

from device.ports.console_port import usb_is_plugged


@pytest.mark.parametrize(
    ("states", "plugged"),
    [
        ((), None),
        (("configured\n",), True),
        (("not attached\n",), False),
        (("suspended\n", "configured\n"), True),
        (("default\n", "addressed\n"), False),
    ],
)
def test_a_gadget_is_plugged_in_while_a_host_has_configured_it(
    tmp_path: Path, states: tuple[str, ...], plugged: bool | None
) -> None:
    for number, state in enumerate(states):
        folder = tmp_path / "class" / "udc" / f"udc.{number}"
        folder.mkdir(parents=True)
        (folder / "state").write_text(state)
    assert usb_is_plugged(tmp_path) is plugged
