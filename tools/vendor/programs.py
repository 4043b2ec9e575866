"""The programs that do the work (openssl, rauc, ssh-keygen), and how their refusals are told."""

from __future__ import annotations

import os
import subprocess
from typing import Final

_PACKAGES: Final = {
    "openssl": "openssl",
    "rauc": "rauc",
    "ssh-keygen": "openssh-client",
    "systemd-analyze": "systemd",
    "mksquashfs": "squashfs-tools",
}


class VendorError(Exception):
    """It was not done; the text is one sentence."""


def run(*words: str, given: str | None = None) -> str:
    """What the program writes on standard output. Raises :class:`VendorError` with its last line where it fails."""
    done = run_freely(*words, given=given)
    if done.returncode != 0:
        said = (done.stderr or done.stdout).strip().splitlines()[-1:] or ["no reason given"]
        raise VendorError(f"{words[0]} refused: {said[0]}")
    return done.stdout


def run_freely(*words: str, given: str | None = None) -> subprocess.CompletedProcess[str]:
    """As :func:`run`, where the caller judges the exit code. Raises :class:`VendorError` if it is not installed."""
    try:
        environment = {**os.environ, "LC_ALL": "C"}
        return subprocess.run(words, input=given, capture_output=True, text=True, check=False, env=environment)
    except FileNotFoundError as error:
        package = _PACKAGES.get(words[0], words[0])
        raise VendorError(f"{words[0]} is missing: apt-get install --no-install-recommends {package}") from error
