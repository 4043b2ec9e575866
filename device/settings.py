"""Reads and validates every file of the service and hands the parsed values down.

Nothing else in the product opens a settings or catalogue file; the terminal's profile is read by
:mod:`device.terminal_profile` on top of this. Every error is a
:class:`~device.table.TableError`: one sentence with file, line and key.
"""

from __future__ import annotations

from codecs import BOM_UTF8
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from device.kept_toml import read_kept
from device.settings_parts import (
    NO_ACCESS,
    ConsoleAccessSettings,
    ConsoleSettings,
    HostSocketSettings,
    InputSettings,
    LineSettings,
    NetworkSettings,
    UpdateSettings,
    parse_console_access,
    parse_consoles,
    parse_hal,
    parse_host_socket,
    parse_inputs,
    parse_line,
    parse_network,
    parse_smart_card,
    parse_time_server,
    parse_update,
)
from device.table import Table, TableError, parse_toml

CATALOGUE: Final = Path(__file__).parent / "catalogue"
LANGUAGES: Final = ("zh", "en")
DEFAULT_PATH: Final = Path("/etc/posmedic/settings.toml")
_MOST_OVERLAYS: Final = 8
_MOST_BYTES: Final = 1 << 20
_MOST_FACTOR: Final = 100.0


@dataclass(frozen=True, slots=True)
class ServiceSettings:
    """Where the service keeps its data and sockets, and the language it starts in."""

    state_dir: Path
    run_dir: Path
    language: str
    time_factor: float = 1.0  # every deadline of our own work is this many times longer: for emulators


@dataclass(frozen=True, slots=True)
class ProfileSettings:
    """The terminal's profile and the allowed signers (OpenSSH format) whose signature counts."""

    path: Path | None
    signers: Path | None


@dataclass(frozen=True, slots=True)
class OverlaySettings:
    """Files of a vendor or an acquirer that replace parts of the built-in knowledge, and whose signature counts."""

    files: tuple[Path, ...] = ()
    signers: Path | None = None


@dataclass(frozen=True, slots=True)
class ScreenSettings:
    """The panel: what kind, where, how large (pixels), how many bits a pixel, which fonts come first."""

    kind: str
    path: Path | None
    width: int
    height: int
    bits: int
    fonts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Settings:
    """All of ``settings.toml``. A part that is not configured is None and reported as not fitted."""

    service: ServiceSettings
    profile: ProfileSettings
    overlay: OverlaySettings
    screen: ScreenSettings
    host_socket: HostSocketSettings
    reader: LineSettings | None
    modem: LineSettings | None
    host_tap: LineSettings | None
    printer: LineSettings | None
    smart_card: str | None  # part of the PC/SC reader's name; "" is the first reader
    network: NetworkSettings | None
    hal: Path | None  # the vendor's hardware library
    update: UpdateSettings | None = None
    consoles: tuple[ConsoleSettings, ...] = ()
    console_access: ConsoleAccessSettings = NO_ACCESS
    inputs: tuple[InputSettings, ...] = ()
    time_server: tuple[str, int] | None = None  # host and port

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages of the screen: the terminal's own first, then those that every terminal speaks."""
        return tuple(dict.fromkeys((self.service.language, *LANGUAGES)))

    @property
    def spoken(self) -> tuple[str, ...]:
        """The same, those that every terminal speaks first: what a diagnosis is written in."""
        return tuple(dict.fromkeys((*LANGUAGES, self.service.language)))

    @property
    def tool_language(self) -> str:
        """The language of reports and of the technician's port, which exist in those of every terminal alone."""
        return tool_language(self.service.language)

    @property
    def message_files(self) -> tuple[Path, ...]:
        """Files of the vendor's own message profiles, each once."""
        tapped = self.host_tap.profile if self.host_tap is not None else ""
        files = (self.host_socket.profile, Path(tapped) if "/" in tapped else None)
        return tuple(dict.fromkeys(file for file in files if file is not None))


def read_text(path: Path) -> str:
    """Read one file of at most 1 MiB as UTF-8, with or without the mark that Windows puts before it.

    Every failure is a :class:`TableError`.
    """
    try:
        with path.open("rb") as file:
            data = file.read(_MOST_BYTES + 1)
    except OSError as error:
        raise TableError(f"{path}: cannot be read: {error.strerror}") from error
    if len(data) > _MOST_BYTES:
        raise TableError(f"{path}: is larger than {_MOST_BYTES} bytes")
    try:
        return data.removeprefix(BOM_UTF8).decode()
    except UnicodeDecodeError as error:
        raise TableError(f"{path}: is not UTF-8 at byte {error.start}") from error


def read_table(path: Path) -> Table:
    """Read one TOML file."""
    return parse_toml(read_text(path), path.name)


