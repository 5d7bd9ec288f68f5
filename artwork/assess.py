"""What is known of a picture before it is chosen or cropped: whatever its origin.

A picture is *seen* at full resolution (its faces, its bars, its blocks, a small copy) and
*assessed* on the small copy, within the bars that its title's pictures have in common. The gates
that ask pixels alone come first; the models behind the others see what has passed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import cv2
import numpy as np

from artwork.candidates.selection import sketch
from artwork.framing.crops import Box, bars, content_box
from artwork.framing.saliency import held, saliency
from artwork.quality import gates as gate
from artwork.quality.damage import blockiness
from artwork.quality.faces import FaceDetail
from artwork.quality.focus import face_focus
from artwork.quality.measures import Quality, measure
from artwork.quality.picture import analysis_picture
from artwork.quality.scores import gathered, pictured
from artwork.quality.subject import subject_mass
from artwork.quality.text import lines
from artwork.quality.weights import DEFAULT, Weights
from content.encoders.face_mesh import Expression
from content.encoders.faces import Face
from content.encoders.ocr import Line
from content.types import F32, U8, Maturity, Shot

MIN_FACE = 0.04
"""Faces lower than this share of the picture are a crowd: crops may cut them."""
DETAILED = 4
"""So many of the largest faces are looked at closely …"""
CLOSE_FACE = 0.07
"""… of those that are higher than this share of the picture."""
PORTRAIT_PX, PORTRAIT_AIR = 160, 0.8
"""Height of a face in the copy that is kept of it, and air on each side in its own size."""


class PictureEncoder(Protocol):
    """What is needed of an encoder of pictures."""

    def encode(self, frames: Sequence[U8], /) -> F32: ...


class FaceFinder(Protocol):
    """What is needed of `content.encoders.faces`."""

    def detect(self, rgb: U8, /) -> list[Face]: ...


class FaceShape(Protocol):
    """What is needed of `content.encoders.face_mesh`."""

    def expressions(self, rgb: U8, faces: Sequence[Face], /) -> list[Expression | None]: ...


class FaceNamer(Protocol):
    """What is needed of `content.encoders.identity`."""

    def encode(self, rgb: U8, faces: Sequence[Face], /) -> F32: ...


class FigureSource(Protocol):
    """What is needed of `content.encoders.figure`."""

    def find(self, rgb: U8, /) -> F32: ...


class UnsafeJudge(Protocol):
    """What is needed of `content.encoders.unsafe`."""

    def score(self, rgb: U8, faces: Sequence[Face], /) -> float: ...


class WeaponJudge(Protocol):
    """What is needed of `content.encoders.weapons`."""

    def score(self, rgb: U8, /) -> float: ...


class Reader(Protocol):
    """What is needed of `content.encoders.ocr`."""

    def read(self, rgb: U8, /) -> list[Line]: ...


class PictureModels(Protocol):
    """What is needed of `content.encoders.models.Models`."""

    @property
    def visual(self) -> PictureEncoder: ...
    @property
    def faces(self) -> FaceFinder: ...
    @property
    def face_mesh(self) -> FaceShape: ...
    @property
    def identities(self) -> FaceNamer: ...
    @property
    def figures(self) -> FigureSource: ...
    @property
    def unsafe(self) -> UnsafeJudge: ...
    @property
    def weapons(self) -> WeaponJudge: ...
    @property
    def text_reader(self) -> Reader: ...


@dataclass(frozen=True, slots=True, eq=False)
class TitleContext:
    """What is known of the title that a picture is judged for; the default knows nothing."""

    maturity: Maturity | None = None
    shots: Sequence[Shot] = ()
    """Of the film whose frames are seen: empty where pictures come from elsewhere."""
    visual: F32 | None = None
    """The title's own vector, of the same encoder."""
    motion: F32 | None = None
    """`motion_local` of each second (docs/facts.md), NaN where unknown."""
    weights: Weights = field(default_factory=lambda: DEFAULT)


@dataclass(frozen=True, slots=True, eq=False)
class Portrait:
    """A small copy of one face and what is around it, so that no full frame need be kept."""

    rgb: U8
    face: Face
    """In px of `rgb`."""


