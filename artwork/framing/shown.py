"""Framing: how a picture is shown in an aspect without cutting a head.

A *crop* is the largest window of the aspect that holds the heads of all who matter whole and cuts
through no other head nor through words; a smaller one where the largest cannot. Where none can,
because those who matter are too far apart for the shape, the picture is shown as a *bleed*: a wider
window on a ground of its own (`artwork.images.cuts`). Where that would be a mere strip, the crop
keeps the main head alone, or there is none in that aspect. A picture of one thing (`thing.py`) that
no crop can show whole is shown as a bleed too: a creature's head is known to nobody, and half a
creature is none.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from PIL import Image

from artwork.framing.crops import RATIOS, Box
from artwork.framing.subject import Subject
from artwork.framing.windows import best_window
from artwork.images.cuts import Cut, inset
from artwork.quality.picture import ANALYSIS_PX
from content.types import U8, Aspect

Area = tuple[float, float, float, float]
"""x, y, width, height in shares of a picture."""
LEAST_SHARE, AMPLE_SHARE = 0.3, 0.5
"""Of its area that a bleed must give to the picture itself; from the second on it shows all of it,
and not a window."""
PLENTY = 0.85
"""Of the subject's mass that a bleed shows where it can."""
ENOUGH, WHOLE = 0.95, 0.98
"""Of the picture's one thing that a crop must show, and that a bleed made for it shows."""
PERSON = 0.6
"""What a crop must show of somebody whose face is known: head and chest do for a picture."""
GAIN, NEAR = 0.1, 0.92
"""How much more of a thing a bleed must show than a crop does, and of its area that it may give to
the picture at most: more would leave a mere line of ground at either side."""
BETWEEN = 12
"""Shapes tried between a crop's and the picture's own."""


@dataclass(frozen=True, slots=True)
class Frame:
    """`window`, px of the full picture, shown in one of `size` px: a bleed if that is more."""

    window: Box
    size: tuple[int, int]

    @property
    def fit(self) -> Literal["crop", "bleed"]:
        return "crop" if self.size == (self.window.width, self.window.height) else "bleed"

    @property
    def share(self) -> float:
        """Of the shown picture's area that the window takes."""
        window = self.window
        _, _, width, height = inset((window.width, window.height), self.size)
        return width * height / (self.size[0] * self.size[1])

    def area(self, box: Box) -> Area:
        """Where a box of the full picture is shown: x, y, width, height in shares of `size`."""
        window = self.window
        left, top, width, _ = inset((window.width, window.height), self.size)
        scale, (wide, high) = width / window.width, self.size
        return (
            _share((left + (box.x - window.x) * scale) / wide),
            _share((top + (box.y - window.y) * scale) / high),
            _share(box.width * scale / wide),
            _share(box.height * scale / high),
        )

    def shown(self, rgb: U8) -> U8:
        """The picture so framed, from the full one (H, W, 3); a bleed at `ANALYSIS_PX`."""
        if self.fit == "crop":
            return self.window.cut(rgb)
        window = self.window
        cut = Cut("", (window.x, window.y, window.width, window.height), self.size)
        return np.asarray(cut.of(Image.fromarray(rgb), ANALYSIS_PX))


def frame(aspect: Aspect, subject: Subject) -> Frame | None:
    """The picture in one aspect, or None where every way would cut a head or words."""
    ratio = RATIOS[aspect]
    window = best_window(ratio, subject, subject.main)
    if window is not None:
        return _kept_whole(ratio, subject, window) or _plain(window)
    bled = _bleed(ratio, subject)
    if bled is not None:
        return bled
    window = best_window(ratio, subject, subject.main[:1])
    return None if window is None else _plain(window)


def _kept_whole(ratio: float, subject: Subject, window: Box) -> Frame | None:
    """A bleed where the crop to `window` shows too little of the picture's one thing.

    The window nearest to the shape that shows the thing whole or, where that would be a strip, the
    most of it. None where the crop does, or as good as does.
    """
    if subject.whole(window) >= (PERSON if subject.faces else ENOUGH):
        return None
    inside, best = subject.inside, _plain(window)
    for near in np.geomspace(ratio, inside.width / inside.height, BETWEEN + 1)[1:]:
        wider = best_window(float(near), subject, subject.main)
        bleed = None if wider is None else _on_ground(ratio, wider)
        if bleed is None or subject.whole(bleed.window) <= subject.whole(best.window):
            continue
        if bleed.share < LEAST_SHARE:
            break
        best = bleed
        if subject.whole(bleed.window) >= WHOLE:
            break
    gain = subject.whole(best.window) - subject.whole(window)
    return best if gain >= GAIN and best.share <= NEAR else None


def _plain(window: Box) -> Frame:
    return Frame(window, (window.width, window.height))


def _bleed(ratio: float, subject: Subject) -> Frame | None:
    """All of the picture on a ground of the shape or, where that would be a strip, the window
    nearest to the shape that holds all who matter with air around them, and plenty of the subject.
    """
    inside = subject.inside
    whole = _on_ground(ratio, inside)
    if whole.share >= AMPLE_SHARE:
        return whole
    bounds = sorted((ratio, inside.width / inside.height))
    between = [r for r in RATIOS.values() if bounds[0] < r < bounds[1]]
    windows = [
        window
        for near in sorted(between, key=lambda r: abs(np.log(r / ratio)))
        if (window := best_window(near, subject, subject.main, airy=True)) is not None
    ]
    bleeds = [_on_ground(ratio, window) for window in (*windows, inside)]
    fit = [bleed for bleed in bleeds if bleed.share >= LEAST_SHARE]
    ample = (bleed for bleed in fit if subject.shown(bleed.window) >= PLENTY)
    return next(ample, fit[-1] if fit else None)


def _on_ground(ratio: float, window: Box) -> Frame:
    width = max(window.width, round(window.height * ratio))
    height = max(window.height, round(window.width / ratio))
    return Frame(window, (width, height))


def _share(value: float) -> float:
    return round(float(min(1.0, max(0.0, value))), 6)
