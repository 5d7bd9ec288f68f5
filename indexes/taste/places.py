"""How a factor, whose length counts, lies in a store of unit vectors.

The length of a title's factor is how much of its watching the factor accounts for: it grows with
popularity, and it is what keeps the many titles of which only the content is known from crowding
out those that are watched. So neighbours are ranked by the dot product, not by the angle. The
store holds unit vectors: a last number fills the factor up to length 1 (Bachrach et al. 2014,
doi:10.1145/2645710.2645741), and is taken for 0 in whatever is asked with.
"""

import numpy as np
import numpy.typing as npt

from content.types import F32, Space

F64 = npt.NDArray[np.float64]


def placed(factors: F64) -> F32:
    """(n, dim) factors to (n, dim + 1) of unit length; longer ones than 1 are cut to it."""
    lengths = np.linalg.norm(factors, axis=1, keepdims=True)
    within = factors / np.maximum(lengths, 1.0)
    rest = np.sqrt(np.maximum(1.0 - np.sum(within**2, axis=1, keepdims=True), 0.0))
    unit: F32 = np.hstack([within, rest]).astype(np.float32)
    return unit


def asked(space: Space, vector: F32) -> F32:
    """What a stored vector asks with: in every space but `taste`, itself."""
    if space != "taste":
        return vector
    query = vector.copy()
    query[-1] = 0.0
    return query
