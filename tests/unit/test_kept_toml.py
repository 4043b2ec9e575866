"""TOML files that are kept parsed: the same table as from the text, whatever lies in the place where it is kept."""

import sys
import tomllib
from pathlib import Path

import pytest

from device.kept_toml import read_kept
from device.settings import CATALOGUE, read_catalogue
from device.table import TableError

TEXT = '[[row]]\nname = "一"\nmost = 3\n[[row]]\nshare = 0.5\nlast = true\n'
FILES = sorted(path.relative_to(CATALOGUE).as_posix() for path in CATALOGUE.rglob("*.toml"))


@pytest.fixture(autouse=True)
def _keeping(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where whoever runs the tests keeps no modules."""
    monkeypatch.setattr(sys, "dont_write_bytecode", False)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "rows.toml"


def kept_of(path: Path) -> Path:
    return path.parent / "__pycache__" / "rows.parsed"


@pytest.mark.parametrize("name", FILES)
def test_each_data_file_is_the_same_kept_as_parsed(name: str) -> None:
    read_catalogue(name)
    assert read_catalogue(name).mapping == tomllib.loads((CATALOGUE / name).read_text())


def test_what_was_kept_is_used_and_complaints_still_name_the_line(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read_kept(path, TEXT, "rows.toml")
    monkeypatch.setattr("device.kept_toml.parse_toml", None)  # nobody to ask
    row = read_kept(path, TEXT, "rows.toml").tables("row")[1]
    assert row.number("share") == 0.5
    with pytest.raises(TableError, match=r"rows\.toml \[row 2\], line 5: share must be text"):
        row.text("share")


def test_a_changed_file_is_parsed_anew(path: Path) -> None:
    read_kept(path, TEXT, "rows.toml")
    assert read_kept(path, TEXT.replace("3", "4"), "rows.toml").tables("row")[0].whole("most") == 4
    assert read_kept(path, TEXT, "rows.toml").tables("row")[0].whole("most") == 3


@pytest.mark.parametrize("damaged", [b"", b"\xff\xfe", b"no mark\n{}", b"MARK", b"MARK\n{", b"MARK\n[]", b"MARK\n{}"])
def test_a_damaged_file_is_as_good_as_none(path: Path, damaged: bytes) -> None:
    whole = read_kept(path, TEXT, "rows.toml").mapping
    mark = kept_of(path).read_bytes().partition(b"\n")[0]
    kept_of(path).write_bytes(damaged.replace(b"MARK", mark))
    assert read_kept(path, TEXT, "rows.toml").mapping == whole


def test_without_a_place_to_keep_it_a_file_is_parsed_each_time(path: Path) -> None:
    (path.parent / "__pycache__").write_text("in the way")
    assert read_kept(path, TEXT, "rows.toml").mapping == tomllib.loads(TEXT)


def test_a_date_cannot_be_kept_and_is_still_read(path: Path) -> None:
    assert read_kept(path, "day = 2026-01-02\n", "rows.toml").mapping["day"].year == 2026
    assert not kept_of(path).exists()


def test_what_is_no_toml_is_told_and_not_kept(path: Path) -> None:
    with pytest.raises(TableError, match=r"^rows\.toml: not TOML: "):
        read_kept(path, "a = = 1", "rows.toml")
    assert not kept_of(path).exists()
