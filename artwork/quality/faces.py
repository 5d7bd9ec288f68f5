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
NOTICED = 0.10
"""Height over the picture's from which a face's eyes are looked into …"""
TOGETHER = 0.5
"""… if it is at least so high beside the highest."""


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
        told = self.expression
        return NEUTRAL if told is None or told.eyes_open is None else told.eyes_open


def face_scores(details: Sequence[FaceDetail], count: int) -> dict[str, float]:
    """`face_count`: min(n, 3)/3; `face_size`: the largest's height over a third of the picture's;
    `frontal`, `eyes_open`: of the largest three, weighted by height (`face_mesh.Expression`);
    `expression`: of the strongest.
    """
    known = [d for d in details[:CROWD] if d.expression is not None]
    total = sum(d.height for d in known)
    frontal = eyes = NEUTRAL
    strengths = [d.expression.strength for d in known if d.expression is not None]
    if known:
        frontal = sum(d.height * d.frontal for d in known) / total
        eyes = sum(d.height * d.eyes_open for d in known) / total
    return {
        "face_count": unit(min(count, CROWD) / CROWD),
        "face_size": unit(max((d.height for d in details), default=0.0) / LARGE),
        "frontal": unit(frontal),
        "eyes_open": unit(eyes),
        "expression": unit(max(strengths, default=0.0)),
    }


def eyes_shut(details: Sequence[FaceDetail]) -> bool:
    """Has somebody who is noticed shut eyes, or lowered ones that show no more?"""
    least = max(NOTICED, TOGETHER * max((d.height for d in details), default=0.0))
    return any(d.height >= least and d.eyes_open == 0.0 for d in details)
