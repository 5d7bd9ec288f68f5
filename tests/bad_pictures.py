"""Pictures as they may be uploaded: hostile, broken, or in forms that screens do not show."""

import io
import struct
import zlib
from pathlib import Path

import numpy as np
from PIL import Image, ImageCms

SIZE = (320, 256)
RED, GREEN, BLUE = (200, 40, 30), (30, 160, 60), (40, 60, 190)


def picture() -> Image.Image:
    """(320 × 256): red at the top left, green at the top right, blue below."""
    rgb = np.empty((SIZE[1], SIZE[0], 3), np.uint8)
    rgb[:128, :160], rgb[:128, 160:], rgb[128:] = RED, GREEN, BLUE
    return Image.fromarray(rgb)


def saved(folder: Path, name: str, image: Image.Image, **options: object) -> Path:
    path = folder / name
    image.save(path, **options)  # type: ignore[arg-type]
    return path


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(folder: Path, *chunks: tuple[bytes, bytes], size: tuple[int, int]) -> Path:
    """A black PNG of one bit a pixel, with further chunks."""
    header = struct.pack(">IIBBBBB", *size, 1, 0, 0, 0, 0)
    packed = zlib.compress(bytes((1 + size[0] // 8) * size[1]), 9)
    body = b"".join(_chunk(kind, data) for kind, data in chunks)
    path = folder / "made.png"
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n"
        + _chunk(b"IHDR", header)
        + body
        + _chunk(b"IDAT", packed)
        + _chunk(b"IEND", b"")
    )
    return path


def bomb(folder: Path) -> Path:
    """13,000 × 13,000 px in 20 kB."""
    return png(folder, size=(13_000, 13_000))


def huge_profile(folder: Path) -> Path:
    """100 MB of colour profile in 100 kB of PNG."""
    profile = b"icc\0\0" + zlib.compress(bytes(100 * 2**20), 9)
    return png(folder, (b"iCCP", profile), size=SIZE)


def cut(folder: Path, suffix: str = ".jpg") -> Path:
    path = saved(folder, f"cut{suffix}", picture())
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    return path


def svg(folder: Path) -> Path:
    path = folder / "art.svg"
    path.write_text(
        '<svg xmlns="http://www.w3.org/2000/svg" width="400" height="400">'
        "<script>alert(1)</script></svg>"
    )
    return path


MARK = b"<html><script>alert('keyart')</script></html>"


def polyglot(folder: Path) -> Path:
    """A JPEG that is a web page, too: in a comment, and behind its end."""
    path = saved(folder, "page.jpg", picture(), comment=MARK, quality=95)
    path.write_bytes(path.read_bytes() + MARK)
    return path


def animated(folder: Path, frames: int = 100_000) -> Path:
    """An animated WebP of many frames, each one pixel: its container written by hand."""
    dot = io.BytesIO()
    Image.new("RGB", (2, 2), RED).save(dot, "WEBP", lossless=True)
    bitstream = dot.getvalue()[12:]  # without RIFF and its size
    frame = struct.pack("<I", 0)[:3] * 2 + struct.pack("<I", 1)[:3] * 2 + b"\x01\0\0\0" + bitstream
    vp8x = b"\x02\0\0\0" + struct.pack("<I", SIZE[0] - 1)[:3] + struct.pack("<I", SIZE[1] - 1)[:3]
    chunks = _riff(b"VP8X", vp8x) + _riff(b"ANIM", bytes(6)) + _riff(b"ANMF", frame) * frames
    path = folder / "moving.webp"
    path.write_bytes(b"RIFF" + struct.pack("<I", 4 + len(chunks)) + b"WEBP" + chunks)
    return path


def _riff(kind: bytes, data: bytes) -> bytes:
    return kind + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2)


def cmyk(folder: Path) -> Path:
    return saved(folder, "print.jpg", picture().convert("CMYK"), quality=95, subsampling=0)


def deep(folder: Path) -> Path:
    """16 bits of grey: 0x4040 on the left, 0xC0C0 on the right."""
    grey = np.full((SIZE[1], SIZE[0]), 0x4040, np.uint16)
    grey[:, 160:] = 0xC0C0
    return saved(folder, "deep.png", Image.fromarray(grey))


def turned(folder: Path) -> Path:
    """Stored on its side, as a phone does; EXIF says how to hold it. And where it was taken."""
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x8825] = {1: "N", 2: (52.0, 22.0, 12.0)}
    side = picture().transpose(Image.Transpose.ROTATE_90)
    return saved(folder, "turned.jpg", side, exif=exif, quality=95, subsampling=0)


def profiled(folder: Path) -> Path:
    """The picture in a colour space whose red and blue are exchanged, with its profile."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    red, blue = profile.index(b"rXYZ"), profile.index(b"bXYZ")  # names in the table of tags
    profile[red : red + 4], profile[blue : blue + 4] = b"bXYZ", b"rXYZ"
    b, g, r = picture().split()
    exchanged = Image.merge("RGB", (r, g, b))
    return saved(folder, "wide.png", exchanged, icc_profile=bytes(profile))


def see_through(folder: Path) -> Path:
    """The upper half opaque, the lower transparent."""
    image = picture().convert("RGBA")
    alpha = np.zeros((SIZE[1], SIZE[0]), np.uint8)
    alpha[:128] = 255
    image.putalpha(Image.fromarray(alpha))
    return saved(folder, "logo.png", image)


def misnamed(folder: Path) -> Path:
    path = saved(folder, "art.webp", picture(), lossless=True)
    return path.rename(folder / "art.jpg")
