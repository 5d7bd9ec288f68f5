"""Bytes to pixels, run by `decoding` as `python -m artwork.images.decoding_child PARENT_PID`.

Speaks `content.wire`: one request in; a `picture` or an `error` out. Everything is imported before
the rights are given up, because nothing can be opened afterwards.
"""

import io
import os
import signal
import struct
import sys
from typing import Any, BinaryIO

import numpy as np
from PIL import (
    AvifImagePlugin,
    Image,
    ImageCms,
    ImageOps,
    JpegImagePlugin,
    MpoImagePlugin,
    PngImagePlugin,
    TiffImagePlugin,
    UnidentifiedImageError,
    WebPImagePlugin,
)

from content import sandbox, wire
from content.errors import Invalid
from content.process import follow_parent

FORMATS = ("JPEG", "PNG", "WEBP", "AVIF")
_DEEP = ("I;16", "I;16L", "I;16B", "I;16N", "I")
_PLUGINS = (AvifImagePlugin, JpegImagePlugin, MpoImagePlugin, PngImagePlugin, WebPImagePlugin)
# EXIF is read with the TIFF plugin, and any picture may hold it.
_NEEDED_LATER = (*_PLUGINS, TiffImagePlugin)


def opened(file: BinaryIO, max_pixels: int, min_side: int) -> Image.Image:
    """The picture, its header read and nothing more.

    Raises:
        Invalid: `image_format_refused`, `image_too_large`, `image_too_small`, `image_animated`.
    """
    try:
        picture: Image.Image = Image.open(file, formats=FORMATS)
    except UnidentifiedImageError as error:
        raise Invalid(
            "image_format_refused", "the bytes are no JPEG, PNG, WebP or AVIF, whatever their name"
        ) from error
    width, height = picture.size
    if width * height > max_pixels:
        raise Invalid("image_too_large", f"{width} × {height} is over {max_pixels} pixels")
    if min(width, height) < min_side:
        raise Invalid("image_too_small", f"{width} × {height}: at least {min_side} px a side")
    # A camera's JPEG may hold further views (MPO) behind the picture itself.
    if picture.format != "MPO" and getattr(picture, "is_animated", False):
        raise Invalid("image_animated", "send one picture, not a moving one")
    return picture


def plain(picture: Image.Image, kept_side: int) -> Image.Image:
    """Upright sRGB of 8 bits without alpha, its longer side at most `kept_side` px.

    Its own colour profile is applied (relative colorimetric, black point compensated) where it is
    one; else the numbers are taken for sRGB, CMYK as its plain complement. What is transparent
    becomes black, as on the screens it is shown on.
    """
    profile = picture.info.get("icc_profile")
    picture = ImageOps.exif_transpose(picture)
    picture = _shallow(picture)
    picture.thumbnail((kept_side, kept_side), Image.Resampling.LANCZOS)
    if "A" not in picture.getbands():
        return _srgb(picture, profile)
    alpha = picture.getchannel("A")
    colours = _srgb(picture.convert("L" if picture.mode == "LA" else "RGB"), profile)
    return Image.composite(colours, Image.new("RGB", colours.size), alpha)


def _shallow(picture: Image.Image) -> Image.Image:
    """In a mode of 8 bits that can be resized."""
    if picture.mode in _DEEP:
        deep = np.asarray(picture).astype(np.float64)
        return Image.fromarray(np.clip(deep / 257.0, 0, 255).round().astype(np.uint8))
    if picture.mode in ("P", "PA") or "transparency" in picture.info:
        return picture.convert("RGBA")
    return picture.convert("L") if picture.mode == "1" else picture


def _srgb(picture: Image.Image, profile: bytes | None) -> Image.Image:
    if profile:
        try:
            converted = ImageCms.profileToProfile(
                picture,
                ImageCms.ImageCmsProfile(io.BytesIO(profile)),
                _SRGB,
                ImageCms.Intent.RELATIVE_COLORIMETRIC,
                "RGB",
                flags=ImageCms.Flags.BLACKPOINTCOMPENSATION,
            )
        except (ImageCms.PyCMSError, OSError, ValueError):  # none, or of another colour model
            converted = None
        if converted is not None:
            return converted
    return picture.convert("RGB")


_SRGB = ImageCms.createProfile("sRGB")


def answer(request: dict[str, Any], out: BinaryIO) -> None:
    """Send the picture, or why there is none."""
    least, kept = request["min_side_px"], request["kept_side_px"]
    try:
        with (
            os.fdopen(request["fd"], "rb") as file,
            opened(file, request["max_pixels"], least) as picture,
        ):
            kind = picture.format
            rgb = np.ascontiguousarray(plain(picture, kept))
        if min(rgb.shape[:2]) < least:
            raise Invalid(
                "image_too_small",
                f"at {kept} px on its longer side it has {min(rgb.shape[:2])} on the shorter; "
                f"at least {least} px a side",
            )
        wire.send_array(out, {"kind": "picture", "format": kind}, rgb)
        return
    except Invalid as error:
        refusal = error.code, error.detail
    except MemoryError:
        refusal = "image_too_large", f"it needs more than {request['memory_bytes']} bytes of memory"
    except (
        OSError,
        SyntaxError,
        ValueError,
        KeyError,
        IndexError,
        TypeError,
        struct.error,
    ) as error:
        # What Pillow's readers raise on bytes that break off or contradict themselves.
        refusal = "image_unreadable", f"the picture cannot be decoded: {type(error).__name__}"
    wire.send(out, {"kind": "error", "code": refusal[0], "detail": refusal[1]})


def main(parent_pid: str) -> None:
    follow_parent(signal.SIGKILL, int(parent_pid))
    Image.init()
    Image.MAX_IMAGE_PIXELS = None  # `opened` has a limit of its own, with a name
    AvifImagePlugin.DEFAULT_MAX_THREADS = 1
    message = wire.receive(sys.stdin.buffer)
    if message is None:
        return
    request, _ = message
    sandbox.exit_on_eof()
    sandbox.give_up_rights(memory_bytes=request["memory_bytes"], cpu_s=request["cpu_s"], new_fds=0)
    answer(request, sys.stdout.buffer)


if __name__ == "__main__":
    main(*sys.argv[1:])
