"""Exact frames at full resolution."""

import math
from typing import Any, BinaryIO

from av.video.reformatter import Interpolation, VideoReformatter

from content import wire
from content.errors import PermanentError
from content.media.source import Source, pixels


def grab(source: Source, request: dict[str, Any], out: BinaryIO) -> None:
    """Answer with the frame shown at each of `times_s` (ascending), RGB, upright, square pixels."""
    scaler = VideoReformatter()
    for asked_s in request["times_s"]:
        frame = _frame_at(source, asked_s)
        width, height = source.display_size(frame.width, frame.height)
        picture = scaler.reformat(
            frame, width, height, "rgb24", interpolation=Interpolation.BICUBIC
        )
        meta = {"kind": "picture", "at_s": frame.time - source.zero_s}
        wire.send_array(out, meta, source.upright(pixels(picture)))
    wire.send(out, {"kind": "end"})


def _frame_at(source: Source, at_s: float) -> Any:
    """The last frame that starts at or before `at_s`; seeks earlier when an index misleads."""
    half_tick_s = 0.5 / max(source.fps, 1000.0)
    found = None
    for back_s in (0.0, 5.0, 60.0, math.inf):
        if not source.seek(max(0.0, at_s - back_s)):
            continue
        for frame in source.pictures():
            if frame.time is None:
                continue
            if frame.time - source.zero_s > at_s + half_tick_s:
                break
            found = frame
        if found is not None:
            return found
    raise PermanentError("media_no_frames", f"no frame can be decoded at {at_s:.3f} s")
