"""How much the tests try: few examples of each property, and no emulated terminal, unless ``make long-test`` asks.

HYPOTHESIS_PROFILE=long tries many examples; POSMEDIC_GUEST=arm64 (or armhf, amd64) collects tests/guest as well, which
boot that architecture's image in QEMU.
"""

import os

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile("quick", max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("long", parent=settings.get_profile("quick"), max_examples=5000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))


def pytest_addoption(parser: pytest.Parser) -> None:
    """``--bless`` takes the pictures of the screen as they are drawn now for those that are right."""
    parser.addoption("--bless", action="store_true", help="keep the screen's pictures as they are drawn now")


collect_ignore = [] if os.environ.get("POSMEDIC_GUEST") else ["guest"]
