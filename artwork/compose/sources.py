"""The pictures of a title that others are composed of."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any

import numpy as np

from artwork.assess import Assessed, PictureModels, TitleContext, assess, see
from artwork.framing.crops import Box
from artwork.framing.subject import Subject
from artwork.images.store import ImageStore
from content.encoders.faces import Face
from content.encoders.identity import SAME_PERSON
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
    emphasis: tuple[str, ...] = ()
    """Of its image group."""

    @property
    def identity(self) -> F32 | None:
        """(128,), of its largest face, where it is large enough to be a character's."""
        first = self.seen.face_details[:1]
        return first[0].identity if first and first[0].height >= LEAST_FACE else None

    @property
    def subject(self) -> Subject:
        return subject(self.seen)


def subject(seen: Assessed) -> Subject:
    """What framing goes by, of an assessed picture."""
    return Subject.of(seen.inside, seen.faces, seen.mass, seen.words)


def assessed(
    rgb: U8, models: PictureModels, title: TitleContext, faces: Sequence[Box] | None = None
) -> Assessed:
    """A picture without bars, assessed as such: what is dark at its edges is part of it.

    Args:
        faces: where they are known: a grade hides none, and makes none.
    """
    seen = see(0.0, rgb, models.faces)
    if faces is not None:
        known = (Face(f.x, f.y, f.width, f.height, score=1.0) for f in faces)
        found = tuple(sorted(known, key=lambda f: (-f.width * f.height, f.x, f.y)))
        seen = replace(seen, found=found, portraits=())
    return assess([replace(seen, bars=(0.0, 0.0))], models, title)[0]


def opened(
    rows: Sequence[Mapping[str, Any]],
    images: ImageStore,
    models: PictureModels,
    title: TitleContext,
) -> list[Source]:
    """The sources among rows of image groups, the best first.

    Args:
        rows: of `artwork.pictures.sources`.
    """
    found = []
    for row in rows:
        if row["origin"] in MATERIAL and row["language"] is None:
            rgb = images.pixels(row["source_sha256"])
            seen = assessed(rgb, models, title)
            position = float(row["facts"].get("position", 0.5))
            found.append(Source(row["id"], rgb, seen, position, tuple(row["emphasis"] or ())))
    return sorted(found, key=lambda one: (-one.seen.scores["overall"], one.id))


def couples(sources: Sequence[Source]) -> list[tuple[Source, Source]]:
    """Two characters each: sources whose largest faces are of two people, the most unlike first;
    the one who comes first in the film stands first."""
    found = []
    for first, second in combinations((one for one in sources if one.identity is not None), 2):
        assert first.identity is not None and second.identity is not None
        apart = float(np.linalg.norm(first.identity - second.identity))
        if apart >= SAME_PERSON:
            pair = sorted((first, second), key=lambda one: (one.position, one.id))
            worth = first.seen.scores["overall"] + second.seen.scores["overall"]
            found.append((-round(worth, 4), -round(apart, 4), pair[0].id, pair[1].id, pair))
    return [(pair[0], pair[1]) for *_, pair in sorted(found, key=lambda one: one[:4])]
