"""Signing in over the technician's port: the challenge that the terminal makes, and the answer that is pasted.

The conversation, in the grammar of :mod:`protocol.console_line`::

    > sign-in diag                      a role: diag (level 1), maint (2) or vendor (3)
    < # challenge-begin
    < # posmedic-console-challenge 1
    < # device 00000062                 terminal id; "unnamed" without a profile
    < # hardware SN-0001                of the board, else the machine's id
    < # boot 4f6c...                    the kernel's id of this boot
    < # counter 17                      never repeats on this terminal
    < # nonce 00112233445566778899aabbccddeeff
    < # role diag
    < # lifetime 900                    seconds that the session may last
    < # expires 2026-11-25T20:15:00Z    by the terminal's clock, five minutes from now
    < # challenge-end
    < # clock ok                        or "clock wrong": then no certificate counts, only a key of the back office
    < OK 300                            seconds in which the answer must be there
    > answer-begin
    > -----BEGIN SSH SIGNATURE-----
    > ...
    > -----END SSH SIGNATURE-----       for vendor a second one of another signer follows
    > answer-end
    < OK diag 900                       or ERROR 13, always with the same text
    > sign-out
    < # audit 12 5be1...                count and head of the audit log: keep it, it shows a log that was cut
    < OK

Signed is :func:`build_challenge`: the lines between ``challenge-begin`` and ``challenge-end`` without ``# ``, each
ended by LF, the last one too. ``ssh-keygen -Y sign -n posmedic-console -f KEY`` signs them (OpenSSH's PROTOCOL.sshsig).
KEY is a key whose certificate names the principal ``posmedic-ROLE`` and is good for at most twelve hours (give the
``-cert.pub`` file, so that it travels in the signature), or a key of the back office.

The same bytes stand in the QR symbol that the terminal shows meanwhile (byte mode, level M), where it may draw.

``answer-begin`` and the lines behind it get no reply of their own; ``answer-end`` gets the one. The challenge is good
once, for five minutes, on the port that asked, until the cable is pulled or another one is asked for at any port.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

NAMESPACE: Final = "posmedic-console"
ROLES: Final = ("open", "diag", "maint", "vendor")  # in the order of their levels
BEGIN: Final = "challenge-begin"
END: Final = "challenge-end"
MOST_ANSWER: Final = 32 << 10  # bytes between answer-begin and answer-end
MOST_SIGNATURES: Final = 2
_TITLE: Final = "posmedic-console-challenge 1"
_NAME: Final = re.compile(r"[A-Za-z0-9._:-]{1,64}")
_NOT_NAME: Final = re.compile(r"[^A-Za-z0-9._:-]+")
_ARMOUR: Final = ("-----BEGIN SSH SIGNATURE-----", "-----END SSH SIGNATURE-----")
_BASE64: Final = re.compile(r"[A-Za-z0-9+/]{1,128}={0,2}")
_MAGIC: Final = b"SSHSIG"


class ChallengeError(ValueError):
    """No challenge or no answer; the text says what is wrong, never with any of the content."""


@dataclass(frozen=True, slots=True)
class Challenge:
    """What is signed. ``nonce`` has 16 bytes; ``lifetime_s`` of the session; ``expires`` is UTC."""

    device: str
    hardware: str
    boot: str
    counter: int
    nonce: bytes
    role: str
    lifetime_s: int
    expires: datetime


@dataclass(frozen=True, slots=True)
class Signature:
    """One SSHSIG of an answer: its armour as a file has it, and the public key or certificate inside, with its type."""

    armour: str
    key_type: str
    key: bytes

    @property
    def is_certificate(self) -> bool:
        """Whether a certificate travels in it."""
        return "-cert-v01@" in self.key_type

    @property
    def public_line(self) -> str:
        """The key as a line of a public-key file."""
        return f"{self.key_type} {binascii.b2a_base64(self.key, newline=False).decode()}\n"


def plain_name(text: str) -> str:
    """``text`` as a challenge may carry it: other signs become ``_``; "unnamed" for nothing."""
    return _NOT_NAME.sub("_", text)[:64] or "unnamed"


def build_challenge(challenge: Challenge) -> bytes:
    """The text that is signed. Raises ChallengeError for a value that it cannot carry."""
    names = (challenge.device, challenge.hardware, challenge.boot)
    if not all(map(_NAME.fullmatch, names)) or challenge.role not in ROLES[1:] or len(challenge.nonce) != 16:
        raise ChallengeError("a challenge cannot carry this")
    rows = (
        _TITLE,
        *(f"device {challenge.device}", f"hardware {challenge.hardware}", f"boot {challenge.boot}"),
        *(f"counter {challenge.counter:d}", f"nonce {challenge.nonce.hex()}", f"role {challenge.role}"),
        *(f"lifetime {challenge.lifetime_s:d}", f"expires {challenge.expires.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"),
    )
    return "".join(f"{row}\n" for row in rows).encode()


def parse_challenge(text: bytes) -> Challenge:
    """Read what is to be signed, as the signer should before signing. Raises ChallengeError."""
    try:
        title, *rows, rest = text.decode("ascii").split("\n")
        values = dict(row.split(" ", 1) for row in rows)
        challenge = Challenge(
            values["device"],
            values["hardware"],
            values["boot"],
            int(values["counter"]),
            bytes.fromhex(values["nonce"]),
            values["role"],
            int(values["lifetime"]),
            datetime.strptime(values["expires"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC),
        )
    except (ValueError, KeyError) as error:
        raise ChallengeError("this is no challenge of a technician's port") from error
    if title != _TITLE or rest or build_challenge(challenge) != text:
        raise ChallengeError("this is no challenge of a technician's port")
    return challenge


def parse_answer(lines: Sequence[str]) -> tuple[Signature, ...]:
    """Read the lines between ``answer-begin`` and ``answer-end``: one signature or two. Raises ChallengeError."""
    found: list[Signature] = []
    inside: list[str] | None = None
    for line in (line.strip() for line in lines):
        if line == _ARMOUR[0] and inside is None and len(found) < MOST_SIGNATURES:
            inside = []
        elif line == _ARMOUR[1] and inside is not None:
            found.append(_signature(inside))
            inside = None
        elif inside is not None and _BASE64.fullmatch(line):
            inside.append(line)
        elif line:
            raise ChallengeError("the answer is not made of SSH signatures")
    if inside is not None or not found:
        raise ChallengeError("the answer has no whole SSH signature")
    return tuple(found)


def _signature(lines: Sequence[str]) -> Signature:
    """PROTOCOL.sshsig: magic, version 1, then strings: key, namespace, reserved, hash, signature."""
    try:
        blob = binascii.a2b_base64("".join(lines), strict_mode=True)
    except ValueError as error:
        raise ChallengeError("the signature is not base64") from error
    if not blob.startswith(_MAGIC + b"\x00\x00\x00\x01"):
        raise ChallengeError("the signature is no SSHSIG of version 1")
    strings = list(_strings(blob[len(_MAGIC) + 4 :]))
    if len(strings) != 5:
        raise ChallengeError("the signature has not the parts it must have")
    key = strings[0]
    name = next(_strings(key), b"").decode("ascii", "replace")
    if not re.fullmatch(r"[a-z0-9@.-]{1,64}", name):
        raise ChallengeError("the key in the signature has no type")
    return Signature("\n".join((_ARMOUR[0], *lines, _ARMOUR[1], "")), name, key)


def _strings(data: bytes) -> Iterator[bytes]:
    """SSH strings (RFC 4251, 5) that follow one another; raises ChallengeError where one is cut."""
    at = 0
    while at < len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        at += 4 + size
        if at > len(data) or len(data) < 4:
            raise ChallengeError("the signature is cut")
        yield data[at - size : at]
