"""``posmedic decode KIND``: bytes that somebody has, as far as they can be read and may be shown.

Shown is what is on an allow-list, and only where it looks like what it should be; everything else is named with its
size. So a frame with card data can be pasted here and the output into a ticket. Exit codes: 0 decoded, 1 partial,
2 not that kind. Small input gives one result; a log of any length is decoded by :mod:`device.commands.decode_log`.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from device.decoding.auto import AUTO, decode_auto
from device.decoding.kinds import KINDS, decoder_of
from device.decoding.log_run import NO_KIND_FITS, OUTCOME_WORDS, LogRun, take_apart
from device.decoding.rendering import Renderer, columns_of
from device.decoding.result import Outcome, Row
from device.decoding.tables import Tables
from device.decoding.text_input import Given, InputError, InputForm
from device.settings import read_texts


def decode(
    kind: str,
    given: str | bytes,
    tables: Tables,
    as_json: bool,
    *,
    language: str = "en",
    form: InputForm | None = None,
) -> tuple[int, str]:
    """Decode small input as ``kind`` and return the exit code and what to print.

    ``form`` says how the bytes are written; None guesses. Bad input is one sentence and exit code 2.
    """
    raw = given.encode("utf-8", "surrogateescape") if isinstance(given, str) else given
    try:
        check_kind(kind)
        code, result = _decode(kind, take_apart(kind, raw, form, tables), tables)
    except InputError as error:
        return Outcome.NOT_THAT_KIND, str(error)
    if as_json:
        return code, json.dumps(result, ensure_ascii=False, indent=2)
    if kind == AUTO and code == Outcome.NOT_THAT_KIND:
        return code, f"No kind fits what was given; tried were {', '.join(KINDS)}."
    return code, "\n".join(Renderer(language, read_texts(language)["decode"], columns_of(sys.stdout)).lines(result))


def check_kind(kind: str) -> None:
    """Raise InputError, one sentence, for a kind that is not known or not in this build."""
    if kind != AUTO and kind not in KINDS:
        raise InputError(f"There is no such kind; known are {', '.join((*KINDS, AUTO))}.")
    try:
        for name in KINDS if kind == AUTO else (kind,):
            decoder_of(name)
    except ModuleNotFoundError:
        raise InputError(f"The kind {kind} is not in this build.") from None


def _decode(kind: str, given: Given, tables: Tables) -> tuple[int, Row]:
    return (_decode_log if given.form is InputForm.LOG else _decode_bytes)(kind, given, tables)


def _decode_bytes(kind: str, given: Given, tables: Tables) -> tuple[int, Row]:
    if kind == AUTO:
        found = decode_auto(given.data, tables)
        if found is None:
            told = {"kind": AUTO, "decoded": "no", "read_as": str(given.form), "reason": NO_KIND_FITS}
            return Outcome.NOT_THAT_KIND, told
        kind, decoded = found
    else:
        decoded = decoder_of(kind)(given.data, tables)
    head: Row = {"kind": kind, "decoded": OUTCOME_WORDS[decoded.outcome], "read_as": str(given.form)}
    if decoded.outcome is Outcome.NOT_THAT_KIND and not decoded.result.keys() & {"reason", "stopped"}:
        head["reason"] = "nothing of this kind is in it"
    return int(decoded.outcome), head | decoded.result


def _decode_log(kind: str, given: Given, tables: Tables) -> tuple[int, Row]:
    run = LogRun(kind, tables)
    results = [row for piece in given.pieces if (row := run.take(piece)) is not None]
    if (rest := run.close()) is not None:
        results.append(rest)
    outcome = run.tally.outcome
    count = given.count
    head: Row = {"kind": kind, "decoded": OUTCOME_WORDS[outcome], "read_as": str(given.form)}
    log: Row = {"lines": count.lines, "lines_without_data": count.without_data, "pieces": len(given.pieces)}
    head["log"] = log | ({"lines_too_long": count.too_long} if count.too_long else {})
    if run.is_stream:
        return int(outcome), head | {"rows": [_flat(result, row) for result in results for row in result["rows"]]}
    if len(results) == 1 and "rows" not in results[0]:
        return int(outcome), head | results[0]
    return int(outcome), head | {"pieces": results}


def _flat(result: Row, row: Row) -> dict[str, Any]:
    """A row of a stream with the line of the log and the direction in front."""
    return {key: result[key] for key in ("log_line", "direction", "oddity") if key in result} | row
