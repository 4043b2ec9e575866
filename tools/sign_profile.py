"""Checks a terminal's profile and signs it for the terminals that trust the key.

    python -m tools.sign_profile terminal.toml --key acquirer.key

Writes ``terminal.toml.sig`` beside it, by the system's ``ssh-keygen``. A terminal accepts it where its allowed signers
(``[profile] signers``, OpenSSH's format) name the key for the namespace ``posmedic-profile``. A profile that a terminal
would refuse is not signed.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Final

from device.app.catalogue import load_catalogue
from device.app.terminal import known_names
from device.table import TableError
from device.terminal_profile import read_terminal_file
from tools.signing import SigningError, sign_file

NAMESPACE: Final = "posmedic-profile"


def sign_profile(profile: Path, key: Path) -> Path:
    """Sign a profile that a terminal would take; return the signature. Raises :class:`SigningError`."""
    try:
        read_terminal_file(profile, known_names(load_catalogue()))
    except TableError as error:
        raise SigningError(f"{error}; nothing was signed") from error
    return sign_file(profile, key, NAMESPACE)


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
