"""The beginning of a file's sound, whatever else is in the file."""

from typing import Any, BinaryIO

from content import wire
from content.errors import PermanentError
from content.media.clock import Clock
from content.media.sound import Sound
from content.media.source import Container
from content.media.window import Window


def listen(source: Container, request: dict[str, Any], out: BinaryIO) -> None:
    """Send the first `length_s` seconds of sound, from its first sample on.

    Raises:
        PermanentError: `media_no_sound`.
    """
    if source.audio is None:
        raise PermanentError("media_no_sound", "the file has no sound that can be decoded")
    window, sound = Window(0.0, request["length_s"]), None
    for packet in source.packets(source.audio):
        for frame in source.decoded(packet):
            if sound is None:
                sound = Sound(Clock(frame.time or 0.0, window.end_s), window, out)
            sound.add(frame)
        if sound is not None:
            sound.release(window.end_s)
            if sound.done:
                break
    if sound is None or not sound.length_s:
        raise PermanentError("media_no_sound", "not a sample of the sound can be decoded")
    sound.finish(sound.length_s)
    wire.send(out, {"kind": "end"})
