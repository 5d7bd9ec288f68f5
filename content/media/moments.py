"""Frames by their time: exactly those that decoding the whole film would show, with less work."""

import math
from collections.abc import Iterator
from typing import Any, NamedTuple

from content.errors import PermanentError
from content.media.source import Source

BACKS_S = (0.0, 5.0, 60.0, math.inf)
"""An index may lead to a frame after the one asked for: then look so much earlier."""
READ_ON_S = 5.0
"""Without an index the next moment is read on to when it is not farther than this."""
SPARED_S = 0.25
"""Frames that no other needs are not decoded until so near to the one asked for."""


class Moment(NamedTuple):
    at_s: float
    """On the film's clock."""
    frame: Any


class Moments:
    """Finds frames at ascending times."""

    def __init__(self, source: Source, *, steady: bool) -> None:
        """`steady`: seeking leads to the right place; else the film is read through."""
        self._source, self._steady = source, steady
        self._tolerance_s = 0.5 / max(source.fps, 1000.0)
        self._stand()

    def at(self, asked_s: float) -> Moment:
        """The last frame that starts at or before `asked_s`; the film's last beyond its end.

        Raises:
            PermanentError: `media_no_frames`.
        """
        found = self._read(asked_s) if self._reads_on(asked_s) else None
        if found is None and self._steady:
            found = self._sought(asked_s)
        if found is None:  # neither index nor timestamps help: by the clock, from the beginning
            self._steady = False
            self._source.seek(0.0)
            self._stand()
            found = self._read(asked_s, sparing=False)
        if found is None:
            raise PermanentError("media_no_frames", f"no frame can be decoded at {asked_s:.3f} s")
        return found

    def _stand(self) -> None:
        """Reading begins anew where the container stands."""
        self._times = self._source.frame_times()
        self._frames = self._decoded()
        self._held: Moment | None = None
        self._ahead: Moment | None = None
        self._here: int | None = None
        self._spare_s = self._spared_s = -math.inf

    def _reads_on(self, asked_s: float) -> bool:
        """Is there no keyframe between here and there to seek to?"""
        if not self._steady:
            return True
        if self._held is None or self._here is None:
            return False
        stream = self._source.video
        stamp = self._source.stamp(asked_s)
        key = stream.index_entries.search_timestamp(stamp, backward=True)
        if key >= 0:
            return bool(stream.index_entries[key].timestamp <= self._here)
        return bool((stamp - self._here) * stream.time_base <= READ_ON_S)

    def _sought(self, asked_s: float) -> Moment | None:
        for back_s in BACKS_S:
            to_s = max(0.0, asked_s - back_s)
            for sparing in (True, False):
                if not self._source.seek(to_s):
                    break
                self._stand()
                found = self._read(asked_s, sparing=sparing)
                if found is not None:
                    return found
                if self._held is None:
                    break
        return None

    def _read(self, asked_s: float, *, sparing: bool = True) -> Moment | None:
        """Read on to the frame shown then; None when there is none, or it may have been spared."""
        self._spare_s = asked_s - SPARED_S if sparing and self._steady else -math.inf
        while True:
            if self._ahead is None:
                self._ahead = next(self._frames, None)
            if self._ahead is None or self._ahead.at_s > asked_s + self._tolerance_s:
                break
            self._held, self._ahead = self._ahead, None
        exact = self._held is not None and self._held.at_s >= self._spared_s
        return self._held if exact else None

    def _decoded(self) -> Iterator[Moment]:
        source = self._source
        for packet in source.packets(source.video):
            self._spare(packet)
            for frame in source.decoded(packet):
                source.check(frame)
                if (at_s := self._time(frame)) is not None:
                    yield Moment(at_s, frame)

    def _spare(self, packet: Any) -> None:
        stamp = packet.dts if packet.dts is not None else packet.pts
        self._here = stamp if stamp is not None else self._here
        pts_s = self._source.film_s(packet.pts)
        spare = pts_s is not None and pts_s < self._spare_s
        if spare:
            self._spared_s = max(self._spared_s, round(pts_s or 0.0, 6))
        self._source.skip_unneeded(spare)

    def _time(self, frame: Any) -> float | None:
        if not self._steady:
            return self._times.of(frame)[0]
        at_s = self._source.film_s(frame.pts)
        return None if at_s is None else round(at_s, 6)
