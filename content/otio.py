"""A title as an OpenTimelineIO document: one video track whose clips are its shots.

Times are whole frames of the film's rate; 23.976 and the like are 24000/1001 exactly, so that
frames do not drift over an hour. Facts are in the metadata under `keyart`.
"""

import json
from itertools import pairwise
from typing import Any

import opentimelineio as otio

from content.entries import Run, ShotRow
from content.errors import Conflict

NTSC_TOLERANCE = 0.01
"""Containers round 24000/1001 to 23.98 at worst."""
DEFAULT_RATE = 24.0

TRANSITION_S = 1.0
"""Length given to a dissolve or fade, centred on its boundary, where how long it lasts is unknown.
Of a shot at most half is within it, so that the transitions at its two ends do not meet."""

_MIXED = ("fade", "dissolve")
_GRADUAL = (*_MIXED, "wipe")


def rate_of(fps: float) -> float:
    """Frames a second as editors mean it: `fps`, or the n × 1000/1001 that it stands for."""
    nominal = round(fps * 1.001)
    ntsc = nominal * 1000 / 1001
    if nominal > 0 and abs(fps - ntsc) < min(NTSC_TOLERANCE, abs(fps - nominal)):
        return ntsc
    return fps if fps > 0 else DEFAULT_RATE


def document(run: Run, media_name: str | None) -> str:
    """The title's published version as OTIO JSON.

    Clips tile the film from frame 0; a shot shorter than half a frame has none. Dissolves and fades
    are transitions between them (`SMPTE_Dissolve`); both sides are the film itself, so what is
    shown stays the same. Markers on the track: other gradual boundaries, changes of mood, peaks of
    action.

    Args:
        media_name: file name that the clips refer to; None: the media is named by its title only.

    Raises:
        Conflict: `no_timeline`, for a title without media.
    """
    if run.title.facts is None or not run.shots:
        raise Conflict("no_timeline", "the title was submitted without media: nothing runs in time")
    film = _Film(run, media_name)
    clips = {shot.idx: clip for shot in run.shots if (clip := film.clip(shot)) is not None}
    transitions = film.transitions(clips)
    track = otio.schema.Track("shots", kind=otio.schema.TrackKind.Video)
    for idx, clip in clips.items():
        if idx in transitions:
            track.append(transitions[idx])
        track.append(clip)
    track.markers.extend(film.markers(set(transitions)))
    timeline = otio.schema.Timeline(run.title.name, global_start_time=film.time(0.0))
    timeline.tracks.append(track)
    timeline.metadata["keyart"] = {
        "title_id": run.title.id,
        "version": run.title.version,
        "duration_s": run.title.facts.duration_s,
    }
    return _with_facts(timeline.to_json_string(indent=0), run)


def _with_facts(text: str, run: Run) -> str:
    """The document with each shot's facts beside its number.

    Metadata are plain JSON. The library takes them value by value: for two hours over a second.
    """
    made, shots = json.loads(text), {shot.idx: shot for shot in run.shots}
    for child in made["tracks"]["children"][0]["children"]:
        known = child["metadata"]["keyart"]
        if "shot" in known:
            known |= shots[known["shot"]].facts or {}
    return json.dumps(made, separators=(",", ":"))


def _shares(shot: ShotRow) -> tuple[float, float]:
    """How long the change into a shot lasts before and after its boundary, seconds."""
    if shot.boundary_from_s is None or shot.boundary_until_s is None:
        return TRANSITION_S / 2, TRANSITION_S / 2
    return shot.start_s - shot.boundary_from_s, shot.boundary_until_s - shot.start_s


class _Film:
    """Seconds to frames, shots to clips, of one title."""

    def __init__(self, run: Run, media_name: str | None) -> None:
        assert run.title.facts is not None
        self._run = run
        self._rate = rate_of(run.title.facts.fps)
        whole = self._range(0.0, run.title.facts.duration_s)
        if media_name is None:
            self._media = otio.schema.MissingReference(run.title.name, available_range=whole)
        else:
            self._media = otio.schema.ExternalReference(media_name, available_range=whole)
            self._media.name = run.title.name

    def time(self, at_s: float) -> Any:
        return otio.opentime.RationalTime(round(at_s * self._rate), self._rate)

    def _range(self, start_s: float, end_s: float) -> Any:
        return otio.opentime.range_from_start_end_time(self.time(start_s), self.time(end_s))

    def clip(self, shot: ShotRow) -> Any:
        taken = self._range(shot.start_s, shot.end_s)
        if taken.duration.value <= 0:
            return None
        known = {
            "shot": shot.idx,
            "start_s": shot.start_s,
            "end_s": shot.end_s,
            "keyframe_s": shot.keyframe_s,
            "boundary": shot.boundary,
            "confidence": shot.confidence,
        }
        return otio.schema.Clip(
            f"shot {shot.idx + 1}",
            media_reference=self._media.clone(),
            source_range=taken,
            metadata={"keyart": known},
        )

    def transitions(self, clips: dict[int, Any]) -> dict[int, Any]:
        """By the shot that each leads to; none where a shot beside it is shorter than 2 frames."""
        made = {}
        shots = {shot.idx: shot for shot in self._run.shots}
        for before, after in pairwise(clips):
            shot = shots[after]
            sides = (clips[k].source_range.duration.value // 2 for k in (before, after))
            into, out = (
                otio.opentime.RationalTime(min(round(share_s * self._rate), most), self._rate)
                for share_s, most in zip(_shares(shot), sides, strict=True)
            )
            if shot.boundary in _MIXED and into.value > 0 and out.value > 0:
                known = {
                    "at_s": shot.start_s,
                    "boundary": shot.boundary,
                    "boundary_from_s": shot.boundary_from_s,
                    "boundary_until_s": shot.boundary_until_s,
                }
                made[after] = otio.schema.Transition(
                    str(shot.boundary),
                    otio.schema.TransitionTypes.SMPTE_Dissolve,
                    in_offset=into,
                    out_offset=out,
                    metadata={"keyart": {**known, "confidence": shot.confidence}},
                )
        return made

    def markers(self, transitions: set[int]) -> list[Any]:
        color = otio.schema.MarkerColor
        made, mood = [], None
        for shot in self._run.shots:
            if shot.boundary in _GRADUAL and shot.idx not in transitions:
                made.append(self._marker(shot.start_s, str(shot.boundary), color.CYAN))
            now = (shot.facts or {}).get("mood", {}).get("top")
            if now is not None and now != mood:
                made.append(self._marker(shot.start_s, now, color.PURPLE))
                mood = now
        pacing = (self._run.title.profile or {}).get("pacing") or {}
        for peak in pacing.get("peaks", ()):
            made.append(self._marker(peak["at_s"], f"action {peak['action']:.2f}", color.RED))
        return made

    def _marker(self, at_s: float, name: str, color: str) -> Any:
        one_frame = otio.opentime.RationalTime(1, self._rate)
        at = otio.opentime.TimeRange(self.time(at_s), one_frame)
        return otio.schema.Marker(name, marked_range=at, color=color)
