"""Fixtures that several of these files share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from support.rauc_system import RaucSystem


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RaucSystem]:
    """A terminal's updater: real RAUC with two slots of fixed size."""
    made = RaucSystem(tmp_path_factory.mktemp("rauc"))
    yield made
    made.close()
