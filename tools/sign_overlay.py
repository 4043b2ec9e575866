"""Checks an overlay against the built-in knowledge and signs it for the terminals that trust the key.

    python -m tools.sign_overlay acquirer.toml --key acquirer.key

Writes ``acquirer.toml.sig`` beside it. A terminal takes it where its allowed signers (``[overlay] signers``, OpenSSH's
format) name the key for the namespace ``posmedic-overlay``. An overlay that a terminal would refuse is not signed.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from device.app.overlays import NAMESPACE, build_knowledge
from device.settings import read_text
from device.table import TableError, parse_toml
from tools.signing import SigningError, sign_file


def sign_overlay(overlay: Path, key: Path) -> Path:
    """Sign an overlay that fits the built-in knowledge; return the signature. Raises :class:`SigningError`."""
    try:
        build_knowledge((parse_toml(read_text(overlay), overlay.name),))
    except TableError as error:
        raise SigningError(f"{error}; nothing was signed") from error
    return sign_file(overlay, key, NAMESPACE)


def main() -> int:
    """Run the command line: 0 signed, 2 not."""
    parser = argparse.ArgumentParser(prog="python -m tools.sign_overlay", description=__doc__)
    parser.add_argument("overlay", type=Path, help="the overlay, a TOML file")
    parser.add_argument("--key", type=Path, required=True, help="OpenSSH key to sign with")
    arguments = parser.parse_args()
    try:
        print(sign_overlay(arguments.overlay, arguments.key))
    except SigningError as error:
        print(f"sign_overlay: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
