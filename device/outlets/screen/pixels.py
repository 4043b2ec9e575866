"""Images to the pixel format of a framebuffer, by whole-plane operations of Pillow (no loop over pixels)."""

from __future__ import annotations

from typing import Final

from PIL import Image, ImageChops

from native.framebuffer import Channel, Framebuffer, Geometry

_MERGED: Final = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}


def pixel_bytes(image: Image.Image, geometry: Geometry) -> bytes:
    """Pixels of ``image`` in the format of ``geometry``, rows without padding between them."""
    if geometry.bits == 1:
        packing = "1" + ("I" if geometry.inverted else "") + ("R" if geometry.lsb_first else "")
        raw = {"1": "1", "1I": "1;I", "1R": "1;R", "1IR": "1;IR"}[packing]
        return image.convert("1", dither=Image.Dither.NONE).tobytes("raw", raw)
    colours = image.convert("RGB").split()
    count = geometry.bits // 8
    channels = (geometry.red, geometry.green, geometry.blue)
    planes = [_plane(colours, channels, shift) for shift in range(0, geometry.bits, 8)]
    if geometry.big_endian:
        planes.reverse()
    return (planes[0] if count == 1 else Image.merge(_MERGED[count], planes)).tobytes()


def _plane(colours: tuple[Image.Image, ...], channels: tuple[Channel, ...], shift: int) -> Image.Image:
    """One byte of every pixel: the bits of the channels that fall into ``shift`` .. ``shift`` + 7."""
    plane = Image.new("L", colours[0].size)
    for colour, channel in zip(colours, channels, strict=True):
        table = [((value >> (8 - channel.length) << channel.offset) >> shift) & 0xFF for value in range(256)]
        if any(table):
            plane = ImageChops.add(plane, colour.point(table))
    return plane


def write_framebuffer(image: Image.Image, target: Framebuffer) -> None:
    """Show ``image`` in the visible region of ``target``; an image of another size is an error."""
    geometry = target.geometry
    if image.size != (geometry.width, geometry.height):
        raise ValueError(f"image is {image.size[0]}x{image.size[1]}, panel {geometry.width}x{geometry.height}")
    target.write(pixel_bytes(image, geometry))
