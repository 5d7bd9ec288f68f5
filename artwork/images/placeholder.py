"""What stands in for a picture until it is there: a BlurHash and its dominant colour."""

import warnings

import blurhash
import numpy as np
from PIL import Image

from content import palette
from content.types import U8

SMALL_PX = 32
"""Long side that both are taken from: neither tells more."""


def blur_hash(rgb: U8) -> str:
    """The BlurHash (Wolt, blurha.sh) of RGB (H, W, 3): 28 characters, 4 × 3 or 3 × 4 components."""
    components = (3, 4) if rgb.shape[0] > rgb.shape[1] else (4, 3)
    with warnings.catch_warnings():  # the package reads pixels in a way that Pillow will drop
        warnings.simplefilter("ignore", DeprecationWarning)
        return str(blurhash.encode(_small(rgb), *components))


def dominant_colour(rgb: U8) -> str:
    """`#rrggbb`: the colour of the largest share of the palette of RGB (H, W, 3)."""
    pixels = palette.from_rgb(np.asarray(_small(rgb)).reshape(-1, 3))
    found = palette.palette(pixels, np.ones(len(pixels)))
    return palette.hex_code(found[0, :3])


def _small(rgb: U8) -> Image.Image:
    picture = Image.fromarray(np.ascontiguousarray(rgb))
    picture.thumbnail((SMALL_PX, SMALL_PX), Image.Resampling.BOX)
    return picture
