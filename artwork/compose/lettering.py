"""A title laid over a picture so that it can be read: colour, shadow and scrim, then measured."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from artwork.compose import contrast, layout
from artwork.compose.layout import Placement
from artwork.compose.setting import Setting
from artwork.framing.crops import Box
from content.errors import Invalid
from content.palette import from_rgb, palette, to_rgb
from content.types import F32, U8

STRONGEST = 0.86
"""Most that a scrim may cover: beyond it the picture is gone, and another place is better."""
NO_ROOM = (
    "the title fits nowhere so that it is large enough, covers no face or body and can be read"
)
LIGHT_TYPE, DARK_TYPE = (0.0, 0.6, 0.35), (0.28, 3.0, 0.1)
"""What light and dark letters cost, and their scrims: light type is the rule on film, and what
lightens a picture washes it out. The third: how strong their shadow, or glow, is."""


@dataclass(frozen=True, slots=True, eq=False)
class Lettered:
    """A picture with its title."""

    rgb: U8
    """(H, W, 3)."""
    box: Box
    """Of the letters' ink, px."""
    contrast: float
    """The least at any edge of the letters, measured on `rgb`: 4.5 or more."""
    colour: str
    """Of the letters, `#rrggbb`."""
    scrim: float
    """How strongly the ground was covered, 0..`STRONGEST`."""
    on_body: bool
    """Does the title stand on somebody's body?"""


@dataclass(frozen=True, slots=True, eq=False)
class _Ink:
    """A placement with its letters drawn, and the part of the picture that they touch."""

    placement: Placement
    region: Box
    """px of the picture: the ink, its ground and its shadow."""
    coverage: U8
    """Of the region, 0..255."""
    reach_px: int

    @classmethod
    def of(cls, placement: Placement, width: int, height: int) -> "_Ink":
        size, box = placement.size_px, placement.box
        drawn = placement.setting.draw(size, placement.align)
        # Hinting moves edges by a pixel or two at some sizes: what lies outside is margin.
        drawn = drawn[: height - box.y, : width - box.x]
        pad = round(0.4 * size)
        left, top = max(0, box.x - pad), max(0, box.y - pad)
        right = min(width, box.x + drawn.shape[1] + pad)
        bottom = min(height, box.y + drawn.shape[0] + pad)
        coverage = np.zeros((bottom - top, right - left), np.uint8)
        x, y = box.x - left, box.y - top
        coverage[y : y + drawn.shape[0], x : x + drawn.shape[1]] = drawn
        region = Box(left, top, right - left, bottom - top)
        return cls(placement, region, coverage, max(3, round(0.09 * size)))


@dataclass(frozen=True, slots=True, eq=False)
class _Manner:
    """Letters of a colour over a scrim of another, sRGB (3,) each."""

    colour: U8
    ground: U8
    price: float
    """What it costs, beside other manners."""
    scrim_price: float
    """What its scrim costs, for its strength."""
    shadow: float
    """How strong the letters' soft shadow is, 0..1; of dark ones it is a glow."""


@dataclass(frozen=True, slots=True, eq=False)
class _Try:
    ink: _Ink
    scrim: F32
    """Its mask, (H, W)."""
    manner: _Manner
    strength: float

    @property
    def cost(self) -> float:
        manner = self.manner
        return self.ink.placement.cost + manner.price + manner.scrim_price * self.strength


def letter(
    rgb: U8,
    settings: Sequence[Setting],
    faces: Sequence[Box] = (),
    words: Sequence[Box] = (),
    picture: Box | None = None,
) -> Lettered:
    """A title over a picture, (H, W, 3), in the calmest place, readable at every edge; arguments as
    of `artwork.compose.layout.place`.

    Each placement is tried with a light and a dark tint of the picture's own colours, under no
    more of a scrim than `contrast.LEAST` takes; the one that costs least is drawn.

    Raises:
        Invalid: `no_room_for_title`, where it fits nowhere, or nowhere readably.
    """
    height, width = rgb.shape[:2]
    light, dark = tints(rgb)
    manners = _Manner(light, dark, *LIGHT_TYPE), _Manner(dark, light, *DARK_TYPE)
    tries: list[_Try] = []
    for placement in layout.place(rgb, settings, faces, words, picture):
        ink, scrim = _Ink.of(placement, width, height), _scrim(placement, width, height)
        for manner in manners:
            strength = _needed(rgb, ink, scrim, manner)
            if strength <= STRONGEST:
                tries.append(_Try(ink, scrim, manner, strength))
    for one in sorted(tries, key=lambda each: each.cost):
        drawn = _drawn(rgb, one)
        if drawn is not None:
            return drawn
    raise Invalid("no_room_for_title", NO_ROOM)


