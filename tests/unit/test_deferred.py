"""What the service does not load: modules that only a command or a worker needs, and rare ones of others."""

import subprocess
import sys


def _told_by(program: str) -> list[str]:
    """What a fresh Python prints that has taken the command's own way in."""
    program = f"import sys; import device.__main__; {program}"
    return subprocess.run(
        [sys.executable, "-I", "-c", program], capture_output=True, check=True, text=True
    ).stdout.split()


def test_the_service_holds_no_module_that_only_a_command_or_a_worker_needs() -> None:
    kept = _told_by("import device.commands.run; print(*sys.modules)")
    heavy = {"argparse", "ast", "asyncio", "cffi", "construct", "dis", "hashlib", "PIL", "serial", "ssl", "subprocess"}
    assert "device.app.service" in kept
    assert heavy & set(kept) == set()


def test_a_deferred_module_is_there_when_something_of_it_is_asked_for() -> None:
    program = (
        "import inspect; before = 'ast' in sys.modules; print(before, inspect.signature(lambda one: one));"
        "from copy import deepcopy; print(deepcopy([1]), sys.modules['inspect'].isclass(int), 'ast' in sys.modules)"
    )
    assert _told_by(program) == ["False", "(one)", "[1]", "True", "True"]


def test_what_a_deferred_module_lacks_is_an_attribute_error_as_ever() -> None:
    assert _told_by("import copy; print(hasattr(copy, 'no_such_name'), hasattr(copy, '__path__'))") == [
        "False",
        "False",
    ]
