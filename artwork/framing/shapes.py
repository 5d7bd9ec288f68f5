"""A picture made for one aspect, where a window of another one would not do."""

from dataclasses import dataclass

import cv2
import numpy as np

from artwork.framing.crops import Box
from content.types import U8


@dataclass(frozen=True, slots=True, eq=False)
class Shape:
    """What is shown in one aspect, and what in it must stay in sight."""

    rgb: U8
    """(H, W, 3)."""
    faces: tuple[Box, ...] = ()
    """px of `rgb`."""
    words: tuple[Box, ...] = ()
    """Lettering, px of `rgb`: a title laid over it, too."""
    picture: Box | None = None
    """What of it is seen of the picture, px of `rgb`; None: all. The rest is ground."""
    scale: float = 1.0
    """How much larger than in its source the picture is drawn."""

    @property
    def whole(self) -> Box:
        return Box(0, 0, self.rgb.shape[1], self.rgb.shape[0])

    def enlarged(self, short_px: int) -> "Shape":
        """Its shorter side at least `short_px`; a larger one as it is."""
        height, width = self.rgb.shape[:2]
        scale = short_px / min(height, width)
        if scale <= 1:
            return self
        size = (round(width * scale), round(height * scale))
        rgb = np.asarray(cv2.resize(self.rgb, size, interpolation=cv2.INTER_LANCZOS4), np.uint8)
        picture = None if self.picture is None else _scaled((self.picture,), scale)[0]
        faces, words = _scaled(self.faces, scale), _scaled(self.words, scale)
        return Shape(rgb, faces, words, picture, self.scale * scale)


def _scaled(boxes: tuple[Box, ...], scale: float) -> tuple[Box, ...]:
    return tuple(
        Box(round(b.x * scale), round(b.y * scale), round(b.width * scale), round(b.height * scale))
        for b in boxes
    )
