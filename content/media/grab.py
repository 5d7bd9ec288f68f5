"""Exact frames at full resolution."""

from typing import Any, BinaryIO

from av.video.reformatter import Interpolation, VideoReformatter

from content import wire
from content.media.moments import Moments
from content.media.source import Source, pixels


def grab(source: Source, request: dict[str, Any], out: BinaryIO) -> None:
    """Answer with the frame shown at each of `times_s` (ascending), RGB, upright, square pixels.

    The request's `steady`: what the `end` of the film's last segment said (`analyse`).
    """
    scaler, moments = VideoReformatter(), Moments(source, steady=request["steady"])
    for asked_s in request["times_s"]:
        at_s, frame = moments.at(asked_s)
        width, height = source.display_size(frame.width, frame.height)
        picture = scaler.reformat(
            frame, width, height, "rgb24", interpolation=Interpolation.BICUBIC
        )
        wire.send_array(out, {"kind": "picture", "at_s": at_s}, source.upright(pixels(picture)))
    wire.send(out, {"kind": "end"})
