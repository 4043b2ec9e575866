"""``posmedic run``: the service."""

from __future__ import annotations

import sys
from pathlib import Path

from device.app.instance_lock import AlreadyRunningError
from device.app.service import Service
from device.ports.json_socket import SocketPathError
from device.settings import DEFAULT_PATH, read_settings


def run_service(path: Path | None) -> int:
    """Run until SIGTERM; exit code 2 if the settings or the sockets do not allow a start."""
    try:
        Service(read_settings(path or DEFAULT_PATH)).run()
    except (AlreadyRunningError, SocketPathError) as error:
        sys.stderr.write(f"posmedic: {error}\n")
        return 2
    return 0
