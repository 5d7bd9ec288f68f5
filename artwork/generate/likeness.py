"""Does a generated picture stand for its title? Near enough to the film, and with its people only.

All thresholds on vectors are cosines of the visual space, set on the embedded encoder
(`keyart bench likeness`): pictures of clips of another look came as near as 0.52 to a clip's
nearest frame, those of the same series up to 0.70 (95 % below 0.64); a clip's own frames, graded
anew, stay above 0.88, and softened above 0.73.
"""

from dataclasses import dataclass

import numpy as np

from content.encoders.identity import SAME_PERSON
from content.types import F32

QUARTILE = 0.25
"""A quarter of a title's own frames is farther than this from its nearest other frame."""
STRANGERS = 0.95
"""Share of other titles' pictures that the floor must keep out."""
LEAST, MOST = 0.55, 0.65
"""Of what a title's own frames ask: strangers reach the first; a film of one look would ask for
copies of itself."""
NEAR = 0.75
"""The most that strangers ask: titles may share footage."""


@dataclass(frozen=True, slots=True, eq=False)
class Likeness:
    """A title's own frames and people, to compare with."""

    frames: F32
    """(n, d), unit norm; at least one."""
    floor: float
    """Least cosine with the nearest frame."""
    people: F32
    """(m, 128): its faces, as `content.encoders.identity`."""

    def reasons(self, embedding: F32, faces: F32) -> list[tuple[str, str]]:
        """Why a picture does not stand for the title, as (reason, detail).

        Args:
            embedding: (d,), unit norm.
            faces: (k, 128), of the picture's faces that are more than a crowd.
        """
        found = []
        nearest = float((self.frames @ embedding).max())
        if nearest < self.floor:
            detail = f"cosine {nearest:.2f} with the nearest frame; at least {self.floor:.2f}"
            found.append(("unrepresentative", detail))
        strange = [face for face in faces if not self._known(face)]
        if strange:
            detail = f"{len(strange)} of {len(faces)} faces are nobody's in the title's frames"
            found.append(("unknown_face", detail))
        return found

    def _known(self, face: F32) -> bool:
        apart = np.linalg.norm(self.people - face, axis=1)
        return bool((apart < SAME_PERSON).any())


def floor(frames: F32, strangers: F32) -> float:
    """The least cosine with its nearest frame that a picture of this title must have.

    The lower quartile of its frames' own (each with its nearest other) within `LEAST`..`MOST`, or,
    if that is more, what keeps out `STRANGERS` of other titles' pictures, `NEAR` at most.

    Args:
        frames: (n, d), unit norm, of the title.
        strangers: (m, d), of other titles; may be empty.
    """
    bounds = [LEAST]
    if len(frames) > 1:
        likeness = frames @ frames.T
        np.fill_diagonal(likeness, -1.0)
        bounds.append(min(MOST, float(np.quantile(likeness.max(axis=1), QUARTILE))))
    if len(strangers):
        nearest = (strangers @ frames.T).max(axis=1)
        bounds.append(min(NEAR, float(np.quantile(nearest, STRANGERS))))
    return max(bounds)
