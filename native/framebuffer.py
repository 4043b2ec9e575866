"""The Linux framebuffer: geometry by ioctl, pixels by mmap.

Source: Linux ``include/uapi/linux/fb.h`` (``fb_var_screeninfo``, ``fb_fix_screeninfo``) and
``Documentation/fb/framebuffer.rst``. Pixels come in as bytes in the panel's own format; this module knows no images.
"""

from __future__ import annotations

import errno
import fcntl
import mmap
import os
import struct
import sys
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final, Self

_FBIOGET_VSCREENINFO: Final = 0x4600
_FBIOGET_FSCREENINFO: Final = 0x4602
_VAR_BYTES: Final = 160
_FIX: Final = struct.Struct("@16sLIIIIHHHI")
_VISUAL_MONO01: Final = 0  # a 1 is black
_BITS: Final = (1, 16, 24, 32)


class FramebufferError(Exception):
    """The framebuffer cannot be used; one sentence with the path and the reason."""


@dataclass(frozen=True, slots=True)
class Channel:
    """Where a colour stands in a pixel's word: lowest bit and number of bits."""

    offset: int
    length: int


@dataclass(frozen=True, slots=True)
class Geometry:
    """Visible size in pixels, bits a pixel, bytes from row to row, and where the visible part begins in memory.

    The channels count for 16, 24 and 32 bits a pixel; ``lsb_first`` and ``inverted`` (1 is black) for 1 bit.
    """

    width: int
    height: int
    bits: int
    stride: int
    x_offset: int = 0
    y_offset: int = 0
    red: Channel = Channel(16, 8)
    green: Channel = Channel(8, 8)
    blue: Channel = Channel(0, 8)
    lsb_first: bool = sys.byteorder == "little"
    inverted: bool = False
    big_endian: bool = sys.byteorder == "big"

    @property
    def row_bytes(self) -> int:
        """Bytes of the visible part of one row."""
        return (self.width * self.bits + 7) // 8

    @property
    def end(self) -> int:
        """Bytes from the start of memory to the end of the last visible row."""
        return (self.y_offset + self.height - 1) * self.stride + self._left + self.row_bytes

    @property
    def _left(self) -> int:
        return self.x_offset * self.bits // 8

    def start_of(self, row: int) -> int:
        """Offset in memory of the first visible byte of ``row``."""
        return (self.y_offset + row) * self.stride + self._left

    def fault(self) -> str:
        """Why this geometry cannot be drawn on; empty if it can."""
        if self.bits not in _BITS:
            return f"{self.bits} bits a pixel are not supported (only {', '.join(map(str, _BITS))})"
        if self.width <= 0 or self.height <= 0 or self.x_offset < 0 or self.y_offset < 0:
            return f"the visible size {self.width}x{self.height} makes no sense"
        if self.x_offset * self.bits % 8:
            return "the visible part does not begin at a whole byte"
        if self._left + self.row_bytes > self.stride:
            return f"a row of {self.width} pixels is longer than the stride of {self.stride} bytes"
        if self.bits > 1 and not all(_sound(channel, self.bits) for channel in (self.red, self.green, self.blue)):
            return "the place of the colours in a pixel makes no sense"
        return ""


def _sound(channel: Channel, bits: int) -> bool:
    return 1 <= channel.length <= 8 and 0 <= channel.offset <= bits - channel.length


def rgb565(width: int, height: int, stride: int = 0) -> Geometry:
    """The usual 16-bit geometry: red in the upper 5 bits, green 6, blue 5."""
    return Geometry(width, height, 16, stride or 2 * width, red=Channel(11, 5), green=Channel(5, 6), blue=Channel(0, 5))


class Framebuffer:
    """An opened framebuffer; a context manager.

    A regular file (a panel driven by another program) answers no ioctl: then ``geometry`` must be given, and the file
    is lengthened to hold it. Raises :class:`FramebufferError`.
    """

    def __init__(self, path: Path, geometry: Geometry | None = None) -> None:
        self._path = path
        try:
            self._fd = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        except OSError as error:
            raise FramebufferError(f"{path}: cannot be opened: {error.strerror}") from error
        try:
            self.geometry = self._geometry(geometry)
            self._memory = self._map()
        except BaseException:
            os.close(self._fd)
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Unmap and close."""
        self._memory.close()
        os.close(self._fd)

    def write(self, pixels: bytes) -> None:
        """Write the visible region: rows of :attr:`Geometry.row_bytes`, unpadded; nothing around is touched."""
        geometry = self.geometry
        size = geometry.row_bytes
        if len(pixels) != size * geometry.height:
            raise FramebufferError(f"{self._path}: got {len(pixels)} bytes for {size * geometry.height} of the panel")
        if geometry.stride == size:
            self._memory[geometry.start_of(0) : geometry.end] = pixels
            return
        view = memoryview(pixels)
        for row in range(geometry.height):
            start = geometry.start_of(row)
            self._memory[start : start + size] = view[row * size : (row + 1) * size]

    def read(self) -> bytes:
        """The visible region as it is now, in the form that :meth:`write` takes."""
        geometry = self.geometry
        starts = (geometry.start_of(row) for row in range(geometry.height))
        return b"".join(self._memory[start : start + geometry.row_bytes] for start in starts)

    def _geometry(self, given: Geometry | None) -> Geometry:
        try:
            var = fcntl.ioctl(self._fd, _FBIOGET_VSCREENINFO, bytes(_VAR_BYTES))
            fix = fcntl.ioctl(self._fd, _FBIOGET_FSCREENINFO, bytes(_VAR_BYTES))
        except OSError as error:
            if error.errno not in (errno.ENOTTY, errno.EINVAL) or given is None:
                raise FramebufferError(f"{self._path}: is not a framebuffer: {error.strerror}") from error
            geometry = given
        else:
            geometry = parse_geometry(var, fix)
        if fault := geometry.fault():
            raise FramebufferError(f"{self._path}: {fault}")
        return geometry

    def _map(self) -> mmap.mmap:
        try:
            status = os.fstat(self._fd)
            if status.st_size < self.geometry.end and (status.st_mode & 0o170000) == 0o100000:
                os.ftruncate(self._fd, self.geometry.end)
            return mmap.mmap(self._fd, self.geometry.end)
        except (OSError, ValueError) as error:
            raise FramebufferError(f"{self._path}: its memory cannot be mapped: {error}") from error


def parse_geometry(var: bytes, fix: bytes) -> Geometry:
    """Geometry from the bytes of ``fb_var_screeninfo`` and ``fb_fix_screeninfo`` (native layout)."""
    width, height, _, _, x_offset, y_offset, bits, _ = struct.unpack_from("=8I", var)
    channels = [Channel(*struct.unpack_from("=2I", var, place)) for place in (32, 44, 56)]
    fields = _FIX.unpack_from(fix)
    visual, stride = fields[5], fields[9]
    red, green, blue = channels
    inverted = bits == 1 and visual == _VISUAL_MONO01
    stride = stride or (width * bits + 7) // 8
    return Geometry(width, height, bits, stride, x_offset, y_offset, red, green, blue, inverted=inverted)
