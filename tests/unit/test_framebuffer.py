import random
import struct
from pathlib import Path

import pytest
from PIL import Image

from device.outlets.screen.pixels import pixel_bytes, write_framebuffer
from native.framebuffer import Channel, Framebuffer, FramebufferError, Geometry, parse_geometry, rgb565

WIDTH, HEIGHT = 13, 7
ARGB = (Channel(16, 8), Channel(8, 8), Channel(0, 8))
RGBA = (Channel(24, 8), Channel(16, 8), Channel(8, 8))
ABGR = (Channel(0, 8), Channel(8, 8), Channel(16, 8))
RGB565 = (Channel(11, 5), Channel(5, 6), Channel(0, 5))
BGR565 = (Channel(0, 5), Channel(5, 6), Channel(11, 5))
RGB555 = (Channel(10, 5), Channel(5, 5), Channel(0, 5))


def picture(width: int = WIDTH, height: int = HEIGHT) -> Image.Image:
    chance = random.Random(62)  # noqa: S311
    return Image.frombytes("RGB", (width, height), chance.randbytes(width * height * 3))


@pytest.mark.parametrize(
    ("bits", "channels", "stride", "x_offset", "y_offset"),
    [
        (32, ARGB, 52, 0, 0),
        (32, RGBA, 64, 0, 0),
        (32, ABGR, 67, 2, 3),
        (24, ARGB, 41, 0, 1),
        (16, RGB565, 26, 0, 0),
        (16, BGR565, 37, 3, 2),
        (16, RGB555, 29, 1, 9),
    ],
)
def test_each_pixel_arrives_in_its_place_and_nothing_around_it_changes(
    tmp_path: Path, bits: int, channels: tuple[Channel, Channel, Channel], stride: int, x_offset: int, y_offset: int
) -> None:
    geometry = Geometry(WIDTH, HEIGHT, bits, stride, x_offset, y_offset, *channels, big_endian=False)
    path, image = tmp_path / "fb", picture()
    before = bytes([0xA5]) * ((HEIGHT + y_offset) * stride + 11)
    path.write_bytes(before)
    with Framebuffer(path, geometry) as target:
        write_framebuffer(image, target)
    expected = bytearray(before)
    for y in range(HEIGHT):
        for x in range(WIDTH):
            pixel = image.getpixel((x, y))
            assert isinstance(pixel, tuple)
            word = 0
            for value, channel in zip(pixel, channels, strict=True):
                word += (value >> (8 - channel.length)) * 2**channel.offset
            start = (y + y_offset) * stride + (x + x_offset) * bits // 8
            expected[start : start + bits // 8] = word.to_bytes(bits // 8, "little")
    assert path.read_bytes() == bytes(expected)


@pytest.mark.parametrize("lsb_first", [True, False])
@pytest.mark.parametrize("inverted", [True, False])
def test_a_1_bit_panel_gets_packed_bits_in_its_order_and_polarity(
    tmp_path: Path, lsb_first: bool, inverted: bool
) -> None:
    geometry = Geometry(WIDTH, HEIGHT, 1, 5, lsb_first=lsb_first, inverted=inverted)
    path, image = tmp_path / "fb", picture().convert("1")
    path.write_bytes(bytes(5 * HEIGHT))
    with Framebuffer(path, geometry) as target:
        write_framebuffer(image, target)
    memory = path.read_bytes()
    for y in range(HEIGHT):
        for x in range(WIDTH):
            bit = memory[y * 5 + x // 8] >> (x % 8 if lsb_first else 7 - x % 8) & 1
            assert bool(bit) is (bool(image.getpixel((x, y))) is not inverted)


def test_a_short_file_is_lengthened_and_565_is_the_usual_16_bit(tmp_path: Path) -> None:
    path = tmp_path / "fb"
    path.touch()
    with Framebuffer(path, rgb565(2, 1)) as target:
        write_framebuffer(Image.frombytes("RGB", (2, 1), bytes([255, 0, 0, 0, 0, 255])), target)
    assert path.read_bytes() == bytes.fromhex("00f81f00")


def test_a_big_endian_host_gets_its_bytes_the_other_way() -> None:
    geometry = Geometry(1, 1, 16, 2, 0, 0, *RGB565, big_endian=True)
    assert pixel_bytes(Image.new("RGB", (1, 1), (255, 0, 0)), geometry) == bytes.fromhex("f800")


def test_the_kernels_answer_is_read_as_fb_h_lays_it_out() -> None:
    var = struct.pack("=8I", 480, 800, 480, 1600, 0, 800, 16, 0)
    var += struct.pack("=12I", 11, 5, 0, 5, 6, 0, 0, 5, 0, 0, 0, 0)
    fix = struct.pack("@16sLIIIIHHHI", b"test", 0, 480 * 2 * 1600, 0, 0, 2, 0, 1, 0, 1024)
    geometry = parse_geometry(var.ljust(160, b"\0"), fix.ljust(160, b"\0"))
    assert (geometry.width, geometry.height, geometry.bits, geometry.stride) == (480, 800, 16, 1024)
    assert geometry.start_of(0) == 800 * 1024
    assert (geometry.red, geometry.green, geometry.blue) == (Channel(11, 5), Channel(5, 6), Channel(0, 5))


def test_a_monochrome_panel_whose_1_is_black_is_known_by_its_visual() -> None:
    var = struct.pack("=8I", 128, 64, 128, 64, 0, 0, 1, 0).ljust(160, b"\0")
    fix = struct.pack("@16sLIIIIHHHI", b"oled", 0, 1024, 0, 0, 0, 0, 0, 0, 16).ljust(160, b"\0")
    assert parse_geometry(var, fix).inverted
    assert parse_geometry(var, fix).fault() == ""


@pytest.mark.parametrize(
    ("geometry", "why"),
    [
        (Geometry(10, 10, 8, 10), "8 bits a pixel"),
        (Geometry(0, 10, 32, 40), "makes no sense"),
        (Geometry(10, 10, 32, 39), "longer than the stride"),
        (Geometry(10, 10, 16, 20), "place of the colours"),
        (Geometry(8, 8, 1, 4, x_offset=3), "whole byte"),
    ],
)
def test_a_geometry_that_cannot_be_is_refused_in_one_sentence(tmp_path: Path, geometry: Geometry, why: str) -> None:
    path = tmp_path / "fb"
    path.touch()
    with pytest.raises(FramebufferError, match=why):
        Framebuffer(path, geometry)


def test_a_missing_device_and_a_file_without_geometry_say_what_is_wrong(tmp_path: Path) -> None:
    with pytest.raises(FramebufferError, match="cannot be opened: No such file"):
        Framebuffer(tmp_path / "fb9")
    (tmp_path / "fb").touch()
    with pytest.raises(FramebufferError, match="is not a framebuffer"):
        Framebuffer(tmp_path / "fb")


def test_a_picture_of_another_size_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "fb"
    path.touch()
    with Framebuffer(path, rgb565(4, 4)) as target:
        with pytest.raises(ValueError, match="image is 5x4, panel 4x4"):
            write_framebuffer(Image.new("RGB", (5, 4)), target)
        with pytest.raises(FramebufferError, match="got 3 bytes"):
            target.write(b"abc")
