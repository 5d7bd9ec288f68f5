"""Graded looks: warm, cold, noir and duotone, made from a title's own palette.

A grade is a function of colour alone, in OKLab (Ottosson 2020), applied as a table of 33³ colours
with trilinear interpolation, as colourists' LUTs are. Skin keeps its hue: what is turned is kept
within the range where skin of every tone lies, so that no grade makes it green.
"""

from collections.abc import Callable, Sequence

import cv2
import numpy as np
from PIL import Image, ImageFilter

from artwork.compose.request import LOOKS
from content.errors import Invalid
from content.palette import from_rgb, palette, to_rgb
from content.types import F32, U8

STEPS = 33
SKIN_HUE, SKIN_REACH = np.deg2rad(64.0), np.deg2rad(50.0)
"""Of skin in OKLab: about 40° to 90°, the yellowest where it is light; the reach fades out."""
SKIN_CHROMA = 0.16
"""More than skin has."""
KNEE, LIGHTS, WHITE = 0.62, 0.95, 0.985
"""Of looks drawn with lightness alone: where their shoulder begins, where a picture's lights (the
95th percentile) would lie without it, and its highest light."""

Grade = Callable[[F32], F32]
"""OKLab (n, 3) to OKLab (n, 3)."""


def graded(rgb: U8, look: str, tones: F32) -> U8:
    """A picture, (H, W, 3), in a look.

    Args:
        look: one of `LOOKS`.
        tones: the title's palette, (k, 3) or (k, 4), OKLab (and share); see `title_tones`.

    Raises:
        Invalid: `unknown_look`.
    """
    match look:
        case "warm":
            grade = _warm(tones)
        case "cold":
            grade = _cold(tones)
        case "noir":
            grade = _noir(tones, _levels(_filtered(_thumbnail(rgb))))
        case "duotone":
            grade = _duotone(tones, _levels(_thumbnail(rgb)[:, :1]))
        case _:
            raise Invalid(
                "unknown_look", f"there is no look {look!r}; there are: {', '.join(LOOKS)}"
            )
    return _applied(rgb, grade)


def title_tones(hexes: Sequence[str], rgb: U8) -> F32:
    """A palette (k, 3) in OKLab: the title's (`look.palette` of its profile, `#rrggbb` each) or,
    where it has none, the picture's own."""
    if hexes:
        values = [[int(code[i : i + 2], 16) for i in (1, 3, 5)] for code in hexes]
        return from_rgb(np.array(values, np.uint8))
    small = from_rgb(cv2.resize(rgb, (48, 48), interpolation=cv2.INTER_AREA)).reshape(-1, 3)
    return palette(small, np.ones(len(small)))[:, :3]


def matched(rgb: U8, like: F32, strength: float) -> U8:
    """A picture whose colours are moved towards others, as in Reinhard et al. 2001, in OKLab.

    Args:
        like: means and deviations of L, a and b, (2, 3); see `statistics`.
        strength: 0 leaves the picture, 1 gives it all of them.
    """
    mean, deviation = statistics(rgb)
    # Gains are held: a flat picture has little contrast to be stretched, only noise.
    gain = np.clip(like[1] / np.maximum(deviation, 1e-3), 0.6, 1.6)

    def grade(lab: F32) -> F32:
        return np.asarray(lab + strength * ((lab - mean) * gain + like[0] - lab), np.float32)

    return _applied(rgb, grade)


def statistics(rgb: U8) -> F32:
    """Means and deviations of L, a and b, (2, 3)."""
    small = from_rgb(cv2.resize(rgb, (96, 96), interpolation=cv2.INTER_AREA)).reshape(-1, 3)
    return np.stack([small.mean(axis=0), small.std(axis=0)]).astype(np.float32)


def _warm(tones: F32) -> Grade:
    """Lights towards the palette's warmest tone, shadows a little towards its coolest."""
    warm, cool = _pull(tones, 60.0), _pull(tones, 240.0)

    def grade(lab: F32) -> F32:
        light = _smooth(lab[:, :1])
        turned = lab.copy()
        turned[:, 1:] = 0.94 * lab[:, 1:] + 0.052 * light * warm + 0.012 * (1 - light) * cool
        turned[:, :1] = _curve(lab[:, :1], 0.10) + 0.012 * light
        return _keep_skin(lab, turned)

    return grade


