"""Sections of ``settings.toml`` that a terminal may lack: each gives None where it stands not in the file.

Every error is a :class:`~device.table.TableError`: one sentence with file, line and key.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from device.table import Table

_MOST_CONSOLES: Final = 4
FLOWS: Final = ("none", "rtscts", "xonxoff")
_MOST_INPUTS: Final = 4
BUNDLE_FORMATS: Final = ("verity", "plain", "crypt")  # of RAUC; only verity is checked while it is read


@dataclass(frozen=True, slots=True)
class LineSettings:
    """A serial line: device path and speed; ``profile`` names the frame or message profile spoken on it.

    For a host link it may be the path of a vendor's message profile instead (it has a ``/``).
    """

    port: str
    baud: int
    profile: str = ""
    listen: str = ""  # of a modem: a second AT port that nobody else uses


@dataclass(frozen=True, slots=True)
class HostSocketSettings:
    """The payment application's socket, and the user ids that may connect (empty: the service's own and root).

    ``profile`` is the file of a vendor's message profile, where the application's host writes in a way of its own.
    """

    path: Path
    allow_uids: tuple[int, ...]
    profile: Path | None = None


@dataclass(frozen=True, slots=True)
class NetworkSettings:
    """The payment host as this terminal reaches it."""

    host: str
    port: int
    tls: bool
    server_name: str
    ca_file: str
    timeout_s: float


@dataclass(frozen=True, slots=True)
class UpdateSettings:
    """Firmware updates by RAUC.

    ``config``: RAUC's configuration (None: in RAUC's own place); ``formats`` of bundles that are taken;
    ``min_battery`` in %; ``gate_s``: how long a new version may take to come through its first self-test.
    """

    config: Path | None
    formats: tuple[str, ...]
    min_battery: int
    gate_s: float


@dataclass(frozen=True, slots=True)
class ConsoleSettings:
    """A technician's port: a UART or USB gadget (``/dev/ttyGS0``), its speed and flow control."""

    port: str
    baud: int
    flow: str = "none"


@dataclass(frozen=True, slots=True)
class ConsoleAccessSettings:
    """Who may sign in at a technician's port: ``signers`` and ``revoked`` are files of OpenSSH (allowed signers, KRL).

    ``anchor``: where count and head of the audit log are kept; None: beside the database.
    """

    signers: Path | None = None
    revoked: Path | None = None
    anchor: Path | None = None


NO_ACCESS: Final = ConsoleAccessSettings()


def parse_console_access(root: Table) -> ConsoleAccessSettings:
    """``[console_access]``; without it nobody can sign in."""
    table = root.table("console_access", {})
    signers, revoked, anchor = (table.optional_text(name) for name in ("signers", "revoked", "anchor"))
    table.close()
    return ConsoleAccessSettings(*(Path(path) if path else None for path in (signers, revoked, anchor)))


@dataclass(frozen=True, slots=True)
class InputSettings:
    """A keypad or touch panel that turns our pages: its device, the key codes of each move, captions of its keys.

    ``swap_axes``, ``flip_x`` and ``flip_y`` turn a touch panel's axes into the picture's.
    """

    device: Path
    touch: bool
    keys: Mapping[str, tuple[int, ...]]
    captions: Mapping[str, str]
    swap_axes: bool = False
    flip_x: bool = False
    flip_y: bool = False


def parse_inputs(root: Table, defaults: Table) -> tuple[InputSettings, ...]:
    """Every ``[[input]]``; ``defaults`` is ``catalogue/keys.toml``."""
    if "input" not in root:
        return ()
    keys, captions = _keys(defaults, {}, {})
    inputs = []
    for table in root.tables("input", most=_MOST_INPUTS):
        device = Path(table.text("device"))
        own_keys, own_captions = _keys(table.table("keys", {}), keys, captions)
        touch, axes = table.flag("touch", False), [table.flag(key, False) for key in ("swap_axes", "flip_x", "flip_y")]
        table.close()
        inputs.append(InputSettings(device, touch, own_keys, own_captions, *axes))
    return tuple(inputs)


