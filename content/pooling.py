"""From the vectors of a film's shots to one for the title.

A plain mean says the same of most films: what they all show most of the time. Weighted generalised
max pooling (Murray & Perronnin 2014, "Generalized Max Pooling", CVPR) asks instead for the vector
that is about equally like every shot, so a look that returns in a hundred shots counts once, not a
hundred times, and what is rare in the film still shows. `RIDGE` moves between the two: towards
infinity it is the mean by weight, towards 0 every shot counts alike.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from content.types import F32

F64 = npt.NDArray[np.float64]

RIDGE = 3.0
"""In units of the mean weight. At 3 halves of real films find each other as well as by their
means, below it worse (`make bench ARGS=understanding`); what is rare in many shots still shows."""
BLOCK = 512
"""Rows that are in double precision at once."""
SHY = 0.1
"""What the plainest picture (black, blurred, flat) still counts, beside 1 for the best."""


def pool(vectors: F32, weights: Sequence[float] | F32, ridge: float = RIDGE) -> F32:
    """One unit vector (dim,) for unit rows (n, dim), n ≥ 1.

    Minimises `Σ w_i (x_i·ξ − 1)² + λ|ξ|²` with w scaled to mean 1 and λ = `ridge`, solved on the
    smaller side. `weights`: (n,), > 0: seconds on screen by `salience`.
    """
    scale = np.asarray(weights, np.float64) / np.mean(weights)
    count, dim = vectors.shape
    if count <= dim:
        rows = np.asarray(vectors, np.float64)
        kernel = rows @ rows.T + np.diag(ridge / scale)
        pooled = rows.T @ np.linalg.solve(kernel, np.ones(count))
    else:
        gram, total = _moments(vectors, scale)
        gram[np.diag_indices(dim)] += ridge
        pooled = np.linalg.solve(gram, total)
    unit: F32 = (pooled / np.linalg.norm(pooled)).astype(np.float32)
    return unit


def _moments(vectors: F32, scale: F64) -> tuple[F64, F64]:
    """Σ w x xᵀ and Σ w x in double precision, a few rows at a time: a long film has thousands."""
    gram, total = np.zeros((vectors.shape[1],) * 2), np.zeros(vectors.shape[1])
    for at in range(0, len(vectors), BLOCK):
        rows = vectors[at : at + BLOCK].astype(np.float64)
        weighted = rows * scale[at : at + BLOCK, None]
        gram += rows.T @ weighted
        total += weighted.sum(axis=0)
    return gram, total


def salience(merit: float) -> float:
    """How much a shot's picture counts beside its time: SHY..1 for a keyframe's merit 0..1."""
    return SHY + (1 - SHY) * merit
