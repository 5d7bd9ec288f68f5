"""The parent's side of decoding: facts, single frames, or everything in one streamed pass."""

import os
import signal
import subprocess
import threading
import time
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, BinaryIO, cast

import numpy as np

from content import sandbox, wire
from content.ahead import ahead
from content.errors import PermanentError, TransientError
from content.letterbox import Bars
from content.sniff import open_media
from content.types import F32, U8, MediaFacts


@dataclass(frozen=True)
class DecodeLimits:
    """What one decode child may use. `cpu_s` None: no limit but the wall clock's."""

    wall_s: float = 3600
    memory_bytes: int = 4 * 2**30
    max_pixels: int = 8192 * 4320
    cpu_s: int | None = None


USUAL_LIMITS = DecodeLimits()


@dataclass(frozen=True, slots=True, eq=False)
class Signatures:
    """Tiny pictures of consecutive frames, for shot detection."""

    at_s: list[float]
    """On the film's clock; before the segment's start preroll, after its end postroll."""
    pixels: U8
    """(n, 36, 64, 3), BGR, 0..255; stretched, not upright."""


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """A small picture, two for each second."""

    at_s: float
    rgb: U8
    """(H, W, 3), RGB, 0..255; long side ≤ 480 px, upright, square pixels."""


@dataclass(frozen=True, slots=True, eq=False)
class Sound:
    """The next piece of sound, a second or (the last one) less."""

    at_s: float
    """Whole seconds. Before the segment's start it is preroll."""
    samples: F32
    """Mono at 16 kHz, nominally −1..1: channels weighed as in ITU-R BS.775, over their sum."""
    power: F32
    """Mean square of each 100 ms, K-weighted and summed over the channels (ITU-R BS.1770)."""


@dataclass(frozen=True, slots=True)
class End:
    """The segment is complete."""

    duration_s: float
    """End of the segment or, when it is the last, of the film: of its last frame."""
    frames: int
    """Within the segment."""
    bad: int
    """Packets that could not be decoded."""
    last: bool = True
    """The film ends here."""
    steady: bool = True
    """No timestamps were reset on the way here: seeking leads to the right place."""
    byte: int = 0
    """How far into the file this was read."""


Part = MediaFacts | Bars | Signatures | Sample | Sound | End

SEGMENT_S = 600.0
READ_AHEAD = 64
"""Messages of a pass: about 13 s of film, 7 MB. In that time a batch of pictures is encoded."""


def probe(path: Path, limits: DecodeLimits = USUAL_LIMITS) -> MediaFacts:
    """What the container says of itself, its first frame decoded.

    Raises:
        PermanentError: `media_…`, see docs/errors.md: the file can never be taken.
        TransientError: `media_child_died`.
    """
    with closing(_run("probe", path, {}, limits)) as messages:
        for meta, _ in messages:
            return _facts(meta)
    raise AssertionError("a probe answers or raises")


def grab(
    path: Path,
    times_s: Sequence[float],
    limits: DecodeLimits = USUAL_LIMITS,
    *,
    steady: bool = True,
) -> Iterator[tuple[float, U8]]:
    """The frames shown at `times_s` (seconds since the first frame, ascending), one at a time.

    Args:
        steady: as `End.steady` of the film; where it is False the film is read from its beginning.

    Yields:
        For each asked time its frame's own time (≤ the asked one; the first or last frame's when
        it lies outside the film) and the picture: (H, W, 3) uint8 RGB, full resolution, upright,
        square pixels.

    Raises:
        ValueError: a time is negative or not finite, or they do not ascend.
        PermanentError, TransientError: as `probe`.
    """
    times = [float(at_s) for at_s in times_s]
    if any(not 0 <= at_s < float("inf") for at_s in times) or times != sorted(times):
        raise ValueError("times_s must be finite, not negative, and ascend")
    if not times:
        return
    with closing(_run("grab", path, {"times_s": times, "steady": steady}, limits)) as messages:
        for meta, payload in messages:
            if meta["kind"] == "picture":
                yield meta["at_s"], _array(meta, payload, np.uint8)


