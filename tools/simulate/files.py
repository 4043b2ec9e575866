"""The files of the simulated terminal: settings, profile with a real signature, a state folder that may be full."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from device.evidence import EntryMode, Exchange, MacVerdict, Match
from device.store.store import Store
from tools.sign_profile import sign_profile
from tools.simulate.namespace import inside
from tools.simulate.scenario import Scenario

_SIGNER: Final = "simulated-vendor"


def write_profile(scenario: Scenario, folder: Path) -> str:
    """Write the terminal's profile and sign it; return the ``[profile]`` section of the settings."""
    facts, terminal = scenario.profile, scenario.terminal
    if not facts.present:
        return ""
    own = {name: getattr(terminal, name) for name in ("terminal_id", "merchant_id", "mcc", "country", "currency")}
    lines = ["[terminal]", *(f'{name} = "{value}"' for name, value in {**own, **facts.values}.items())]
    lines += ["[host]", 'profile = "unionpay"', 'source = "simulated acquirer"']
    told = {"signs_declines": facts.signs_declines, "maps_codes": facts.maps_codes, "stands_in": facts.stands_in}
    lines += [f"{name} = {str(value).lower()}" for name, value in told.items() if value is not None]
    lines += ["[acquirer]", 'name = "Example Acquirer"', 'hotline = "400-800-0062"']
    lines += ["[shop]", f"may_fix = [{', '.join(repr(name) for name in facts.may_fix)}]"]
    path, signers = folder / "terminal.toml", folder / "signers"
    path.write_text("\n".join(lines) + "\n")
    if facts.signed:
        signers = sign_with_new_key(path)
    return f'[profile]\npath = "{path}"\nsigners = "{signers}"\n'


def sign_with_new_key(profile: Path) -> Path:
    """Sign the profile as an acquirer would; return the terminal's file of allowed signers. The key is gone then."""
    key, signers = profile.with_name("vendor.key"), profile.with_name("signers")
    public = profile.with_name("vendor.key.pub")
    for old in (key, public):
        old.unlink(missing_ok=True)
    _quietly("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", _SIGNER, "-f", str(key))
    signers.write_text(f"{_SIGNER} {public.read_text()}")
    sign_profile(profile, key)
    key.unlink()
    return signers


def write_settings(
    folder: Path, run_dir: Path, language: str, size: str, sections: Mapping[str, Mapping[str, object]], profile: str
) -> Path:
    """Write ``settings.toml`` with the given sections beside the service's own and the screen's, then ``profile``."""
    bits = 1 if size == "128x64" else 32
    whole: dict[str, Mapping[str, object]] = {
        "service": {"state_dir": str(folder / "state"), "run_dir": str(run_dir), "language": language},
        "screen": {"kind": "png", "path": str(folder), "size": size, "bits": bits, **sections.get("screen", {})},
        **{name: values for name, values in sections.items() if name != "screen"},
    }
    text = [profile]
    for name, values in whole.items():
        text += [f"[{name}]", *(f"{key} = {_toml(value)}" for key, value in values.items()), ""]
    path = folder / "settings.toml"
    path.write_text("\n".join(text))
    return path


def _toml(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, int | float) else '"' + str(value).replace('"', "") + '"'


def prepare_state(scenario: Scenario, folder: Path) -> str:
    """Make the state folder as the scenario wants it; return what could not be had, or an empty text."""
    state = folder / "state"
    state.mkdir(parents=True, exist_ok=True)
    for old in state.iterdir():
        old.unlink()
    hardware = scenario.hardware
    if hardware.clock_back_days:
        _live_ahead(state, hardware.clock_back_days)
    if not hardware.disk_full:
        return ""
    if not inside():
        return "no namespace here, so the state folder is not full as the scenario wants it"
    _quietly("mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(state))
    with (state / "filler").open("wb", buffering=0) as file:
        try:
            while file.write(b"\0" * 4096):
                pass
        except OSError:  # it is full, as it should be
            return ""
    return ""


class _Ahead:
    """A clock that shows the future, for a terminal that lived there before its clock was set back."""

    def __init__(self, days: int) -> None:
        self._ahead_s = timedelta(days=days).total_seconds()

    @property
    def boot_id(self) -> str:
        return "a-boot-of-the-past"

    def monotonic_s(self) -> float:
        return 1.0

    def wall_s(self) -> float:
        return datetime.now(UTC).timestamp() + self._ahead_s


def _live_ahead(state: Path, days: int) -> None:
    store = Store(state / "posmedic.db", _Ahead(days))
    store.add_exchange(Exchange("00", "unionpay", MacVerdict.VERIFIED, Match.MATCHED, EntryMode.CHIP))
    store.close()


def _quietly(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True, env={**os.environ, "LC_ALL": "C"})
