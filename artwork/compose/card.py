"""A title card: a title's name on a ground of its palette, where the rules leave it no picture.

Nothing of the film is in it but two colours, so that it breaks no rule about pictures.
"""

from collections.abc import Sequence

import numpy as np

from artwork.compose import fonts
from artwork.compose.lettering import letter
from artwork.compose.setting import settings
from artwork.images.cards import card_size
from content.errors import Invalid
from content.palette import from_rgb, to_rgb
from content.types import F32, U8, Aspect

LIT, SHADED = 0.36, 0.17
"""Lightness (OKLab) of a card at its brightest and its darkest: light type is read on both."""
MOST_CHROMA = 0.07
STEPS = 512
_GREY = np.array([0.5, 0.0, 0.0], np.float32)


def card(
    name: str | None,
    aspect: Aspect,
    *,
    colours: Sequence[str] = (),
    moods: Sequence[str] = (),
    language: str | None = None,
) -> U8:
    """A card, RGB (H, W, 3), `card_size`; the same arguments give the same pixels.

    Args:
        name: None for a plain ground; so is that of a name which no typeface has or that fits
            nowhere.
        colours: `#rrggbb`, the title's palette; grey without.
        moods: of the title, the strongest first: the typeface follows them.
        language: of the name, BCP 47.
    """
    width, height = card_size(aspect)
    ground = _ground(width, height, _tones(colours))
    if name is None:
        return ground
    try:
        face = fonts.choose(name, moods, language)
        return letter(ground, settings(name, face, language)).rgb
    except Invalid:
        return ground


def _tones(colours: Sequence[str]) -> tuple[F32, F32]:
    """Of the palette the strongest hue, lit, and the one farthest from it, in shade: OKLab (3,)."""
    rgb = [[int(one[i : i + 2], 16) for i in (1, 3, 5)] for one in colours]
    lab = from_rgb(np.array(rgb, np.uint8)) if rgb else _GREY[None]
    first = lab[int(np.argmax(np.hypot(lab[:, 1], lab[:, 2])))]
    second = lab[int(np.argmax(np.linalg.norm(lab[:, 1:] - first[1:], axis=1)))]
    return _toned(first, LIT), _toned(second, SHADED)


def _toned(lab: F32, lightness: float) -> F32:
    chroma = float(np.hypot(lab[1], lab[2]))
    scale = min(1.0, MOST_CHROMA / max(chroma, 1e-6))
    return np.array([lightness, lab[1] * scale, lab[2] * scale], np.float32)


def _ground(width: int, height: int, tones: tuple[F32, F32]) -> U8:
    """From light above to shade below, with a grain that keeps the steps from showing."""
    x = np.linspace(0.0, 1.0, width, dtype=np.float32)[None, :]
    y = np.linspace(0.0, 1.0, height, dtype=np.float32)[:, None]
    grain = np.random.Generator(np.random.Philox(key=0)).random((height, width), np.float32)
    way = 0.75 * y + 0.25 * x + 0.03 * (grain - 0.5)
    share = np.linspace(0.0, 1.0, STEPS, dtype=np.float32)[:, None]
    share = share * share * (3 - 2 * share)
    lit, shaded = tones
    ladder = to_rgb(lit * (1 - share) + shaded * share)
    at = (np.clip(way, 0.0, 1.0) * (STEPS - 1)).astype(np.int32)
    return np.asarray(ladder[at], np.uint8)