def _cold(tones: F32) -> Grade:
    """Everything towards the palette's coolest tone, the shadows most, and less colour."""
    cool = _pull(tones, 255.0)

    def grade(lab: F32) -> F32:
        light = _smooth(lab[:, :1])
        turned = lab.copy()
        turned[:, 1:] = 0.70 * lab[:, 1:] + (0.048 - 0.020 * light) * cool
        turned[:, :1] = _curve(lab[:, :1], 0.14) - 0.012
        return _keep_skin(lab, turned)

    return grade


def _noir(tones: F32, levels: F32) -> Grade:
    """Black and white as through an orange filter, which keeps faces light; hard contrast, lights
    on a shoulder, and a breath of the palette's darkest tone in the shadows."""
    darkest = tones[int(np.argmin(tones[:, 0])), 1:3]
    breath = 0.012 * darkest / max(0.02, float(np.hypot(*darkest)))

    def grade(lab: F32) -> F32:
        light = _curve(_levelled(_filtered(lab), levels), 0.30)
        return np.hstack([light, (1 - light) * breath]).astype(np.float32)

    return grade


def _filtered(lab: F32) -> F32:
    """Lightness through an orange filter, (n, 1): along 50° of hue colours become lighter, skin
    among them, the others darker. What is light already is changed less."""
    along = lab[:, 1:2] * np.cos(np.deg2rad(50)) + lab[:, 2:3] * np.sin(np.deg2rad(50))
    room = np.clip(2.2 * (1 - lab[:, :1]), 0, 1)
    return np.asarray(lab[:, :1] + 0.45 * np.where(along > 0, room, 1.0) * along, np.float32)


def _duotone(tones: F32, levels: F32) -> Grade:
    """Lightness alone, drawn from a dark to a light tone: the palette's two strongest.

    The strongest are the two of most chroma whose hues differ most; green ones are passed over
    where there are others, because faces would wear them.
    """
    dark, light = _pair(tones)

    def grade(lab: F32) -> F32:
        t = _curve(_levelled(lab[:, :1], levels), 0.30)
        return np.asarray(dark * (1 - t) + light * t, np.float32)

    return grade


def _pair(tones: F32) -> tuple[F32, F32]:
    """A dark and a light tone, (3,) each, of the hues of the two strongest."""
    chroma = np.hypot(tones[:, 1], tones[:, 2])
    hue = np.arctan2(tones[:, 2], tones[:, 1])
    green = (np.rad2deg(hue) > 95) & (np.rad2deg(hue) < 175)
    usable = np.flatnonzero((chroma > 0.015) & ~green)
    if not usable.size:
        usable = np.flatnonzero(~green) if not green.all() else np.arange(len(tones))
    first = usable[int(np.argmax(chroma[usable]))]
    apart = np.abs(np.angle(np.exp(1j * (hue[usable] - hue[first])))) * np.minimum(
        1.0, chroma[usable] / 0.04
    )
    second = usable[int(np.argmax(apart))]
    hues = (hue[first], hue[second])
    if float(apart.max()) < np.deg2rad(25):  # one hue: shadows take a colder, lights a warmer one
        hues = (hue[first] - np.deg2rad(35), hue[first] + np.deg2rad(10))
    # The warmer hue takes the lights, where faces are.
    cooler, warmer = sorted(hues, key=lambda angle: np.cos(angle - np.deg2rad(70)))
    strength = float(np.clip(chroma[usable].max(), 0.05, 0.11))
    dark = np.array([0.16, *(0.75 * strength * _direction(cooler))], np.float32)
    light = np.array([0.94, *(0.6 * strength * _direction(warmer))], np.float32)
    return dark, light


def _pull(tones: F32, degrees: float) -> F32:
    """The direction of hue, (2,), unit length, between one in degrees and the palette's nearest
    tone of any chroma, no farther from the first than 30°."""
    aim = np.deg2rad(degrees)
    chroma = np.hypot(tones[:, 1], tones[:, 2])
    turn = np.angle(np.exp(1j * (np.arctan2(tones[:, 2], tones[:, 1]) - aim)))
    near = np.flatnonzero((chroma > 0.02) & (np.abs(turn) < np.deg2rad(60)))
    offset = float(turn[near[int(np.argmax(chroma[near]))]]) if near.size else 0.0
    return _direction(aim + float(np.clip(offset, -np.deg2rad(30), np.deg2rad(30))))


