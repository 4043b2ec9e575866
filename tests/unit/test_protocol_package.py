"""The package's front door: every name it promises is there, and opening it costs no module."""

from __future__ import annotations

import subprocess
import sys

import pytest

import protocol


@pytest.mark.parametrize("name", protocol.__all__)
def test_every_promised_name_is_the_one_of_its_module(name: str) -> None:
    home = protocol._HOME_OF[name]
    assert getattr(protocol, name) is getattr(sys.modules[f"protocol.{home}"], name)
    assert name in dir(protocol)


def test_an_unknown_name_is_refused_as_of_any_module() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        protocol.nothing  # noqa: B018


def test_the_import_alone_loads_none_of_its_modules() -> None:
    code = "import protocol, sys; print(*[name for name in sys.modules if name.startswith('protocol.')])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
    assert set(protocol.__all__) == set(protocol._HOME_OF)
