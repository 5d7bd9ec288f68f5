"""Candidate pictures of a title: look at many moments, keep the best and most different, crop them.

The film is visited twice by seeking, so that no more than one full-resolution frame is held at a
time: first to measure, then to crop what was chosen.
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from artwork.crops import Box, bars, content_box, crop
from artwork.images import ImageStore
from artwork.pictures import PictureGroup, PictureVariant
from artwork.quality import Quality, analysis_picture, appeal, lines, measure, rejection
from artwork.saliency import held, saliency, spread
from artwork.selection import change, diverse, probe_times, sketch
from content.encoders.faces import Face
from content.ids import stable_id
from content.types import ASPECTS, F32, U8, Aspect, Extraction

MAX_GROUPS = 12
ENOUGH = 3
"""Pictures that a title should have to choose from; up to here smaller differences and lesser
pictures do, beyond it they do not."""
ALIKE, STILL = 0.75, 7.0
"""Cosine of two pictures' embeddings from which on, and `change` below which, they are alike."""
SAME, FROZEN = 0.95, 3.0
"""The same where there are not `ENOUGH`: beyond these they are one picture."""
GOOD, POOR = 0.75, 0.6
"""A candidate whose appeal is below this share of the title's best is not offered; the second
where there are not `ENOUGH`."""
HELD = 0.57
"""A candidate without a face that is `held` less than this has no subject, or has lost it."""
FADE_S = 1.0
"""As long words may take to appear or go, half seen."""
MIN_FACE = 0.04
"""Faces lower than this share of the picture are a crowd: crops may cut them."""

Grab = Callable[[Path, Sequence[float]], Iterator[tuple[float, U8]]]


class PictureEncoder(Protocol):
    """What is needed of an encoder of pictures."""

    def encode(self, frames: Sequence[U8], /) -> F32: ...


class FaceFinder(Protocol):
    """What is needed of `content.encoders.faces`."""

    def detect(self, rgb: U8, /) -> list[Face]: ...


class CandidateModels(Protocol):
    """What is needed of `content.encoders.models.Models`."""

    @property
    def visual(self) -> PictureEncoder: ...
    @property
    def faces(self) -> FaceFinder: ...


@dataclass(frozen=True, slots=True, eq=False)
class _Sighting:
    """A moment as first seen: the small picture with its bars, faces in px of the full one."""

    at_s: float
    small: U8
    size: tuple[int, int]
    bars: tuple[float, float]
    faces: tuple[Box, ...]


@dataclass(frozen=True, slots=True, eq=False)
class _Candidate:
    """A sighting, measured within its title's bars."""

    at_s: float
    inside: Box
    faces: tuple[Box, ...]
    words: tuple[Box, ...]
    """Lines of lettering, px of the full picture."""
    quality: Quality
    face: float
    """Height of the largest face over the picture's."""
    mass: F32
    held: float
    sketch: F32
    embedding: F32

    @property
    def appeal(self) -> float:
        return appeal(self.quality, min(1.0, 3 * self.face))


def make_candidates(
    path: Path,
    extraction: Extraction,
    *,
    title_id: str,
    tenant: str,
    images: ImageStore,
    models: CandidateModels,
    grab: Grab,
    on_progress: Callable[[float], None],
) -> list[PictureGroup]:
    """Up to `MAX_GROUPS` pictures of a film with their crops, stored; in the order of the film.

    Fewer, or none, when the film offers no more. The same film gives the same pictures with the
    same ids: a group is named by the bytes of its source picture.

    Args:
        extraction: of the same film; its visual vector names the encoder in `models`.
        grab: full-resolution RGB frames (H, W, 3) of a file at ascending seconds, each with its
            own time; the frame at its own time is the same frame.
        on_progress: told the fraction done, 0..1.
    """
    times = probe_times(extraction)
    seen = list[_Sighting]()
    for at_s, rgb in grab(path, times):
        seen.append(_look(at_s, rgb, models.faces))
        on_progress(0.6 * min(1.0, len(seen) / len(times)))
    chosen = _choose(_measured(seen, models.visual))
    groups = dict[str, PictureGroup]()
    maker = _Maker(title_id, tenant, images, extraction)
    for done, (at_s, rgb) in enumerate(grab(path, [one.at_s for one in chosen]) if chosen else ()):
        group = maker.group(rgb, min(chosen, key=lambda one: abs(one.at_s - at_s)))
        if group.variants:
            groups.setdefault(group.id, group)
        on_progress(0.6 + 0.4 * min(1.0, (done + 1) / len(chosen)))
    on_progress(1.0)
    return list(groups.values())


