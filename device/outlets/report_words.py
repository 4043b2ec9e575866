"""The words of a report in one language, and values, ages and times in words: for every form of the report alike."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any, Final

from device.evidence import Evidence, Value
from device.outlets.detail_words import translate
from device.outlets.screen.words import Words

_SAID_ELSEWHERE: Final = ("failed", "failed_since_clear", "pending")  # still there, counted, not aged
_MINUTE_S: Final = 60
_HOUR_S: Final = 3600
_DAY_S: Final = 86400


def clean(text: str) -> str:
    """``text`` on one line: signs that print nothing (terminal escapes, turned writing directions) become U+FFFD."""
    spaced = " ".join(text.split())
    return "".join(char if char.isprintable() or unicodedata.category(char) == "Zs" else "\ufffd" for char in spaced)


class ReportWords:
    """Wraps one language's texts. A report must end, so that a word that is missing in [report] is its own key."""

    def __init__(self, language: str, texts: Mapping[str, Any]) -> None:
        self.language = language
        self._texts = texts
        self._screen = Words(texts) if "screen" in texts else None

    @property
    def screen(self) -> Words:
        """The words of the screen; raises KeyError where the texts have none."""
        if self._screen is None:
            raise KeyError("screen")
        return self._screen

    def word(self, key: str, **values: object) -> str:
        """A word of [report], with ``values`` in its places; ``_one`` of it where its count is one."""
        words: Mapping[str, Any] = self._texts.get("report", {})
        one = f"{key}_one" if values.get("count") == 1 and f"{key}_one" in words else key
        text = str(words.get(one, key))
        return text.format(**values) if values else text

    def outcome(self, outcome: str) -> str:
        """An outcome in words."""
        return str(self._texts["outcome"][outcome])

    def check(self, evidence_id: str) -> str:
        """The name of a check, or its id."""
        return clean(self.screen.evidence(evidence_id))

    def part(self, part: str) -> str:
        """The name of a part, or its id."""
        return clean(str(self._texts.get("part", {}).get(part, {}).get("name", part)))

    def advice(self, evidence_id: str) -> str:
        """What to do where this check fails, or ""."""
        return str(self._texts["check"].get(evidence_id, {}).get("advice", ""))

    def reason(self, reason: str) -> str:
        """The reason of an outcome in words, or its key where it is newer than the texts."""
        return clean(str(self._texts["reason"].get(reason, reason)))

    def value(self, value: Value, unit: str) -> str:
        """A measured value with its unit; "" where there is none."""
        if isinstance(value, bool):
            return self.word("yes" if value else "no")
        if isinstance(value, int | float):
            return clean(f"{number(value)} {unit}")
        return self.limit(value) if value else ""

    def limit(self, limit: str, unit: str = "") -> str:
        """A limit with its unit, and each alternative that is a key of [value] in words."""
        words: Mapping[str, Any] = self._texts.get("value", {})
        told = self.word("or").join(str(words.get(part, part)) for part in limit.split("|"))
        return clean(f"{told} {unit}") if limit else ""

    def told(self, item: Evidence) -> str:
        """What a table shows of one result: its value, or why there is none."""
        value = self.value(item.value, item.unit)
        return value or self.reason(item.reason)

    def why(self, item: Evidence) -> str:
        """Value and reason of what was found."""
        value = self.value(item.value, item.unit)
        reason = self._trend(item) or self.reason(item.reason)
        return self.word("comma").join(filter(None, (value, reason)))

    def _trend(self, item: Evidence) -> str:
        """How much it changed and since when: that says more than that it changed."""
        text = self.sentence(item.detail).rstrip(".。") if item.reason == "trend" else ""
        return text[:1].lower() + text[1:]

    def remark(self, item: Evidence) -> str:
        """The technician's remark; "" without one, and where its sentence has no translation."""
        text = "" if self._trend(item) else self.sentence(item.detail)
        return self.word("remark", text=text) if text else ""

    def sentence(self, english: str) -> str:
        """An evidence's sentence in the report's language; "" where it has no translation: no report mixes two."""
        if not english or "detail" not in self._texts:
            return clean(english)
        return clean(translate(english, self._texts) or "")

    def otherwise(self, items: Sequence[Evidence]) -> str:
        """What was known otherwise at an earlier moment, on one line."""
        told = [f"{self.check(item.id)} {self.outcome(item.outcome)} {self.told(item)}".rstrip() for item in items]
        return self.word("comma").join(told)

    def age(self, age_s: float) -> str:
        """An age in its largest whole unit."""
        steps = ((_DAY_S, "days"), (_HOUR_S, "hours"), (_MINUTE_S, "minutes"))
        size, name = next((step for step in steps if age_s >= step[0]), (1, "seconds"))
        return f"{int(age_s / size)} {self.word(name)}"

    def span(self, row: Mapping[str, Any]) -> str:
        """First and last time of a row of the history."""
        first, last = (moment(str(row[key])) for key in ("first_seen", "last_seen"))
        if first == last:
            return first
        told = self.word("first_last", first=first, last=last)
        return told if str(row["first_seen"]) <= str(row["last_seen"]) else f"{told} ({self.word('clock_set_back')})"

    def status(self, row: Mapping[str, Any]) -> str:
        """Whether a fault is still there, and the further bits of its status."""
        bits = [self.word(f"status_{bit}") for bit in row.get("status", ()) if bit not in _SAID_ELSEWHERE]
        return self.word("comma").join([self.word("open" if row["active"] else "over"), *bits])

    def times(self, row: Mapping[str, Any]) -> str:
        """How often a fault began and how many tests failed, and on how many days or starts it passed since."""
        told = [self.word("times_failed", count=row["count"])]
        if row.get("occurrences", 1) > 1:
            told.append(self.word("times_begun", count=row["occurrences"]))
        if row.get("aged"):
            told.append(self.word("times_aged", count=row["aged"]))
        return self.word("comma").join(told)


def number(value: float) -> str:
    """A number as people read it: without exponent, and of its fraction no more than makes four digits."""
    if isinstance(value, int) or abs(value) >= 1000:
        return f"{value:.0f}"
    return f"{float(f'{value:.4g}'):f}".rstrip("0").rstrip(".")


def moment(iso: str) -> str:
    """``2026-07-01T12:00:00+08:00`` as ``2026-07-01 12:00``."""
    return clean(iso[:16].replace("T", " "))
