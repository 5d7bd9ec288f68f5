"""What others choose from a film, each told a frame's number: written from what they publish.

hecate (Song, Redi, Vallmitjana & Jaimes 2016, "To Click or Not To Click"): low-quality and
transition frames go, what is left is clustered by its histograms, and each cluster, the largest
first, gives its stillest frame. Katna (0.9.2): frames at the peaks of the smoothed LUV difference,
kept by brightness and entropy, clustered by grey histogram, of each cluster the one with the
greatest variance of the Laplacian. Uniform: the middles of equal parts.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

import av
import cv2
import numpy as np
import numpy.typing as npt
from scipy.signal import argrelextrema
from skimage.filters.rank import entropy
from skimage.morphology import disk
from sklearn.cluster import KMeans

from content.types import U8

F64 = npt.NDArray[np.float64]

WIDEST = 160
"""Long side, px, at which hecate reads frames."""
DARK, BLURRED, UNIFORM, CUT, EDGES = 0.075, 0.08, 0.80, 0.50, 0.10
"""hecate's thresholds, each on its own figure."""
LEAST_K, BATCH = 5, 500
WINDOW = 20
BRIGHTNESS, ENTROPY = (10.0, 90.0), (1.0, 10.0)
"""Katna's."""


def frames(path: Path) -> Iterator[U8]:
    """Every frame, RGB."""
    with av.open(str(path)) as film:
        for frame in film.decode(video=0):
            yield frame.to_ndarray(format="rgb24")


def uniform(count: int, wanted: int) -> list[int]:
    return [int((i + 0.5) * count / wanted) for i in range(wanted)]


# ---- hecate -----------------------------------------------------------------------------------


class Hecate:
    """Fed with every frame; then told how many are wanted."""

    def __init__(self) -> None:
        self._fit: list[bool] = []
        self._diffs: list[float] = []
        self._ratios: list[float] = [0.0]
        self._features: list[F64] = []
        self._before: tuple[U8, U8, U8] | None = None

    def feed(self, rgb: U8) -> None:
        scale = WIDEST / max(rgb.shape[:2])
        size = (round(rgb.shape[1] * scale), round(rgb.shape[0] * scale))
        small = np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_LINEAR), np.uint8)
        grey = cv2.GaussianBlur(cv2.cvtColor(small, cv2.COLOR_RGB2GRAY), (3, 3), 0)
        self._fit.append(_is_fit(small, np.asarray(grey, np.uint8)))
        theta = cv2.threshold(grey, 0, 255, cv2.THRESH_BINARY | cv2.THRESH_OTSU)[0]
        edges = np.asarray(cv2.Canny(grey, theta, 1.2 * theta) > 0, np.uint8)
        grown = cv2.dilate(edges, cv2.getStructuringElement(cv2.MORPH_CROSS, (11, 11)))
        if self._before is not None:
            old, old_edges, old_grown = self._before
            self._diffs.append(float(np.linalg.norm(small.astype(float) - old)) / grey.size)
            total = max(1e-6, float(old_edges.sum()))
            gone = 1 - min(1.0, float((old_edges * grown).sum()) / total)
            come = 1 - min(1.0, float((old_grown * edges).sum()) / total)
            self._ratios.append(max(gone, come))
        self._before = small, edges, np.asarray(grown, np.uint8)
        self._features.append(_histograms(small, np.asarray(grey, np.uint8)))

    def choose(self, wanted: int) -> list[int]:
        # Its own parser takes at most 15 % away for each fault; here most frames are faulty, and
        # it may take them all.
        padded = [self._diffs[0], *self._diffs, self._diffs[-1]]
        moved = (np.array(padded[:-1]) + np.array(padded[1:])) / 2
        fit = np.array(self._fit) & (moved < CUT) & (np.array(self._ratios) < EDGES)
        valid = np.flatnonzero(fit)
        if len(valid) <= wanted:
            return [int(i) for i in valid[np.argsort(moved[valid])]]
        count = min(len(valid), max(LEAST_K, wanted))
        features = np.array(self._features)[valid]
        labels = KMeans(count, n_init=5, random_state=0).fit_predict(features)
        largest = np.argsort(-np.bincount(labels, minlength=count), kind="stable")[:wanted]
        return [int(valid[labels == n][np.argmin(moved[valid[labels == n]])]) for n in largest]