def _direction(hue: float) -> F32:
    return np.array([np.cos(hue), np.sin(hue)], np.float32)


def _keep_skin(before: F32, after: F32) -> F32:
    """`after`, with the hue of what may be skin at most 22° nearer to red, 6° nearer to green."""
    chroma = np.hypot(before[:, 1], before[:, 2])
    hue = np.arctan2(before[:, 2], before[:, 1])
    away = np.abs(np.angle(np.exp(1j * (hue - SKIN_HUE))))
    near = np.clip(1.5 * (1 - away / SKIN_REACH), 0, 1) * np.clip(chroma / 0.03, 0, 1)
    skin = near * np.clip(2 * (1.2 - chroma / SKIN_CHROMA), 0, 1)
    turned_chroma = np.hypot(after[:, 1], after[:, 2])
    turned = np.arctan2(after[:, 2], after[:, 1])
    shift = np.angle(np.exp(1j * (turned - hue)))
    held = hue + np.clip(shift, -np.deg2rad(22), np.deg2rad(6))
    # At least half its colour: a face may pale in the cold, not turn to stone.
    kept = np.maximum(turned_chroma, 0.5 * chroma)
    protected = np.stack([np.cos(held) * kept, np.sin(held) * kept], axis=1).astype(np.float32)
    result = after.copy()
    result[:, 1:] = after[:, 1:] * (1 - skin[:, None]) + protected * skin[:, None]
    return result


def _thumbnail(rgb: U8) -> F32:
    """OKLab of a small copy, (n, 3)."""
    return from_rgb(cv2.resize(rgb, (96, 96), interpolation=cv2.INTER_AREA)).reshape(-1, 3)


def _levels(lightness: F32) -> F32:
    """Of a picture's shadows, lights and highest light, (3,): what is drawn with lightness alone
    needs all of it, but a night is not made a day."""
    low, high = np.percentile(lightness, (1, 95))
    high = max(high, low + 0.45, 0.55)
    return np.array([min(low, 0.3), high, max(high, float(lightness.max()))], np.float32)


def _levelled(lightness: F32, levels: F32) -> F32:
    """Shadows at 0, lights at `LIGHTS`; the upper ones follow on a shoulder, as on film: they come
    ever closer together, and only the highest is white."""
    low, high, top = (float(each) for each in levels)
    t = np.clip(LIGHTS * (lightness - low) / (high - low), 0, None)
    highest = LIGHTS * (max(top, high) - low) / (high - low)
    # Reinhard et al. 2002, with a white point: slope 1 where the shoulder begins.
    reach = (highest - KNEE) / (WHITE - KNEE)
    u = np.maximum(t - KNEE, 0) / (WHITE - KNEE)
    u = np.minimum(u, reach)
    shoulder = KNEE + (WHITE - KNEE) * u * (1 + u / reach**2) / (1 + u)
    return np.asarray(np.where(t > KNEE, shoulder, t), np.float32)


def _smooth(lightness: F32) -> F32:
    """0 in the shadows, 1 in the lights."""
    t = np.clip((lightness - 0.15) / 0.7, 0, 1)
    return np.asarray(t * t * (3 - 2 * t), np.float32)


def _curve(lightness: F32, amount: float) -> F32:
    """More contrast about the middle, the ends where they were."""
    t = np.clip(lightness, 0, 1)
    return np.asarray(t + amount * (t * t * (3 - 2 * t) - t), np.float32)


def _applied(rgb: U8, grade: Grade) -> U8:
    axis = np.round(np.linspace(0, 255, STEPS)).astype(np.uint8)
    # Pillow's table runs fastest along red.
    blue, green, red = np.meshgrid(axis, axis, axis, indexing="ij")
    colours = np.stack([red, green, blue], axis=-1).reshape(-1, 3)
    table = _clipped(grade(from_rgb(colours))).astype(np.float64) / 255
    lut = ImageFilter.Color3DLUT(STEPS, table.ravel().tolist())
    return np.asarray(Image.fromarray(rgb).filter(lut))


def _clipped(lab: F32) -> U8:
    held = lab.copy()
    held[:, 0] = np.clip(held[:, 0], 0, 1)
    return to_rgb(held)