@dataclass(frozen=True, slots=True, eq=False)
class Sighting:
    """A picture as first seen: the small copy with its bars, faces in px of the full one."""

    at_s: float
    small: U8
    size: tuple[int, int]
    """Width and height in px of the full picture."""
    bars: tuple[float, float]
    found: tuple[Face, ...]
    """From `MIN_FACE` on, largest first."""
    portraits: tuple[Portrait, ...]
    """Of the first of them, as far as their landmarks are known."""
    blockiness: float

    @property
    def faces(self) -> tuple[Box, ...]:
        return tuple(Box(f.x, f.y, f.width, f.height) for f in self.found)


@dataclass(frozen=True, slots=True, eq=False)
class Assessed:
    """A sighting, measured within its title's bars."""

    at_s: float
    inside: Box
    """The full picture without its bars, px."""
    faces: tuple[Box, ...]
    """px of the full picture."""
    words: tuple[Box, ...]
    """Lines of lettering, px of the full picture."""
    quality: Quality
    face: float
    """Height of the largest face over the picture's."""
    mass: F32
    """`saliency` of what is `inside`."""
    held: float
    sketch: F32
    embedding: F32
    scores: Mapping[str, float]
    """Sub-scores by name and `overall`, each 0..1: docs/artwork.md."""
    reasons: tuple[str, ...]
    """Every gate that refuses the picture, in the order of `artwork.quality.gates.GATES`; empty
    when all let it pass. Gates that ask a model were not asked of one refused by its pixels."""
    maturity: Maturity
    """For whom it is by what it shows: see `gates.maturity_of`."""
    face_details: tuple[FaceDetail, ...]
    """Of the largest faces, in the order of `faces`."""


def see(at_s: float, rgb: U8, finder: FaceFinder) -> Sighting:
    """RGB (H, W, 3) at full resolution; `at_s` is 0 for a picture that is of no film."""
    height, width = rgb.shape[:2]
    found = tuple(face for face in finder.detect(rgb) if face.height >= MIN_FACE * height)
    close = [f for f in found[:DETAILED] if f.landmarks and f.height >= CLOSE_FACE * height]
    return Sighting(
        at_s=at_s,
        small=analysis_picture(rgb),
        size=(width, height),
        bars=bars(rgb),
        found=found,
        portraits=tuple(_portrait(rgb, face) for face in close),
        blockiness=blockiness(rgb),
    )


def assess(
    seen: Sequence[Sighting], models: PictureModels, title: TitleContext | None = None
) -> list[Assessed]:
    """Sightings of one title, measured: bars are what they all have in common."""
    if not seen:
        return []
    boxes = [content_box(*one.size, (s.bars for s in seen)) for one in seen]
    small = [
        _scaled(box, one.small.shape[1] / one.size[0]).cut(one.small)
        for one, box in zip(seen, boxes, strict=True)
    ]
    looks = models.visual.encode(small)
    views = (_View(*each) for each in zip(seen, boxes, small, looks, strict=True))
    return [_assessed(view, models, title or TitleContext()) for view in views]


@dataclass(frozen=True, slots=True, eq=False)
class _View:
    """A sighting with its bars cut: `small` is the analysis picture of what is `inside`."""

    seen: Sighting
    inside: Box
    small: U8
    embedding: F32

    @property
    def faces(self) -> list[Face]:
        """In px of `small`."""
        scale = self.small.shape[1] / self.inside.width
        return [face.within(self.inside.x, self.inside.y, scale) for face in self.seen.found]


