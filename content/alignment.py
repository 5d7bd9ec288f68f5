"""How one tiny picture must be moved to lie on another, many pairs at once.

A shift with zoom and turn by Gauss-Newton (Lucas & Kanade 1981; the inverse compositional form
with robust weights of Baker & Matthews 2004), begun at the peak of phase correlation (Kuglin &
Hines 1975) where that fits better than no movement.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from content.types import F32

SIZE = 18, 32
"""Height and width of the pictures."""
MATCH = 0.4
"""Correlation after alignment below which two pictures are not two views of one: a cut, a flash.
Such a pair says nothing of the camera."""
PLAIN = 1.0
"""Deviation of luma (0..255) below which a picture has nothing to hold on to."""
SOFT = 12.0
"""Difference in luma that counts as half a change."""
ROUNDS = 5
MAX_ZOOM = 0.15
MAX_SHIFT = 0.6
"""Of the picture's sides."""
_LIMITS = np.array((MAX_SHIFT * SIZE[1], MAX_SHIFT * SIZE[0], MAX_ZOOM, MAX_ZOOM))
_STIFFNESS = np.diag(np.array((1.0, 1.0, 1e2, 1e2), np.float32))


class Aligner:
    """Compares pictures of one film.

    Args:
        aspect: width / height of the picture that is squeezed into `SIZE`.
    """

    def __init__(self, aspect: float) -> None:
        import cv2

        cv2.setNumThreads(1)  # pictures so small gain nothing by two
        height, width = SIZE
        y, x = np.mgrid[0:height, 0:width].astype(np.float32)
        self._x, self._y = x - (width - 1) / 2, y - (height - 1) / 2
        self._hann = cv2.createHanningWindow((width, height), cv2.CV_32F)
        self._tall = width / (aspect * height)
        """Height of a pixel in pixel widths."""

    def compare(self, before: F32, after: F32) -> list[tuple[float, float]]:
        """For pairs of lumas, both (n, 18, 32), 0..255: how far the camera moved the picture, in
        picture widths (NaN: no telling), and the share 0..1 of the picture that moved by itself."""
        if not len(before):
            return []
        first = before - before.mean((1, 2), keepdims=True)
        last = after - after.mean((1, 2), keepdims=True)
        plain = np.minimum(first.std((1, 2)), last.std((1, 2))) < PLAIN
        params = self._refined(first, last, self._start(first, last, plain))
        params[plain] = 0
        warped, inside = self._warped(last, params)
        gain, match = _gain(first, warped, inside)
        local = _change(warped - gain[:, None, None] * first, inside)
        length = np.where(plain, 0, np.where(match >= MATCH, self._length(params), np.nan))
        return list(zip(length.tolist(), local.tolist(), strict=True))

    def _start(self, first: F32, last: F32, plain: npt.NDArray[np.bool_]) -> F32:
        """Parameters (n, 4) of dx, dy, zoom, turn: none, or the peak's where that fits better."""
        import cv2

        still, moved = np.zeros((2, len(first), 4), np.float32)
        # Windowed here: phaseCorrelate applies a window of its own to the caller's very arrays.
        windowed = first * self._hann, last * self._hann
        for index in np.flatnonzero(~plain):
            (dx, dy), _ = cv2.phaseCorrelate(windowed[0][index], windowed[1][index])
            if abs(dx) < MAX_SHIFT * SIZE[1] and abs(dy) < MAX_SHIFT * SIZE[0]:
                moved[index, :2] = dx, dy
        misfits = [
            _change(warped - first, inside)
            for warped, inside in (self._warped(last, params) for params in (still, moved))
        ]
        chosen: F32 = np.where((misfits[1] < misfits[0])[:, None], moved, still)
        return chosen

    def _refined(self, first: F32, last: F32, start: F32) -> F32:
        """After a few robust steps; the start itself where they lead astray."""
        descent = self._descent(first)
        params = start.copy()
        for _ in range(ROUNDS):
            warped, inside = self._warped(last, params)
            gain, _ = _gain(first, warped, inside)  # else a fade would pass for a zoom
            error = (warped - gain[:, None, None] * first) * inside
            scale = 1.5 * np.abs(error).mean((1, 2), keepdims=True) + 1
            weight = inside / (1 + (error / scale) ** 2)
            weighted = descent * weight.reshape(len(first), -1, 1)
            turned = weighted.transpose(0, 2, 1)
            normal = turned @ descent + _STIFFNESS
            step = np.linalg.solve(normal, turned @ error.reshape(len(first), -1, 1))[..., 0]
            # `first` taken further by the step is `warped`: so `last` lies less far by it.
            params -= step
            known = (np.abs(params) <= _LIMITS).all(1, keepdims=True)  # not NaN, either
            params = np.where(known, params, start)
        return params

    def _descent(self, first: F32) -> F32:
        """How each pixel (n, 576, 4) changes with dx, dy, zoom and turn."""
        across, down = np.gradient(first, axis=2), np.gradient(first, axis=1)
        zoom = across * self._x + down * self._y
        turn = down * self._x / self._tall - across * self._y * self._tall
        descent: F32 = np.stack([across, down, zoom, turn], -1).reshape(len(first), -1, 4)
        return descent

    def _warped(self, pictures: F32, params: F32) -> tuple[F32, F32]:
        """`pictures` taken back by the movement, and 1 where a pixel comes from inside, else 0."""
        import cv2

        height, width = SIZE
        dx, dy, zoom, turn = params.T[:, :, None, None]
        x = (1 + zoom) * self._x - turn * self._tall * self._y + (dx + (width - 1) / 2)
        y = turn / self._tall * self._x + (1 + zoom) * self._y + (dy + (height - 1) / 2)
        inside = ((x >= 0) & (x <= width - 1) & (y >= 0) & (y <= height - 1)).astype(np.float32)
        # All pictures as one tall one; none is left, so that none bleeds into its neighbour.
        top = np.arange(len(pictures), dtype=np.float32)[:, None, None] * height
        across = np.clip(x, 0, width - 1).reshape(-1, width)
        down = (np.clip(y, 0, height - 1) + top).reshape(-1, width)
        warped = cv2.remap(pictures.reshape(-1, width), across, down, cv2.INTER_LINEAR)
        return warped.reshape(pictures.shape), inside

    def _length(self, params: F32) -> F32:
        """(n,) mean length of the flow over the picture, in picture widths."""
        dx, dy, zoom, turn = params.T[:, :, None, None]
        across = dx + zoom * self._x - turn * self._tall * self._y
        down = (dy + turn / self._tall * self._x + zoom * self._y) * self._tall
        lengths: F32 = np.hypot(across, down).mean((1, 2)) / SIZE[1]
        return lengths


def _gain(first: F32, warped: F32, inside: F32) -> tuple[F32, F32]:
    """By how much light grew, 0.5..2, and the correlation of the two; both (n,)."""
    seen = first * inside
    power = (seen * first).sum((1, 2)) + 1e-6
    both = (seen * warped).sum((1, 2))
    match = both / np.sqrt(power * ((warped * inside) ** 2).sum((1, 2)) + 1e-6)
    return np.clip(both / power, 0.5, 2.0), match


def _change(difference: F32, inside: F32) -> F32:
    """(n,) share of what is inside that changes, 0..1, each pixel counted softly."""
    squared: Any = difference * difference
    changed = (inside * squared / (squared + SOFT * SOFT)).sum((1, 2))
    share: F32 = changed / np.maximum(inside.sum((1, 2)), 1)
    return share
