"""The scheme of a card by its application identifier, from a small table read for the first card."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from device.settings import read_catalogue
from device.table import Table
from protocol.emv_aids import RID_DIGITS, Scheme, scheme_of_aid
from protocol.emv_words import Words


def parse_schemes(table: Table) -> Mapping[str, Scheme]:
    """Read ``emv/schemes.toml``: RID in hex -> scheme. Raises TableError with file, line and reason."""
    if not table.text("source"):
        raise table.error("source", "is empty: say where the identifiers come from")
    rids = table.table("rid")
    table.close()
    return {rid: _scheme(rids, rid) for rid in rids.keys()}  # noqa: SIM118  a Table is not a mapping


def _scheme(rids: Table, rid: str) -> Scheme:
    if len(rid) != RID_DIGITS or rid != rid.upper() or not set(rid) <= set("0123456789ABCDEF"):
        raise rids.error(rid, f"must be {RID_DIGITS} upper-case hexadecimal digits")
    row = rids.raw(rid)
    names = row.get("name")
    if not isinstance(names, list) or len(names) != 2 or not all(isinstance(name, str) and name for name in names):
        raise rids.error(rid, "needs name = [zh, en]")
    word = row.get("scheme")
    if not isinstance(word, str) or not word.replace("_", "").isalnum() or set(row) != {"scheme", "name"}:
        raise rids.error(rid, "needs a scheme of one word and a name, and nothing else")
    return Scheme(word, Words(*names))


@cache
def schemes() -> Mapping[str, Scheme]:
    """The product's own table, read once."""
    return parse_schemes(read_catalogue("emv/schemes.toml"))


def scheme_word(aid: str) -> str | None:
    """The word of the scheme for an AID in hex (tag 84, 4F or 9F06): ``"unionpay"``; None if it is not known."""
    scheme = scheme_of_aid(aid, schemes()) if aid else None
    return scheme.word if scheme else None