def _look(at_s: float, rgb: U8, finder: FaceFinder) -> _Sighting:
    height, width = rgb.shape[:2]
    faces = [Box(f.x, f.y, f.width, f.height) for f in finder.detect(rgb)]
    large = tuple(face for face in faces if face.height >= MIN_FACE * height)
    return _Sighting(at_s, analysis_picture(rgb), (width, height), bars(rgb), large)


def _measured(seen: Sequence[_Sighting], encoder: PictureEncoder) -> list[_Candidate]:
    if not seen:
        return []
    inside = [content_box(*one.size, (s.bars for s in seen)) for one in seen]
    small = [
        _scaled(box, one.small.shape[1] / one.size[0]).cut(one.small)
        for one, box in zip(seen, inside, strict=True)
    ]
    embeddings = encoder.encode(small)
    return [
        _Candidate(
            at_s=one.at_s,
            inside=box,
            faces=one.faces,
            words=_words(picture, box),
            quality=measure(picture),
            face=max((face.height / box.height for face in one.faces), default=0.0),
            mass=mass,
            held=held(mass),
            sketch=sketch(picture),
            embedding=embedding,
        )
        for one, box, picture, mass, embedding in zip(
            seen, inside, small, map(saliency, small), embeddings, strict=True
        )
    ]


def _words(picture: U8, inside: Box) -> tuple[Box, ...]:
    """The lettering of the small picture of `inside`, in px of the full one, one more around it."""
    scale = inside.width / picture.shape[1]
    small = (Box(x - 1, y - 1, width + 2, height + 2) for x, y, width, height in lines(picture))
    scaled = (_scaled(box, scale) for box in small)
    return tuple(Box(b.x + inside.x, b.y + inside.y, b.width, b.height) for b in scaled)


def _scaled(box: Box, scale: float) -> Box:
    x, y = round(box.x * scale), round(box.y * scale)
    return Box(x, y, max(1, round(box.width * scale)), max(1, round(box.height * scale)))


def _choose(candidates: Sequence[_Candidate]) -> list[_Candidate]:
    """The best, mutually different ones, in the order of the film."""
    reasons = _reasons(candidates)
    fit = [one for one, reason in zip(candidates, reasons, strict=True) if reason is None]
    # A film that is soft or spare throughout still gets its pictures; a black one gets none.
    spare = [
        one
        for one, reason in zip(candidates, reasons, strict=True)
        if reason in ("blurred", "blown", "title_card", "lettering")
    ]
    pool = fit or spare
    best = max((one.appeal for one in pool), default=0.0)
    pool = [one for one in pool if one.appeal >= POOR * best]
    strict = [one for one in pool if one.appeal >= GOOD * best and (one.faces or one.held >= HELD)]
    taken = _unlike(strict, MAX_GROUPS, ALIKE, STILL)
    for wider, alike, still in ((strict, SAME, FROZEN), (pool, ALIKE, STILL), (pool, SAME, FROZEN)):
        if len(taken) < ENOUGH:
            taken = max(taken, _unlike(wider, ENOUGH, alike, still), key=len)
    return sorted(taken, key=lambda one: one.at_s)


def _reasons(candidates: Sequence[_Candidate]) -> list[str | None]:
    """Why each is refused, None where it is not; words refuse the moments of their fading, too."""
    reasons = [rejection(one.quality) for one in candidates]
    written = [c.at_s for c, why in zip(candidates, reasons, strict=True) if why == "lettering"]
    return [
        "lettering"
        if why is None and any(abs(one.at_s - at_s) <= FADE_S for at_s in written)
        else why
        for one, why in zip(candidates, reasons, strict=True)
    ]


