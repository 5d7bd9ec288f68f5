"""Colours as the eye compares them: OKLab (Ottosson 2020), palettes by weighted k-means, names.

A palette is an array (n, 4): L 0..1, a and b about −0.4..0.4, share > 0; shares sum to 1.
"""

from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from content.types import F32

Floats = npt.NDArray[np.floating[Any]]

COLOURS = 5
SAME = 0.05
"""Colours nearer than this in OKLab are one to the eye (0.02 is about the least that is seen)."""
ROUNDS = 20

_TO_LMS = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
_TO_LAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)

GREYS = ((0.2, "black"), (0.42, "dark gray"), (0.7, "gray"), (0.93, "light gray"), (1.1, "white"))
"""Below this lightness a colour without chroma has this name."""
GREY_CHROMA = 0.02
NAMES: dict[str, tuple[str, ...]] = {
    "brown": ("brown", "saddlebrown", "sienna", "#6b4a34", "#80603f", "#7a5c4c", "#5c4030"),
    "dark brown": ("#2e1e14", "#3b2a1e", "#4a3426", "#442a1a", "#3a2f28"),
    "beige": ("tan", "burlywood", "wheat", "linen", "#c8b59a", "#a8967e", "antiquewhite"),
    "orange": ("orange", "darkorange", "#d2782a", "#c06a20", "chocolate", "peru", "orangered"),
    "gold": ("gold", "goldenrod", "darkgoldenrod", "#d8b24a", "#d8d812"),
    "yellow": ("yellow", "khaki", "lemonchiffon", "#e8dc70", "#f9da8f"),
    "red": ("red", "crimson", "firebrick", "#c83228", "#a83030"),
    "dark red": ("darkred", "maroon", "#5a1414", "#6e2420", "#4a1a18"),
    "pink": ("pink", "lightpink", "hotpink", "deeppink", "palevioletred", "#e0a8a8", "#c88a90"),
    "light pink": ("mistyrose", "lavenderblush", "#f2d1d4"),
    "salmon": ("salmon", "coral", "darksalmon", "lightsalmon", "tomato", "#d09078", "peachpuff"),
    "olive": ("olive", "darkolivegreen", "#5e5a2a", "#73703c", "#8c8850", "darkkhaki"),
    "dark olive": ("#2c2c16", "#3a3a1e", "#46442a"),
    "green": ("green", "forestgreen", "seagreen", "olivedrab", "#4c7840", "#648c50", "#5a7a5a"),
    "dark green": ("darkgreen", "#16301a", "#24421e", "#2c4030", "#4a5e3d"),
    "light green": ("lightgreen", "palegreen", "yellowgreen", "darkseagreen", "#b4cc9c", "lime"),
    "teal": ("teal", "darkcyan", "cadetblue", "#3c7070", "#5a8c8c"),
    "dark teal": ("#102e30", "#1c3c40", "#1e4a4c", "#284448"),
    "cyan": ("cyan", "turquoise", "mediumturquoise", "darkturquoise"),
    "light cyan": ("lightcyan", "paleturquoise", "#a8d8d8", "#8cc8cc"),
    "light blue": ("lightblue", "skyblue", "lightskyblue", "powderblue", "#a8c0dc", "#8cacd0"),
    "blue": ("blue", "royalblue", "steelblue", "dodgerblue", "#3c64a8", "#5078a0", "slategray"),
    "dark blue": ("navy", "midnightblue", "darkblue", "#1a2848", "#24365a", "#2c3c50", "#141e34"),
    "purple": ("purple", "rebeccapurple", "darkorchid", "blueviolet", "#6e4a82", "slateblue"),
    "dark purple": ("indigo", "#2a1838", "#3a2448", "#3c2c44"),
    "lavender": ("plum", "thistle", "mediumpurple", "lavender", "#b0a0c8", "#bab4d9"),
    "magenta": ("magenta", "mediumvioletred", "orchid", "#b43c96"),
}
"""Families of the CSS colours (CSS Color 4, section 6.1) with the muted tones of film between
them; a colour that is no grey is named after its nearest anchor."""
_LIGHTNESS, _HUE = 0.6, 0.08
"""How much lightness counts beside a and b, and hue alone: a dull blue is a blue for all that."""


def from_rgb(rgb: npt.NDArray[Any]) -> F32:
    """OKLab of sRGB values 0..255, (…, 3)."""
    encoded = np.asarray(rgb, np.float64) / 255
    linear = np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)
    lab: F32 = (np.cbrt(linear @ _TO_LMS.T) @ _TO_LAB.T).astype(np.float32)
    return lab


def to_rgb(lab: npt.NDArray[Any]) -> npt.NDArray[np.uint8]:
    """sRGB values 0..255 of OKLab, (…, 3), clipped to what a screen shows."""
    lms = (np.asarray(lab, np.float64) @ np.linalg.inv(_TO_LAB).T) ** 3
    linear = np.clip(lms @ np.linalg.inv(_TO_LMS).T, 0, 1)
    encoded = np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055)
    return np.round(encoded * 255).astype(np.uint8)


