"""Message profiles: every shipped one both ways, random ones both ways, a vendor's file with file, line and reason."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from device.app.catalogue import load_catalogue
from device.decoding.tables import Tables
from device.message_profiles import read_message_profiles
from device.settings import read_settings
from device.table import TableError
from protocol.iso8583 import build_message, parse_message, parse_profile
from protocol.iso8583_spec import Encoding, FieldSpec, Format, MessageProfile, Shape, Unit

PROFILES = [one for base in read_message_profiles().values() for one in (base, *base.variants)]
VENDOR = """name = "vendor"
source = "the vendor's manual"
rows_of = "unionpay"

[encoding]
mti = "bcd"
bitmap = "binary"
length = "bcd"
field = "bcd"

[fields]
46 = { name = "loyalty", format = "ans", shape = "LLLLVAR", most = 1200 }
47 = { name = "receipt", format = "ans", shape = "LVAR", most = 9, length = "ascii" }
"""


def _value(spec: FieldSpec) -> st.SearchStrategy[str | bytes]:
    """What a field may hold so that reading gives it back."""
    fixed = spec.shape is Shape.FIXED
    least = spec.most if fixed else 0
    most = min(spec.most, 60) if not fixed else spec.most
    if spec.format is Format.B:
        scale = 2 if spec.unit is Unit.DIGITS else 1
        return st.binary(min_size=least // scale, max_size=most // scale)
    if spec.packed and spec.unit is Unit.BYTES:
        digits = "0123456789" if spec.format is Format.N else "0123456789ABCDEF"
        return st.text(digits, min_size=2 * least, max_size=2 * most).map(lambda text: text[: len(text) // 2 * 2])
    if spec.format is Format.N:
        return st.text("0123456789", min_size=least, max_size=most)
    if spec.format is Format.Z and spec.packed:
        return st.text("0123456789ABCDEF", min_size=least, max_size=most)
    return st.text("ABCxyz 0189.-", min_size=least, max_size=most)


@st.composite
def _message(draw: st.DrawFn, profile: MessageProfile) -> tuple[str, dict[int, str | bytes]]:
    version = draw(st.sampled_from(sorted(profile.fields)))
    rows = profile.fields[version]
    numbers = draw(st.lists(st.sampled_from(sorted(rows)), min_size=1, max_size=8, unique=True))
    return f"{version}210", {number: draw(_value(rows[number])) for number in numbers}


@pytest.mark.parametrize("profile", PROFILES, ids=lambda profile: profile.name)
def test_every_shipped_profile_reads_what_it_writes(profile: MessageProfile) -> None:
    @settings(max_examples=8, deadline=None)
    @given(_message(profile))
    def both_ways(message: tuple[str, dict[int, str | bytes]]) -> None:
        mti, fields = message
        read = parse_message(build_message(mti, fields, profile), profile)
        assert (read.complete, read.mti, read.fields) == (True, mti, fields)

    both_ways()


@st.composite
def _row(draw: st.DrawFn) -> dict[str, Any]:
    form = draw(st.sampled_from(list(Format)))
    numeric = form in (Format.N, Format.Z)
    encodings = [Encoding.ASCII, Encoding.EBCDIC] + [Encoding.BCD] * numeric + [Encoding.BINARY] * (form is Format.B)
    shape = draw(st.sampled_from(list(Shape)))
    length = draw(st.sampled_from(list(Encoding)))
    greatest = 10**shape.digits - 1 if shape.digits else 60
    return {
        "name": "x",
        "format": form,
        "shape": shape,
        "length": length,
        "encoding": draw(st.sampled_from(encodings)),
        "unit": draw(st.sampled_from(list(Unit))),
        "align": draw(st.sampled_from(["left", "right"])),
        "pad": draw(st.sampled_from("0F")),
        "most": 2 * draw(st.integers(1, max(1, min(30, greatest // 2)))),
    }


@st.composite
def _profile(draw: st.DrawFn) -> MessageProfile:
    encoding = {
        "mti": draw(st.sampled_from(["bcd", "ascii", "ebcdic"])),
        "bitmap": draw(st.sampled_from(["binary", "ascii", "ebcdic"])),
        "length": "ascii",
        "field": draw(st.sampled_from(["bcd", "ascii", "ebcdic"])),
    }
    numbers = draw(st.lists(st.integers(2, 192).filter(lambda n: n != 65), min_size=1, max_size=6, unique=True))
    rows = {str(number): draw(_row()) for number in numbers}
    table = {"name": "t", "source": "t", "encoding": encoding, "fields": rows}
    return parse_profile(table | {"tertiary": draw(st.sampled_from(["field", "extension"]))}, "test")


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_random_profiles_read_what_they_write(data: st.DataObject) -> None:
    profile = data.draw(_profile())
    mti, fields = data.draw(_message(profile))
    wire = build_message(mti, fields, profile)
    read = parse_message(wire, profile)
    assert (read.complete, read.mti, read.fields) == (True, mti, fields)
    assert build_message(mti, read.fields, profile) == wire
    cut = data.draw(st.integers(0, len(wire) - 1))
    part = parse_message(wire[:cut], profile)
    assert all(fields[number] == value for number, value in part.fields.items())


def test_a_vendors_file_adds_a_profile_that_is_tried_first(tmp_path: Path) -> None:
    path = tmp_path / "vendor.toml"
    path.write_text(VENDOR, "utf-8")
    profiles = Tables(profile_files=(path,)).profiles
    assert profiles[0].name == "vendor"
    values: dict[int, str | bytes] = {11: "000123", 46: "P" * 1001, 47: "123456789", 49: "156"}
    wire = build_message("0210", values, profiles[0])
    assert parse_message(wire, profiles[0]).fields == values
    assert "the length says" in str(parse_message(wire, profiles[1]).failure)


@pytest.mark.parametrize(
    ("old", "new", "line", "says"),
    [
        ("most = 9", "most = 0", 13, "[fields] 47: most must be a whole number from 1 to 65535"),
        ("most = 9", "most = 10", 13, "[fields] 47: most is 10, and the length of LVAR tells at most 9"),
        ("47 =", "1 =", 13, "[fields]: 1 is no field number from 2 to 192"),
        ("47 =", "65 =", 13, "[fields]: 65 is no field number from 2 to 192 (65 is a bitmap)"),
        ('length = "ascii" }', 'lenght = "ascii" }', 13, "[fields] 47: lenght is not known here"),
        ('mti = "bcd"', 'mti = "morse"', 6, "[encoding]: mti must be one of bcd, ascii, ebcdic"),
        ('rows_of = "unionpay"', 'rows_of = "ebcdic"', 3, "rows_of must name a profile that has rows of its own"),
        ("source =", "sauce =", 2, "sauce is not known here"),
        ('mti = "bcd"\n', "", 5, "[encoding]: mti is missing; it must be one of bcd, ascii, ebcdic"),
        ("[encoding]", "[encodign]", 5, "encodign is not known here"),
        ("[fields]", "[[fields]]", 11, "fields must be a table"),
        ("[fields]", "[versions.1994]", 11, "[versions]: 1994 must be a table named 1987, 1993, 2003"),
        (
            "most = 9",
            'most = 9, parts = [{ name = "a", most = 10 }]',
            13,
            "[fields] 47: parts are 10 characters together",
        ),
        ("most = 9", "most = 9, parts = [{ most = 1 }]", 13, "[fields] 47: name is missing; it must be a text"),
        (
            "[fields]",
            '[[variant]]\nname = "one"\n[[variant]]\nname = "two"\nbits = "bcd"\n[fields]',
            15,
            "bits must be",
        ),
        ("[fields]", "[envelope]\nheaders = [100]\n[fields]", 12, "[envelope]: headers must be a list of whole"),
        ("[fields]", "[envelope]\nheaders = [true]\n[fields]", 12, "[envelope]: headers must be a list of whole"),
        ("[fields]", '[envelope]\nprefixes = ["length3"]\n[fields]', 12, "[envelope]: prefixes must be a list of stx"),
        ("47 = {", "47 = [", None, "not TOML"),
    ],
)
def test_a_vendors_mistake_is_one_sentence_with_file_and_line(
    tmp_path: Path, old: str, new: str, line: int | None, says: str
) -> None:
    assert VENDOR.count(old) == 1
    path = tmp_path / "vendor.toml"
    path.write_text(VENDOR.replace(old, new), "utf-8")
    with pytest.raises(TableError) as caught:
        read_message_profiles((path,))
    text = str(caught.value)
    assert text.startswith(f"{path}, line {line}: " if line else str(path))
    assert says in text
    assert "\n" not in text


@pytest.mark.parametrize("misspelt", ['codes = "responce"', 'parts = [{ name = "a", most = 2, codes = "responce" }]'])
def test_a_code_list_that_there_is_not_is_told_where_codes_are_explained(tmp_path: Path, misspelt: str) -> None:
    path = tmp_path / "vendor.toml"
    path.write_text(VENDOR.replace("most = 9", f"most = 9, {misspelt}"), "utf-8")
    with pytest.raises(TableError, match=r"line 13: \[fields\] 47: codes must be one of account, "):
        _ = Tables(profile_files=(path,)).profiles


def test_a_file_that_windows_wrote_is_a_file(tmp_path: Path) -> None:
    path = tmp_path / "vendor.toml"
    path.write_bytes(b"\xef\xbb\xbf" + VENDOR.replace("\n", "\r\n").encode())
    assert "vendor" in read_message_profiles((path,))


def test_a_row_written_as_a_table_of_its_own_has_its_line(tmp_path: Path) -> None:
    path = tmp_path / "vendor.toml"
    path.write_text(VENDOR + '\n[fields.48]\nname = "x"\nformat = "n"\nmost = "many"\n', "utf-8")
    with pytest.raises(TableError, match=r"line 18: \[fields\] 48: most must be a whole number"):
        read_message_profiles((path,))


def test_a_file_must_be_called_as_its_profile_and_unlike_the_products_own(tmp_path: Path) -> None:
    path = tmp_path / "other.toml"
    path.write_text(VENDOR, "utf-8")
    with pytest.raises(TableError, match="line 1: name must be 'other', as the file is called"):
        read_message_profiles((path,))
    path = tmp_path / "unionpay.toml"
    path.write_text(VENDOR.replace('"vendor"', '"unionpay"'), "utf-8")
    with pytest.raises(TableError, match="is the name of another profile already"):
        read_message_profiles((path,))


def test_a_file_that_is_not_there_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(TableError, match="cannot be read"):
        read_message_profiles((tmp_path / "none.toml",))
    with pytest.raises(TableError, match="too many"):
        read_message_profiles([tmp_path / "none.toml"] * 17)


def test_every_code_list_that_a_profile_names_is_in_the_meanings() -> None:
    meanings = Tables().message_meanings
    for profile in PROFILES:
        for spec in (spec for rows in profile.fields.values() for spec in rows.values()):
            for codes in (spec.codes, *(part.codes for part in spec.parts)):
                assert not codes or meanings.codes[codes]
            for name in (spec.name, *(part.name for part in spec.parts)):
                assert name in meanings.names


def test_the_settings_name_a_vendors_file_for_the_tap_and_for_the_socket(tmp_path: Path) -> None:
    settings = tmp_path / "settings.toml"
    settings.write_text(
        '[host_socket]\nprofile = "/etc/posmedic/one.toml"\n'
        '[host_tap]\nport = "/dev/ttyS1"\nprofile = "/etc/posmedic/two.toml"\n',
        "utf-8",
    )
    assert read_settings(settings).message_files == (Path("/etc/posmedic/one.toml"), Path("/etc/posmedic/two.toml"))
    settings.write_text('[host_tap]\nport = "/dev/ttyS1"\nprofile = "iso1993"\n', "utf-8")
    assert read_settings(settings).message_files == ()


def test_the_catalogue_holds_the_vendors_profile_before_the_products_own(tmp_path: Path) -> None:
    path = tmp_path / "vendor.toml"
    path.write_text(VENDOR, "utf-8")
    assert list(load_catalogue((path,)).messages)[:2] == ["vendor", "unionpay"]
