"""Faces that are blurred at the moment looked at, and sharp a few frames away.

What a first look knows of a moment was measured on the whole, small picture; a face that turns or
a camera that comes to rest is told by its neighbours alone. So the blurred faces are looked at
again, a little earlier and later within their shot, and the moment moves to where the face is
sharpest. That takes seeing (finding faces) of a few more frames; no more are assessed.
"""

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from artwork.assess import Sighting
from artwork.candidates.probing import whole
from artwork.quality.focus import face_focus
from content.types import Shot

STEPS_S = (-0.3, -0.15, 0.15, 0.3)
"""Where else is looked."""
MOST = 16
"""Moments that are looked at again: those of the largest blurred faces."""
BLURRED, GAIN = 0.75, 0.15
"""`face_focus` below which another look is worth its while, and what it must gain."""
AS_LARGE = 0.7
"""Of the face's height: a smaller one is another's, or half of it."""

See = Callable[[Sequence[float]], Iterator[Sighting]]
"""Sightings of a film at ascending seconds."""


def steadier(first: Sequence[Sighting], shots: Sequence[Shot], see: See) -> list[Sighting]:
    """The same sightings, those of blurred faces at the moment near by at which they are sharper.

    As many as before, in the order of the film; none is moved out of its shot, or into a change of
    shot.
    """
    blurred = [n for n, one in enumerate(first) if one.portraits and _focus(one) < BLURRED]
    blurred = sorted(blurred, key=lambda n: (-_height(first[n]), n))[:MOST]
    near = {n: _near(first[n].at_s, shots) for n in blurred}
    times = sorted({at_s for some in near.values() for at_s in some})
    if not times:
        return list(first)
    again = dict(zip(times, see(times), strict=True))
    moved = list(first)
    for n, some in near.items():
        moved[n] = _best(first[n], [again[at_s] for at_s in some])
    return _once(moved)


def _best(own: Sighting, others: Sequence[Sighting]) -> Sighting:
    able = [o for o in others if o.portraits and _height(o) >= AS_LARGE * _height(own)]
    best = max(able, key=_focus, default=own)
    return best if _focus(best) >= _focus(own) + GAIN else own


def _near(at_s: float, shots: Sequence[Shot]) -> list[float]:
    starts = [shot.start_s for shot in shots]
    n = max(0, int(np.searchsorted(starts, at_s, side="right")) - 1)
    since_s, until_s = whole(shots)[n]
    return [round(at_s + step_s, 3) for step_s in STEPS_S if since_s <= at_s + step_s < until_s]


def _once(found: Sequence[Sighting]) -> list[Sighting]:
    """Two moments may have moved to one frame."""
    return [by_time for _, by_time in sorted({one.at_s: one for one in found}.items())]


def _focus(one: Sighting) -> float:
    """Of the largest face whose portrait is kept."""
    return face_focus(one.portraits[0].rgb, one.portraits[0].face)


def _height(one: Sighting) -> float:
    return one.found[0].height / one.size[1]
