"""The sheet on which one part's checks write down what they measured."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from device.evidence import CheckSpec, Evidence, Outcome, Value


class Sheet:
    """Judges each measured value by its limit in the catalogue and hands the evidence on at once.

    ``specs`` maps a check's id to its row; ``report`` gets every evidence as soon as it is known, so that a part
    that hangs later has already told what it found before.
    """

    def __init__(self, specs: Mapping[str, CheckSpec], report: Callable[[Evidence], None]) -> None:
        self._specs = specs
        self._report = report

    def measured(self, check_id: str, value: Value, *, detail: str = "", took_ms: float | None = None) -> Outcome:
        """A value was measured: judge it by the check's limit."""
        spec = self._specs[check_id]
        outcome = spec.limit.judge(value)
        reason = "" if outcome is Outcome.PASS else "outside_limit"
        self._report(Evidence(check_id, outcome, value, spec.unit, str(spec.limit), reason, detail, took_ms=took_ms))
        return outcome

    def failed(self, check_id: str, reason: str, detail: str, *, took_ms: float | None = None) -> None:
        """The part was asked and did not do what it must (no answer, refused)."""
        self._write(check_id, Outcome.FAIL, reason, detail, took_ms)

    def broken(self, check_id: str, reason: str, detail: str) -> None:
        """The check itself could not come to a result."""
        self._write(check_id, Outcome.ERROR, reason, detail, None)

    def not_run(self, check_id: str, reason: str, detail: str) -> None:
        """The check was not made; ``reason`` says why (``not_fitted``, ``port_held``, ``needs_answer``)."""
        self._write(check_id, Outcome.NOT_RUN, reason, detail, None)

    def _write(self, check_id: str, outcome: Outcome, reason: str, detail: str, took_ms: float | None) -> None:
        spec = self._specs[check_id]
        self._report(Evidence(check_id, outcome, None, spec.unit, str(spec.limit), reason, detail, took_ms=took_ms))
