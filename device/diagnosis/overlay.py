"""An overlay: one file of a vendor or an acquirer that replaces parts of the built-in knowledge.

Its signature is checked elsewhere; here it is joined with the product's own files. ``[[cause]]`` replaces the whole row
of a cause with its rules, ``[[link]]`` rows are asked before the product's own, ``[[host]]`` adds a host or replaces
single codes of one and says what is known of it (``signs_declines``, ``maps_codes``, ``stands_in``, each with
``facts_source``), ``[texts.zh...]`` and ``[texts.en...]`` replace or add words. Rows keep the file and line they come
from, so every later complaint names them. What two overlays set both, and what one sets twice, is an error.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from device.diagnosis.codes import LANGUAGE
from device.diagnosis.wording import columns, placeholders
from device.table import Table

HOST_FACTS: Final = ("signs_declines", "maps_codes", "stands_in")
_SHOWN: Final = ("customer", "happened", "who")  # what a cardholder may see
_MOST_COLUMNS: Final = {"short": 16, "full": 60}  # of a 128 and a 480 pixel panel
_TITLES: Final = ("name", "sources")

Texts = Mapping[str, Mapping[str, Any]]  # language -> sections


@dataclass(frozen=True, slots=True)
class Sources:
    """The files of the knowledge, joined: as :func:`~device.diagnosis.knowledge.parse_knowledge` takes them."""

    causes: Table
    hosts: Mapping[str, Table]
    texts: Texts


class _Taken:
    """Who set what: the second one is an error."""

    def __init__(self) -> None:
        self._by: dict[str, str] = {}

    def take(self, what: str, entry: Table, key: str, overlay: str) -> None:
        """Remember it, or complain with the place of the second."""
        if what in self._by:
            raise entry.error(key, f"sets {what}, which {self._by[what]} sets already")
        self._by[what] = overlay


def join_overlays(own: Sources, overlays: Sequence[Table], forbidden: Mapping[str, Sequence[str]]) -> Sources:
    """The product's own files with the overlays over them; raises :class:`~device.table.TableError` with the place.

    ``forbidden`` are the words, by language, that no text for a cardholder may hold.
    """
    taken, joined = _Taken(), own
    for overlay in overlays:
        name = _name(overlay)
        causes = _join_causes(joined.causes, overlay, taken, name)
        hosts = _join_hosts(joined.hosts, overlay, taken, name)
        texts = _TextJoiner(own.texts, overlay, taken, name, forbidden).join(joined.texts)
        joined = Sources(causes, hosts, texts)
        overlay.close()
    return joined


def _name(overlay: Table) -> str:
    header = overlay.table("overlay")
    name = header.text("name", most=60)
    header.text("source", most=200)
    header.close()
    return f"{overlay.where} ({name})"


def _join_causes(causes: Table, overlay: Table, taken: _Taken, name: str) -> Table:
    own = {str(row.mapping.get("id")): row for row in causes.tables("cause")}
    for row in overlay.tables("cause", most=100):
        cause_id = row.choice("id", tuple(own))
        taken.take(f"cause {cause_id}", row, "id", name)
        own[cause_id] = row
    link = [*overlay.tables("link", most=100), *causes.tables("link")]
    return causes.with_rows("cause", list(own.values())).with_rows("link", link)


def _join_hosts(hosts: Mapping[str, Table], overlay: Table, taken: _Taken, name: str) -> Mapping[str, Table]:
    joined = _Layered(hosts)
    for entry in overlay.tables("host", most=100):
        host = entry.text("profile", most=40)
        base = joined.get(host)
        rows = {str(row.mapping.get("code")): row for row in (base.tables("code") if base else ())}
        for row in entry.tables("code", most=1000):
            code = row.text("code", most=4)
            taken.take(f"code {code} of host {host}", row, "code", name)
            rows[code] = row
        values = dict(base.mapping) if base else {}
        for fact in HOST_FACTS:
            if (told := entry.optional_flag(fact)) is not None:
                taken.take(f"{fact} of host {host}", entry, fact, name)
                values |= {fact: told, "facts_source": entry.text("facts_source", most=200)}
        if base is None:
            values |= {key: entry.mapping[key] for key in _TITLES if key in entry}
        allowed = ("profile", "code", "facts_source", *HOST_FACTS, *(_TITLES if base is None else ()))
        for key in entry.mapping:
            if key not in allowed:
                raise entry.error(key, "is not known here")
        place = base or entry
        joined.over[host] = Table(values, place.where, place.source_text).with_rows("code", list(rows.values()))
    return joined


class _Layered(Mapping[str, Table]):
    """Tables over others, which are not read unless they are asked for."""

    def __init__(self, under: Mapping[str, Table]) -> None:
        self._under = under
        self.over: dict[str, Table] = {}

    def __getitem__(self, name: str) -> Table:
        return self.over[name] if name in self.over else self._under[name]

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys((*self._under, *self.over)))

    def __len__(self) -> int:
        return len({*self._under, *self.over})


class _TextJoiner:
    """Lays an overlay's words over the product's, after checking that they are whole, fit and are fit to be seen."""

    def __init__(
        self, own: Texts, overlay: Table, taken: _Taken, name: str, forbidden: Mapping[str, Sequence[str]]
    ) -> None:
        self._own = {language: dict(_leaves(sections["diagnosis"])) for language, sections in own.items()}
        self._taken, self._name, self._forbidden = taken, name, forbidden
        self._root = overlay.table("texts", {})
        self._given = {language: self._root.table(language, {}) for language in own}
        for other in filter(LANGUAGE.fullmatch, self._root.mapping):  # one that this terminal does not speak
            self._root.raw(other)
        self._root.close()

    def join(self, texts: Texts) -> Texts:
        """The texts with this overlay's over them."""
        leaves = {language: dict(_leaves_with_place(table)) for language, table in self._given.items()}
        for language, found in leaves.items():
            for key, (table, last, text) in found.items():
                self._check(language, key, table, last, text)
                if any(key not in others for others in leaves.values()):
                    raise table.error(last, f"is given in {language} only; every language must say the same")
        first = next(iter(leaves.values()), {})
        for key, (table, last, _) in first.items():
            self._taken.take(f"text {key}", table, last, self._name)
        return {
            language: {**sections, "diagnosis": _laid_over(sections["diagnosis"], self._given[language].mapping)}
            for language, sections in texts.items()
        }

    def _check(self, language: str, key: str, table: Table, last: str, text: object) -> None:
        if not isinstance(text, str) or not text.strip():
            raise table.error(last, "must be a text")
        form = key.rpartition(".")[2]
        if form in _MOST_COLUMNS and columns(text) > _MOST_COLUMNS[form] and "{" not in text:
            raise table.error(last, f"is wider than the {_MOST_COLUMNS[form]} columns of its panel")
        own = self._own[language].get(key)
        named = placeholders(text, f"{table.where}: {last}")
        if own is not None and named != placeholders(str(own), key):
            raise table.error(last, "has other placeholders than the product's own text")
        if key.partition(".")[0] in _SHOWN:
            word = next((word for word in self._forbidden.get(language, ()) if word in text.lower()), None)
            if word is not None:
                raise table.error(last, f"says {word!r}, which is not for a cardholder's eyes")


def _leaves(node: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, object]]:
    for key, value in node.items():
        if isinstance(value, Mapping):
            yield from _leaves(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def _leaves_with_place(table: Table, prefix: str = "") -> Iterator[tuple[str, tuple[Table, str, object]]]:
    for key, value in table.mapping.items():
        if not isinstance(value, Mapping):
            yield f"{prefix}{key}", (table, key, value)
        elif set(value) <= set(_MOST_COLUMNS):  # { full = ..., short = ... } stands on one line, that of its key
            for form, text in value.items():
                yield f"{prefix}{key}.{form}", (table, key, text)
        else:
            yield from _leaves_with_place(table.table(key), f"{prefix}{key}.")


def _laid_over(under: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    joined = dict(under)
    for key, value in over.items():
        below = joined.get(key)
        joined[key] = _laid_over(below, value) if isinstance(below, Mapping) and isinstance(value, Mapping) else value
    return joined
