"""The decode child: the only place where PyAV (FFmpeg) meets a media file.

Run as `python -m content.media PARENT_PID MODE` by `content.decode`, which speaks `content.wire`
with it: one request in, many messages out, the last of them `end` or `error`. Modes: `probe`,
`grab` (exact frames at full resolution), `analyse` (one pass over every frame and sound).
"""

import importlib
import math
import pkgutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict
from typing import Any, BinaryIO, cast

import av
import av.error
import av.logging
import numpy as np
from av.audio.resampler import AudioResampler
from av.video.frame import VideoFrame
from av.video.reformatter import Interpolation, VideoReformatter

from content import sandbox, wire
from content.errors import KeyartError, PermanentError
from content.types import F32, U8, MediaFacts

FORMATS = (
    "mov,mp4,matroska,webm,avi,mpegts,mpeg,flv,ogg,asf,mxf,dv,nut,rm,"
    "wav,mp3,flac,aac"  # no films, but so recognised that the refusal names the reason
)
MAX_SIDE_PX = 16_384
SAMPLES_PER_S = 2
SAMPLE_SIDE_PX = 480
SIGNATURE_WIDTH_PX = 64
SOUND_HZ = 16_000
TRUNCATED_BELOW = 0.75
"""Of the declared length: less than this decoded means that the file was cut."""

Size = tuple[int, int]


class Source:
    """An opened media file: its container, its streams, its clock and its orientation."""

    def __init__(self, fd: int, max_pixels: int) -> None:
        self.container = _open(fd, max_pixels)
        self.video = _video_stream(self.container)
        self.audio = _audio_stream(self.container)
        _check_size(self.video.codec_context.width, self.video.codec_context.height, max_pixels)
        self.video.thread_type = "AUTO"
        self.video.codec_context.thread_count = 2
        self.max_pixels = max_pixels
        self.bad = 0
        first = next(self.pictures(), None)
        if first is None:
            raise PermanentError("media_no_frames", "not one frame of the video can be decoded")
        self.fps = self._fps()
        self.zero_s = float(first.time or 0.0)
        self.quarters = round((first.rotation or 0) / 90) % 4
        self.container.seek(0)

    def _fps(self) -> float:
        for rate in (self.video.average_rate, self.video.guessed_rate):
            if rate and 0 < float(rate) <= 1000:
                return float(rate)
        return 25.0

    def facts(self) -> MediaFacts:
        """What the container says; the length is counted when it says none."""
        codec = self.video.codec_context
        width, height = self.display_size(codec.width, codec.height)
        if self.quarters % 2:
            width, height = height, width
        sound = self.audio.codec_context if self.audio else None
        return MediaFacts(
            duration_s=self.declared_s() or self._counted_s(),
            fps=self.fps,
            width=width,
            height=height,
            has_audio=sound is not None,
            video_codec=codec.name,
            audio_codec=sound.name if sound else None,
            audio_channels=sound.layout.nb_channels if sound else 0,
            sample_rate_hz=sound.sample_rate if sound else 0,
        )

    def declared_s(self) -> float:
        """The video's declared length, or the container's; 0 when neither is known."""
        if self.video.duration and self.video.time_base:
            return float(self.video.duration * self.video.time_base)
        return float((self.container.duration or 0) / av.time_base)

    def _counted_s(self) -> float:
        ends = [
            float((packet.pts + (packet.duration or 0)) * packet.time_base)
            for packet in self.packets(self.video)
            if packet.pts is not None
        ]
        self.container.seek(0)
        return max(ends, default=0.0) - self.zero_s or 1 / self.fps

    def packets(self, *streams: Any) -> Iterator[Any]:
        """Packets up to the end, or to where the file cannot be read further."""
        demuxed = self.container.demux(*streams)
        while True:
            try:
                yield next(demuxed)
            except StopIteration:
                return
            except av.error.FFmpegError:
                self.bad += 1
                return

    def decoded(self, packet: Any) -> list[Any]:
        """The frames of a packet; none when it is damaged."""
        try:
            frames: list[Any] = packet.decode()
        except av.error.FFmpegError:
            self.bad += 1
            return []
        return frames

    def pictures(self) -> Iterator[Any]:
        """Video frames in display order from where the container stands."""
        for packet in self.packets(self.video):
            for frame in self.decoded(packet):
                _check_size(frame.width, frame.height, self.max_pixels)
                yield frame

    def display_size(self, width: int, height: int) -> Size:
        """Size with square pixels, before rotation. The longer side only ever grows."""
        aspect = float(self.video.sample_aspect_ratio or 1)
        if not 0.1 < aspect < 10:
            return width, height
        if aspect >= 1:
            return round(width * aspect), height
        return width, round(height / aspect)

    def upright(self, rgb: U8) -> U8:
        """Turn a stored picture the way it is meant to be seen."""
        return np.ascontiguousarray(np.rot90(rgb, self.quarters))


