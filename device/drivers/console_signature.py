"""Checks who answers a challenge of the technician's port, with the system's ``ssh-keygen``. For workers: it may hang.

``ssh-keygen -Y verify`` says that the signature holds, that its key or the authority of its certificate is an allowed
signer for the role and the namespace, and that neither is revoked. How long a certificate may live, what it may be
used for and whether it is good now is read here from ``ssh-keygen -L`` (ssh-keygen(1), PROTOCOL.certkeys).
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

from protocol.console_challenge import NAMESPACE, Signature

if TYPE_CHECKING:
    import subprocess

_TIMEOUT_S: Final = 2.0
_FINGERPRINT: Final = re.compile(r"SHA256:[A-Za-z0-9+/]{43}")
_HEADING: Final = re.compile(r" {8}([A-Z][A-Za-z ]+): ?(.*)")
_HEADINGS: Final = frozenset(("Type", "Key ID", "Serial", "Valid", "Principals", "Critical Options"))
_ONE_LINE: Final = ("Type", "Key ID", "Serial", "Valid")
_VALID: Final = re.compile(r"from (\S{19}) to (\S{19})")


@dataclass(frozen=True, slots=True)
class SignInRules:
    """Whose signature counts: allowed signers and revocation list (files of OpenSSH), and a certificate's longest life.

    ``now`` is the time by which certificates and keys are judged; ``clock_ok`` False: nobody knows the time, so that
    no certificate can be judged, and only a key that signs this very challenge counts.
    """

    signers: Path
    revoked: Path | None
    most_certificate: timedelta
    now: datetime
    clock_ok: bool


@dataclass(frozen=True, slots=True)
class SignInVerdict:
    """``refused``: a word for the audit log, "" if it is granted; ``who`` signed, as far as that is known."""

    refused: str
    who: str = ""


class SignInRefused(Exception):  # noqa: N818  not an error: the outcome
    """Why, as a word for the audit log."""


def check_sign_in(
    text: bytes, role: str, answer: Sequence[Signature], needed: int, rules: SignInRules
) -> SignInVerdict:
    """Check that ``needed`` different signers signed ``text`` for ``role``."""
    import subprocess  # noqa: PLC0415  only in the worker
    import tempfile  # noqa: PLC0415

    who: list[str] = []
    keys: list[str] = []
    try:
        if len(answer) != needed:
            raise SignInRefused("wrong_count")  # noqa: TRY301
        with tempfile.TemporaryDirectory(prefix="posmedic-") as folder:
            for signature in answer:
                key, name = _Check(text, role, signature, rules, Path(folder)).run()
                keys.append(key)
                who.append(name)
        if len(set(keys)) != needed or len(set(who)) != needed:
            raise SignInRefused("same_signer")  # noqa: TRY301
    except SignInRefused as refused:
        return SignInVerdict(str(refused), ", ".join(who))
    except FileNotFoundError:
        return SignInVerdict("no_tool")
    except (OSError, subprocess.TimeoutExpired):
        return SignInVerdict("not_checked")
    return SignInVerdict("", ", ".join(who))


class _Check:
    """One signature."""

    def __init__(self, text: bytes, role: str, signature: Signature, rules: SignInRules, folder: Path) -> None:
        self._text = text
        self._principal = f"posmedic-{role}"
        self._signature = signature
        self._rules = rules
        self._folder = folder

    def run(self) -> tuple[str, str]:
        """Fingerprint and name of the signer. Raises SignInRefused."""
        fingerprint = self._verify()
        if not self._signature.is_certificate:
            return fingerprint, fingerprint
        return fingerprint, self._judge_certificate()

    def _verify(self) -> str:
        rules, armour = self._rules, self._folder / "answer.sig"
        armour.write_text(self._signature.armour, encoding="ascii")
        if not rules.signers.is_file() or (rules.revoked is not None and not rules.revoked.is_file()):
            raise SignInRefused("no_signers")
        done = _ssh_keygen(
            *("-Y", "verify", "-f", str(rules.signers), "-I", self._principal, "-n", NAMESPACE, "-s", str(armour)),
            f"-Overify-time={rules.now.astimezone(UTC):%Y%m%d%H%M%S}",
            *(("-r", str(rules.revoked)) if rules.revoked is not None else ()),
            content=self._text,
        )
        found = _FINGERPRINT.search(done.stdout)
        if done.returncode != 0 or found is None:
            raise SignInRefused("signature")
        return found[0]

    def _judge_certificate(self) -> str:
        path = self._folder / "answer-cert.pub"
        path.write_text(self._signature.public_line, encoding="ascii")
        done = _ssh_keygen("-L", "-f", str(path), content=b"")
        if done.returncode != 0:
            raise SignInRefused("certificate")
        return judge_certificate(done.stdout, self._principal, self._rules)


def judge_certificate(listing: str, principal: str, rules: SignInRules) -> str:
    """Judge what ``ssh-keygen -L`` says (with TZ=UTC); returns the certificate's name for the audit log.

    Raises :class:`SignInRefused` with a word. Every heading must stand there once: a name with a line break in it,
    which ssh-keygen prints as it is, could else bring headings of its own.
    """
    parts: dict[str, list[str]] = {}
    for line in listing.splitlines()[1:]:
        heading = _HEADING.match(line)
        if heading is None and not parts:
            raise SignInRefused("certificate")
        if heading is not None:
            if heading[1] in parts:
                raise SignInRefused("certificate")
            parts[heading[1]] = [heading[2]]
        else:
            parts[list(parts)[-1]].append(line.strip())
    if not set(parts) >= _HEADINGS or any(len(parts[name]) > 1 for name in _ONE_LINE):
        raise SignInRefused("certificate")
    if not re.fullmatch(r"\S+-cert-v01@openssh\.com user certificate", parts["Type"][0]):
        raise SignInRefused("no_user_certificate")
    if principal not in parts["Principals"][1:]:
        raise SignInRefused("role")
    if parts["Critical Options"] != ["(none)"]:  # one that is not understood must refuse (PROTOCOL.certkeys)
        raise SignInRefused("critical_option")
    _judge_life(parts["Valid"][0], rules)
    name = parts["Key ID"][0].strip('"')
    return f"{_plain(name)} serial {_plain(parts['Serial'][0])}"


def _judge_life(told: str, rules: SignInRules) -> None:
    valid = _VALID.fullmatch(told)
    if valid is None:  # "forever", or only an end
        raise SignInRefused("no_end")
    begin, end = (datetime.fromisoformat(text).replace(tzinfo=UTC) for text in valid.groups())
    if end - begin > rules.most_certificate:
        raise SignInRefused("lives_too_long")
    if not rules.clock_ok:
        raise SignInRefused("clock")
    if not begin <= rules.now <= end:
        raise SignInRefused("expired")


def tool_is_there() -> bool:
    """Whether the system has ``ssh-keygen``; as shutil.which would tell, which would stay in the service's memory."""
    folders = os.environ.get("PATH", os.defpath).split(os.pathsep)
    return any(os.access(Path(folder) / "ssh-keygen", os.X_OK) for folder in folders if folder)


def _plain(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9 @._+-]", "_", text)[:64]


def _ssh_keygen(*words: str, content: bytes) -> subprocess.CompletedProcess[str]:
    import subprocess  # noqa: PLC0415

    return subprocess.run(
        ["ssh-keygen", *words],  # noqa: S607  the system's own tool, wherever PATH has it
        input=content.decode("ascii"),
        capture_output=True,
        text=True,
        errors="replace",
        timeout=_TIMEOUT_S,
        check=False,
        env={"PATH": os.environ.get("PATH", ""), "TZ": "UTC", "LC_ALL": "C"},
    )
