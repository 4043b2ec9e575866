"""A modem's AT conversation: names of the lines and final results; values may be numbers of subscribers and devices."""

from __future__ import annotations

import re
from typing import Final

from device.decoding.result import Backing, Decoded, Outcome, Row, hidden
from device.decoding.tables import Tables
from protocol.at_result import ResultKind, parse_final

_AT_NAME: Final = re.compile(r"[+^*$%#&!]?[A-Z]{2,16}", re.ASCII)


def decode(data: bytes, _tables: Tables) -> Decoded:
    """Decode commands, answers and final results."""
    rows: list[Row] = []
    finals = 0
    for line in re.split(r"[\r\n]+", data.decode("latin-1")):
        final = parse_final(line)
        name = _AT_NAME.match(line.strip().upper())
        if final is not None and final.kind is not ResultKind.NONE:
            finals += 1
            rows.append({"final": str(final.kind)} | ({} if final.code is None else {"code": final.code}))
        elif line.strip():
            size = len(line.strip())
            rows.append({"line": name[0] if name else hidden(size, "characters"), "characters": size})
    if not finals and not any(str(row.get("line", "")).startswith(("AT", "+")) for row in rows):
        return Decoded(Outcome.NOT_THAT_KIND, {"reason": "no AT command, answer or final result was found"})
    return Decoded(Outcome.WHOLE if finals else Outcome.PARTIAL, {"lines": rows}, Backing.SHAPE)
