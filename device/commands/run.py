"""``posmedic run``: the service."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeAlias

from device.app.instance_lock import AlreadyRunningError
from device.app.journal import note
from device.app.service import Service
from device.ports.json_socket import SocketPathError
from device.settings import DEFAULT_PATH, read_settings
from device.table import TableError
from device.worker import name_of_error

RunWords: TypeAlias = Callable[[Sequence[str], Path | None], int]


def run_service(path: Path | None, run_words: RunWords) -> int:
    """Run until SIGTERM; exit code 2 if the settings or the sockets do not allow a start.

    ``run_words`` carries out a command line, for the technician's port.
    """
    try:
        service = Service(read_settings(path or DEFAULT_PATH))
        service.loop.call_in(0, lambda: _open_consoles(service, path, run_words))
        service.run()
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


def _open_consoles(service: Service, path: Path | None, run_words: RunWords) -> None:
    if service.settings.consoles:
        from device.app.consoles import Consoles  # noqa: PLC0415  only a terminal with such a port pays for it

        Consoles(service, lambda words: run_words(words, path), path or DEFAULT_PATH).open()
