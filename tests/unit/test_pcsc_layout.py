"""The declarations of libpcsclite: fresh, and true to the real header. ABI mode itself verifies neither."""

import subprocess
import sys

import pytest

from native import pcsc
from tools import build_native

needs_compiler = pytest.mark.skipif(
    build_native.layout_available() is not None, reason=f"no layout check here: {build_native.layout_available()}"
)


def test_committed_files_are_what_the_declarations_generate() -> None:
    assert build_native.stale_files() == []


@needs_compiler
def test_declarations_fit_the_real_header() -> None:
    assert "fit winscard.h" in build_native.check_layout(build_native.LAYOUT.read_text())


@needs_compiler
@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("unsigned char rgbAtr[33];", "unsigned char rgbAtr[36];"),
        ("    void *pvUserData;\n", ""),
        ("#define SCARD_E_NO_SERVICE 0x8010001D", "#define SCARD_E_NO_SERVICE 0x8010001E"),
        ("typedef unsigned long DWORD;", "typedef unsigned int DWORD;"),
        ("LONG SCardReleaseContext(SCARDCONTEXT);", "LONG SCardReleaseContext(SCARDCONTEXT, DWORD);"),
    ],
)
def test_a_wrong_declaration_does_not_compile(right: str, wrong: str) -> None:
    cdef = build_native.CDEF.read_text()
    assert cdef.count(right) == 1
    with pytest.raises(build_native.LayoutError):
        build_native.check_layout(build_native.build_layout(cdef.replace(right, wrong)))


def test_run_time_needs_the_cffi_backend_alone() -> None:
    program = (
        "import sys; sys.modules['cffi'] = None; sys.modules['pycparser'] = None\n"
        "from native._pcsc_abi import ffi; print(ffi.sizeof('SCARD_IO_REQUEST') == 2 * ffi.sizeof('long'))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "True"


@pytest.mark.parametrize(
    ("setup", "package"),
    [
        ("pcsc.LIBRARY = 'libpcsclite-that-is-not-here.so.1'", "libpcsclite1"),
        ("import sys; sys.modules['_cffi_backend'] = None", "python3-cffi-backend"),
    ],
)
def test_a_missing_library_names_the_package_to_install(setup: str, package: str) -> None:
    program = f"""
from native import pcsc
{setup}
try:
    pcsc.Context()
except pcsc.PcscMissingError as error:
    print(error.package, error)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.startswith(package)
    assert f"install {package}" in done.stdout


def test_an_error_shows_its_name_and_code_and_no_more() -> None:
    error = pcsc.PcscError(0x8010000F, "SCARD_E_PROTO_MISMATCH", "SCardConnect")
    assert (error.code, error.name) == (0x8010000F, "SCARD_E_PROTO_MISMATCH")
    assert str(error) == "SCardConnect: SCARD_E_PROTO_MISMATCH (0x8010000F)"
