"""What systemd's ``IPAddressDeny=any`` does, for a command alone: a cgroup whose BPF program lets nothing out.

    python address_filter.py COMMAND...

Needs root, a mount namespace of its own and cgroup2; exit code 77 where the kernel has no such filter.
"""

from __future__ import annotations

import ctypes
import os
import struct
import subprocess
import sys
import tempfile
from pathlib import Path

_SYS_BPF = {"x86_64": 321, "aarch64": 280}
_PROG_LOAD, _PROG_ATTACH = 5, 8  # bpf(2)
_CGROUP_SKB, _EGRESS = 8, 1  # linux/bpf.h
_NO = struct.pack("<BBhi", 0xB7, 0, 0, 0) + struct.pack("<BBhi", 0x95, 0, 0, 0)  # r0 = 0; exit


def main() -> None:
    folder = Path(tempfile.mkdtemp())
    if subprocess.run(["mount", "-t", "cgroup2", "none", str(folder)], check=False).returncode != 0:
        sys.exit(77)
    group = folder / f"posmedic-{os.getpid()}"
    group.mkdir()
    try:
        pid = os.fork()
        if pid == 0:
            _attach(group)
            (group / "cgroup.procs").write_text(str(os.getpid()))
            os.execvp(sys.argv[1], sys.argv[1:])  # noqa: S606
        code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    finally:
        group.rmdir()
        subprocess.run(["umount", str(folder)], check=False)
        folder.rmdir()
    sys.exit(code)


def _attach(group: Path) -> None:
    program, licence = ctypes.create_string_buffer(_NO), ctypes.create_string_buffer(b"GPL")
    load = struct.pack("<IIQQ", _CGROUP_SKB, len(_NO) // 8, ctypes.addressof(program), ctypes.addressof(licence))
    loaded = _bpf(_PROG_LOAD, load)
    _bpf(_PROG_ATTACH, struct.pack("<IIII", os.open(group, os.O_RDONLY), loaded, _EGRESS, 0))


def _bpf(command: int, attributes: bytes) -> int:
    libc = ctypes.CDLL(None, use_errno=True)
    given = ctypes.create_string_buffer(attributes + bytes(128 - len(attributes)), 128)
    done = int(libc.syscall(_SYS_BPF.get(os.uname().machine, -1), command, given, 128))
    if done < 0:
        os._exit(77)
    return done


if __name__ == "__main__":
    main()
