"""The command ``posmedic`` (also ``python -I -m device``)."""

from __future__ import annotations

import sys

from device.deferred import defer

# what dataclasses, pathlib and urllib import at their top for rare calls: 1.5 MB resident, a tenth of the start
defer("copy", "inspect", "ipaddress")

from device.commands.main import main  # noqa: E402

__all__ = ["main"]

if __name__ == "__main__":
    sys.exit(main())
