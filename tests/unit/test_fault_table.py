"""The table of faults names tests that are there."""

import re
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
TABLE = (TESTS / "faults" / "updates.md").read_text()


def test_every_row_names_its_tests_and_each_is_in_its_place() -> None:
    head, _, rows = TABLE.partition("|---|---|---|\n")
    places = {
        word: (TESTS.parent / path).read_text() for word, path in re.findall(r"`(\w+)`\s+(tests/[\w/]+\.py)", head)
    }
    for row in rows.strip().splitlines():
        last = row.rstrip("| ").rpartition(" | ")[2]
        place, named = "", 0
        for word, test in re.findall(r"(?:\b(\w+) )?`(test_\w+)`", last):
            place = word or place
            assert f"def {test}(" in places[place], (place, test)
            named += 1
        assert named, row
