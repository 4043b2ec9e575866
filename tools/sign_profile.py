"""Checks a terminal's profile and signs it for the terminals that trust the key.

    python -m tools.sign_profile terminal.toml --key acquirer.key

Writes ``terminal.toml.sig`` beside it, by the system's ``ssh-keygen``. A terminal accepts it where its allowed signers
(``[profile] signers``, OpenSSH's format) name the key for the namespace ``posmedic-profile``. A profile that a terminal
would refuse is not signed.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path
from typing import Final

from device.app.catalogue import load_catalogue
from device.app.terminal import known_names
from device.table import TableError
from device.terminal_profile import read_terminal_file

NAMESPACE: Final = "posmedic-profile"


class SigningError(Exception):
    """The profile was not signed; the text is one sentence."""


def sign_profile(profile: Path, key: Path) -> Path:
    """Sign ``profile`` with the private key file (or a public one whose key an agent holds); return the signature."""
    try:
        read_terminal_file(profile, known_names(load_catalogue()))
    except TableError as error:
        raise SigningError(f"{error}; nothing was signed") from error
    signature = Path(f"{profile}.sig")
    signature.unlink(missing_ok=True)
    command = ["ssh-keygen", "-q", "-Y", "sign", "-f", str(key), "-n", NAMESPACE, str(profile)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, "LC_ALL": "C"})
    except FileNotFoundError as error:
        raise SigningError("ssh-keygen is missing: install openssh-client") from error
    if done.returncode != 0 or not signature.exists():
        raise SigningError(f"ssh-keygen did not sign: {done.stderr.strip().splitlines()[-1:] or 'no reason given'}")
    return signature


def main() -> int:
    """Run the command line: 0 signed, 2 not."""
    parser = argparse.ArgumentParser(prog="python -m tools.sign_profile", description=__doc__)
    parser.add_argument("profile", type=Path, help="the terminal's profile, a TOML file")
    parser.add_argument("--key", type=Path, required=True, help="OpenSSH key to sign with")
    arguments = parser.parse_args()
    try:
        print(sign_profile(arguments.profile, arguments.key))
    except SigningError as error:
        print(f"sign_profile: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
