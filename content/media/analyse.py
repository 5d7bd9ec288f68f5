"""One pass over the frames and the sound of a stretch of the film."""

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any, BinaryIO

from av.video.reformatter import VideoReformatter

from content import wire
from content.errors import PermanentError
from content.letterbox import PICTURES, Bars, find_bars
from content.media.pictures import Pictures
from content.media.planes import planes
from content.media.sound import Sound
from content.media.source import Source
from content.media.window import Window
from content.types import U8, MediaFacts

TRUNCATED_BELOW = 0.75
"""Of the declared length: less than this decoded means that the file was cut."""
STRAY_S = 10.0
"""Sound that lies this far behind its pictures in the file is not waited for."""


def analyse(source: Source, request: dict[str, Any], out: BinaryIO) -> None:
    """A signature of every frame, a small picture twice a second, the sound.

    The request: `start_s`, `length_s`; `bars`, or None to look for them; `steady` and `byte`: what
    the `end` of the stretch before said.
    """
    facts = source.facts()
    window = Window(request["start_s"], request["start_s"] + request["length_s"])
    bars = Bars(*request["bars"]) if request["bars"] is not None else _bars(source, facts)
    wire.send(out, {"kind": "facts", **asdict(facts), "bars": list(bars)})
    _go_to(source, window, request)
    pictures = Pictures(source, window, bars, out)
    sound = None
    if source.audio is not None:
        sound = Sound(source.clock(leader=pictures.times.clock), window, out)
    byte, until_s = _read(source, window, pictures, sound)
    pictures.flush()
    if sound is not None:
        sound.finish(window.end_s if pictures.more else pictures.end_s)
    last = not pictures.more
    if last:
        _check_complete(pictures, until_s, facts.duration_s)
    wire.send(out, _end(source, window, pictures, last, byte))


def _end(
    source: Source, window: Window, pictures: Pictures, last: bool, byte: int
) -> dict[str, Any]:
    return {
        "kind": "end",
        "duration_s": pictures.end_s if last else window.end_s,
        "frames": pictures.count,
        "bad": source.bad,
        "last": last,
        "steady": not pictures.times.clock.resets,
        "byte": byte,
    }


def _read(
    source: Source, window: Window, pictures: Pictures, sound: Sound | None
) -> tuple[int, float]:
    """Read until the window is complete: how far into the file, and into the film, that was."""
    byte, until_s = 0, 0.0
    streams = [stream for stream in (source.video, source.audio) if stream is not None]
    tick_s = {stream.index: float(stream.time_base) for stream in streams}
    for packet in source.packets(*streams):
        stamp = packet.dts if packet.dts is not None else packet.pts
        # When the packet is due, on the container's clock; None when it does not say.
        due_s = None if stamp is None else stamp * tick_s[packet.stream_index] - source.zero_s
        until_s = max(until_s, due_s or 0.0)
        if packet.stream is source.video:
            if pictures.done and (due_s is None or due_s > window.until_s + STRAY_S):
                break
            byte = max(byte, packet.pos or 0)
        for frame in () if _past(source, packet, pictures, sound) else source.decoded(packet):
            if packet.stream is source.video:
                pictures.add(frame)
            elif sound is not None:
                sound.add(frame)
        if sound is not None:
            sound.release(window.end_s if pictures.more else pictures.end_s)
        if pictures.done and (sound is None or sound.done):
            break
    return byte, until_s


def _past(source: Source, packet: Any, pictures: Pictures, sound: Sound | None) -> bool:
    """Is the window complete for the packet's stream?"""
    if packet.stream is source.video:
        return pictures.done
    return sound is None or sound.done


def _check_complete(pictures: Pictures, until_s: float, declared_s: float) -> None:
    if not pictures.count and not pictures.window.start_s:
        raise PermanentError("media_no_frames", "not one frame of the video can be decoded")
    read_s = max(pictures.end_s, until_s)
    if read_s < TRUNCATED_BELOW * declared_s:
        raise PermanentError(
            "media_truncated",
            f"the file declares {declared_s:.1f} s, only {read_s:.1f} s can be read: "
            "the copy is incomplete",
        )


def _go_to(source: Source, window: Window, request: dict[str, Any]) -> None:
    """Stand before the window's pictures: by seeking where that can be trusted, else at 0.

    Where timestamps were reset before, no index leads to the right place.
    """
    backs = (0.0, 5.0, 60.0) if window.from_s and request["steady"] else ()
    for back_s in backs:
        to_s = window.from_s - back_s
        if to_s <= 0:
            break
        if source.seek(to_s) and _before(source, window.from_s, request["byte"]):
            source.seek(to_s)
            return
    source.seek(0.0)


def _before(source: Source, at_s: float, byte: int) -> bool:
    """Does reading from here begin before `at_s`, and before that byte of the file?"""
    for packet in source.packets(source.video):
        if byte and (packet.pos or 0) > byte:
            return False
        for frame in source.decoded(packet):
            return frame.time is not None and frame.time - source.zero_s <= at_s
    return False


def _bars(source: Source, facts: MediaFacts) -> Bars:
    """The bars of the film, told by keyframes spread over it."""
    bars = find_bars(_glances(source, facts.duration_s))
    source.seek(0.0)
    return bars.turned(source.quarters)


def _glances(source: Source, duration_s: float) -> Iterator[U8]:
    """Luma (H, W) of different keyframes."""
    scaler, seen = VideoReformatter(), set[int | None]()
    for k in range(PICTURES):
        if source.seek(duration_s * (k + 0.5) / PICTURES):
            frame = source.keyframe()
            if frame is not None and frame.pts not in seen:
                seen.add(frame.pts)
                yield planes(frame, Bars(), scaler).luma
