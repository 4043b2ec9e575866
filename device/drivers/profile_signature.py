"""Checks signatures, of the terminal's profile and of overlays, with the system's ``ssh-keygen`` (OpenSSH SSHSIG)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import subprocess

NAMESPACE: Final = "posmedic-profile"
_TIMEOUT_S: Final = 2.0


class Signature(StrEnum):
    """What came of checking a signature."""

    GOOD = "good"
    BAD = "bad"
    ABSENT = "absent"
    NO_TOOL = "no_tool"


@dataclass(frozen=True, slots=True)
class SignatureResult:
    """The outcome, and who signed (the principal of the allowed-signers file) if it is good."""

    signature: Signature
    signer: str = ""


def read_signature(
    content: bytes, signature_path: Path, signers: Path | None, namespace: str = NAMESPACE
) -> SignatureResult:
    """Check that ``content`` was signed by one of ``signers`` for ``namespace``.

    The bytes that were parsed are what is checked, not the file's present content.
    """
    if signers is None or not signature_path.is_file() or not signers.is_file():
        return SignatureResult(Signature.ABSENT)
    import subprocess  # noqa: PLC0415  only where a signature is checked, in a worker

    common = ("-n", namespace, "-s", str(signature_path), "-f", str(signers))
    try:
        found = _ssh_keygen("find-principals", "-s", str(signature_path), "-f", str(signers), content=b"")
        signer = found.stdout.decode(errors="replace").strip().splitlines()[:1]
        if found.returncode != 0 or not signer:
            return SignatureResult(Signature.BAD)
        checked = _ssh_keygen("verify", *common, "-I", signer[0], content=content)
    except FileNotFoundError:
        return SignatureResult(Signature.NO_TOOL)
    except subprocess.TimeoutExpired:
        return SignatureResult(Signature.BAD)
    return SignatureResult(Signature.GOOD, signer[0]) if checked.returncode == 0 else SignatureResult(Signature.BAD)


def _ssh_keygen(verb: str, *arguments: str, content: bytes) -> subprocess.CompletedProcess[bytes]:
    import subprocess  # noqa: PLC0415

    return subprocess.run(
        ["ssh-keygen", "-Y", verb, *arguments],  # noqa: S607  the system's own tool, wherever PATH has it
        input=content,
        capture_output=True,
        timeout=_TIMEOUT_S,
        check=False,
    )
