"""The report of this terminal as plain text: what happened, what was tested, what was found, what is remembered.

It is the proof that a technician hands in, also when no fault was found. Each section catches its own failure and
says so, and the last line always tells whether the report is complete.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final, TypeAlias

from device.diagnosis.verdict import CauseState
from device.evidence import Evidence, Outcome, TerminalProfile
from device.outlets.compare import Change, Comparison, Kind, Run
from device.outlets.fixed_type import pad, width_of, wrap
from device.outlets.report_facts import ReportFacts, count_untested, sections_of, worst_first
from device.outlets.report_words import ReportWords, clean, moment, number

Lines: TypeAlias = Iterator[str]

WIDTH: Final = 100
_LABEL: Final = 20
_COLUMNS: Final = (12, 28, 26, 24, 10)
_PAIRS: Final = (26, 24, 26, 22)
_RANKED: Final = (CauseState.SUPPORTED, CauseState.POSSIBLE, CauseState.UNLIKELY)


def report_text(facts: ReportFacts, language: str, texts: Mapping[str, Any]) -> str:
    """Return the report in one language; ``texts`` are the catalogue's.

    Never raises: a section that cannot be made says so, and so does the last line.
    """
    report = _Report(ReportWords(language, texts))
    sections: dict[str, Callable[[], Lines]] = {
        "who": lambda: report.who(facts),
        "decline": lambda: report.decline(facts),
        "selftest": lambda: report.selftest(facts.evidence),
        "found": lambda: report.found(facts.evidence),
        "history": lambda: report.history(facts.history),
        "trends": lambda: report.trends(facts),
        "comparison": lambda: report.comparison(facts.comparison),
        "proof": lambda: report.proof(facts),
    }
    wanted = sections_of(facts)
    lines: list[str] = []
    failed = 0
    for name in wanted:
        error = facts.broken.get(name, "")
        try:
            for line in () if error else sections[name]():
                lines.append(line.rstrip())
        except Exception as found:
            error = type(found).__name__
        if error:
            failed += 1
            lines.append(report.words.word("broken", error=error))
        lines.append("")
    word = report.words.word
    ending = word("incomplete" if failed else "complete", sections=len(wanted), failed=failed)
    return "\n".join([*lines, word("privacy"), "", word("sign"), "", "=" * WIDTH, ending]) + "\n"


class _Report:
    """The sections; each is a generator of lines."""

    def __init__(self, words: ReportWords) -> None:
        self.words = words

    def who(self, facts: ReportFacts) -> Lines:
        word, terminal = self.words.word, facts.terminal
        yield "=" * WIDTH
        yield word("title")
        yield "=" * WIDTH
        yield self._row("made", f"{facts.made:%Y-%m-%d %H:%M:%S %z}")
        yield self._row("software", f"posmedic {clean(facts.software)}")
        if facts.ticket:
            yield self._row("ticket", clean(facts.ticket))
        if terminal == TerminalProfile():
            yield self._row("terminal", word("no_profile"))
            return
        for key, told in who_rows(terminal):
            yield self._row(key, told)
        yield self._row("", word("verified" if terminal.verified else "unverified"))

    def decline(self, facts: ReportFacts) -> Lines:
        diagnosis, word = facts.diagnosis, self.words.word
        yield from self._title("decline")
        if diagnosis is None:
            yield word("no_decline")
            return
        words, language = self.words.screen, self.words.language
        if facts.declined_at:
            yield self._row("when", moment(facts.declined_at))
        yield self._row("code", f"{clean(diagnosis.code or words.word('no_code'))}  {diagnosis.meaning[language]}")
        yield self._row("verdict", words.of("verdict", diagnosis.verdict))
        yield self._row("short_code", diagnosis.short_code)
        for label, text in zip(("what", "who", "now", "proved"), diagnosis.headline[language], strict=True):
            yield from self._wrapped(words.word(label), text)
        yield from self._wrapped(words.word("charged"), diagnosis.charged[language])
        yield from self._wrapped(words.word("contact"), diagnosis.contact[language])
        if facts.before:
            yield from self._wrapped(word("at_decline"), self.words.otherwise(facts.before))
        yield ""
        yield f"{word('causes')}:"
        for cause in diagnosis.causes:
            name, state = words.of("cause", cause.id), words.of("state", cause.state)
            because = ", ".join(words.evidence(fact) for fact in cause.because)
            tail = f"{word('because')}: {because}" if because else ""
            yield from self._hung(f"  {pad(state, 16)}{pad(name, 32)}", tail)
            if cause.state in _RANKED and cause.advice[language]:
                yield from self._hung(" " * 18, cause.advice[language])

    def selftest(self, evidence: Sequence[Evidence]) -> Lines:
        words = self.words
        yield from self._title("selftest")
        if not evidence:
            yield words.word("no_selftest")
            return
        yield from self._cells(*(words.word(key) for key in ("outcome", "check", "value", "limit", "age")))
        yield "-" * WIDTH
        not_run: dict[str, dict[str, None]] = {}
        fitted = {item.part for item in evidence if item.reason != "not_fitted"}
        for item in evidence:
            outcome, name = words.outcome(item.outcome), words.check(item.id)
            if item.outcome is Outcome.NOT_RUN:
                names = not_run.setdefault(words.reason(item.reason), {})
                names[name if item.part in fitted else words.part(item.part)] = None
                continue
            limit, age = words.limit(item.limit, item.unit), words.age(item.age_s)
            yield from self._cells(outcome, name, words.told(item), limit, age)
        for reason, names in not_run.items():
            yield f"{words.outcome(Outcome.NOT_RUN)}: {reason}"
            yield from self._hung(" " * 12, words.word("comma").join(names))

    def found(self, evidence: Sequence[Evidence]) -> Lines:
        yield from self._title("found")
        bad = worst_first(evidence)
        if not bad:
            yield self.words.word("found_none")
        for item in bad:
            head = f"{pad(self.words.outcome(item.outcome), 12)}{pad(self.words.check(item.id), 28)}"
            yield from self._hung(head, self.words.why(item))
            for text in filter(None, (self.words.advice(item.id), self.words.remark(item))):
                yield from self._hung(" " * 12, text)

    def history(self, history: Mapping[str, Any]) -> Lines:
        word = self.words.word
        yield from self._title("history")
        codes, faults, untested = (history.get(key, ()) for key in ("codes", "faults", "untested"))
        if history.get("kept", "ok") != "ok":
            yield from self._wrapped(word("not_kept"), self.words.sentence(str(history["kept"])))
        if not codes and not faults:
            yield word("no_history")
        if codes:
            yield f"{word('history_declines')}:"
        for row in codes:
            code = clean(str(row["code"] or self.words.screen.word("no_code")))
            yield from self._hung(f"  {pad(code, 28)}{pad(str(row['count']) + '×', 12)}", self.words.span(row))
        if faults:
            yield f"{word('history_faults')}:"
        for row in faults:
            head = f"  {pad(self.words.check(str(row['id'])), 28)}{pad(str(row['count']) + '×', 12)}"
            yield from self._hung(head, f"{self.words.span(row)}  {self.words.status(row)}")
            yield from self._hung(" " * 42, self.words.times(row))
        if untested:
            names = ", ".join(self.words.check(str(name)) for name in untested)
            yield from self._hung("", f"{word('never_tested')}: {names}")

    def trends(self, facts: ReportFacts) -> Lines:
        """One line a fact and period; the HTML report has the plots."""
        yield from self._title("trends")
        units = {item.id: item.unit for item in facts.evidence}
        for name, periods in facts.trends.items():
            for period, samples in periods.items():
                if not samples:
                    continue
                least, most = min(item.least for item in samples), max(item.most for item in samples)
                mean = sum(item.mean * item.count for item in samples) / sum(item.count for item in samples)
                told = f"{number(least)} .. {number(most)} {units.get(name, '')}".rstrip()
                told += f" ({self.words.word('mean')} {number(mean)})"
                start = samples[0].start.strftime("%m-%d" if period == "day" else "%m-%d %H:%M")
                since = self.words.word(f"since_{period}", start=start)
                yield from self._hung(f"  {pad(self.words.check(name), 26)}{pad(told, 40)}", since)

    def comparison(self, comparison: Comparison | None) -> Lines:
        if comparison is None:
            return
        words, word = self.words, self.words.word
        yield from self._title("comparison")
        yield self._row("before", run_head(comparison.before))
        yield self._row("after", run_head(comparison.after))
        if not comparison.same_terminal:
            yield word("other_terminal")
        yield ""
        columns = (28, 36, 36)
        for kind in Kind:
            changes = comparison.of(kind)
            if not changes or kind is Kind.SAME:
                continue
            yield f"{word(f'kind_{kind}')} ({len(changes)}):"
            for change in changes:
                cells = (words.check(change.id), *(side_told(words, change, side) for side in ("before", "after")))
                for line in self._rows(cells, columns):
                    yield f"  {line}"
        yield word("unchanged", count=len(comparison.of(Kind.SAME)))

    def proof(self, facts: ReportFacts) -> Lines:
        yield from self._title("proof")
        yield from self.summary(facts.evidence)
        good = [item for item in facts.evidence if item.outcome is Outcome.PASS]
        if not good:
            return
        yield ""
        yield f"{self.words.word('tested_good')}:"
        cells = [(self.words.check(item.id), self.words.told(item)) for item in good]
        for left, right in itertools.zip_longest(cells[::2], cells[1::2], fillvalue=("", "")):
            for line in self._rows((*left, *right), _PAIRS):
                yield f"  {line}"

    def summary(self, evidence: Sequence[Evidence]) -> Lines:
        """Was a fault found, and what was not tested? Nothing tested is never called free of faults."""
        word, bad, untested = self.words.word, worst_first(evidence), count_untested(evidence)
        tested = len(evidence) - untested
        if bad:
            yield word("faults", count=len(bad), tested=tested)
            for item in bad:
                yield f"  {pad(self.words.outcome(item.outcome), 12)}{self.words.check(item.id)}"
        elif tested:
            yield word("no_fault", count=tested)
        else:
            yield word("no_selftest")
        if untested:
            yield word("untested", count=untested)

    def _title(self, key: str) -> Lines:
        yield self.words.word(key)
        yield "-" * WIDTH

    def _row(self, key: str, text: str) -> str:
        return pad(self.words.word(key) if key else "", _LABEL) + text

    def _wrapped(self, label: str, text: str) -> Lines:
        return self._hung(pad(label, _LABEL), text)

    def _hung(self, head: str, text: str) -> Lines:
        """``head``, then the text in a column of its own."""
        column = width_of(head)
        for place, line in enumerate(wrap(text, max(24, WIDTH - column))):
            yield (head if place == 0 else " " * column) + line

    def _cells(self, *cells: str) -> Lines:
        return self._rows(cells, _COLUMNS)

    def _rows(self, cells: Sequence[str], columns: Sequence[int]) -> Lines:
        """Cells side by side; one that is too long for its column goes on below itself."""
        wrapped = [wrap(cell, width - 1) for cell, width in zip(cells, columns, strict=True)]
        for row in itertools.zip_longest(*wrapped, fillvalue=""):
            yield "".join(pad(cell, width) for cell, width in zip(row, columns, strict=True))


def who_rows(terminal: TerminalProfile) -> list[tuple[str, str]]:
    """Key of [report] and text of each line about the terminal."""
    place = " / ".join((terminal.country or "-", terminal.currency or "-"))
    acquirer = " ".join(filter(None, (terminal.acquirer, terminal.hotline)))
    rows = [
        *(("terminal_id", terminal.terminal_id), ("merchant_id", terminal.merchant_id), ("mcc", terminal.mcc)),
        *(("country", place), ("host", terminal.host), ("acquirer", acquirer)),
    ]
    return [(key, clean(told or "-")) for key, told in rows]


def run_head(run: Run) -> str:
    """When and by which software a run was made, and on which terminal."""
    return "  ".join(filter(None, (moment(run.made), f"posmedic {clean(run.software)}", clean(run.terminal_id))))


def side_told(words: ReportWords, change: Change, side: str) -> str:
    """One side of a change: outcome, then value or reason."""
    item: Evidence | None = getattr(change, side)
    if item is None:
        return words.word("not_there")
    told = words.told(item)
    return words.outcome(item.outcome) + (f" ({told})" if told else "")


def selftest_text(evidence: Sequence[Evidence], language: str, texts: Mapping[str, Any]) -> str:
    """Return the self-test table and what was found, as ``posmedic selftest`` prints it."""
    report = _Report(ReportWords(language, texts))
    return "\n".join([*report.selftest(evidence), "", *report.found(evidence), "", *report.summary(evidence)])


def history_text(history: Mapping[str, Any], language: str, texts: Mapping[str, Any]) -> str:
    """Return the fault memory, as ``posmedic history`` prints it."""
    return "\n".join(_Report(ReportWords(language, texts)).history(history))


def comparison_text(comparison: Comparison, language: str, texts: Mapping[str, Any]) -> str:
    """Return two saved runs side by side."""
    return "\n".join(_Report(ReportWords(language, texts)).comparison(comparison))
