"""What is known of a picture before it is chosen or cropped: whatever its origin.

A picture is *seen* at full resolution (its faces, its bars, a small copy) and *assessed* on the
small copy, within the bars that its title's pictures have in common.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Protocol

from artwork.crops import Box, bars, content_box
from artwork.quality import Quality, analysis_picture, appeal, lines, measure, rejection
from artwork.saliency import held, saliency
from artwork.selection import sketch
from content.encoders.faces import Face
from content.types import F32, U8, Maturity

MIN_FACE = 0.04
"""Faces lower than this share of the picture are a crowd: crops may cut them."""


class PictureEncoder(Protocol):
    """What is needed of an encoder of pictures."""

    def encode(self, frames: Sequence[U8], /) -> F32: ...


class FaceFinder(Protocol):
    """What is needed of `content.encoders.faces`."""

    def detect(self, rgb: U8, /) -> list[Face]: ...


class PictureModels(Protocol):
    """What is needed of `content.encoders.models.Models`."""

    @property
    def visual(self) -> PictureEncoder: ...
    @property
    def faces(self) -> FaceFinder: ...


@dataclass(frozen=True, slots=True, eq=False)
class Sighting:
    """A picture as first seen: the small copy with its bars, faces in px of the full one."""

    at_s: float
    small: U8
    size: tuple[int, int]
    """Width and height in px of the full picture."""
    bars: tuple[float, float]
    faces: tuple[Box, ...]


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

    @property
    def appeal(self) -> float:
        return appeal(self.quality, min(1.0, 3 * self.face))

    @property
    def reasons(self) -> tuple[str, ...]:
        """The gates that refuse the picture; none when all let it pass."""
        found = rejection(self.quality)
        return () if found is None else (found,)

    @property
    def scores(self) -> dict[str, float]:
        """Sub-scores and `overall`, each 0..1."""
        return {**asdict(self.quality), "overall": round(self.appeal, 6)}

    @property
    def maturity(self) -> Maturity:
        return "all"

    @property
    def identities(self) -> tuple[F32, ...]:
        """Of its faces that one can be told by, (128,) each."""
        return ()


def see(at_s: float, rgb: U8, finder: FaceFinder) -> Sighting:
    """RGB (H, W, 3) at full resolution; `at_s` is 0 for a picture that is of no film."""
    height, width = rgb.shape[:2]
    faces = [Box(f.x, f.y, f.width, f.height) for f in finder.detect(rgb)]
    large = tuple(face for face in faces if face.height >= MIN_FACE * height)
    return Sighting(at_s, analysis_picture(rgb), (width, height), bars(rgb), large)


def assess(seen: Sequence[Sighting], encoder: PictureEncoder) -> list[Assessed]:
    """Sightings of one title, measured: bars are what they all have in common."""
    if not seen:
        return []
    inside = [content_box(*one.size, (s.bars for s in seen)) for one in seen]
    small = [
        _scaled(box, one.small.shape[1] / one.size[0]).cut(one.small)
        for one, box in zip(seen, inside, strict=True)
    ]
    embeddings = encoder.encode(small)
    return [
        Assessed(
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
