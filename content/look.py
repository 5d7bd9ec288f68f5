"""What a film looks like in figures: light, colour, sharpness, palette, medium.

`look_row` measures one sample (two a second); rows concatenate over segments, and the facts of
any stretch of the film (a shot, the title) are a pure function of its rows: `look_facts`.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from content import medium
from content import palette as colours
from content.types import F32, U8, Facts

COLOUR_COLUMNS = tuple(
    f"palette_{index}_{part}"
    for index in range(colours.COLOURS)
    for part in ("l", "a", "b", "share")
)
COLUMNS: tuple[str, ...] = (
    "brightness",
    "contrast",
    "sharpness",
    "saturation",
    "warmth",
    "black_fraction",
    "tint_a",
    "tint_b",
    "tint_spread",
    *medium.COLUMNS,
    *COLOUR_COLUMNS,
)
"""Of a row. The first three as `keyframes.measure` has them; `tint_a`, `tint_b`: mean OKLab a and b
of the lit pixels and `tint_spread` their deviation from one tint, all NaN in the dark; a palette
colour that a frame lacks is NaN with share 0."""

NEAR_BLACK = 24
"""Pixels whose brightest channel is below this are night: they have no colour to speak of."""
LEAST_BLACK = 0.02
"""Less of it than this is the dark end of other colours, not a colour of the palette."""
BLACK = 0.98
"""A picture with more than this share of near-black shows nothing."""
STRIDE = 4
BINS = 16
GREY_SPREAD, TONED_SPREAD, MOST_SPREAD = 0.003, 0.2, 0.01
"""How far the colours of black-and-white may lie off its tint: grey ones by as much as a transfer
errs, toned ones by this share of the tint, none by more than the last."""
MONOCHROME_DRIFT, MONOCHROME_SHARE = 0.02, 0.95
_MEANS = ("brightness", "contrast", "saturation", "warmth", "sharpness", "black_fraction")
_PALETTE = len(COLUMNS) - len(COLOUR_COLUMNS)


def look_row(rgb: U8) -> F32:
    """Measure one sample, (H, W, 3) RGB uint8 without bars, long side ≤ 480 px: (len(COLUMNS),).

    brightness, contrast: mean and standard deviation of luma (Rec. 601), 0..1; sharpness: variance
    v of its Laplacian (Pech-Pacheco et al. 2000) as v / (v + 200), 0..1; saturation: mean HSV
    saturation of lit pixels, 0..1; warmth: mean red − blue, −1..1; black_fraction: 0..1.
    """
    import cv2

    luma = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)
    mean, deviation = cv2.meanStdDev(luma)
    edges = float(cv2.meanStdDev(cv2.Laplacian(luma, cv2.CV_16S))[1][0, 0]) ** 2
    light = float(mean[0, 0]) / 255, float(deviation[0, 0]) / 255, edges / (edges + 200.0)
    pixels = rgb[::STRIDE, ::STRIDE].reshape(-1, 3)
    counts, means = _histogram(pixels)
    lab = colours.from_rgb(means)
    dark = means.max(1) < NEAR_BLACK
    if counts[dark].sum() > LEAST_BLACK * counts.sum():
        lab[dark] = 0  # the eye sees one black where OKLab, steep near zero, has many
    found = colours.palette(lab, counts)
    row = np.full(len(COLUMNS), np.nan, np.float32)
    row[:_PALETTE] = (*light, *_colour(counts, means, lab), *medium.measure(rgb))
    row[_PALETTE + 3 :: 4] = 0
    row[_PALETTE : _PALETTE + found.size] = found.reshape(-1)
    return row


def look_facts(rows: F32) -> Facts:
    """`look` of docs/facts.md for rows (n ≥ 1, len(COLUMNS)): means over time, one palette.

    A figure of which no row tells anything is None.

    Raises:
        ValueError: the rows are of another shape.
    """
    _check(rows)
    facts: Facts = {"palette": palette_of(rows)}
    facts |= {fact: _mean(rows[:, COLUMNS.index(fact)]) for fact in _MEANS}
    facts["monochrome"] = monochrome(rows)
    at = COLUMNS.index(medium.COLUMNS[0])
    return facts | medium.medium_facts(rows[:, at : at + len(medium.COLUMNS)])


def palette_of(rows: F32) -> list[dict[str, Any]]:
    """Up to five `{"hex", "name", "share"}` of these rows together, the largest share first.

    Shares sum to 1 within rounding. Near-black is one colour among the others.

    Raises:
        ValueError: the rows are of another shape.
    """
    _check(rows)
    points = rows[:, _PALETTE:].reshape(-1, 4)
    points = points[points[:, 3] > 0]
    if not len(points):
        return []
    return [
        {"hex": colours.hex_code(lab), "name": colours.name(lab), "share": _short(share)}
        for *lab, share in colours.palette(points[:, :3], points[:, 3])
    ]


def monochrome(rows: F32) -> bool | None:
    """Black-and-white or of one tint (sepia) throughout; None when all is dark.

    In nearly every lit row all colours lie near one tint that grows with lightness, and the tint
    stays the same: a sunset is of one tint too, but not for long.
    """
    tint_a, tint_b, spread = (
        rows[:, COLUMNS.index(name)] for name in ("tint_a", "tint_b", "tint_spread")
    )
    lit = np.isfinite(spread)
    if not lit.any():
        return None
    tint = np.stack([tint_a[lit], tint_b[lit]], 1)
    allowed = np.clip(TONED_SPREAD * np.hypot(*tint.T), GREY_SPREAD, MOST_SPREAD)
    drift = np.hypot(*(tint - np.median(tint, axis=0)).T)
    alike = (spread[lit] < allowed) & (drift < MONOCHROME_DRIFT)
    return bool(alike.mean() >= MONOCHROME_SHARE)


def _histogram(pixels: U8) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """Counts (m,) and mean RGB (m, 3) of the used cells of a 16³ grid.

    All that is near-black is one cell.
    """
    # Channel by channel: numpy is slow along an axis of three.
    wide = np.ascontiguousarray(pixels.T).astype(np.int32)
    cell = (wide[0] >> 4) * BINS**2 + (wide[1] >> 4) * BINS + (wide[2] >> 4) + 1
    cell[np.maximum(np.maximum(wide[0], wide[1]), wide[2]) < NEAR_BLACK] = 0
    counts = np.bincount(cell, minlength=BINS**3 + 1)
    used = counts > 0
    sums = [np.bincount(cell, channel, BINS**3 + 1)[used] for channel in wide]
    return counts[used], np.stack(sums, 1) / counts[used, None]


def _colour(
    counts: npt.NDArray[Any], means: npt.NDArray[Any], lab: F32
) -> tuple[float, float, float, float, float, float]:
    """Saturation, warmth, black_fraction, tint_a, tint_b, tint_spread of the cells."""
    total = counts.sum()
    warmth = float(counts @ (means[:, 0] - means[:, 2]) / total) / 255
    top = means.max(1)
    lit = top >= NEAR_BLACK
    mass = counts[lit]
    black = 1 - float(mass.sum() / total)
    if black > BLACK:
        return 0.0, warmth, black, np.nan, np.nan, np.nan
    saturation = float(np.average((top[lit] - means[lit].min(1)) / top[lit], weights=mass))
    return saturation, warmth, black, *_tint(lab[lit], mass)


def _tint(lab: F32, mass: npt.NDArray[Any]) -> tuple[float, float, float]:
    """Mean a and b, and how far (root mean square) colours lie off a tint that changes
    smoothly (third degree) with lightness, as that of toned film does."""
    weight = mass / mass.sum()
    mean_a, mean_b = weight @ lab[:, 1:]
    basis = np.vander(lab[:, 0], 4) * np.sqrt(weight)[:, None]
    target = lab[:, 1:] * np.sqrt(weight)[:, None]
    fit = np.linalg.lstsq(basis, target, rcond=None)[0]
    return float(mean_a), float(mean_b), float(np.sqrt(((target - basis @ fit) ** 2).sum()))


def _check(rows: F32) -> None:
    if rows.ndim != 2 or not len(rows) or rows.shape[1] != len(COLUMNS):
        raise ValueError(f"rows must be (n ≥ 1, {len(COLUMNS)}), not {rows.shape}")


def _mean(column: F32) -> float | None:
    known = column[np.isfinite(column)]
    return _short(known.mean()) if len(known) else None


def _short(value: Any) -> float:
    """Four decimals are more than any of these figures means."""
    return round(float(value), 4)
