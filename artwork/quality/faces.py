"""What faces bring to a picture. What needs a face is `NEUTRAL` where there is none."""

from collections.abc import Sequence
from dataclasses import dataclass

from artwork.quality.composition import NEUTRAL
from artwork.quality.picture import unit
from content.encoders.face_mesh import Expression
from content.types import F32

CROWD = 3
LARGE = 1 / 3
"""Height of a face over the picture's that is as large as artwork wants it."""


@dataclass(frozen=True, slots=True, eq=False)
class FaceDetail:
    """One of the larger faces of a picture."""

    height: float
    """Over the picture's, 0..1."""
    expression: Expression | None
    """None where the mesh found no face to fit, or the picture was refused before."""
    identity: F32 | None
    """(128,), of `content.encoders.identity`: less than 0.6 from another is the same person. None
    where the picture was refused before it was asked."""

    @property
    def frontal(self) -> float:
        return self.expression.frontal if self.expression else NEUTRAL

    @property
    def eyes_open(self) -> float:
        return self.expression.eyes_open if self.expression else NEUTRAL


def face_scores(details: Sequence[FaceDetail], count: int) -> dict[str, float]:
    """`face_count`: min(n, 3)/3; `face_size`: the largest's height over a third of the picture's;
    `frontal`, `eyes_open`: of the largest three, weighted by height (`face_mesh.Expression`);
    `expression`: of the strongest.
    """
    known = [(d.height, d.expression) for d in details[:CROWD] if d.expression is not None]
    total = sum(height for height, _ in known)
    frontal = eyes = NEUTRAL
    if known:
        frontal = sum(height * told.frontal for height, told in known) / total
        eyes = sum(height * told.eyes_open for height, told in known) / total
    return {
        "face_count": unit(min(count, CROWD) / CROWD),
        "face_size": unit(max((d.height for d in details), default=0.0) / LARGE),
        "frontal": unit(frontal),
        "eyes_open": unit(eyes),
        "expression": unit(max((told.strength for _, told in known), default=0.0)),
    }
