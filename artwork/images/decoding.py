"""Untrusted pictures: from bytes to pixels, in a child without rights (`decoding_child`).

What leaves the child is pixels alone, so nothing else that a file may hold (scripts, places,
profiles) goes any further.
"""

import os
import subprocess
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, cast

import numpy as np

from artwork.images.store import MAX_PIXELS
from content import sandbox, wire
from content.errors import Invalid, TransientError
from content.types import U8

UPLOADED = "upload.png"
"""In the work folder of the job: the decoded picture, without loss."""


@dataclass(frozen=True, slots=True)
class PictureLimits:
    """What one picture may cost. A picture has at most `max_pixels`, by its header.

    Its sides have at least `min_side_px`; what is kept has at most `kept_side_px` on the longer.
    """

    wall_s: float = 60.0
    cpu_s: int = 30
    memory_bytes: int = 2 * 2**30
    max_pixels: int = MAX_PIXELS
    min_side_px: int = 240
    kept_side_px: int = 3840
    """As wide as the largest screens."""


USUAL_LIMITS = PictureLimits()


def decoded(path: Path, limits: PictureLimits = USUAL_LIMITS) -> U8:
    """The picture in a file: RGB (H, W, 3), sRGB, upright, its longer side at most 3840 px, or as
    `limits` say.

    JPEG, PNG, WebP and AVIF, told by their bytes. EXIF's orientation and the colour profile are
    applied; CMYK, grey, palettes and 16 bits become 8-bit RGB; transparent is black.

    Raises:
        Invalid: `image_format_refused`, `image_too_large`, `image_too_small`, `image_animated`,
            `image_unreadable`.
    """
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        child = sandbox.spawn("artwork.images.decoding_child", fds=(fd,))
    finally:
        os.close(fd)
    alarm = threading.Timer(limits.wall_s, child.kill)
    alarm.daemon = True
    alarm.start()
    try:
        message = _asked(child, {"fd": fd, **_rights(limits)})
    finally:
        alarm.cancel()
        status = sandbox.end(child)
    if message is None:
        raise Invalid("image_unreadable", f"decoding it ended with status {status}")
    meta, payload = message
    if meta["kind"] == "error":
        raise Invalid(meta["code"], meta["detail"])
    pixels: U8 = np.frombuffer(payload, np.uint8).reshape(meta["shape"])
    return pixels


def _asked(child: "subprocess.Popen[bytes]", request: dict[str, Any]) -> wire.Message | None:
    """The child's answer; None when it went without one."""
    assert child.stdin is not None and child.stdout is not None
    try:
        wire.send(cast(BinaryIO, child.stdin), request)
        return wire.receive(cast(BinaryIO, child.stdout))
    except (BrokenPipeError, TransientError):
        return None


def _rights(limits: PictureLimits) -> dict[str, Any]:
    names = ("cpu_s", "memory_bytes", "max_pixels", "min_side_px", "kept_side_px")
    return {name: getattr(limits, name) for name in names}