def _is_fit(rgb: U8, grey: U8) -> bool:
    red, green, blue = (float(v) for v in rgb.reshape(-1, 3).mean(axis=0))
    luminance = (0.2126 * red + 0.7152 * green + 0.0722 * blue) / 255
    dx, dy = cv2.Sobel(grey, cv2.CV_64F, 1, 0), cv2.Sobel(grey, cv2.CV_64F, 0, 1)
    total = max(1.0, float(grey.astype(np.float64).sum()))
    sharpness = float(np.hypot(dx, dy).sum()) / total
    histogram = np.sort(np.bincount(grey.ravel(), minlength=128) / grey.size)[::-1]
    uniformity = float(histogram[: max(1, int(0.05 * 256))].sum())
    return luminance > DARK and sharpness > BLURRED and uniformity < UNIFORM


def _histograms(rgb: U8, grey: U8) -> F64:
    """Colour (HSV, 128 bins a channel) and edges (30 directions, 30 strengths) on two levels."""
    hsv = cv2.cvtColor(rgb, cv2.COLOR_RGB2HSV)
    dx, dy = cv2.Sobel(grey, cv2.CV_64F, 1, 0), cv2.Sobel(grey, cv2.CV_64F, 0, 1)
    turn, power = np.arctan2(dy, dx), np.hypot(dx, dy)
    height, width = grey.shape
    parts = [(slice(0, height), slice(0, width))]
    parts += [
        (slice(y * height // 2, (y + 1) * height // 2), slice(x * width // 2, (x + 1) * width // 2))
        for y in range(2)
        for x in range(2)
    ]
    found = []
    for part in parts:
        colours = [np.bincount(hsv[(*part, c)].ravel() // 2, minlength=128) for c in range(3)]
        directions = np.histogram(turn[part], 30, (-np.pi, np.pi))[0]
        strengths = np.histogram(power[part], 30, (0, 1500))[0]
        found += [one / max(1, one.sum()) for one in (*colours, directions, strengths)]
    return np.concatenate(found)


# ---- Katna ------------------------------------------------------------------------------------


class Katna:
    """Fed with every frame; then told how many are wanted."""

    def __init__(self) -> None:
        self._frames: list[U8] = []
        self._diffs: list[float] = []
        self._first = 0
        self._fed = 0
        self._before: npt.NDArray[np.uint8] | None = None
        self._kept: list[tuple[int, U8]] = []
        self._filtered = False

    def feed(self, rgb: U8) -> None:
        luv = np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2LUV), np.uint8)
        if self._before is not None:
            self._diffs.append(float(cv2.absdiff(luv, self._before).sum(dtype=np.int64)))
            self._frames.append(rgb)
        self._before = luv
        self._fed += 1
        if self._fed % BATCH == 0:
            self._peaks()

    def choose(self, wanted: int) -> list[int]:
        self._peaks()
        if not self._filtered:
            self._kept = [(n, rgb) for n, rgb in self._kept if _katna_fit(rgb)]
            self._filtered = True
        kept = self._kept
        if len(kept) <= wanted:
            return [n for n, _ in kept]
        greys = [cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY) for _, rgb in kept]
        histograms = [cv2.calcHist([grey], [0], None, [256], [0, 256]).ravel() for grey in greys]
        labels = KMeans(wanted, random_state=0).fit_predict(np.array(histograms))
        sharp = np.array([cv2.Laplacian(grey, cv2.CV_64F).var() for grey in greys])
        members = [np.flatnonzero(labels == n) for n in range(wanted)]
        return [kept[own[np.argmax(sharp[own])]][0] for own in members]

    def _peaks(self) -> None:
        """Of a batch the frames before which most has changed."""
        numbers = range(self._fed - len(self._frames), self._fed)
        if len(self._frames) >= WINDOW:
            smooth = _smoothed(np.array(self._diffs))
            for peak in argrelextrema(smooth, np.greater)[0]:
                self._kept.append((numbers[peak - 1], self._frames[peak - 1]))
        self._frames, self._diffs, self._before = [], [], None


def _smoothed(values: F64) -> F64:
    padded = np.r_[
        2 * values[0] - values[WINDOW:1:-1], values, 2 * values[-1] - values[-1:-WINDOW:-1]
    ]
    window = np.hanning(WINDOW)
    smooth: F64 = np.convolve(window / window.sum(), padded, mode="same")
    return smooth[WINDOW - 1 : -WINDOW + 1]


def _katna_fit(rgb: U8) -> bool:
    brightness = float(cv2.cvtColor(rgb, cv2.COLOR_RGB2HSV)[..., 2].mean()) / 2.55
    if not BRIGHTNESS[0] < brightness < BRIGHTNESS[1]:
        return False
    told = float(entropy(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY), disk(5)).mean())
    return ENTROPY[0] < told < ENTROPY[1]


def precision(chosen: Sequence[bool], wanted: int) -> float:
    """Share of `wanted` places that a best frame has; what was not chosen is none."""
    return sum(chosen[:wanted]) / wanted