def tints(rgb: U8) -> tuple[U8, U8]:
    """A light and a dark colour, each (3,), with a breath of the picture's own strongest hue."""
    small = cv2.resize(rgb, (48, 48), interpolation=cv2.INTER_AREA)
    lab = from_rgb(small).reshape(-1, 3)
    tones = palette(lab, np.ones(len(lab)))
    chroma = np.hypot(tones[:, 1], tones[:, 2])
    strongest = tones[int(np.argmax(chroma * np.sqrt(tones[:, 3])))]
    hue = strongest[1:3] / max(1e-6, float(np.hypot(*strongest[1:3])))
    breath = min(1.0, float(chroma.max()) / 0.1)
    light, dark = (np.array([lightness, *(c * breath * hue)]) for lightness, c in _TINTS)
    return to_rgb(light), to_rgb(dark)


_TINTS = ((0.975, 0.016), (0.17, 0.022))
"""Lightness and chroma, in OKLab, of light and of dark type."""


def _needed(rgb: U8, ink: _Ink, scrim: F32, manner: _Manner) -> float:
    """The scrim's strength that the letters need."""
    shaded = _shaded(contrast.linear(ink.region.cut(rgb)), ink, manner)
    return contrast.scrim_needed(
        np.asarray(shaded @ contrast.LUMA, np.float32),
        ink.coverage,
        scrim[ink.region.y : ink.region.bottom, ink.region.x : ink.region.right],
        ink.reach_px,
        ink=float(contrast.luminance(manner.colour)),
        scrim=float(contrast.luminance(manner.ground)),
    )


def _drawn(rgb: U8, one: _Try) -> Lettered | None:
    """The picture lettered, with the scrim that it takes; None where it takes too much."""
    ink, colour, ground = one.ink, one.manner.colour, one.manner.ground
    light, region = contrast.linear(rgb), ink.region
    part = light[region.y : region.bottom, region.x : region.right]
    part[...] = _shaded(part, ink, one.manner)
    cover = ink.coverage.astype(np.float32)[..., None] / 255
    strength = one.strength
    while strength <= STRONGEST:
        mask = (strength * one.scrim)[..., None]
        finished = contrast.encoded(light * (1 - mask) + contrast.linear(ground) * mask)
        # Blended as it is encoded: FreeType's coverage is made for that, and edges stay even.
        under = region.cut(finished)
        under[...] = np.round(under * (1 - cover) + colour * cover)
        reached = contrast.measured(under, ink.coverage, colour.tolist(), ink.reach_px)
        if reached >= contrast.LEAST:
            red, green, blue = colour.tolist()
            return Lettered(
                rgb=finished,
                box=ink.placement.box,
                contrast=round(reached, 2),
                colour=f"#{red:02x}{green:02x}{blue:02x}",
                scrim=round(strength, 3),
                on_body=ink.placement.on_body,
            )
        strength += 0.03
    return None


def _shaded(light: F32, ink: _Ink, manner: _Manner) -> F32:
    """The region's linear light with the letters' shadow or glow."""
    size = ink.placement.size_px
    blurred = cv2.GaussianBlur(ink.coverage.astype(np.float32) / 255, (0, 0), 0.10 * size)
    mask = (manner.shadow * np.clip(1.6 * blurred, 0.0, 1.0))[..., None]
    return np.asarray(light * (1 - mask) + contrast.linear(manner.ground) * mask, np.float32)


def _scrim(placement: Placement, width: int, height: int) -> F32:
    """A scrim's mask, 0..1, (H, W): whole under the letters, soft around them, and reaching to the
    nearest border, so that it reads as light falling off and not as a box."""
    box, pad = placement.box, 0.35 * placement.size_px
    low = box.y + box.height / 2 > height / 2
    top, bottom = (box.y - pad, height + 1.0) if low else (-1.0, box.bottom + pad)
    left = -1.0 if box.x < 0.12 * width else box.x - pad
    right = width + 1.0 if box.right > 0.88 * width else box.right + pad
    x, y = np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32)
    beside = np.maximum(np.maximum(left - x, x - right), 0)[None, :] / (0.30 * width)
    above = np.maximum(np.maximum(top - y, y - bottom), 0)[:, None] / (0.34 * height)
    away = np.clip(np.hypot(beside, above), 0.0, 1.0)
    # Perlin's smootherstep: no edge is seen where it begins or ends.
    return np.asarray(1 - away**3 * (away * (6 * away - 15) + 10), np.float32)
