"""Stands in for the service and tells a payment application's vendor whether the application keeps to the contract.

    python -m conformance --listen /tmp/host.sock        then let the application make sales, and stay idle in between

Needs Python 3.11, the package jsonschema, and host_socket.schema.json in this folder (or --schema FILE).

The application connects as on a terminal. On its first visit it is answered and asked for everything that the service
may ask; on the second it gets no answer at all; on the third it gets nonsense. After each it is hung up on, and must
come back and make its sales as if nobody were there. Each rule ends as ``pass``, ``FAIL``, ``not offered`` or ``not
seen``; the exit code is 0 only if every rule passed or concerns what the application does not offer.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

try:
    from .stand_in import Conformance
except ImportError as error:
    sys.exit(f"conformance: {error}; what is needed comes with: python -m pip install jsonschema")


def main() -> int:
    """Run the command line: 0 every rule was kept, 1 one was broken or not seen."""
    parser = argparse.ArgumentParser(
        prog="conformance", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--listen", type=Path, required=True, metavar="SOCKET", help="where the application connects")
    parser.add_argument("--seconds", type=float, default=300.0, help="give up after this many (default 300)")
    parser.add_argument("--patience", type=float, default=20.0, help="seconds that an answer may take (default 20)")
    parser.add_argument("--schema", type=Path, metavar="FILE", help="default: host_socket.schema.json in this folder")
    arguments = parser.parse_args()
    try:
        stand_in = Conformance(arguments.listen, arguments.schema, arguments.patience)
    except (OSError, ValueError, KeyError) as error:
        print(f"conformance: {error}", file=sys.stderr)
        return 2
    try:
        stand_in.run(arguments.seconds)
    except KeyboardInterrupt:
        print("conformance: interrupted; what was seen until then:")
    finally:
        stand_in.close()
    print(stand_in.findings.table())
    print("The application keeps to the contract." if stand_in.findings.conforms else "Not proved: see above.")
    return 0 if stand_in.findings.conforms else 1


if __name__ == "__main__":
    sys.exit(main())