def _assessed(view: _View, models: PictureModels, title: TitleContext) -> Assessed:
    seen, faces, mass = view.seen, view.faces, saliency(view.small)
    quality = measure(
        view.small, subject_mass(mass, faces, (view.small.shape[1], view.small.shape[0]))
    )
    cheap = gate.pixel_gates(quality)
    if gate.in_transition(seen.at_s, quality.mixture, title.shots):
        cheap = (*cheap, "mid_transition")
    asked = not cheap
    read = [_upright(line) for line in models.text_reader.read(view.small)] if asked else []
    written = [*lines(view.small), *read]
    # What a title of nothing better is shown by is never unsafe either.
    serves = gate.may_serve(cheap)
    unsafe = models.unsafe.score(view.small, faces) if serves else 0.0
    armed = models.weapons.score(view.small) if serves else 0.0
    details = _details(seen, models if asked else None)
    widths = [width / view.small.shape[1] for _, _, width, _ in read]
    scores = gathered(
        pictured(view.small, quality, mass, faces),
        details,
        face_count=len(seen.found),
        text_width=max(quality.lettering, sum(widths)),
        bars=1 - view.inside.width * view.inside.height / (seen.size[0] * seen.size[1]),
        blockiness=seen.blockiness,
        face_focus=next((face_focus(one.rgb, one.face) for one in seen.portraits), None),
        motion=_motion(title.motion, seen.at_s),
        closeness=None if title.visual is None else float(title.visual @ view.embedding),
        weights=title.weights,
    )
    return Assessed(
        at_s=seen.at_s,
        inside=view.inside,
        faces=seen.faces,
        words=tuple(_full(box, view) for box in written),
        quality=quality,
        face=max((face.height / view.inside.height for face in seen.found), default=0.0),
        mass=mass,
        held=held(mass),
        sketch=sketch(view.small),
        embedding=view.embedding,
        scores=scores,
        reasons=gate.ordered(
            cheap,
            gate.text_gates(widths),
            gate.face_gates(details),
            gate.maturity_gates(unsafe, armed, title.maturity),
        ),
        maturity=gate.maturity_of(unsafe, armed),
        face_details=details,
    )


def _details(seen: Sighting, models: PictureModels | None) -> tuple[FaceDetail, ...]:
    """Of each portrait; no more than its size without models."""
    heights = [face.height / seen.size[1] for face in seen.found if face.landmarks]
    pairs = list(zip(heights, seen.portraits, strict=False))
    if models is None:
        return tuple(FaceDetail(height, None, None) for height, _ in pairs)
    return tuple(
        FaceDetail(
            height,
            models.face_mesh.expressions(one.rgb, [one.face])[0],
            models.identities.encode(one.rgb, [one.face])[0],
        )
        for height, one in pairs
    )


def _portrait(rgb: U8, face: Face) -> Portrait:
    air = round(PORTRAIT_AIR * max(face.width, face.height))
    top, left = max(0, face.y - air), max(0, face.x - air)
    cut = rgb[top : face.y + face.height + air, left : face.x + face.width + air]
    scale = min(1.0, PORTRAIT_PX / face.height)
    if scale < 1.0:
        size = (max(1, round(cut.shape[1] * scale)), max(1, round(cut.shape[0] * scale)))
        cut = np.asarray(cv2.resize(cut, size, interpolation=cv2.INTER_AREA), np.uint8)
    return Portrait(np.ascontiguousarray(cut), face.within(left, top, scale))


def _motion(motion: F32 | None, at_s: float) -> float | None:
    if motion is None or not len(motion):
        return None
    value = float(motion[min(int(at_s), len(motion) - 1)])
    return None if np.isnan(value) else value


def _upright(line: Line) -> tuple[int, int, int, int]:
    """x, y, width, height around a line's corners, px."""
    across, down = zip(*line.corners, strict=True)
    x, y = int(min(across)), int(min(down))
    return x, y, int(np.ceil(max(across))) - x, int(np.ceil(max(down))) - y


def _full(box: tuple[int, int, int, int], view: _View) -> Box:
    """A box of the small picture in px of the full one, one px of the small one more around it."""
    x, y, width, height = box
    scale = view.inside.width / view.small.shape[1]
    found = _scaled(Box(x - 1, y - 1, width + 2, height + 2), scale)
    return Box(found.x + view.inside.x, found.y + view.inside.y, found.width, found.height)


def _scaled(box: Box, scale: float) -> Box:
    x, y = round(box.x * scale), round(box.y * scale)
    return Box(x, y, max(1, round(box.width * scale)), max(1, round(box.height * scale)))