def _keys(
    table: Table, keys: Mapping[str, tuple[int, ...]], captions: Mapping[str, str]
) -> tuple[Mapping[str, tuple[int, ...]], Mapping[str, str]]:
    """Key codes and captions by move; what the table does not name stays as it was."""
    moves = table.keys()
    if unknown := [move for move in moves if keys and move not in keys]:
        raise table.error(unknown[0], f"is no move; known are {', '.join(keys)}")
    rows = {move: table.table(move) for move in moves}
    read_keys = {move: row.wholes("codes", most=0x2FF) for move, row in rows.items()}
    read_captions = {move: row.text("caption", most=6) for move, row in rows.items()}
    for row in rows.values():
        row.close()
    table.close()
    return {**keys, **read_keys}, {**captions, **read_captions}


def parse_consoles(root: Table) -> tuple[ConsoleSettings, ...]:
    """Every ``[[console]]``; none is normal."""
    if "console" not in root:
        return ()
    consoles = []
    for table in root.tables("console", most=_MOST_CONSOLES):
        baud = table.whole("baud", 115200, least=300, most=4_000_000)
        consoles.append(ConsoleSettings(table.text("port"), baud, table.choice("flow", FLOWS, "none")))
        table.close()
    return tuple(consoles)


def parse_smart_card(root: Table) -> str | None:
    """Part of the PC/SC reader's name, "" for the first one; None: there is none."""
    if "smart_card" not in root:
        return None
    table = root.table("smart_card")
    enabled, reader = table.flag("enabled", True), table.text("reader", "")
    table.close()
    return reader if enabled else None


def parse_hal(root: Table) -> Path | None:
    """Full path of the vendor's library; None: there is none."""
    if "hal" not in root:
        return None
    table = root.table("hal")
    library = Path(table.text("library"))
    table.close()
    if not library.is_absolute():
        raise table.error("library", "must be a full path, so that no other folder's file is loaded")
    return library


def parse_time_server(root: Table) -> tuple[str, int] | None:
    """Host and port of the time server to compare the clock with; None: there is none."""
    if "clock" not in root:
        return None
    table = root.table("clock")
    server = table.text("server", most=255), table.whole("port", 123, least=1, most=65535)
    table.close()
    return server


def parse_update(root: Table) -> UpdateSettings | None:
    """How firmware updates are taken; None: not at all."""
    if "update" not in root:
        return None
    table = root.table("update")
    config, formats = table.optional_text("config"), table.texts("formats", ("verity",))
    battery, gate_s = table.whole("min_battery", 30, most=100), table.number("gate_s", 90.0)
    table.close()
    if not formats or not set(formats) <= set(BUNDLE_FORMATS):
        raise table.error("formats", f"must be a list of some of {', '.join(BUNDLE_FORMATS)}")
    if not 10 <= gate_s <= 3600:
        raise table.error("gate_s", "must be from 10 to 3600")
    return UpdateSettings(Path(config) if config else None, formats, battery, gate_s)


def parse_network(root: Table) -> NetworkSettings | None:
    """The payment host; None: this terminal has no network of its own."""
    if "network" not in root:
        return None
    table = root.table("network")
    host = table.text("host", most=255)
    network = NetworkSettings(
        host,
        table.whole("port", least=1, most=65535),
        table.flag("tls", True),
        table.text("server_name", "") or host,
        table.text("ca_file", ""),
        table.number("timeout_s", 1.5),
    )
    table.close()
    if not 0.1 <= network.timeout_s <= 10:
        raise table.error("timeout_s", "must be from 0.1 to 10")
    return network


def parse_host_socket(table: Table, run_dir: Path) -> HostSocketSettings:
    """The payment application's socket; by default beside the service's other one."""
    path = Path(table.text("path", str(run_dir / "host.sock")))
    uids = table.texts("allow_uids", ())
    profile = table.optional_text("profile")
    table.close()
    if not all(uid.isdecimal() for uid in uids):
        raise table.error("allow_uids", 'must be a list of user ids as text, like ["1001"]')
    return HostSocketSettings(path, tuple(int(uid) for uid in uids), Path(profile) if profile else None)


def parse_line(root: Table, section: str, baud: int, profile: str) -> LineSettings | None:
    """A serial line, if it is there."""
    if section not in root:
        return None
    table = root.table(section)
    line = LineSettings(
        table.text("port"),
        table.whole("baud", baud, least=300, most=4_000_000),
        table.text("profile", profile),
        table.text("listen", "") if section == "modem" else "",
    )
    table.close()
    return line
