"""The pictures of a title that others are composed of."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any

import numpy as np

from artwork.assess import Assessed, PictureModels, TitleContext, assess, see
from artwork.crops import Box
from artwork.images import ImageStore
from artwork.subject import Subject
from content.encoders.faces import Face
from content.encoders.identity import SAME_PERSON
from content.errors import Unavailable
from content.types import F32, U8

MATERIAL = ("frame", "uploaded")
"""Origins of pictures that are composed of: what was made is not made over again."""
LEAST_FACE = 0.18
"""Height of a face, of the picture's, that can stand for a character."""


@dataclass(frozen=True, slots=True, eq=False)
class Source:
    """A picture of the title, whole."""

    id: str
    """Of its image group."""
    rgb: U8
    """(H, W, 3), without bars."""
    seen: Assessed
    position: float
    """In the film, 0..1."""
    identity: F32 | None
    """(128,), of its largest face, where it is large enough to be a character's."""

    @property
    def subject(self) -> Subject:
        return subject(self.seen)


def subject(seen: Assessed) -> Subject:
    """What framing goes by, of an assessed picture."""
    return Subject.of(seen.inside, seen.faces, seen.mass, seen.words)


def assessed(
    rgb: U8,
    models: PictureModels,
    title: TitleContext | None = None,
    faces: Sequence[Box] | None = None,
) -> Assessed:
    """A picture without bars, assessed as such: what is dark at its edges is part of it.

    Args:
        faces: where they are known: a grade hides none, and makes none.
    """
    seen = replace(see(0.0, rgb, models.faces), bars=(0.0, 0.0))
    if faces is not None:
        seen = replace(seen, found=tuple(_face(box) for box in faces), portraits=())
    return assess([seen], models, title)[0]


def opened(
    rows: Sequence[Mapping[str, Any]], images: ImageStore, models: PictureModels, *, people: bool
) -> list[Source]:
    """The sources among rows of image groups, the most appealing first.

    Args:
        rows: of `artwork.pictures.sources`.
        people: tell the characters apart, which takes 0.1 s a picture.
    """
    found = []
    for row in rows:
        if row["origin"] in MATERIAL and row["language"] is None:
            rgb = images.pixels(row["source_sha256"])
            seen = assessed(rgb, models)
            identity = _identity(rgb, models) if people else None
            position = float(row["facts"].get("position", 0.5))
            found.append(Source(row["id"], rgb, seen, position, identity))
    return sorted(found, key=lambda one: (-round(one.seen.appeal, 6), one.id))


def couples(sources: Sequence[Source]) -> list[tuple[Source, Source]]:
    """Two characters each: sources whose largest faces are of two people, the most unlike first;
    the one who comes first in the film stands first."""
    found = []
    for first, second in combinations((one for one in sources if one.identity is not None), 2):
        assert first.identity is not None and second.identity is not None
        apart = float(np.linalg.norm(first.identity - second.identity))
        if apart >= SAME_PERSON:
            pair = sorted((first, second), key=lambda one: (one.position, one.id))
            appeal = first.seen.appeal + second.seen.appeal
            found.append((-round(appeal, 4), -round(apart, 4), pair[0].id, pair[1].id, pair))
    return [(pair[0], pair[1]) for *_, pair in sorted(found, key=lambda one: one[:4])]


def _identity(rgb: U8, models: PictureModels) -> F32 | None:
    """None, too, where the network that tells people apart is not installed."""
    large = [face for face in models.faces.detect(rgb) if face.height >= LEAST_FACE * len(rgb)]
    if not large or not large[0].landmarks:
        return None
    try:
        return np.asarray(models.identities.encode(rgb, large[:1])[0], np.float32)
    except Unavailable:
        return None


def _face(box: Box) -> Face:
    return Face(box.x, box.y, box.width, box.height, 1.0)
