"""How an AT command ends: final result codes in words, in digits, and with an error number or text.

Sources: ITU-T V.250, 5.7.1 and table 1 (OK, CONNECT, RING, NO CARRIER, ERROR, NO DIALTONE, BUSY, NO ANSWER and their
digits), V.250, 6.3.1 (CONNECT text), ITU-T V.251 / national rules (BLACKLISTED, DELAYED), 3GPP TS 27.007, 9.2
(+CME ERROR), 3GPP TS 27.005, 3.2.5 (+CMS ERROR). The other words are habits of modules in the field.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class ResultKind(StrEnum):
    """How an answer ended. NONE: no final result came before the wait was given up."""

    OK = "ok"
    ERROR = "error"
    CME = "cme"
    CMS = "cms"
    CONNECT = "connect"
    NO_CARRIER = "no_carrier"
    BUSY = "busy"
    NO_ANSWER = "no_answer"
    NO_DIALTONE = "no_dialtone"
    BLACKLISTED = "blacklisted"
    DELAYED = "delayed"
    NONE = "none"


CALL_RESULTS: Final = frozenset(
    (
        *(ResultKind.CONNECT, ResultKind.NO_CARRIER, ResultKind.BUSY, ResultKind.NO_ANSWER),
        *(ResultKind.NO_DIALTONE, ResultKind.BLACKLISTED, ResultKind.DELAYED),
    )
)


@dataclass(frozen=True, slots=True)
class FinalResult:
    """The final result. ``code`` is an error's number or the speed of CONNECT (bit/s); ``text`` what else came."""

    kind: ResultKind
    code: int | None = None
    text: str = ""

    @property
    def ok(self) -> bool:
        """The command was done."""
        return self.kind is ResultKind.OK


_WORDS: Final = {
    "OK": ResultKind.OK,
    "ERROR": ResultKind.ERROR,
    "COMMAND NOT SUPPORT": ResultKind.ERROR,
    "TOO MANY PARAMETERS": ResultKind.ERROR,
    "ABORTED": ResultKind.ERROR,
    "NO CARRIER": ResultKind.NO_CARRIER,
    "BUSY": ResultKind.BUSY,
    "NO ANSWER": ResultKind.NO_ANSWER,
    "NO DIALTONE": ResultKind.NO_DIALTONE,
    "NO DIAL TONE": ResultKind.NO_DIALTONE,
    "BLACKLISTED": ResultKind.BLACKLISTED,
}
_NUMERIC: Final = {  # V.250 table 1, after ATV0; 2 (RING) comes unasked
    "0": ResultKind.OK,
    "1": ResultKind.CONNECT,
    "3": ResultKind.NO_CARRIER,
    "4": ResultKind.ERROR,
    "6": ResultKind.NO_DIALTONE,
    "7": ResultKind.BUSY,
    "8": ResultKind.NO_ANSWER,
}
_NUMERIC_SPEEDS: Final = {"5": 1200, "10": 2400, "11": 4800, "12": 9600}  # of Hayes; makers differ from 13 on
_EXTENDED: Final = re.compile(r"\+?(CME|CMS) ?ERROR\b\s*:?\s*(.*)", re.IGNORECASE | re.ASCII)
_BARE: Final = re.compile(r"ERROR\s*:\s*(.*)", re.IGNORECASE | re.ASCII)
_CONNECT: Final = re.compile(r"CONNECT(?: +(\d{1,9})?(.*))?", re.IGNORECASE | re.ASCII)
_DELAYED: Final = re.compile(r"DELAYED(?: [\d:]{1,8})?", re.IGNORECASE | re.ASCII)
_MOST_TEXT: Final = 80


def parse_final(line: str, *, numeric: bool = False) -> FinalResult | None:
    """The final result that ``line`` is, or None. ``numeric``: digits count too, as after ATV0."""
    text = line.strip()
    extended = _EXTENDED.fullmatch(text)
    if extended is not None:
        return _with_detail(ResultKind(extended[1].lower()), extended[2])
    bare = _BARE.fullmatch(text)
    if bare is not None:
        return _with_detail(ResultKind.ERROR, bare[1])
    connect = _CONNECT.fullmatch(text)
    if connect is not None:
        speed, rest = connect[1], (connect[2] or "").strip()
        return FinalResult(ResultKind.CONNECT, int(speed) if speed else None, rest[:_MOST_TEXT])
    if _DELAYED.fullmatch(text):
        return FinalResult(ResultKind.DELAYED)
    word = text.upper()
    if numeric and word in _NUMERIC_SPEEDS:
        return FinalResult(ResultKind.CONNECT, _NUMERIC_SPEEDS[word])
    kind = _WORDS.get(word) or (_NUMERIC.get(word) if numeric else None)
    return None if kind is None else FinalResult(kind)


def _with_detail(kind: ResultKind, detail: str) -> FinalResult:
    rest = detail.strip().strip('"').strip()
    if rest.isascii() and rest.isdecimal() and len(rest) <= 6:
        return FinalResult(kind, int(rest))
    return FinalResult(kind, None, rest[:_MOST_TEXT])


def build_final(result: FinalResult) -> str:
    """The line that says ``result``, in the words of the standard. Raises ValueError for NONE."""
    if result.kind is ResultKind.NONE:
        raise ValueError("no final result has no line")
    detail = "" if result.code is None else str(result.code)
    if result.kind in (ResultKind.CME, ResultKind.CMS):
        return f"+{result.kind.upper()} ERROR: {detail or result.text}"
    if result.kind is ResultKind.CONNECT:
        return " ".join(part for part in ("CONNECT", detail + result.text) if part)
    if result.kind is ResultKind.ERROR and (detail or result.text):
        return f"ERROR: {detail or result.text}"
    return str(result.kind).replace("_", " ").upper()