def _unlike(pool: Sequence[_Candidate], count: int, alike: float, still: float) -> list[_Candidate]:
    """Up to `count` of a pool, no two of them as like as `alike` or changed less than `still`."""
    if not pool:
        return []
    vectors = np.stack([one.embedding for one in pool])
    apart = np.array([[change(a.sketch, b.sketch) >= still for b in pool] for a in pool])
    appeals = [one.appeal for one in pool]
    return [pool[i] for i in diverse(appeals, vectors, count, duplicate=alike, apart=apart)]


@dataclass(frozen=True, slots=True)
class _Maker:
    """Makes groups of one title."""

    title_id: str
    tenant: str
    images: ImageStore
    extraction: Extraction

    def group(self, rgb: U8, seen: _Candidate) -> PictureGroup:
        """`rgb` is the full picture that was seen."""
        digest = hashlib.sha256(np.ascontiguousarray(rgb).data).hexdigest()
        group_id = stable_id(self.tenant, self.title_id, digest)
        made = (self.variant(rgb, seen, group_id, aspect) for aspect in ASPECTS)
        return PictureGroup(
            id=group_id,
            origin="frame",
            source_s=seen.at_s,
            facts=facts(seen.quality, seen.faces, seen.face, seen.mass, self._position(seen.at_s)),
            embedding=seen.embedding,
            embedding_fingerprint=self.extraction.vectors["visual"].fingerprint,
            variants=tuple(variant for variant in made if variant is not None),
        )

    def variant(
        self, rgb: U8, seen: _Candidate, group_id: str, aspect: Aspect
    ) -> PictureVariant | None:
        """The crop of one aspect, stored; None where every crop would cut its face or words."""
        window = crop(aspect, seen.inside, seen.faces, seen.mass, seen.words)
        if window is None:
            return None
        picture = window.cut(rgb)
        stored = self.images.put(picture)
        kept = [face for face in seen.faces if window.holds(face)]
        return PictureVariant(
            id=stable_id(self.tenant, self.title_id, group_id, aspect),
            group_id=group_id,
            aspect=aspect,
            sha256=stored.sha256,
            width=stored.width,
            height=stored.height,
            crop={"x": window.x, "y": window.y, "width": window.width, "height": window.height},
            scores=_scores(measure(analysis_picture(picture)), kept, window),
        )

    def _position(self, at_s: float) -> float:
        return at_s / max(1e-9, self.extraction.facts.duration_s)


def facts(
    quality: Quality, faces: Sequence[Box], face: float, mass: F32, position: float
) -> dict[str, float]:
    """What a picture is, by name, each 0..1: the features that its choice is learnt from.

    `face_count` is min(n, 3) / 3, `face_size` the largest face's height over the picture's,
    `subject_size` twice the share of the picture with the densest half of its visual mass,
    `position` its time over the film's.
    """
    values = {
        "brightness": quality.brightness,
        "contrast": quality.contrast,
        "saturation": quality.saturation,
        "warmth": quality.warmth,
        "exposure": quality.exposure,
        "sharpness": quality.sharpness,
        "colourfulness": quality.colourfulness,
        "face_count": min(len(faces), 3) / 3,
        "face_size": face,
        "subject_size": 2 * spread(mass),
        "position": position,
    }
    return {name: round(min(1.0, max(0.0, value)), 6) for name, value in values.items()}


def _scores(quality: Quality, faces: Sequence[Box], window: Box) -> dict[str, float]:
    """Of one crop; see `artwork.quality` for each."""
    face = max((face.height / window.height for face in faces), default=0.0)
    names = ("sharpness", "exposure", "contrast", "colourfulness", "saturation", "brightness")
    scores = {name: float(getattr(quality, name)) for name in names}
    overall = appeal(quality, min(1.0, 3 * face))
    return scores | {"face": round(min(1.0, face), 6), "appeal": round(overall, 6)}
