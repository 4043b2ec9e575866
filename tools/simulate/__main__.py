"""``python -m tools.simulate SCENARIO --out DIR [--lang zh|en] [--size WxH] [--check] [--console PORT]``.

Starts the real service against simulated hardware and plays the scenario. Writes diagnosis.json, screen.png (and
further pages), screen.txt, frame.json, report.txt and service.log into DIR. Exit 0: it played to its end, and with
``--check`` everything its ``[expect]`` states holds; 1: it did not; 2: the call or the file is wrong.

With ``--console`` the terminal's port for technicians is at ``tcp://127.0.0.1:PORT`` (0: any free one, which is told),
and after the play the terminal stays until Ctrl-C.
"""

from __future__ import annotations

import argparse
import os
import socket
import sys
from pathlib import Path

from device.settings import known_languages, parse_size
from device.table import Table, TableError
from tools.simulate.console_bridge import ConsoleBridge
from tools.simulate.expectation import find_differences
from tools.simulate.namespace import NamespaceError, inside, reexec_in_namespace
from tools.simulate.player import Player
from tools.simulate.running_service import SimulationError
from tools.simulate.scenario import read_scenario

_LISTENER = "POSMEDIC_CONSOLE_LISTENER"
_RESOLV_CONF = "nameserver 127.0.0.1\noptions timeout:1 attempts:1\n"


def main() -> int:
    """Play one scenario."""
    parser = argparse.ArgumentParser(prog="python -m tools.simulate", description=__doc__.split("\n\n")[1])
    parser.add_argument("scenario", type=Path, metavar="SCENARIO", help="a file as tests/scenarios/*.toml")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR")
    parser.add_argument("--lang", choices=known_languages(), default="zh")
    parser.add_argument("--size", default="480x800", metavar="WxH")
    parser.add_argument("--check", action="store_true", help="compare with what the scenario states")
    parser.add_argument("--console", type=int, metavar="PORT", help="stay, with the technician's port at this TCP port")
    arguments = parser.parse_args()
    try:
        listener = None if arguments.console is None else _listen(arguments.console)
        scenario = read_scenario(arguments.scenario)
        parse_size(arguments.size, Table({}, "--size"))
        _enter_namespace()
        out: Path = arguments.out.absolute()
        out.mkdir(parents=True, exist_ok=True)
        console = None if listener is None else ConsoleBridge(listener, out / "console")
        played = Player(scenario, out, arguments.lang, arguments.size, console).play()
    except TableError as error:
        print(f"simulate: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"simulate: {error.filename or arguments.out}: {error.strerror}", file=sys.stderr)
        return 2
    except SimulationError as error:
        print(f"simulate: {arguments.scenario.stem} did not play to its end: {error}", file=sys.stderr)
        return 1
    for missing in played.missing:
        print(f"simulate: {missing}", file=sys.stderr)
    differences = find_differences(scenario.expect, played, out) if arguments.check else []
    for difference in differences:
        print(f"simulate: {scenario.name}: {difference}", file=sys.stderr)
    return 1 if differences else 0


def _listen(port: int) -> socket.socket:
    """Listen on the machine's own loopback: the namespace, which is entered by running again, has another one."""
    if (number := os.environ.pop(_LISTENER, "")) and inside():
        listener = socket.socket(fileno=int(number))
        listener.set_inheritable(False)
        return listener
    try:
        listener = socket.create_server(("127.0.0.1", port))
    except (OSError, OverflowError) as error:
        raise SimulationError(f"TCP port {port} cannot be had: {error}") from error
    print(f"simulate: the technician's port will be tcp://127.0.0.1:{listener.getsockname()[1]}", flush=True)
    if not inside():
        listener.set_inheritable(True)
        os.environ[_LISTENER] = str(listener.fileno())
    return listener


def _enter_namespace() -> None:
    """Run again in a namespace of our own; where the machine allows none, say so and go on with what is there."""
    if inside():
        return
    try:
        reexec_in_namespace([sys.executable, "-m", "tools.simulate", *sys.argv[1:]], _RESOLV_CONF)
    except NamespaceError as error:
        print(f"simulate: no namespace of its own ({error}); going on with what is there", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