def _open(fd: int, max_pixels: int) -> Any:
    # The protocol `fd` reads the one descriptor that was checked; no demuxer can open another.
    options = {
        "fd": str(fd),
        "protocol_whitelist": "fd",
        "format_whitelist": FORMATS,
        "max_pixels": str(max_pixels),
    }
    try:
        return av.open("fd:", options=options, metadata_errors="replace")
    except av.error.ArgumentError as error:  # what FFmpeg answers for "not in the whitelist"
        raise PermanentError(
            "media_format_refused", f"the container format is not one of {FORMATS}"
        ) from error
    except av.error.FFmpegError as error:
        raise PermanentError(
            "media_unreadable", f"no known container format: {error.strerror}"
        ) from error


def _video_stream(container: Any) -> Any:
    streams = [s for s in container.streams.video if not s.disposition & s.disposition.attached_pic]
    if not streams:
        raise PermanentError("media_no_video", "the file has no video stream")
    known = [stream for stream in streams if stream.codec_context is not None]
    if not known:
        raise PermanentError("media_codec_unknown", "there is no decoder for the video stream")
    return max(known, key=lambda s: s.codec_context.width * s.codec_context.height)


def _audio_stream(container: Any) -> Any:
    known = [s for s in container.streams.audio if s.codec_context is not None]
    best = container.streams.best("audio")
    return best if best in known else next(iter(known), None)


def _check_size(width: int, height: int, max_pixels: int) -> None:
    if width * height > max_pixels or max(width, height) > MAX_SIDE_PX:
        raise PermanentError(
            "media_too_large",
            f"the picture is {width} × {height} px; at most {max_pixels} px in all and "
            f"{MAX_SIDE_PX} px a side are taken",
        )
    if width < 1 or height < 1:
        raise PermanentError("media_unreadable", "the video stream declares no picture size")


def probe(source: Source, request: dict[str, Any], out: BinaryIO) -> None:
    """Answer with the facts."""
    wire.send(out, {"kind": "facts", **asdict(source.facts())})
    wire.send(out, {"kind": "end"})


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
        _send_array(out, meta, source.upright(_pixels(picture)))
    wire.send(out, {"kind": "end"})


def _frame_at(source: Source, at_s: float) -> Any:
    """The last frame that starts at or before `at_s`; seeks earlier when an index misleads."""
    half_tick_s = 0.5 / max(source.fps, 1000.0)
    found = None
    for back_s in (0.0, 5.0, 60.0, math.inf):
        start_s = max(0.0, at_s - back_s)
        offset = int((start_s + source.zero_s) / source.video.time_base)
        source.container.seek(offset if start_s else 0, stream=source.video)
        for frame in source.pictures():
            if frame.time is None:
                continue
            if frame.time - source.zero_s > at_s + half_tick_s:
                break
            found = frame
        if found is not None:
            return found
    raise PermanentError("media_no_frames", f"no frame can be decoded at {at_s:.3f} s")


def analyse(source: Source, request: dict[str, Any], out: BinaryIO) -> None:
    """One pass: a signature of every frame, a small picture twice a second, the sound."""
    facts = source.facts()
    wire.send(out, {"kind": "facts", **asdict(facts)})
    pictures, sound = _Pictures(source, out), _Sound(out)
    streams = [s for s in (source.video, source.audio) if s is not None]
    for packet in source.packets(*streams):
        for frame in source.decoded(packet):
            if packet.stream is source.video:
                pictures.add(frame)
            else:
                sound.add(frame)
    pictures.flush()
    sound.finish()
    _check_complete(max(pictures.end_s, sound.end_s), facts.duration_s, pictures.count)
    end = {"kind": "end", "duration_s": pictures.end_s, "frames": pictures.count, "bad": source.bad}
    wire.send(out, end)


def _check_complete(decoded_s: float, declared_s: float, frames: int) -> None:
    if not frames:
        raise PermanentError("media_no_frames", "not one frame of the video can be decoded")
    if decoded_s < TRUNCATED_BELOW * declared_s:
        raise PermanentError(
            "media_truncated",
            f"the file declares {declared_s:.1f} s, only {decoded_s:.1f} s can be decoded: "
            "the copy is incomplete",
        )


