"""A picture's vector as a few numbers: its look.

At first in directions drawn by chance (Achlioptas 2003). Where a catalogue has pictures enough, in
those in which they differ most: their principal components. Such a projection is frozen with the
feature set that it belongs to.
"""

import hashlib
import io
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

from content.types import F32

F64 = npt.NDArray[np.float64]

LOOK = 16
"""Numbers of a look."""
EMBEDDING = 1280
"""Numbers in a vector of the embedded visual encoder."""
ENOUGH = 8 * LOOK
"""Pictures from which their own components tell more than chance."""
AT_MOST = 20_000
"""More pictures would not move the components of a catalogue."""


@dataclass(frozen=True, eq=False)
class Projection:
    """`matrix` (16, dim) · (v - `mean`), v a vector that has lost its own mean, of length 1."""

    matrix: F64
    mean: F64

    @classmethod
    def of(cls, vectors: F32) -> "Projection":
        """That of a catalogue's pictures.

        Args:
            vectors: (n, dim) of one encoder, n of 128 or more.

        Principal components, half whitened: the first gets a standard deviation of 1, each other
        the root of what it has of the first's. In full, directions in which pictures hardly differ
        would count as much as those in which they do; not at all, they would not count.
        """
        from sklearn.decomposition import PCA

        centred = np.stack([v for v in map(direction, vectors) if v is not None])
        pca = PCA(LOOK, svd_solver="covariance_eigh").fit(centred)
        spread = np.sqrt(np.maximum(pca.explained_variance_, 0.0))
        scale = np.sqrt(np.maximum(spread, spread[0] / 50) * spread[0])
        return cls(*map(_stored, (pca.components_ / np.maximum(scale, 1e-6)[:, None], pca.mean_)))

    def __call__(self, vector: F32) -> F64 | None:
        """The look (16,) of a picture, about 1 in its first numbers; None of a vector that tells
        nothing.

        Sums without BLAS: the same bits on every machine.
        """
        own = direction(vector)
        if own is None or own.size != self.mean.size:
            return None
        look: F64 = np.sum(self.matrix * (own - self.mean), axis=1)
        return look

    def packed(self) -> bytes:
        """As `unpacked` reads it."""
        out = io.BytesIO()
        np.save(out, np.vstack([self.mean, self.matrix]).astype("<f4"), allow_pickle=False)
        return out.getvalue()

    @classmethod
    def unpacked(cls, data: bytes) -> "Projection":
        rows = np.load(io.BytesIO(data), allow_pickle=False).astype(np.float64)
        return cls(rows[1:], rows[0])


def direction(vector: F32) -> F64 | None:
    """A vector without its own mean, of length 1; None where that leaves nothing.

    Pooled rectified features share the direction (1, …, 1), which tells no picture from another.
    """
    if vector.ndim != 1 or not np.isfinite(vector).all():
        return None
    centred = vector.astype(np.float64)
    centred -= centred.mean()
    length = float(np.sqrt(np.sum(centred**2)))
    return centred / length if length > 1e-9 else None


@cache
def by_chance(dim: int = EMBEDDING) -> Projection:
    """Directions of ±1, the same on every machine: a number of a unit vector's look has a standard
    deviation of 1.

    The signs are the bits of a hash, not of a random generator, so no library can change them.
    """
    raw = hashlib.shake_256(b"keyart picture projection 1").digest(-(-LOOK * dim // 8))
    bits = np.unpackbits(np.frombuffer(raw, np.uint8))[: LOOK * dim].reshape(LOOK, dim)
    return Projection(bits * np.float64(2.0) - 1.0, np.zeros(dim))


def _stored(x: F64) -> F64:
    """As it will be when it is read again."""
    return x.astype("<f4").astype(np.float64)
