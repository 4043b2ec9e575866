"""A sheet that judges by the product's own table of checks and keeps what was written on it."""

from device.evidence import Evidence
from device.selftest.check_table import parse_checks
from device.selftest.sheet import Sheet
from device.settings import read_catalogue


class KeptSheet(Sheet):
    """``found`` maps a check's id to its evidence; ``order`` is the order in which they were written."""

    def __init__(self) -> None:
        self.found: dict[str, Evidence] = {}
        self.order: list[str] = []
        super().__init__(parse_checks(read_catalogue("checks.toml")), self._keep)

    def _keep(self, evidence: Evidence) -> None:
        assert evidence.id not in self.found, f"{evidence.id} was written twice"
        self.found[evidence.id] = evidence
        self.order.append(evidence.id)

    def told(self, evidence_id: str) -> tuple[str, str]:
        """Outcome and reason of one fact."""
        evidence = self.found[evidence_id]
        return evidence.outcome.value, evidence.reason
