"""A picture in every aspect, made for each: framed without cutting a head, and lettered."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np
from PIL import Image

from artwork.assess import Assessed
from artwork.compose.extension import EXTENDED, extended
from artwork.compose.lettering import NO_ROOM, Lettered, letter
from artwork.compose.setting import Setting
from artwork.compose.sources import subject
from artwork.framing.crops import Box
from artwork.framing.shapes import Shape
from artwork.framing.shown import Frame, frame
from artwork.framing.subject import Subject
from artwork.images.cuts import Cut
from content.errors import Invalid
from content.types import ASPECTS, U8, Aspect

SHORT_PX = 720
"""Least shorter side of what is lettered: type is drawn at this size, whatever the film's."""
LEAST_PX = 360
"""Least shorter side of what is composed without lettering: there is no more detail to be had than
the film's."""


def framed(rgb: U8, seen: Assessed) -> dict[Aspect, Shape]:
    """A picture in every aspect that cuts no head, each at least `SHORT_PX` on its shorter side.

    Where an upright one would be a bleed, it is a poster grown out of the picture.
    """
    of = subject(seen)
    shapes: dict[Aspect, Shape] = {}
    for aspect in ASPECTS:
        found = frame(aspect, of)
        if found is None:
            continue
        grown = poster(rgb, seen, aspect) if found.fit == "bleed" else None
        shapes[aspect] = grown or _shown(rgb, of, found)
    return shapes


def poster(rgb: U8, seen: Assessed, aspect: Aspect) -> Shape | None:
    """One grown out of the picture, where the aspect is upright and it can be."""
    return extended(rgb, subject(seen), aspect, SHORT_PX) if aspect in EXTENDED else None


def lettered(
    shapes: Mapping[Aspect, Shape],
    title: Sequence[Setting],
    spare: Callable[[Aspect], Shape | None] = lambda _: None,
) -> dict[Aspect, tuple[Shape, float]]:
    """Each shape with its title, and the contrast of that; a shape without room is left out.

    Args:
        spare: what is lettered instead, if it can be, where a shape has no room for the title, or
            none but on somebody's body.

    Raises:
        Invalid: `no_room_for_title`, when none has room.
    """
    found: dict[Aspect, tuple[Shape, float]] = {}
    for aspect, shape in shapes.items():
        done = _tried(shape, title)
        if done is None or done[1].on_body:
            other = spare(aspect)
            done = (None if other is None else _tried(other, title)) or done
        if done is not None:
            on, result = done
            words = (*on.words, result.box)
            found[aspect] = replace(on, rgb=result.rgb, words=words), result.contrast
    if not found:
        raise Invalid("no_room_for_title", NO_ROOM)
    return found


def _tried(shape: Shape, title: Sequence[Setting]) -> tuple[Shape, Lettered] | None:
    try:
        return shape, letter(shape.rgb, title, shape.faces, shape.words, shape.picture)
    except Invalid:
        return None


def _shown(rgb: U8, of: Subject, found: Frame) -> Shape:
    window = found.window
    if found.fit == "crop":
        shown = window.cut(rgb)
    else:
        cut = Cut("", (window.x, window.y, window.width, window.height), found.size)
        shown = np.asarray(cut.of(Image.fromarray(rgb)))
    faces = tuple(_px(found, face) for face in of.faces if window.holds(face))
    words = tuple(_px(found, line) for line in of.words if window.holds(line))
    return Shape(shown, faces, words).enlarged(SHORT_PX)


def _px(found: Frame, box: Box) -> Box:
    """A box of the full picture in px of the framed one, rounded outwards."""
    x, y, width, height = found.area(box)
    wide, high = found.size
    left, top = int(x * wide), int(y * high)
    right, bottom = int(np.ceil((x + width) * wide)), int(np.ceil((y + height) * high))
    return Box(left, top, right - left, bottom - top)
