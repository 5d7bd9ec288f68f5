"""A picture in every aspect, made for each: framed without cutting a head, and lettered."""

from collections.abc import Mapping, Sequence

import numpy as np
from PIL import Image

from artwork.assess import Assessed
from artwork.compose.extension import EXTENDED, extended
from artwork.compose.lettering import letter
from artwork.compose.setting import Setting
from artwork.compose.sources import subject
from artwork.framing.crops import Box
from artwork.framing.shapes import Shape
from artwork.framing.shown import Frame, frame
from artwork.images.cuts import Cut
from content.errors import Invalid
from content.types import ASPECTS, F32, U8, Aspect

SHORT_PX = 720
"""Least shorter side of what is composed: type is drawn at this size, whatever the film's."""


def framed(rgb: U8, seen: Assessed, tones: F32) -> dict[Aspect, Shape]:
    """A picture in every aspect that cuts no head, each at least `SHORT_PX` on its shorter side.

    Where an upright one would be a bleed, it is a poster grown out of the picture.
    """
    of = subject(seen)
    shapes: dict[Aspect, Shape] = {}
    for aspect in ASPECTS:
        found = frame(aspect, of)
        if found is None:
            continue
        if found.fit == "bleed" and aspect in EXTENDED:
            poster = extended(rgb, of, aspect, tones, SHORT_PX)
            if poster is not None:
                shapes[aspect] = poster
                continue
        window = found.window
        if found.fit == "crop":
            shown = window.cut(rgb)
        else:
            cut = Cut("", (window.x, window.y, window.width, window.height), found.size)
            shown = np.asarray(cut.of(Image.fromarray(rgb)))
        faces = tuple(_px(found, face) for face in of.faces if window.holds(face))
        words = tuple(_px(found, line) for line in of.words if window.holds(line))
        shapes[aspect] = Shape(shown, faces, words).enlarged(SHORT_PX)
    return shapes


def lettered(
    shapes: Mapping[Aspect, Shape], title: Sequence[Setting]
) -> tuple[dict[Aspect, Shape], float]:
    """Each shape with its title, and the least contrast of all; a shape without room is left out.

    Raises:
        Invalid: `no_room_for_title`, when none has room.
    """
    found: dict[Aspect, Shape] = {}
    reached = []
    for aspect, shape in shapes.items():
        try:
            done = letter(shape.rgb, title, shape.faces, shape.words)
        except Invalid:
            continue
        found[aspect] = Shape(done.rgb, shape.faces, (*shape.words, done.box))
        reached.append(done.contrast)
    if not found:
        raise Invalid(
            "no_room_for_title", "the title fits nowhere so that it covers no face and can be read"
        )
    return found, min(reached)


def _px(found: Frame, box: Box) -> Box:
    """A box of the full picture in px of the framed one, rounded outwards."""
    x, y, width, height = found.area(box)
    wide, high = found.size
    left, top = int(x * wide), int(y * high)
    right, bottom = int(np.ceil((x + width) * wide)), int(np.ceil((y + height) * high))
    return Box(left, top, right - left, bottom - top)
