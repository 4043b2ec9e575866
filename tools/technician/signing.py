"""Signs in with the technician's own key: an agent's certificate, or a key file, through the system's ``ssh-keygen``.

Nothing but a challenge of a technician's port is ever signed: what the terminal sends is read first, and must name the
role that was asked for and the terminal that is known.
"""

from __future__ import annotations

import re
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from protocol.console_challenge import BEGIN, END, NAMESPACE, ChallengeError, parse_challenge, plain_name
from protocol.console_line import Failed
from tools.technician.conversation import Conversation
from tools.technician.trouble import CableError, CallError, RefusedError

SIGNERS: Final = {"diag": 1, "maint": 1, "vendor": 2}  # role -> how many have to sign
_ASK_S: Final = 10.0
_SIGN_S: Final = 120.0  # a hardware key waits for a touch
_VERIFY_S: Final = 20.0
_VALID: Final = re.compile(r"Valid: from (\S{19}) to (\S{19})")


@dataclass(frozen=True, slots=True)
class SignedIn:
    """The role, and for how many seconds."""

    role: str
    seconds: int


def sign_in(conversation: Conversation, role: str, keys: Sequence[Path], terminal_id: str) -> SignedIn:
    """Have the challenge signed by ``keys``, or by the agent's certificates; RefusedError says who refused and why."""
    with tempfile.TemporaryDirectory(prefix="posmedic-sign-") as name:
        chosen = list(keys) or _keys_of_agent(role, Path(name))
        if len(chosen) != SIGNERS[role]:
            raise CallError("wrong_keys", role=role, needed=SIGNERS[role], given=len(chosen))
        challenge = _challenge(conversation, role, terminal_id)
        signatures = [_sign(challenge, key) for key in chosen]
    conversation.send_text("answer-begin")
    for line in "\n".join(signatures).split("\n"):
        if line.strip():
            conversation.send_text(line.strip())
    answer = conversation.ask("answer-end", silence_s=_VERIFY_S, again=False)
    if isinstance(answer.end, Failed):
        raise RefusedError("sign_in_refused", answer.end.number, role=role, why=answer.end.text)
    granted, _, seconds = answer.end.text.partition(" ")
    return SignedIn(granted, int(seconds) if seconds.isdecimal() else 0)


def sign_out(conversation: Conversation) -> str:
    """Give the role back; returns count and head of the terminal's audit log, "" if it tells none."""
    return conversation.get("sign-out").facts.get("audit", "")


def _challenge(conversation: Conversation, role: str, terminal_id: str) -> bytes:
    """Ask for a challenge and read it. Raises RefusedError where the terminal makes none."""
    answer = conversation.ask("sign-in", role, again=False)
    if isinstance(answer.end, Failed):
        raise RefusedError("no_challenge", answer.end.number, role=role, why=answer.end.text)
    rows = list(answer.rows)
    try:
        text = "".join(f"{row}\n" for row in rows[rows.index(BEGIN) + 1 : rows.index(END)]).encode("ascii")
        challenge = parse_challenge(text)
    except (ValueError, ChallengeError) as error:
        raise CableError("bad_challenge", port=conversation.link.name) from error
    known = terminal_id in ("", "-") or challenge.device == plain_name(terminal_id)
    if challenge.role != role or not known:
        raise CableError("bad_challenge", port=conversation.link.name)
    return text


def _sign(challenge: bytes, key: Path) -> str:
    if not key.is_file():
        raise CallError("no_file", file=key, why="not there")
    done = _run(("ssh-keygen", "-Y", "sign", "-n", NAMESPACE, "-f", str(key)), challenge, _SIGN_S)
    if done.returncode != 0 or "BEGIN SSH SIGNATURE" not in done.stdout:
        said = done.stderr.strip().splitlines()
        raise RefusedError("not_signed", key=key.name, why=said[-1] if said else f"exit code {done.returncode}")
    return done.stdout


def _keys_of_agent(role: str, folder: Path) -> list[Path]:
    """The agent's certificates that are good for the role now; the one that lasts longest stands first."""
    done = _run(("ssh-add", "-L"), b"", _ASK_S)
    if done.returncode == 2:
        raise RefusedError("no_agent")
    if done.returncode != 0:
        raise RefusedError("agent_empty")
    lines = [line for line in done.stdout.splitlines() if "-cert-v01@openssh.com " in line]
    found: list[tuple[str, Path]] = []
    over = ""
    for number, line in enumerate(lines):
        path = folder / f"agent-{number}-cert.pub"
        path.write_text(f"{line}\n", encoding="utf-8")
        listing = _run(("ssh-keygen", "-L", "-f", str(path)), b"", _ASK_S).stdout
        valid = _VALID.search(listing)
        if valid is None or f"posmedic-{role}" not in (word.strip() for word in listing.splitlines()):
            continue
        if valid[1] <= _now() <= valid[2]:
            found.append((valid[2], path))
        else:
            over = max(over, valid[2])
    found.sort(reverse=True)
    if not found and over:
        raise RefusedError("certificate_over", role=role, until=over.replace("T", " "))
    if not found:
        raise RefusedError("no_certificate", role=role, count=len(lines))
    return [path for _, path in found[: SIGNERS[role]]]


def _now() -> str:
    return f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S}"


def _run(words: Sequence[str], given: bytes, timeout_s: float) -> subprocess.CompletedProcess[str]:
    import os  # noqa: PLC0415

    try:
        return subprocess.run(
            words,
            input=given.decode("ascii"),
            capture_output=True,
            text=True,
            encoding="utf-8",
            errors="replace",
            timeout=timeout_s,
            check=False,
            env={**os.environ, "TZ": "UTC", "LC_ALL": "C"},
        )
    except FileNotFoundError as error:
        raise CallError("no_program", program=words[0]) from error
    except subprocess.TimeoutExpired as error:
        raise RefusedError("key_silent", program=words[0]) from error
