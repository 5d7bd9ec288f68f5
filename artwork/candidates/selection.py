"""A set of pictures that together tell most: good ones, unlike each other.

The set is the most probable one of a determinantal point process (Kulesza & Taskar 2012) whose
kernel is L = diag(q) S diag(q), q how good each picture is and S how alike two are, found greedily
by the incremental Cholesky method of Chen, Zhang & Zhou (2018).
"""

import math
from collections.abc import Sequence

import cv2
import numpy as np
import numpy.typing as npt

from artwork.framing.crops import Bools
from content.types import F32, U8

F64 = npt.NDArray[np.float64]

RELEVANCE = 6.0
"""How much worth counts beside difference: log q² of the best over that of a worthless one."""
_VECTOR, _SKETCH = 0.45, 10.0
"""1 - cosine, and `change`, over which likeness falls to 1/e."""


def most_telling(
    worth: Sequence[float],
    likeness: F64,
    count: int,
    *,
    apart: Bools | None = None,
    cover: Sequence[frozenset[int]] = (),
    free: Sequence[bool] | None = None,
    least: float = -math.inf,
) -> list[int]:
    """Up to `count` indices, in the order taken: greedy MAP of a determinantal point process.

    Each step takes what adds most to log det L of the taken: `RELEVANCE` (worth / best - 1), and
    the log of the part of it that those taken do not tell already. First what covers, then the
    rest; equal ones go by index.

    Args:
        worth: n numbers >= 0.
        likeness: (n, n), positive semi-definite, 1 on the diagonal.
        apart: (n, n), symmetric: which pairs may be taken together; all when None.
        cover: sets of indices of which one at least is taken, as far as `apart` and `count` let.
        free: which may be taken for no set's sake; all when None.
        least: what a picture that covers nothing must add at least, <= 0.
    """
    size = len(worth)
    best = max(worth, default=0.0) or 1.0
    value = RELEVANCE * (np.asarray(worth, np.float64) / best - 1.0)
    own, open_ = np.ones(size), np.ones(size, np.bool_)
    unbound = np.ones(size, np.bool_) if free is None else np.asarray(free, np.bool_)
    rows = np.zeros((0, size))
    taken: list[int] = []
    wanted = list(cover)
    while len(taken) < min(count, size):
        gain = np.where(open_ & (own > 1e-9), value + np.log(np.maximum(own, 1e-12)), -np.inf)
        wanted = [w for w in wanted if not w & set(taken) and any(gain[i] > -np.inf for i in w)]
        allowed = np.isin(np.arange(size), list(frozenset().union(*wanted))) if wanted else unbound
        gain = np.where(allowed, gain, -np.inf)
        pick = int(np.argmax(gain))
        if gain[pick] == -np.inf or (not wanted and taken and gain[pick] < least):
            break
        row = (likeness[pick] - rows[:, pick] @ rows) / math.sqrt(own[pick])
        rows, own = np.vstack([rows, row]), own - row**2
        taken.append(pick)
        open_[pick] = False
        if apart is not None:
            open_ &= apart[pick]
    return taken


def likeness_of_vectors(vectors: npt.NDArray[np.floating]) -> F64:
    """(n, n), 0..1, positive semi-definite, of rows of unit norm: exp(-(1 - cosine) / 0.45)."""
    data = np.asarray(vectors, np.float64)
    return _unit_diagonal(np.exp((np.clip(data @ data.T, -1.0, 1.0) - 1.0) / _VECTOR))


def likeness_of_sketches(sketches: Sequence[F32]) -> F64:
    """(n, n), 0..1: exp(-change / 10), a product of Laplace kernels and so semi-definite."""
    flat = np.stack(sketches).reshape(len(sketches), -1, 3).astype(np.float64)
    change_of = np.stack([np.linalg.norm(flat - one, axis=2).mean(axis=1) for one in flat])
    return _unit_diagonal(np.exp(-change_of / _SKETCH))


def likeness_in_time(at_s: F64, span_s: float) -> F64:
    """(n, n), 0..1: exp(-distance / span), the kernel of an Ornstein-Uhlenbeck process."""
    return np.asarray(np.exp(-np.abs(at_s[:, None] - at_s[None, :]) / max(1e-9, span_s)))


def sketch(rgb: U8) -> F32:
    """What is where in RGB uint8 (H, W, 3): CIE Lab, (9, 16, 3), lightness about its median.

    Coarse, so that noise, sparkle and small parts do not count; about the median, so that neither
    does a light that goes up or down.
    """
    lab = cv2.cvtColor(rgb.astype(np.float32) / 255.0, cv2.COLOR_RGB2LAB)
    coarse = np.asarray(cv2.resize(lab, (16, 9), interpolation=cv2.INTER_AREA), dtype=np.float32)
    coarse[..., 0] -= np.median(coarse[..., 0])
    return coarse


def change(one: F32, other: F32) -> float:
    """Mean distance of two sketches, in Lab units (CIE76): a viewer's "nothing has happened".

    An embedding tells what is to be seen; a pose it may tell apart that a viewer at a shelf does
    not.
    """
    return float(np.linalg.norm(one - other, axis=2).mean())


def tones(rgb: U8) -> F32:
    """Which tones RGB uint8 (H, W, 3) has, wherever: its CIE Lab histogram, (512,), sum 1."""
    lab = cv2.cvtColor(rgb, cv2.COLOR_RGB2LAB)
    found = cv2.calcHist([lab], [0, 1, 2], None, [8] * 3, [0, 256] * 3).ravel()
    return np.asarray(found / max(1.0, float(found.sum())), np.float32)


def same_tones(one: F32, other: F32) -> float:
    """The Bhattacharyya coefficient of two `tones`: 0 none in common, 1 the same."""
    return float(np.sqrt(one * other).sum())


def _unit_diagonal(likeness: F64) -> F64:
    np.fill_diagonal(likeness, 1.0)
    return likeness