class _Pictures:
    """Makes signatures and samples of the frames; keeps at most half a second of signatures."""

    def __init__(self, source: Source, out: BinaryIO) -> None:
        self.source, self.out = source, out
        self.count = 0
        self.end_s = 0.0
        self._grid = -1
        self._last_s = 0.0
        self._small, self._middle = VideoReformatter(), VideoReformatter()
        self._times: list[float] = []
        self._signatures: list[U8] = []

    def add(self, frame: Any) -> None:
        _check_size(frame.width, frame.height, self.source.max_pixels)
        at_s = self._time(frame)
        self._times.append(at_s)
        self._signatures.append(self._signature(frame))
        grid = math.floor(at_s * SAMPLES_PER_S + 1e-6)
        if grid > self._grid or len(self._times) >= 64:
            self.flush()
        if grid > self._grid:
            self._grid = grid
            _send_array(self.out, {"kind": "sample", "at_s": at_s}, self._sample(frame))

    def flush(self) -> None:
        if self._times:
            meta = {"kind": "signatures", "at_s": self._times}
            _send_array(self.out, meta, np.stack(self._signatures))
        self._times, self._signatures = [], []

    def _time(self, frame: Any) -> float:
        """Seconds since the first frame; strictly growing, whatever the timestamps do."""
        step = 1 / self.source.fps
        at_s = self.end_s if frame.time is None else frame.time - self.source.zero_s
        if self.count == 0:
            at_s = 0.0
        elif at_s <= self._last_s:
            at_s = self._last_s + step
        self._last_s = at_s
        length = float(frame.duration * frame.time_base) if frame.duration else step
        self.end_s = at_s + (length if 0 < length < 10 else step)
        self.count += 1
        return at_s

    def _signature(self, frame: Any) -> U8:
        # One size for all: the pictures are only ever compared with each other.
        picture = self._small.reformat(
            frame, SIGNATURE_WIDTH_PX, 36, "bgr24", interpolation=Interpolation.FAST_BILINEAR
        )
        return _pixels(picture)

    def _sample(self, frame: Any) -> U8:
        width, height = self.source.display_size(frame.width, frame.height)
        scale = min(1.0, SAMPLE_SIDE_PX / max(width, height))
        size = max(1, round(width * scale)), max(1, round(height * scale))
        picture = self._middle.reformat(frame, *size, "rgb24", interpolation=Interpolation.AREA)
        return self.source.upright(_pixels(picture))


class _Sound:
    """Makes 16 kHz mono float32 of the sound and sends it second by second."""

    def __init__(self, out: BinaryIO) -> None:
        self.out = out
        self.end_s = 0.0
        self._resampler = self._new()
        self._pending: list[F32] = []
        self._held = 0

    @staticmethod
    def _new() -> AudioResampler:
        return AudioResampler(format="flt", layout="mono", rate=SOUND_HZ)

    def add(self, frame: Any) -> None:
        try:
            frames = self._resampler.resample(frame)
        except ValueError:  # rate or layout changed in the middle of the stream
            self._resampler = self._new()
            frames = self._resampler.resample(frame)
        self._take(frames)
        if self._held >= SOUND_HZ:
            self._flush()

    def finish(self) -> None:
        try:
            self._take(self._resampler.resample(None))
        except ValueError:  # nothing was ever fed
            return
        self._flush()

    def _take(self, frames: list[Any]) -> None:
        for frame in frames:
            samples = np.nan_to_num(frame.to_ndarray().reshape(-1)).astype(np.float32)
            self._pending.append(samples)
            self._held += samples.size
            self.end_s += samples.size / SOUND_HZ

    def _flush(self) -> None:
        if self._held:
            _send_array(self.out, {"kind": "sound"}, np.concatenate(self._pending))
        self._pending, self._held = [], 0


def _pixels(frame: VideoFrame) -> U8:
    """(H, W, 3) of a frame in an 8-bit packed format."""
    return cast(U8, frame.to_ndarray())


def _send_array(out: BinaryIO, meta: dict[str, Any], array: U8 | F32) -> None:
    wire.send(out, {**meta, "shape": array.shape}, array.data.cast("B"))


MODES: dict[str, Callable[[Source, dict[str, Any], BinaryIO], None]] = {
    "probe": probe,
    "grab": grab,
    "analyse": analyse,
}


def _import_all_of_av() -> None:
    """PyAV imports parts of itself on first use; in here that would be too late."""
    for module in pkgutil.walk_packages(av.__path__, "av."):
        if module.name not in ("av.__main__", "av.datasets"):
            importlib.import_module(module.name)


def main(parent_pid: str, mode: str) -> None:
    sandbox.die_with_parent(int(parent_pid))
    av.logging.set_level(None)
    _import_all_of_av()
    out = sys.stdout.buffer
    message = wire.receive(sys.stdin.buffer)
    if message is None:
        return
    request, _ = message
    sandbox.exit_on_eof()
    sandbox.give_up_rights(
        memory_bytes=request["memory_bytes"],
        cpu_s=request["cpu_s"],
        new_fds=1,  # FFmpeg's own duplicate of the one descriptor
    )
    try:
        MODES[mode](Source(request["fd"], request["max_pixels"]), request, out)
    except KeyartError as error:
        wire.send(out, {"kind": "error", "code": error.code, "detail": error.detail})
    except (MemoryError, av.error.MemoryError):
        detail = f"decoding needs more than {request['memory_bytes']} bytes of memory"
        wire.send(out, {"kind": "error", "code": "media_too_large", "detail": detail})


if __name__ == "__main__":
    main(*sys.argv[1:])
