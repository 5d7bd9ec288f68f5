"""An opened media file, or the reason why it is none."""

from collections.abc import Iterator
from functools import cached_property
from typing import Any, cast

import av
import av.error
import av.format
import av.logging
import numpy as np
from av.video.frame import VideoFrame

from content.errors import PermanentError
from content.media.clock import Clock, FrameTimes
from content.types import U8, MediaFacts

FORMATS = (
    "mov,mp4,matroska,webm,avi,mpegts,mpeg,flv,ogg,asf,mxf,dv,nut,rm,"
    "wav,mp3,flac,aac"  # no films, but so recognised that the refusal names the reason
)
MAX_SIDE_PX = 16_384
LONGEST_S = 48 * 3600
"""No film is longer: a header that says so is broken, and the length is counted instead."""
LENGTH_SLACK_S = 1.0
"""Frames may lie so much beyond the declared length."""

Size = tuple[int, int]


class Container:
    """An opened file of whatever streams."""

    def __init__(self, fd: int, max_pixels: int) -> None:
        self.container = _open(fd, max_pixels)
        self.audio = _audio_stream(self.container)
        self.bad = 0

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


class Source(Container):
    """An opened film: its container, its streams, its clock and its orientation."""

    def __init__(self, fd: int, max_pixels: int, threads: int = 1) -> None:
        super().__init__(fd, max_pixels)
        self.video = _video_stream(self.container)
        check_size(self.video.codec_context.width, self.video.codec_context.height, max_pixels)
        self.video.thread_type = "FRAME" if threads > 1 else "NONE"
        self.video.codec_context.thread_count = threads
        self.max_pixels = max_pixels
        first = next(self.pictures(), None)
        if first is None:
            raise PermanentError("media_no_frames", "not one frame of the video can be decoded")
        self.fps = self._fps()
        self.zero_s = float(first.time or 0.0)
        self.quarters = round((first.rotation or 0) / 90) % 4
        self.seek(0.0)

    def seek(self, to_s: float) -> bool:
        """Stand at a keyframe at or before `to_s` of the film's clock; False when it cannot."""
        try:
            if to_s > 0:
                self.container.seek(self.stamp(to_s), stream=self.video)
            else:
                self.container.seek(0)
        except (av.error.FFmpegError, OverflowError):
            return False
        return True

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
            duration_s=self.length_s,
            fps=self.fps,
            width=width,
            height=height,
            has_audio=sound is not None,
            video_codec=codec.name,
            audio_codec=sound.name if sound else None,
            audio_channels=sound.layout.nb_channels if sound else 0,
            sample_rate_hz=sound.sample_rate if sound else 0,
        )

    def clock(self, leader: Clock | None = None) -> Clock:
        """A new clock for a stream that is read.

        Within the film's length a jump ahead is a gap; but not in containers where time may begin
        anew (MPEG streams): there such a jump makes the length, too.
        """
        container_s = (self.container.duration or 0) / av.time_base
        longest_s = max(self.length_s, container_s if container_s < LONGEST_S else 0.0)
        anew = self.container.format.flags & av.format.Flags.ts_discont.value
        until_s = 0.0 if anew or longest_s >= LONGEST_S else longest_s + LENGTH_SLACK_S
        return Clock(self.zero_s, until_s, leader)

    def frame_times(self) -> FrameTimes:
        """A new clock for the video frames."""
        return FrameTimes(self.clock(), 1 / self.fps, float(self.video.time_base))

    def stamp(self, at_s: float) -> int:
        """The video's timestamp of a time on the film's clock, where it was never reset."""
        return int((at_s + self.zero_s) / self.video.time_base)

    def film_s(self, stamp: int | None) -> float | None:
        """The reverse of `stamp`."""
        return None if stamp is None else float(stamp * self.video.time_base) - self.zero_s

    def skip_unneeded(self, skip: bool) -> None:
        """From the next packet on, do (not) decode frames that no other frame refers to."""
        wanted = "NONREF" if skip else "DEFAULT"
        if self.video.codec_context.skip_frame != wanted:
            self.video.codec_context.skip_frame = wanted

    @cached_property
    def length_s(self) -> float:
        """The video's declared length, or the container's, or the counted one."""
        declared_s = (self.container.duration or 0) / av.time_base
        if self.video.duration and self.video.time_base:
            declared_s = float(self.video.duration * self.video.time_base)
        return float(declared_s) if 0 < declared_s < LONGEST_S else self._counted_s()

    def _counted_s(self) -> float:
        ends = [
            float((packet.pts + (packet.duration or 0)) * packet.time_base)
            for packet in self.packets(self.video)
            if packet.pts is not None
        ]
        self.seek(0.0)
        return max(ends, default=0.0) - self.zero_s or 1 / self.fps

    def pictures(self) -> Iterator[Any]:
        """Video frames in display order from where the container stands."""
        for packet in self.packets(self.video):
            for frame in self.decoded(packet):
                self.check(frame)
                yield frame

    def keyframe(self) -> Any:
        """The first frame from where the container stands, None without one; seek afterwards.

        A decoder holds a frame back until it has seen those that may come before it: emptied after
        the one packet it gives the frame at a fraction of the cost.
        """
        for packet in self.packets(self.video):
            frames = self.decoded(packet)
            if not frames and packet.is_keyframe:
                frames = self._held_back()
            if frames:
                self.check(frames[0])
                return frames[0]
        return None

    def _held_back(self) -> list[Any]:
        codec = self.video.codec_context
        try:
            frames: list[Any] = codec.decode(None)
        except av.error.FFmpegError:
            frames = []
        codec.flush_buffers()
        return frames

    def check(self, frame: Any) -> None:
        """Refuse a frame that is larger than the limits."""
        check_size(frame.width, frame.height, self.max_pixels)

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
        with av.logging.Capture() as logs:
            container = av.open("fd:", options=options, metadata_errors="replace")
    except av.error.ArgumentError as error:  # what FFmpeg answers for "not in the whitelist"
        raise PermanentError(
            "media_format_refused", f"the container format is not one of {FORMATS}"
        ) from error
    except av.error.FFmpegError as error:
        raise PermanentError(
            "media_unreadable", f"no known container format: {error.strerror}"
        ) from error
    # FFmpeg forgets a size that it does not take; only its log still tells.
    refused = [text for _, source, text in logs if source == "IMGUTILS" and "Picture size" in text]
    if refused:
        raise PermanentError("media_too_large", refused[0].strip())
    return container


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


def check_size(width: int, height: int, max_pixels: int) -> None:
    if width * height > max_pixels or max(width, height) > MAX_SIDE_PX:
        raise PermanentError(
            "media_too_large",
            f"the picture is {width} × {height} px; at most {max_pixels} px in all and "
            f"{MAX_SIDE_PX} px a side are taken",
        )
    if width < 1 or height < 1:
        raise PermanentError("media_unreadable", "the video stream declares no picture size")


def pixels(frame: VideoFrame) -> U8:
    """(H, W, 3) of a frame in an 8-bit packed format."""
    return cast(U8, frame.to_ndarray())
