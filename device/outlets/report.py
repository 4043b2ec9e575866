"""The report of this terminal as plain text: what happened, what was tested, what was found, what is remembered.

It is the proof that a technician hands in, also when no fault was found. Each section catches its own failure and
says so, and the last line always tells whether the report is complete.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, TypeAlias

from device.diagnosis.verdict import CauseState, Diagnosis
from device.evidence import Evidence, Outcome, TerminalProfile, Value
from device.outlets.screen.words import Words

Lines: TypeAlias = Iterator[str]

_WIDTH: Final = 96
_LABEL: Final = 20
_COLUMNS: Final = (12, 28, 26, 16)
_WORTH: Final = (Outcome.FAIL, Outcome.ERROR, Outcome.MARGINAL)
_RANKED: Final = (CauseState.SUPPORTED, CauseState.POSSIBLE, CauseState.UNLIKELY)
_MINUTE_S: Final = 60
_HOUR_S: Final = 3600
_DAY_S: Final = 86400


def report_text(
    terminal: TerminalProfile,
    evidence: Sequence[Evidence],
    diagnosis: Diagnosis | None,
    history: Mapping[str, Any],
    language: str,
    texts: Mapping[str, Any],
    software: str,
    *,
    now: datetime | None = None,
) -> str:
    """Return the report in one language; ``texts`` are the catalogue's, ``history`` is the store's.

    Never raises: a section that cannot be made says so, and so does the last line.
    """
    report = _Report(language, texts)
    made = now or datetime.now().astimezone()
    sections: Sequence[Callable[[], Lines]] = (
        lambda: report.who(terminal, software, made),
        lambda: report.decline(diagnosis),
        lambda: report.selftest(evidence),
        lambda: report.found(evidence),
        lambda: report.history(history),
    )
    lines: list[str] = []
    failed = 0
    for section in sections:
        try:
            for line in section():
                lines.append(line.rstrip())
        except Exception as error:
            failed += 1
            lines.append(report.word("broken").format(error=type(error).__name__))
        lines.append("")
    ending = "incomplete" if failed else "complete"
    foot = (report.word("privacy"), "", report.word("sign"), "", "=" * _WIDTH)
    last = report.word(ending).format(sections=len(sections), failed=failed)
    return "\n".join([*lines, *foot, last]) + "\n"


def width_of(text: str) -> int:
    """Columns that a text takes in fixed type: two for wide characters (Unicode Standard Annex 11)."""
    return sum(
        0 if unicodedata.combining(char) else 2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text
    )


def pad(text: str, columns: int) -> str:
    """Fill up with spaces to ``columns``; a longer text gets one space, so that columns never touch."""
    return text + " " * max(1, columns - width_of(text))


def wrap(text: str, columns: int) -> list[str]:
    """Break at spaces, or anywhere between wide characters; a line never begins with a closing mark."""
    lines, line = [], ""
    for char in text:
        if width_of(line + char) > columns and char not in "，。；：、！？）,.;:)":
            at = line.rfind(" ")
            head, line = (line[:at], line[at + 1 :]) if at > 0 and not _is_wide(char) else (line, "")
            lines.append(head)
        line = (line + char) if line or char != " " else ""
    return [*lines, line] if line or not lines else lines


def _is_wide(char: str) -> bool:
    return unicodedata.east_asian_width(char) in "WF"


class _Report:
    """The sections; each is a generator of lines."""

    def __init__(self, language: str, texts: Mapping[str, Any]) -> None:
        self._language = language
        self._texts = texts
        self._words = Words(texts) if "screen" in texts else None

    def word(self, key: str) -> str:
        """A word of [report], or its key where the texts are broken: the report must end."""
        return str(self._texts.get("report", {}).get(key, key))

    def who(self, terminal: TerminalProfile, software: str, made: datetime) -> Lines:
        yield "=" * _WIDTH
        yield self.word("title")
        yield "=" * _WIDTH
        yield self._row("made", f"{made:%Y-%m-%d %H:%M:%S %z}")
        yield self._row("software", f"posmedic {software}")
        if terminal == TerminalProfile():
            yield self._row("terminal", self.word("no_profile"))
            return
        yield self._row("terminal_id", terminal.terminal_id or "-")
        yield self._row("merchant_id", terminal.merchant_id or "-")
        yield self._row("mcc", terminal.mcc or "-")
        yield self._row("country", f"{terminal.country or '-'} / {terminal.currency or '-'}")
        yield self._row("host", terminal.host or "-")
        yield self._row("acquirer", " ".join(filter(None, (terminal.acquirer, terminal.hotline))) or "-")
        yield self._row("", self.word("verified" if terminal.verified else "unverified"))

    def decline(self, diagnosis: Diagnosis | None) -> Lines:
        yield from self._title("decline")
        if diagnosis is None:
            yield self.word("no_decline")
            return
        words, language = self._named(), self._language
        yield self._row("code", f"{diagnosis.code or words.word('no_code')}  {diagnosis.meaning[language]}")
        yield self._row("verdict", words.of("verdict", diagnosis.verdict))
        yield self._row("short_code", diagnosis.short_code)
        for label, text in zip(("what", "who", "now", "proved"), diagnosis.headline[language], strict=True):
            yield from self._wrapped(words.word(label), text)
        yield from self._wrapped(words.word("charged"), diagnosis.charged[language])
        yield from self._wrapped(words.word("contact"), diagnosis.contact[language])
        yield ""
        yield f"{self.word('causes')}:"
        for cause in diagnosis.causes:
            name, state = words.of("cause", cause.id), words.of("state", cause.state)
            because = ", ".join(words.evidence(fact) for fact in cause.because)
            tail = f"{self.word('because')}: {because}" if because else ""
            yield from self._hung(f"  {pad(state, 16)}{pad(name, 32)}", tail)
            if cause.state in _RANKED and cause.advice[language]:
                yield from self._hung(" " * 18, cause.advice[language])

    def selftest(self, evidence: Sequence[Evidence]) -> Lines:
        yield from self._title("selftest")
        if not evidence:
            yield self.word("no_selftest")
            return
        yield self._columns(*(self.word(key) for key in ("outcome", "check", "value", "limit", "age")))
        yield "-" * _WIDTH
        for item in evidence:
            value = self._value(item.value, item.unit)
            if item.outcome is not Outcome.PASS and item.value is None:
                value = self._reason(item)
            outcome = str(self._texts["outcome"][item.outcome])
            yield self._columns(
                outcome, self._named().evidence(item.id), value, self._word_of(item.limit), self._age(item.age_s)
            )
        bad = [item for item in evidence if item.outcome in _WORTH]
        untested = sum(item.outcome is Outcome.NOT_RUN for item in evidence)
        yield ""
        if not bad and untested < len(evidence):
            yield self.word("no_fault").format(count=len(evidence) - untested)
        if untested:
            yield self.word("untested").format(count=untested)

    def found(self, evidence: Sequence[Evidence]) -> Lines:
        yield from self._title("found")
        bad = [item for item in evidence if item.outcome in _WORTH]
        if not bad:
            yield self.word("found_none")
        for item in bad:
            outcome = str(self._texts["outcome"][item.outcome])
            value = self._value(item.value, item.unit) if item.value is not None else ""
            told = ", ".join(filter(None, (value, self._reason(item))))
            yield from self._hung(f"{pad(outcome, 12)}{pad(self._named().evidence(item.id), 28)}", told)
            advice = self._texts["check"].get(item.id, {}).get("advice", "")
            if advice:
                yield from self._hung(" " * 12, advice)
            if item.detail:
                yield from self._hung(" " * 12, f"({item.detail})")

    def history(self, history: Mapping[str, Any]) -> Lines:
        yield from self._title("history")
        codes, faults = history.get("codes", ()), history.get("faults", ())
        if history.get("kept", "ok") != "ok":
            yield from self._wrapped(self.word("not_kept"), str(history["kept"]))
        if not codes and not faults:
            yield self.word("no_history")
        if codes:
            yield f"{self.word('history_declines')}:"
        for row in codes:
            code = str(row["code"] or self._named().word("no_code"))
            yield f"  {pad(code, 28)}{pad(self._times(row), 12)}{self._span(row)}"
        if faults:
            yield f"{self.word('history_faults')}:"
        for row in faults:
            name, state = self._named().evidence(str(row["id"])), self.word("open" if row["active"] else "over")
            yield f"  {pad(name, 28)}{pad(self._times(row), 12)}{pad(self._span(row), 36)}{state}"

    def _named(self) -> Words:
        if self._words is None:
            raise KeyError("screen")
        return self._words

    def _title(self, key: str) -> Lines:
        yield self.word(key)
        yield "-" * _WIDTH

    def _row(self, key: str, text: str) -> str:
        return pad(self.word(key) if key else "", _LABEL) + text

    def _wrapped(self, label: str, text: str) -> Lines:
        return self._hung(pad(label, _LABEL), text)

    def _hung(self, head: str, text: str) -> Lines:
        """``head``, then the text in a column of its own."""
        column = width_of(head)
        for number, line in enumerate(wrap(text, max(24, _WIDTH - column))):
            yield (head if number == 0 else " " * column) + line

    def _columns(self, *cells: str) -> str:
        """Cells side by side; one that is too long for its column pushes the others, so nothing is cut."""
        return "".join(pad(cell, width) for cell, width in zip(cells, _COLUMNS, strict=False)) + cells[-1]

    def _value(self, value: Value, unit: str) -> str:
        if isinstance(value, bool):
            return self.word("yes" if value else "no")
        if isinstance(value, int | float):
            return f"{value:g} {unit}".strip() if abs(value) < 1e6 else f"{value:.0f} {unit}".strip()
        return self._word_of(value) if value else ""

    def _word_of(self, value: str) -> str:
        """A value that is a key of [value] in words, and so each alternative of a limit; else as it is."""
        words: Mapping[str, Any] = self._texts.get("value", {})
        return "|".join(str(words.get(part, part)) for part in value.split("|"))

    def _reason(self, item: Evidence) -> str:
        return str(self._texts["reason"].get(item.reason, item.reason))

    def _age(self, age_s: float) -> str:
        steps = ((_DAY_S, "days"), (_HOUR_S, "hours"), (_MINUTE_S, "minutes"))
        size, name = next((step for step in steps if age_s >= step[0]), (1, "seconds"))
        return f"{int(age_s / size)} {self.word(name)}"

    def _times(self, row: Mapping[str, Any]) -> str:
        return f"{row['count']}×"

    def _span(self, row: Mapping[str, Any]) -> str:
        first, last = (str(row[key])[:16].replace("T", " ") for key in ("first_seen", "last_seen"))
        return first if first == last else self.word("first_last").format(first=first, last=last)


def selftest_text(evidence: Sequence[Evidence], language: str, texts: Mapping[str, Any]) -> str:
    """Return the self-test table and what was found, as ``posmedic selftest`` prints it."""
    report = _Report(language, texts)
    return "\n".join([*report.selftest(evidence), "", *report.found(evidence)])


def history_text(history: Mapping[str, Any], language: str, texts: Mapping[str, Any]) -> str:
    """Return the fault memory, as ``posmedic history`` prints it."""
    return "\n".join(_Report(language, texts).history(history))
