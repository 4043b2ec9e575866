"""A worker gives way to a sale; where the service's unit forbids even that, its work goes on all the same."""

from __future__ import annotations

import subprocess
import sys

import pytest

_ASKS = "import os; from device.worker import give_way; give_way(); print(os.getpriority(os.PRIO_PROCESS, 0))"
_REFUSES = """
import ctypes, os, struct
libc = ctypes.CDLL(None, use_errno=True)
refused = {"x86_64": (34, 141), "aarch64": (140,)}[os.uname().machine]  # nice, setpriority
rules = [(0x20, 0, 0, 0)]  # load the call's number
rules += [(0x15, len(refused) - place, 0, number) for place, number in enumerate(refused)]
rules += [(0x06, 0, 0, 0x7FFF0000), (0x06, 0, 0, 0x00050001)]  # allow; else EPERM, as SystemCallErrorNumber= has it
code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *rule) for rule in rules))
program = ctypes.create_string_buffer(struct.pack("HxxxxxxP", len(rules), ctypes.addressof(code)))
assert libc.prctl(38, 1, 0, 0, 0) == 0 and libc.prctl(22, 2, program, 0, 0) == 0
try:
    os.nice(1)
except PermissionError:
    print("refused")
"""


def _run(script: str) -> list[str]:
    return subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.split()


def test_a_worker_has_a_lower_priority() -> None:
    own = int(_run("import os; print(os.getpriority(os.PRIO_PROCESS, 0))")[0])
    assert _run(_ASKS) == [str(min(own + 10, 19))]


@pytest.mark.skipif(sys.platform != "linux", reason="system call filters are the Linux kernel's")
def test_where_the_kernel_refuses_a_lower_priority_the_work_goes_on() -> None:
    assert _run(_REFUSES + _ASKS)[0] == "refused"
    assert len(_run(_REFUSES + _ASKS)) == 2
