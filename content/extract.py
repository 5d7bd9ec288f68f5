"""The spine: a media file in, all that is understood of it out, in one streamed pass."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np

from content import decode
from content.audio import SoundMeter
from content.audio_vector import sound_profile, sound_vector
from content.decode import DecodeLimits
from content.encoders.models import Models
from content.encoders.specs import embedded_specs
from content.keyframes import Candidate, ShotPictures, measure, thumbnail
from content.profile import Look, pacing
from content.shots import AdaptiveShots
from content.types import F32, Extraction, Keyframe, MediaFacts, Shot, Space, Vector

BATCH = 16
"""Keyframes that are held before they are encoded."""
PIECE_S = 2.0
"""A shot longer than this has more than one keyframe …"""
EXTRA_KEYFRAMES = 400
"""… but a film not more than about so many extra ones."""

Progress = Callable[[str, float], None]


def extract(
    path: Path, models: Models, *, limits: DecodeLimits, on_progress: Progress
) -> Extraction:
    """Understand one media file.

    Memory does not grow with the film but by its keyframes (about 30 kB a shot).

    Args:
        on_progress: called with a stage (`decode`, `shots`, `vectors`) and its fraction, 0..1.

    Returns:
        Shots tiling `[0, facts.duration_s)`; keyframes: first each shot's own, in order, then the
        further ones of long shots; vectors for `visual`, `concept` and, when something can be
        heard, `audio`. The duration is the decoded one.

    Raises:
        PermanentError, TransientError: `media_…`, as `decode.analyse`.
    """
    reading = _Reading(models)
    for part in decode.analyse(path, limits):
        match part:
            case MediaFacts():
                reading.begin(part)
            case decode.Signatures():
                reading.watch(part)
            case decode.Sample():
                reading.look_at(part)
                on_progress("decode", min(1.0, part.at_s / reading.facts.duration_s))
            case decode.Sound():
                reading.listen(part.samples)
            case decode.End():
                on_progress("decode", 1.0)
                reading.end(part.duration_s)
    on_progress("shots", 1.0)
    extraction = reading.result()
    on_progress("vectors", 1.0)
    return extraction


class _Reading:
    """What has been understood so far of the film that streams by."""

    facts: MediaFacts
    _pictures: ShotPictures

    def __init__(self, models: Models) -> None:
        self._models = models
        self._detector, self._look = AdaptiveShots(), Look()
        self._sound: SoundMeter | None = None
        self._shots: list[Shot] = []
        self._waiting: list[tuple[int, Candidate]] = []
        self._keyframes: list[Keyframe] = []
        self._concepts: list[F32] = []

    def begin(self, facts: MediaFacts) -> None:
        self.facts = facts
        self._pictures = ShotPictures(max(PIECE_S, facts.duration_s / EXTRA_KEYFRAMES))
        if facts.has_audio:
            self._sound = SoundMeter(self._models.speech)

    def watch(self, signatures: decode.Signatures) -> None:
        for boundary in self._detector.feed(signatures):
            self._close(self._pictures.cut(boundary.at_s))

    def look_at(self, sample: decode.Sample) -> None:
        candidate = measure(sample)
        self._look.add(candidate)
        self._pictures.offer(candidate, self._detector.decided_s)

    def listen(self, samples: F32) -> None:
        if self._sound is not None:
            self._sound.add(samples)

    def end(self, duration_s: float) -> None:
        self.facts = replace(self.facts, duration_s=duration_s)
        for boundary in self._detector.finish():
            self._close(self._pictures.cut(boundary.at_s))
        self._close(self._pictures.cut(duration_s))
        # What follows the last sample's shot is too short for a picture of its own.
        self._shots[-1] = replace(self._shots[-1], end_s=duration_s)
        self._encode()
        if self._sound is not None:
            self._sound.finish()

    def _close(self, closed: Iterable[tuple[Shot, list[Candidate]]]) -> None:
        for shot, candidates in closed:
            self._waiting += [(len(self._shots), candidate) for candidate in candidates]
            self._shots.append(shot)
        if len(self._waiting) >= BATCH:
            self._encode()

    def _encode(self) -> None:
        frames = [candidate.rgb for _, candidate in self._waiting]
        features, probabilities = self._models.frames.encode(frames)
        self._concepts.extend(self._models.concept.encode(probabilities))
        for (shot, candidate), embedding in zip(self._waiting, features, strict=True):
            self._keyframes.append(_keyframe(candidate, shot, embedding))
        self._waiting = []

    def _weights(self) -> F32:
        """Of each keyframe: its share of its shot's length."""
        pictures = Counter(keyframe.shot for keyframe in self._keyframes)
        shots = [self._shots[keyframe.shot] for keyframe in self._keyframes]
        shares = [
            (shot.end_s - shot.start_s) / pictures[keyframe.shot]
            for shot, keyframe in zip(shots, self._keyframes, strict=True)
        ]
        return np.array(shares, np.float32)

    def result(self) -> Extraction:
        weights = self._weights()
        found: dict[Space, F32 | None] = {
            "visual": _pool([keyframe.embedding for keyframe in self._keyframes], weights),
            "concept": _pool(self._concepts, weights),
            "audio": sound_vector(self._sound) if self._sound else None,
        }
        specs = embedded_specs()
        vectors = {
            space: Vector(data, specs[space].fingerprint)
            for space, data in found.items()
            if data is not None
        }
        sound = sound_profile(self._sound) if self._sound else {}
        profile = {**self._look.summary(), "pacing": pacing(self._shots), **sound}
        return Extraction(
            self.facts,
            tuple(self._shots),
            _own_first(self._keyframes, self._shots),
            vectors,
            profile,
        )


def _keyframe(candidate: Candidate, shot: int, embedding: F32) -> Keyframe:
    return Keyframe(
        at_s=candidate.at_s,
        shot=shot,
        brightness=candidate.brightness,
        contrast=candidate.contrast,
        sharpness=candidate.sharpness,
        embedding=embedding,
        thumbnail=thumbnail(candidate.rgb),
    )


def _own_first(keyframes: list[Keyframe], shots: list[Shot]) -> tuple[Keyframe, ...]:
    """The keyframe that each shot names, in the shots' order, then all others in time's."""
    return tuple(sorted(keyframes, key=lambda k: (k.at_s != shots[k.shot].keyframe_s, k.at_s)))


def _pool(vectors: list[F32], weights: F32) -> F32:
    """The weighted mean, as a unit vector."""
    mean = np.average(np.stack(vectors), axis=0, weights=weights)
    unit: F32 = (mean / np.linalg.norm(mean)).astype(np.float32)
    return unit
