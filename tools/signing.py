"""Signs a file by the system's ``ssh-keygen`` (OpenSSH SSHSIG): what the tools for profiles and overlays share."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path


class SigningError(Exception):
    """The file was not signed; the text is one sentence."""


def sign_file(path: Path, key: Path, namespace: str) -> Path:
    """Sign with the private key file (or a public one whose key an agent holds); return the ``.sig`` beside it."""
    signature = Path(f"{path}.sig")
    signature.unlink(missing_ok=True)
    command = ["ssh-keygen", "-q", "-Y", "sign", "-f", str(key), "-n", namespace, str(path)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, "LC_ALL": "C"})
    except FileNotFoundError as error:
        raise SigningError("ssh-keygen is missing: install openssh-client") from error
    if done.returncode != 0 or not signature.exists():
        raise SigningError(f"ssh-keygen did not sign: {done.stderr.strip().splitlines()[-1:] or 'no reason given'}")
    return signature
