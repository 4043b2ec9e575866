"""The product's own TOML files, kept parsed beside them in ``__pycache__`` as Python keeps its modules.

A start then reads values instead of parsing texts, and neither the parser nor its garbage stays resident (``python -m
tools.bench --only protocols`` tells how much longer parsing takes). What is kept holds for one content of the file,
whatever its time says, and counts only if it is whole. It is written by whoever may: by an image's build, or by the
first run in a checkout.
"""

from __future__ import annotations

import json
import os
import sys
from contextlib import suppress
from pathlib import Path

from device.digest import blake2s
from device.table import Table, parse_toml


def read_kept(path: Path, text: str, where: str) -> Table:
    """The table of the TOML ``text`` of the file ``path``; raises TableError with ``where`` if it is none."""
    kept = path.parent / "__pycache__" / f"{path.stem}.parsed"
    with suppress(OSError, ValueError):
        mark, _, values = kept.read_text(encoding="utf-8").partition("\n")
        if mark == _mark(text, values):
            return Table(json.loads(values), where, text)
    table = parse_toml(text, where)
    if not sys.dont_write_bytecode:
        with suppress(OSError, TypeError):  # a place that we may not write to, a date that JSON does not have
            values = json.dumps(table.mapping, ensure_ascii=False, separators=(",", ":"))
            _keep(kept, f"{_mark(text, values)}\n{values}")
    return table


def _mark(text: str, values: str) -> str:
    """Fits one text and what was parsed from it, and nothing else."""
    return blake2s(f"{text}\0{values}".encode(), digest_size=16).hexdigest()


def _keep(kept: Path, content: str) -> None:
    """Write it whole or not at all: another process may be reading."""
    kept.parent.mkdir(exist_ok=True)
    fresh = kept.with_name(f"{kept.name}.{os.getpid()}")
    fresh.write_text(content, encoding="utf-8")
    fresh.replace(kept)