def read_settings(path: Path) -> Settings:
    """Read ``settings.toml``; unknown keys are errors, absent sections mean that the part is not fitted."""
    root = read_table(path)
    service = _service(root.table("service", {}))
    settings = Settings(
        service=service,
        profile=_profile_settings(root.table("profile", {})),
        overlay=_overlay_settings(root.table("overlay", {})),
        screen=_screen(root.table("screen", {})),
        host_socket=parse_host_socket(root.table("host_socket", {}), service.run_dir),
        reader=parse_line(root, "reader", 9600, "generic"),
        modem=parse_line(root, "modem", 115200, ""),
        host_tap=parse_line(root, "host_tap", 9600, "unionpay"),
        printer=parse_line(root, "printer", 115200, ""),
        smart_card=parse_smart_card(root),
        network=parse_network(root),
        hal=parse_hal(root),
        update=parse_update(root),
        consoles=parse_consoles(root),
        console_access=parse_console_access(root),
        inputs=parse_inputs(root, read_catalogue("keys.toml")) if "input" in root else (),
        time_server=parse_time_server(root),
    )
    root.close()
    return settings


def _service(table: Table) -> ServiceSettings:
    service = ServiceSettings(
        Path(table.text("state_dir", "/var/lib/posmedic")),
        Path(table.text("run_dir", "/run/posmedic")),
        table.choice("language", known_languages(), "zh"),
        table.number("time_factor", 1.0),
    )
    table.close()
    if not 1 <= service.time_factor <= _MOST_FACTOR:
        raise table.error("time_factor", f"must be from 1 to {_MOST_FACTOR:g}")
    return service


def _profile_settings(table: Table) -> ProfileSettings:
    path, signers = table.optional_text("path"), table.optional_text("signers")
    table.close()
    return ProfileSettings(Path(path) if path else None, Path(signers) if signers else None)


def _overlay_settings(table: Table) -> OverlaySettings:
    files, signers = table.texts("files", (), most=_MOST_OVERLAYS), table.optional_text("signers")
    table.close()
    return OverlaySettings(tuple(Path(file) for file in files), Path(signers) if signers else None)


def _screen(table: Table) -> ScreenSettings:
    kind = table.choice("kind", ("framebuffer", "png", "text", "none"), "none")
    path = table.optional_text("path")
    if kind in ("framebuffer", "png") and not path:
        raise table.error("path", f"is missing, and a {kind} screen needs it")
    width, height = parse_size(table.text("size", "320x240"), table)
    bits = table.whole("bits", 32)
    if bits not in (1, 16, 32):
        raise table.error("bits", "must be 1, 16 or 32")
    fonts = table.texts("fonts", ())
    table.close()
    return ScreenSettings(kind, Path(path) if path else None, width, height, bits, fonts)


def parse_size(size: str, table: Table) -> tuple[int, int]:
    """``"320x240"`` -> (320, 240); each side from 64 to 4096 pixels."""
    width, cross, height = size.partition("x")
    if not (cross and width.isdecimal() and height.isdecimal()):
        raise table.error("size", f"must look like 320x240; it is {size[:20]!r}")
    if not (64 <= int(width) <= 4096 and 64 <= int(height) <= 4096):
        raise table.error("size", "must be from 64x64 to 4096x4096")
    return int(width), int(height)


def read_catalogue(name: str) -> Table:
    """Read one data file of the product, e.g. ``"causes.toml"`` or ``"hosts/unionpay.toml"``."""
    path = CATALOGUE / name
    return read_kept(path, read_text(path), f"catalogue/{name}")


class CatalogueFolder(Mapping[str, Table]):
    """The TOML files of a catalogue folder by name without ending; each is read when it is asked for, and not kept."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._stems = tuple(sorted(path.stem for path in (CATALOGUE / name).glob("*.toml")))

    def __getitem__(self, stem: str) -> Table:
        if stem not in self._stems:
            raise KeyError(stem)
        return read_catalogue(f"{self._name}/{stem}.toml")

    def __iter__(self) -> Iterator[str]:
        return iter(self._stems)

    def __len__(self) -> int:
        return len(self._stems)


def read_folder(name: str) -> dict[str, Table]:
    """Read every TOML file of a catalogue folder; the key is the file's name without its ending."""
    return {path.stem: read_catalogue(f"{name}/{path.name}") for path in sorted((CATALOGUE / name).glob("*.toml"))}


def tool_language(language: str) -> str:
    """The language every terminal speaks that is nearest to ``language``."""
    return language if language in LANGUAGES else "zh" if language.startswith("zh") else "en"


def known_languages() -> tuple[str, ...]:
    """The languages whose texts are here: those of every terminal, then the others by name."""
    found = sorted(path.parent.name for path in (CATALOGUE / "texts").glob("*/screen.toml"))
    return (*LANGUAGES, *(language for language in found if language not in LANGUAGES))


def read_texts(language: str) -> Mapping[str, Mapping[str, Any]]:
    """Read one language: all files of its folder; a section stands in one file only."""
    merged: dict[str, Mapping[str, Any]] = {}
    for table in read_folder(f"texts/{language}").values():
        for section in table.keys():  # noqa: SIM118  a Table is not a mapping
            if section in merged:
                raise table.error(section, "stands in another file of this language already")
            merged[section] = table.raw(section)
    return merged