def analyse(
    path: Path,
    limits: DecodeLimits = USUAL_LIMITS,
    *,
    start_s: float = 0.0,
    length_s: float = SEGMENT_S,
    after: End | None = None,
    bars: Bars | None = None,
) -> Iterator[Part]:
    """One pass over the segment [start_s, start_s + length_s) of the film's clock.

    `MediaFacts` and `Bars` come first, then parts as they are decoded, `End` last. Times are
    seconds since the film's first frame. Sound lies on the same clock: gaps and what is missing at
    the end are silence, what overlaps earlier sound or outlasts the pictures is dropped. The parts
    of consecutive segments are those of one long one, but for preroll and postroll.

    The child decodes some seconds ahead of the caller, then waits: nothing piles up, however long
    the film. Close the iterator (or let it run out) in the thread that began it.

    Args:
        start_s, length_s: whole seconds.
        after: the end of the segment before this one, of the same film.
        bars: taken off all pictures; None: found first.

    Raises:
        PermanentError, TransientError: as `probe`; also `media_truncated`, at the film's end.
    """
    request = {
        "start_s": start_s,
        "length_s": length_s,
        "bars": bars if bars is None else list(bars),
        "steady": after is None or after.steady,
        "byte": after.byte if after is not None else 0,
    }
    with closing(_run("analyse", path, request, limits, READ_AHEAD)) as messages:
        for meta, payload in messages:
            yield _part(meta, payload)
            if meta["kind"] == "facts":
                yield Bars(*meta["bars"])


def listen(path: Path, length_s: float, limits: DecodeLimits = USUAL_LIMITS) -> F32:
    """The beginning of a file's sound, at most `length_s`: mono at 16 kHz, (n,), as `Sound`; of any
    file that has some, with pictures or without.

    Raises:
        PermanentError, TransientError: as `probe`; also `media_no_sound`.
    """
    with closing(_run("listen", path, {"length_s": length_s}, limits)) as messages:
        heard = [
            _array(meta, data, np.float32) for meta, data in messages if meta["kind"] == "sound"
        ]
    return np.concatenate(heard) if heard else np.zeros(0, np.float32)


def _part(meta: dict[str, Any], payload: bytes) -> Part:
    match meta["kind"]:
        case "facts":
            return _facts(meta)
        case "signatures":
            return Signatures(meta["at_s"], _array(meta, payload, np.uint8))
        case "sample":
            return Sample(meta["at_s"], _array(meta, payload, np.uint8))
        case "sound":
            power = np.array(meta["power"], np.float32)
            return Sound(meta["at_s"], _array(meta, payload, np.float32), power)
        case _:
            return End(**{field.name: meta[field.name] for field in fields(End)})


def _facts(meta: dict[str, Any]) -> MediaFacts:
    return MediaFacts(**{field.name: meta[field.name] for field in fields(MediaFacts)})


def _array(meta: dict[str, Any], payload: bytes, dtype: Any) -> Any:
    return np.frombuffer(payload, dtype).reshape(meta["shape"])


def _run(
    mode: str, path: Path, request: dict[str, Any], limits: DecodeLimits, read_ahead: int = 1
) -> Generator[wire.Message]:
    """The child's messages, `end` included; errors raised; the child gone when this ends."""
    fd = open_media(path)
    try:
        child = sandbox.spawn("content.media", mode, fds=(fd,))
    finally:
        os.close(fd)
    started = time.monotonic()
    alarm = threading.Timer(limits.wall_s, child.kill)
    alarm.daemon = True
    alarm.start()
    try:
        yield from ahead(_messages(child, {"fd": fd, **_rights(limits), **request}), read_ahead)
        return
    except EOFError:
        pass
    finally:
        alarm.cancel()
        status = sandbox.end(child)
    raise _death(status, time.monotonic() - started, limits)


def _messages(child: "subprocess.Popen[bytes]", request: dict[str, Any]) -> Iterator[wire.Message]:
    """What the child says, up to its `end`. EOFError when it goes without a word."""
    assert child.stdin is not None and child.stdout is not None
    try:
        wire.send(cast(BinaryIO, child.stdin), request)
    except BrokenPipeError as error:
        raise EOFError from error
    while (message := wire.receive(cast(BinaryIO, child.stdout))) is not None:
        meta, _ = message
        if meta["kind"] == "error":
            raise PermanentError(meta["code"], meta["detail"])
        yield message
        if meta["kind"] == "end":
            return
    raise EOFError


def _rights(limits: DecodeLimits) -> dict[str, Any]:
    return {
        "memory_bytes": limits.memory_bytes,
        "cpu_s": limits.cpu_s,
        "max_pixels": limits.max_pixels,
    }


def _death(status: int, after_s: float, limits: DecodeLimits) -> PermanentError | TransientError:
    if after_s >= limits.wall_s:
        return PermanentError("media_timeout", f"decoding took longer than {limits.wall_s:g} s")
    if status == -signal.SIGXCPU:
        return PermanentError("media_timeout", f"decoding used more than {limits.cpu_s} s of CPU")
    return TransientError("media_child_died", f"the decoder ended with status {status}")
