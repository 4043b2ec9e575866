"""The technician's port: lines cut out of a stream, keys of an edited line, challenges and what answers them."""

from __future__ import annotations

import binascii
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

from device.decoding.tables import Tables
from device.outlets.console.line_editor import LineEditor
from protocol.console_challenge import (
    MOST_SIGNATURES,
    NAMESPACE,
    Challenge,
    ChallengeError,
    build_challenge,
    parse_answer,
    parse_challenge,
)
from protocol.console_line import (
    MOST_LINE,
    MOST_WORDS,
    ConsoleLineError,
    LineDeframer,
    Overlong,
    Request,
    parse_reply,
    parse_request,
)
from tools.fuzz.rules import Make, Target, cut_of, law
from tools.fuzz.seeds import seeds_of

_LINES: Final = (
    *(b"selftest --level safe\r\n", b'report --out "a b.html"\n', b"history *1D0F\r", b'say "a \\"b\\" \\\\"\n\n'),
    *(b'PROGRESS 1/3 modem\nOK done\nERROR 2 "no such part"\n', b"x" * (MOST_LINE + 1) + b"\nhelp\n"),
)
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_CHALLENGE: Final = build_challenge(
    Challenge("00000062", "SN-1", "boot", 7, bytes(range(16)), "diag", 900, datetime(2026, 11, 25, tzinfo=UTC))
)
_KEYS: Final = (b"versin\x1b[Do\r", b"log t\t2\r\x1b[A\x7f\x15\x17\x01\x05\n", "帮助\r".encode())


def _string(data: bytes) -> bytes:
    return len(data).to_bytes(4, "big") + data


_BLOB: Final = b"SSHSIG\x00\x00\x00\x01" + b"".join(
    map(_string, (_string(b"ssh-ed25519") + _string(bytes(32)), NAMESPACE.encode(), b"", b"sha512", bytes(83)))
)
_SIGNATURE: Final = (
    b"-----BEGIN SSH SIGNATURE-----\n"
    + binascii.b2a_base64(_BLOB)[:70]
    + b"\n"
    + binascii.b2a_base64(_BLOB)[70:140]
    + b"\n"
    + binascii.b2a_base64(_BLOB)[140:210]
    + b"\n"
    + binascii.b2a_base64(_BLOB)[210:]
    + b"-----END SSH SIGNATURE-----\n"
)
_TOKENS: Final = (b"\r\n", b"\r", b"\n", b'"', b'\\"', b"\\\\", b" *0000\n", b" ", b"\xe6\x8a\xa5", b"\xff", b"a " * 40)


def check_lines(data: bytes) -> None:
    """Lines do not depend on where the stream is cut and are bounded; a request has a command, or is told why not."""
    at = cut_of(data)
    lines = _lines((data,))
    law(lines == _lines((data[:at], data[at:])), "the lines depend on where the stream is cut")
    for line in lines:
        if isinstance(line, Overlong):
            law(MOST_LINE < line.length <= len(data), "a line is called overlong that is not")
            continue
        law(len(line) <= MOST_LINE, "a line is longer than it may")
        for parse in (parse_request, parse_reply):
            try:
                found = parse(line)
            except ConsoleLineError as error:
                law(0 <= error.offset <= len(line) and error.what, "the refusal has no reason or lies outside")
                continue
            law(not isinstance(found, Request) or len(found.words) < MOST_WORDS, "there are more words than allowed")


def check_answer(data: bytes) -> None:
    """What is pasted to sign in is one signature or two, whose armour reads back the same, or is told why not."""
    lines = data.decode("ascii", "replace").splitlines()
    try:
        found = parse_answer(lines)
    except ChallengeError as error:
        law(str(error), "a refusal without a reason")
        return
    law(0 < len(found) <= MOST_SIGNATURES, "there are more signatures than allowed")
    for one in found:
        law(parse_answer(one.armour.splitlines()) == (one,), "a signature does not read back")
        law("\n" not in one.public_line[:-1], "a key brings lines of its own")


def check_challenge(data: bytes) -> None:
    """A text is a challenge only if it is the very one that its values build."""
    try:
        found = parse_challenge(data)
    except ChallengeError:
        return
    law(build_challenge(found) == data, "a challenge reads otherwise than it was written")


def check_keys(data: bytes) -> None:
    """Whatever is typed, the editor's lines are bounded text; keys never take more memory than a line."""
    shown = bytearray()
    editor = LineEditor(shown.extend, ("help", "test list", "test run"))
    editor.prompt()
    for line in editor.feed(data):
        law(len(line) <= MOST_LINE, "an edited line is longer than it may")
        law(not _CONTROL.search(line.decode()), "an edited line has control characters")


def _lines(pieces: Sequence[bytes]) -> list[bytes | Overlong]:
    deframer = LineDeframer()
    return [line for piece in pieces for line in deframer.feed(piece)]


def _console(_tables: Tables) -> tuple[Target, ...]:
    seeds = (*_LINES, *seeds_of("console"))
    access = "protocol.console_challenge"
    return (
        Target("lines", check_lines, 700, ("protocol.console_line",), seeds, _TOKENS),
        Target("answer", check_answer, 150, (access,), (_SIGNATURE,), (b"\n", b"-----END SSH SIGNATURE-----\n")),
        Target("challenge", check_challenge, 50, (access,), (_CHALLENGE,), (b"\n", b" ")),
        Target("keys", check_keys, 100, ("device.outlets.console.line_editor",), _KEYS, (b"\x1b[A", b"\x1b[D", b"\t")),
    )


MAKE: Final[Mapping[str, Make]] = {"console": _console}
"""What is fuzzed of the technician's port."""
