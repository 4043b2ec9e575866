"""``posmedic run``: the service."""

from __future__ import annotations

import sys
from pathlib import Path

from device.app.instance_lock import AlreadyRunningError
from device.app.journal import note
from device.app.service import Service
from device.ports.json_socket import SocketPathError
from device.settings import DEFAULT_PATH, read_settings
from device.table import TableError
from device.worker import name_of_error


def run_service(path: Path | None) -> int:
    """Run until SIGTERM; exit code 2 if the settings or the sockets do not allow a start."""
    try:
        Service(read_settings(path or DEFAULT_PATH)).run()
    except TableError:
        raise
    except (AlreadyRunningError, SocketPathError) as error:
        sys.stderr.write(f"posmedic: {error}\n")
        return 2
    except Exception as error:
        # a traceback could carry data of a sale: say type and place, and let the supervisor start us again
        note("crashed", error=name_of_error(error))
        return 1
    return 0
