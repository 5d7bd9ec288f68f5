"""Sparse vectors: a few numbered dimensions with a value each."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal, get_args

import numpy as np

from content.errors import Invalid

SparseSpace = Literal["words", "names", "mood"]
"""words: stemmed words by BM25F. names: trigrams of a name's letters. mood: a shot's moods, by
their shares."""
SPARSE_SPACES: tuple[SparseSpace, ...] = get_args(SparseSpace)
BY_RARITY: frozenset[SparseSpace] = frozenset({"words", "names"})
"""Spaces in which the engine multiplies a query's values by the inverse document frequency."""
INDEX_MAX = 2**32 - 1


@dataclass(frozen=True, slots=True)
class Sparse:
    """`indices` ascending, 0..2³²−1; `values` float32, finite, above 0, one for each."""

    indices: tuple[int, ...]
    values: tuple[float, ...]

    @classmethod
    def of(cls, weights: Mapping[int, float]) -> "Sparse":
        """From dimension to value; zeros are left out."""
        kept = sorted((index, value) for index, value in weights.items() if value > 0)
        rounded = np.array([value for _, value in kept], np.float32)
        return cls(tuple(index for index, _ in kept), tuple(rounded.tolist()))


def check_sparse(vector: Sparse, what: str) -> None:
    """Refuse what an engine would misread.

    Raises:
        Invalid: `invalid_vector`.
    """
    indices, values = vector.indices, vector.values
    rising = all(a < b for a, b in pairwise(indices))
    within = not indices or (indices[0] >= 0 and indices[-1] <= INDEX_MAX)
    if len(indices) != len(values) or not rising or not within:
        raise Invalid(
            "invalid_vector",
            f"{what}: a sparse vector has a value for each of its indices, which rise",
        )
    if not all(np.isfinite(value) and value > 0 for value in values):
        raise Invalid("invalid_vector", f"{what} holds a value that is not a number above 0")