def name(lab: npt.NDArray[Any]) -> str:
    """The family, of `GREYS` or `NAMES`, of one OKLab colour (3,)."""
    lightness, chroma = float(lab[0]), float(np.hypot(lab[1], lab[2]))
    if chroma < GREY_CHROMA or lightness < GREYS[0][0] / 2:
        return next(grey for limit, grey in GREYS if lightness < limit)
    names, anchors = _anchors()
    return names[int(((anchors - _perceived(np.asarray(lab))) ** 2).sum(1).argmin())]


def hex_code(lab: npt.NDArray[Any]) -> str:
    """`#rrggbb` of one OKLab colour (3,)."""
    red, green, blue = to_rgb(lab).tolist()
    return f"#{red:02x}{green:02x}{blue:02x}"


def palette(lab: npt.NDArray[Any], weight: npt.NDArray[Any], colours: int = COLOURS) -> F32:
    """The palette (k, 4), k ≤ `colours`, of weighted OKLab points (n, 3), largest share first.

    Weighted k-means (Lloyd 1982) begun at the heaviest and then the farthest points; colours that
    the eye takes for one are joined. The same for the same input, always.

    Raises:
        ValueError: no point has a weight.
    """
    used = weight > 0
    if not used.any():
        raise ValueError("a palette needs at least one colour with a weight")
    points, mass = np.asarray(lab, np.float64)[used], np.asarray(weight, np.float64)[used]
    centres = _joined(*_lloyd(points, mass, _first(points, mass, colours)))
    centres[:, 3] /= centres[:, 3].sum()
    order = np.lexsort((*centres[:, :3].T, -np.round(centres[:, 3], 6)))
    return centres[order].astype(np.float32)


def _first(points: Floats, mass: Floats, colours: int) -> Floats:
    """Where k-means begins: far apart, but not for the sake of a few stray pixels."""
    centres = points[[int(np.argmax(mass))]]
    distance, far = _squared(points, centres[0]), np.sqrt(mass)
    while len(centres) < colours and distance.max() > 1e-6:
        chosen = points[int(np.argmax(distance * far))]
        centres = np.vstack([centres, chosen])
        distance = np.minimum(distance, _squared(points, chosen))
    return centres


def _squared(points: Floats, centre: Floats) -> Floats:
    """Distances (n,), squared."""
    apart = points - centre
    distances: Floats = np.einsum("ij,ij->i", apart, apart)
    return distances


def _lloyd(points: Floats, mass: Floats, centres: Floats) -> tuple[Floats, Floats]:
    """Centres (k, 3) and their masses (k,); a centre that loses all its points goes."""
    label = np.full(len(points), -1)
    massive = points * mass[:, None]
    for _ in range(ROUNDS):
        # |p − c|² without |p|², which is the same for every centre.
        nearest = ((centres**2).sum(1)[:, None] - 2 * centres @ points.T).argmin(0)
        if np.array_equal(nearest, label):
            break
        mine = (nearest == np.arange(len(centres))[:, None]).astype(np.float64)
        total = mine @ mass
        kept = total > 0
        centres = (mine @ massive)[kept] / total[kept, None]
        label = (np.cumsum(kept) - 1)[nearest]
    return centres, np.bincount(label, mass, len(centres)).astype(np.float64)


def _joined(centres: Floats, total: Floats) -> Floats:
    """(k, 4), the nearest pair made one until all are `SAME` apart."""
    found = np.column_stack([centres, total])
    while len(found) > 1:
        distance = ((found[:, None, :3] - found[:, :3]) ** 2).sum(-1)
        np.fill_diagonal(distance, np.inf)
        i, j = np.unravel_index(int(distance.argmin()), distance.shape)
        if distance[i, j] >= SAME**2:
            break
        both = found[[i, j]]
        colour = np.average(both[:, :3], axis=0, weights=both[:, 3])
        found = np.vstack([np.delete(found, [i, j], axis=0), [*colour, both[:, 3].sum()]])
    return found


@cache
def _anchors() -> tuple[list[str], npt.NDArray[Any]]:
    from PIL import ImageColor

    pairs = [(name, colour) for name, colours in NAMES.items() for colour in colours]
    rgb = np.array([ImageColor.getrgb(colour)[:3] for _, colour in pairs])
    return [name for name, _ in pairs], _perceived(from_rgb(rgb))


def _perceived(lab: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """(…, 5): lightness, a, b and the direction of hue, each as much as it counts in a name."""
    hue = lab[..., 1:] / np.maximum(np.hypot(lab[..., 1:2], lab[..., 2:3]), 1e-9)
    return np.concatenate([_LIGHTNESS * lab[..., :1], lab[..., 1:], _HUE * hue], -1)
