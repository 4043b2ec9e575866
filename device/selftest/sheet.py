"""The sheet on which one part's checks write down what they measured."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

from device.evidence import CheckSpec, Evidence, Outcome, Value
from device.selftest.person import Person


class Sheet:
    """Judges each measured value by its limit in the catalogue and hands the evidence on at once.

    ``specs`` maps a check's id to its row; ``report`` gets every evidence as soon as it is known, so that a part
    that hangs later has already told what it found before. ``required`` are parts that must be fitted, ``fitted``
    those that the profile says are. ``person``: whom an assisted check may ask; None: nobody is there.
    """

    def __init__(
        self,
        specs: Mapping[str, CheckSpec],
        report: Callable[[Evidence], None],
        required: Collection[str] = (),
        fitted: Collection[str] = (),
        person: Person | None = None,
    ) -> None:
        self._specs = specs
        self._report = report
        self._required = required
        self._fitted = fitted
        self.person = person

    def measured(self, check_id: str, value: Value, *, detail: str = "", took_ms: float | None = None) -> Outcome:
        """A value was measured: judge it by the check's limit."""
        spec = self._specs[check_id]
        outcome = spec.limit.judge(value)
        reason = "" if outcome is Outcome.PASS else "outside_limit"
        self._report(Evidence(check_id, outcome, value, spec.unit, str(spec.limit), reason, detail, took_ms=took_ms))
        return outcome

    def compared(self, check_id: str, value: str, expected: str | None) -> None:
        """A value that must be exactly ``expected``; None: nobody said what it must be, so nothing is judged."""
        if expected is None:
            detail = f"It is {value}; the terminal's profile does not say what it must be."
            self.not_run(check_id, "no_reference", detail)
            return
        outcome = Outcome.PASS if value == expected else Outcome.FAIL
        reason = "" if outcome is Outcome.PASS else "outside_limit"
        self._report(Evidence(check_id, outcome, value, self._specs[check_id].unit, expected, reason))

    def failed(self, check_id: str, reason: str, detail: str, *, took_ms: float | None = None) -> None:
        """The part was asked and did not do what it must (no answer, refused)."""
        self._write(check_id, Outcome.FAIL, reason, detail, took_ms)

    def broken(self, check_id: str, reason: str, detail: str) -> None:
        """The check itself could not come to a result."""
        self._write(check_id, Outcome.ERROR, reason, detail, None)

    def not_run(self, check_id: str, reason: str, detail: str) -> None:
        """The check was not made; ``reason`` says why (``not_fitted``, ``port_held``, ``needs_answer``).

        A part that is not fitted but required has failed; one that the profile has fitted was left out of the settings.
        """
        part = check_id.partition(".")[0]
        if reason == "not_fitted" and part in self._required:
            self.failed(check_id, "required_missing", f"The terminal's profile requires this part. {detail}")
            return
        if reason == "not_fitted" and part in self._fitted:
            reason, detail = "fitted_untested", f"The terminal's profile says that this part is fitted. {detail}"
        self._write(check_id, Outcome.NOT_RUN, reason, detail, None)

    def _write(self, check_id: str, outcome: Outcome, reason: str, detail: str, took_ms: float | None) -> None:
        spec = self._specs[check_id]
        self._report(Evidence(check_id, outcome, None, spec.unit, str(spec.limit), reason, detail, took_ms=took_ms))
