"""Exact frames at full resolution."""

from typing import Any, BinaryIO

import numpy as np
from av.video.reformatter import Interpolation, VideoReformatter

from content import wire
from content.media.colour import COLORSPACES, standard_of, to_sdr, transfer_of
from content.media.moments import Moments
from content.media.source import Size, Source, pixels
from content.types import U8


def grab(source: Source, request: dict[str, Any], out: BinaryIO) -> None:
    """Answer with the frame shown at each of `times_s` (ascending), RGB, upright, square pixels.

    The request's `steady`: what the `end` of the film's last segment said (`analyse`).
    """
    scaler, moments = VideoReformatter(), Moments(source, steady=request["steady"])
    for asked_s in request["times_s"]:
        at_s, frame = moments.at(asked_s)
        size = source.display_size(frame.width, frame.height)
        rgb = _rgb(frame, size, scaler)
        wire.send_array(out, {"kind": "picture", "at_s": at_s}, source.upright(rgb))
    wire.send(out, {"kind": "end"})


def _rgb(frame: Any, size: Size, scaler: VideoReformatter) -> U8:
    """(H, W, 3) RGB; of HDR as SDR shows it."""
    transfer = transfer_of(frame)
    picture = scaler.reformat(
        frame,
        *size,
        "rgb24" if transfer == "sdr" else "rgb48le",
        src_colorspace=COLORSPACES[standard_of(frame)],
        interpolation=Interpolation.BICUBIC,
    )
    if transfer == "sdr":
        return pixels(picture)
    return to_sdr(np.asarray(picture.to_ndarray(), np.uint16), transfer)
